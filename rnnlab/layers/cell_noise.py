"""The noise of a recurrent layer, which its cell keeps: two settings and a seed, given to the layer or to the cell."""

from collections.abc import Mapping
from typing import Any, Protocol

import keras

from rnnlab.cells.cell import Cell
from rnnlab.documents import Plain
from rnnlab.layers.noise_rates import ChangingRates
from rnnlab.noise import seed_streams
from rnnlab.noise.schemes import Setting, plain
from rnnlab.noise.sites import Noise
from rnnlab.seeds import fresh


class WeightLock(Protocol):
    """The part of a Keras layer that refuses new weights once the layer is built."""

    def unlock(self) -> None:
        """Allow new weights."""

    def lock(self) -> None:
        """Refuse new weights."""


class CellNoise(ChangingRates):
    """Mixed into a `keras.layers.RNN`: the noise of its cell, with seed streams of the layer.

    A cell that is not ours draws its own noise only: ValueError where the layer is given some.
    """

    cell: keras.layers.Layer
    built: bool
    ar: float
    tar: float
    norm_stabiliser: float
    name: str
    seeds: dict[str, seed_streams.Stream]
    _tracker: WeightLock

    def take(self, dropout: Setting, recurrent_dropout: Setting, seed: int | None) -> None:
        """Pass the layer's settings to the cell."""
        given = {"dropout": plain(dropout), "recurrent_dropout": plain(recurrent_dropout), "seed": seed_streams.checked(seed)}
        if self.ours:
            self.cell.driven = True
        elif any(given.values()) or self.penalised:
            raise ValueError(f"the noise and the penalties of rnnlab need one of its cells, got {type(self.cell).__name__}")
        for name, value in given.items():
            if value not in (None, 0):
                self._hand(name, value)

    def _hand(self, name: str, value: Any) -> None:
        already = getattr(self.cell, name)
        if already not in (None, 0, value):
            raise ValueError(f"{name} is given to the layer ({value!r}) and to its cell ({already!r}): give one")
        setattr(self.cell, name, value)
        if name == "seed":
            self.cell.first_seed = fresh(value)

    @property
    def penalised(self) -> bool:
        """Whether its outputs have a penalty in the training loss."""
        return bool(self.ar or self.tar or self.norm_stabiliser)

    @property
    def ours(self) -> bool:
        """Whether the cell is one of rnnlab's."""
        return isinstance(self.cell, Cell)

    @property
    def noise(self) -> Mapping[str, Noise]:
        """The noise by site."""
        return self.cell.noise if self.ours else {}

    @property
    def dropout(self) -> Plain:
        """The setting of the noise on what enters or leaves the layer."""
        return self.cell.dropout if self.ours else 0.0

    @dropout.setter
    def dropout(self, setting: Setting) -> None:
        self._set("dropout", setting)

    @property
    def recurrent_dropout(self) -> Plain:
        """The setting of the noise on what passes from step to step."""
        return self.cell.recurrent_dropout if self.ours else 0.0

    @recurrent_dropout.setter
    def recurrent_dropout(self, setting: Setting) -> None:
        self._set("recurrent_dropout", setting)

    @property
    def seed(self) -> int | None:
        """The seed that was given, or None."""
        return self.cell.seed if self.ours else None

    def _set(self, name: str, setting: Setting) -> None:
        if not self.ours:
            raise ValueError(f"the noise of {type(self.cell).__name__} is its own: set it there")
        setattr(self.cell, name, setting)
        if self.built:
            self._tracker.unlock()  # as Keras does to add what a layer lacks after it was built
            self.open_streams()
            self._tracker.lock()

    def open_streams(self) -> None:
        """Create what sites with noise still lack: a seed stream, and a weight for a rate that changes."""
        if not hasattr(self, "seeds"):
            self.seeds = {}
        self.open_rates(self.noise.values())
        for site, noise in self.noise.items():
            if site not in self.seeds and not noise.like:
                self.seeds[site] = seed_streams.Stream(self.cell.first_seed, self, site)
