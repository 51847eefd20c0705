"""How the examples of a split become batches in an exactly repeatable order."""
