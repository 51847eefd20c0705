"""Data from files: the corpora of the papers, TensorFlow Datasets by name, and anything that a user has."""
