"""How fast the layers are: everything in one process and one run, turn by turn."""

from rnnlab.bench.rivals import Shape, bench

__all__ = ["Shape", "bench"]
