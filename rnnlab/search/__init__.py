"""The search for hyperparameters that comes before a comparison."""
