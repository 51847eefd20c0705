"""Where finished runs are told beside their own folder: trackers of experiments, which decide nothing of a run."""
