"""The speed of the layers: all candidates in one process and one run, by turns."""

from rnnlab.bench.rivals import Shape, bench

__all__ = ["Shape", "bench"]
