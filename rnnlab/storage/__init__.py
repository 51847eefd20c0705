"""Run folders: what they hold, who may write them, whether they are whole."""
