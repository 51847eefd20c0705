"""A comparison on paper: the HTML report, tables, exports."""
