"""The examples of a split as batches in an exactly repeatable order."""
