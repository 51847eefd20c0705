"""Files to begin a part of one's own with."""
