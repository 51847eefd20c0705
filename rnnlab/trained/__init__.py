"""Work with a trained run: load, predict, generate, inspect, verify."""
