"""The display of runs while they are trained."""
