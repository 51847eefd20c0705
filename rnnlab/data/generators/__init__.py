"""Tasks that are drawn from a seed, with the scores that a perfect and a guessing model get."""
