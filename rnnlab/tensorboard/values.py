"""The values of a step in an event file: metrics, distributions, pictures, text, as TensorBoard's own messages."""

import struct
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

if TYPE_CHECKING:
    from tensorboard.compat.proto.summary_pb2 import Summary, SummaryMetadata

BUCKETS = 30
"""The number of buckets of a histogram, as in Keras."""


def scalars(metrics: Mapping[str, float]) -> list["Summary.Value"]:
    """Return a value for every metric, by tag.

    >>> [(value.tag, value.simple_value) for value in scalars({"loss": 2.0})]
    [('loss', 2.0)]
    """
    from tensorboard.compat.proto.summary_pb2 import Summary

    return [Summary.Value(tag=tag, simple_value=value) for tag, value in metrics.items()]


def histogram(tag: str, numbers: ArrayLike) -> "Summary.Value":
    """Return the distribution of an array of any shape, for the tabs Histograms and Distributions.

    Numbers that are not finite are left out, since no bucket holds them.
    """
    from tensorboard.plugins.histogram.metadata import create_summary_metadata

    flat = np.asarray(numbers, "float64").ravel()
    finite = flat[np.isfinite(flat)]
    counts, edges = _buckets(finite) if finite.size else (np.zeros(0), np.zeros(1))
    return _value(tag, create_summary_metadata(None, None), np.stack([edges[:-1], edges[1:], counts], axis=1))


def _buckets(numbers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Counts and edges; one bucket where the numbers lie too close together to be told apart, as equal ones do."""
    edges = np.linspace(numbers.min(), numbers.max(), BUCKETS + 1)
    if np.all(np.diff(edges) > 0):
        return np.histogram(numbers, BUCKETS)
    return np.array([numbers.size]), edges[[0, -1]]


def image(tag: str, png: bytes) -> "Summary.Value":
    """Return a picture, given as the contents of a PNG file, for the tab Images; raise ValueError where it is none."""
    from tensorboard.plugins.image.metadata import create_summary_metadata

    if not png.startswith(b"\x89PNG\r\n\x1a\n") or len(png) < 24:
        raise ValueError(f"an image has to be the contents of a PNG file, got {png[:8]!r}")
    width, height = struct.unpack(">II", png[16:24])
    return _value(tag, create_summary_metadata(None, None), np.array([b"%d" % width, b"%d" % height, png], dtype=object))


def text(tag: str, markdown: str) -> "Summary.Value":
    """Return a text, written as Markdown, for the tab Text."""
    from tensorboard.plugins.text.metadata import create_summary_metadata

    return _value(tag, create_summary_metadata(None, None), np.array(markdown.encode(), dtype=object))


def _value(tag: str, metadata: "SummaryMetadata", array: np.ndarray) -> "Summary.Value":
    """A tensor with what tells TensorBoard which tab it is for."""
    from tensorboard.compat.proto.summary_pb2 import Summary
    from tensorboard.util.tensor_util import make_tensor_proto

    return Summary.Value(tag=tag, metadata=metadata, tensor=make_tensor_proto(array))
