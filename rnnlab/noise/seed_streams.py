"""The seed streams of masks: they follow from seed, name and site; equal streams of one model are numbered."""

import re
from numbers import Integral
from weakref import WeakValueDictionary

import keras

from rnnlab import compat
from rnnlab.seeds import derive
from rnnlab.tensors import Tensor


def checked(seed: object) -> int | None:
    """The seed as an int, or None where none is given; ValueError for anything else."""
    if seed is None:
        return None
    if isinstance(seed, bool) or not isinstance(seed, Integral):
        raise ValueError(f"seed must be an integer or None, got {seed!r}")
    return int(seed)


def label(layer: keras.layers.Layer) -> str:
    """The name that was given to a layer; of an automatic name, the part that does not depend on earlier layers.

    >>> label(keras.layers.LSTM(3, name="encoder")), label(keras.layers.LSTM(3))
    ('encoder', '')
    >>> label(keras.layers.LSTM(3, name="forward_lstm_7"))
    'forward_'
    """
    automatic = compat.automatic_name(type(layer))
    return re.sub(rf"(^|(?<=_)){automatic}(_\d+)?$", "", layer.name)


class Stream(keras.random.SeedGenerator):
    """The seeds of one site of one layer, one after the other: they follow from (seed, label, site, draw number).

    Layers without their own names that share a seed would draw the same masks. So a stream counts the equal streams before it
    in the model, and its seeds depend on that number too.
    """

    def __init__(self, seed: int, layer: keras.layers.Layer, site: str) -> None:
        super().__init__(derive(seed, *filter(None, [label(layer)]), site), name=site)
        STREAMS[id(self.state)] = self

    def next(self, ordered: bool = True) -> Tensor:
        """The next seed."""
        seed, number = super().next(ordered), self._number()
        return seed + keras.ops.convert_to_tensor([number, 0], dtype=seed.dtype) if number else seed

    def _number(self) -> int:
        """How many equal streams come before this one in the model that is being called."""
        mine, number = id(self.state), 0
        for variable in compat.variables_being_called():
            if variable == mine:
                return number
            number += variable in STREAMS and STREAMS[variable]._initial_seed == self._initial_seed
        return 0


STREAMS: WeakValueDictionary[int, Stream] = WeakValueDictionary()
"""All streams by the identity of their state."""
