"""Where randomness enters a step."""
