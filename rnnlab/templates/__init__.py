"""Templates for a user's own part."""
