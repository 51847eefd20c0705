"""The speed of the layers: all candidates in one process and one run, by turns."""

from rnnlab.bench.rivals import TimedLayer, bench

__all__ = ["TimedLayer", "bench"]
