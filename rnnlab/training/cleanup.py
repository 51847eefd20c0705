"""Releases the memory of models, so that many runs fit into one process."""

from collections.abc import Iterator
from contextlib import contextmanager

import keras

from rnnlab import compat
from rnnlab.documents import Record


@contextmanager
def released() -> Iterator[None]:
    """Release what models that are built inside have taken: the session of Keras and the graphs of TensorFlow."""
    try:
        with forgotten():
            yield
    finally:
        keras.backend.clear_session()


@contextmanager
def forgotten() -> Iterator[None]:
    """Release the graphs that TensorFlow has made inside. A model made inside can't be traced again after.

    TensorFlow enters every custom gradient of a graph into a registry that is never emptied and so keeps the whole graph
    (https://github.com/tensorflow/tensorflow/issues/27492): about 20 MB a run.
    """
    registry = _gradients()
    known = set(registry)
    try:
        yield
    finally:
        for name in set(registry) - known:
            registry.pop(name, None)  # a graph that has gone took its own along


def _gradients() -> Record:
    if keras.backend.backend() != "tensorflow":
        return {}
    return compat.gradient_registry()
