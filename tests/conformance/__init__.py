"""What drives the proofs of cells, noise, recurrence and layers: the table, the papers' equations in NumPy, the runner."""
