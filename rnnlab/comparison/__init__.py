"""Run folders become a comparison: outcomes, differences, verdicts, the answer in words."""
