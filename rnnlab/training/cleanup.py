"""Releases the memory of models, so that many runs fit into one process.

The contexts are classes and no generators: Python ends a generator that was dropped half-way whenever it looks for garbage, and
the session of another model would be cleared then.
"""

from contextlib import AbstractContextManager

import keras

from rnnlab import compat
from rnnlab.documents import Record


class Forgotten(AbstractContextManager[None]):
    """Releases the graphs that TensorFlow makes inside. A model made inside can't be traced again after.

    TensorFlow enters every custom gradient of a graph into a registry that is never emptied and so keeps the whole graph
    (https://github.com/tensorflow/tensorflow/issues/27492): about 20 MB a run.
    """

    def __enter__(self) -> None:
        self._known = set(_gradients())

    def __exit__(self, *error: object) -> None:
        registry = _gradients()
        for name in set(registry) - self._known:
            registry.pop(name, None)  # a graph that has gone took its own along


class Released(Forgotten):
    """Releases what models that are built inside have taken: the session of Keras and the graphs of TensorFlow."""

    def __exit__(self, *error: object) -> None:
        super().__exit__(*error)
        keras.backend.clear_session()


def _gradients() -> Record:
    if keras.backend.backend() != "tensorflow":
        return {}
    return compat.gradient_registry()
