"""Statistics over seeds: intervals, tests, power, error spending."""
