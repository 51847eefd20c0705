"""What a set of runs says: statistics over seeds, the answer in words, tables, plots and the report."""
