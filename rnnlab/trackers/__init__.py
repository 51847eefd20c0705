"""Where runs are followed beside their own folder: trackers of experiments, which decide nothing of a run."""
