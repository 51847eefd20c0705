"""rnnlab from Python: an experiment is run, a folder of results is opened, and its runs are tables, plots and models."""
