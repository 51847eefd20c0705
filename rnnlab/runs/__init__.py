"""Run folders, provenance, and the sweep over variants and seeds."""
