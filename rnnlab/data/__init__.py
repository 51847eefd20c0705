"""A data section becomes arrays and an exactly repeatable order of batches."""
