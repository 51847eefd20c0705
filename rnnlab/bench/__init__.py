"""How fast the layers are: everything in one process and one run, turn by turn."""

from rnnlab.bench.compare import Shape, bench

__all__ = ["Shape", "bench"]
