"""Series of numbers to forecast: windows that begin with the steps before them, so that no batch size shows in an error."""

from typing import NamedTuple

import numpy as np

from rnnlab.data.dataset import Batch, Split
from rnnlab.seeds import derive


class Ahead(NamedTuple):
    """The steps ahead of the forecast at every step: from `first` to `last`."""

    first: int
    last: int

    @classmethod
    def of(cls, horizon: int, path: bool = False) -> "Ahead":
        """Return the steps up to a horizon, or the horizon alone."""
        return cls(1 if path else horizon, horizon)

    @property
    def steps(self) -> np.ndarray:
        """Every step that is forecast."""
        return np.arange(self.first, self.last + 1)


class SeriesPart(NamedTuple):
    """The part of one series that a split scores."""

    series: int
    """Where the series begins among the values."""
    begin: int
    """The first step at which a forecast is scored, counted from the first one of the series."""
    end: int
    """The step after the last such."""
    total: int
    """The steps of the series."""


def part(series: int, total: int, begin: int, end: int, ahead: Ahead) -> SeriesPart:
    """Return what is scored where the forecast steps are those from `begin` up to `end`: inputs may lie before `begin`."""
    return SeriesPart(series, max(0, begin - ahead.first), end - ahead.last, total)


class Series(Split):
    """Numbers [total, features] of one or several series, end to end; at every step those some steps later are forecast.

    A row is a window of `window` scored steps after as many steps of context, or as many as there are, of the same series:
    a forecast has read the same steps whatever `rows` is. Steps of context have weight zero, short rows are padded at
    their end. Every step of a `part` is scored once an epoch; where the split is `shuffled` the windows begin elsewhere in
    every epoch and come in a random order. The target is the first `outputs` of the features (None takes all) at each of the
    steps `ahead`, [rows, steps, ahead * outputs]; what is not `real` [total] is not scored. `known` [total, columns] are
    numbers known ahead: a step reads those of the steps that it forecasts.

    >>> series = Series(np.arange(6.0)[:, None], rows=2, window=2, ahead=Ahead.of(2))
    >>> [batch] = series.batches(seed=1, epoch=0)
    >>> batch.x[..., 0].tolist(), batch.y[..., 0].tolist()
    ([[0.0, 1.0, nan, nan], [0.0, 1.0, 2.0, 3.0]], [[2.0, 3.0, 0.0, 0.0], [0.0, 0.0, 4.0, 5.0]])
    """

    def __init__(
        self,
        values: np.ndarray,
        rows: int,
        window: int,
        ahead: Ahead,
        outputs: int | None = None,
        parts: list[SeriesPart] | None = None,
        known: np.ndarray | None = None,
        shuffled: bool = False,
        real: np.ndarray | None = None,
    ):
        parts = [part(0, len(values), 0, len(values), ahead)] if parts is None else parts
        self.parts = [one for one in parts if one.end > one.begin]
        if not self.parts or ahead.first < 1:
            raise ValueError(f"horizon must be from 1 to {len(values) - 1}, the steps of the series less one, got {ahead.last}")
        self.values, self.rows, self.window, self.ahead, self.shuffled = values, rows, window, ahead, shuffled
        self.outputs, self.known = outputs or values.shape[1], known
        self.width = min(2 * window, max(one.total for one in self.parts))
        self.real = real
        self.size = sum(int(self._real(one.series + np.arange(one.begin, one.end)).sum()) for one in self.parts)
        moves = shuffled and window > 1
        self._windows = np.array([-(-(one.end - one.begin) // window) + moves for one in self.parts])
        self.windows = int(self._windows.sum())
        self.count = -(-self.windows // rows)

    def order(self, seed: int, epoch: int) -> np.ndarray:
        """Return part and first step of the windows of each batch, [batches, rows, 2], -1 where nothing is left."""
        random = np.random.default_rng(derive(seed, "order", epoch))
        back = int(random.integers(0, self.window)) if self.shuffled else 0
        owner = np.repeat(np.arange(len(self.parts)), self._windows)
        place = np.concatenate([np.arange(windows) for windows in self._windows])
        begins = np.array([one.begin for one in self.parts])[owner] + place * self.window - back
        pieces = np.stack([owner, begins], axis=1)
        if self.shuffled:
            random.shuffle(pieces)
        filled = np.pad(pieces, [(0, -len(pieces) % self.rows), (0, 0)], constant_values=-1)
        return filled.reshape(-1, self.rows, 2)

    def places(self, items: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the number of every step of a batch among the values, [rows, steps], -1 at padding, and which are scored."""
        parts = np.array([(one.series, one.begin, one.end, one.total) for one in self.parts])[items[:, 0]]
        origin, begin, end, total = (column[:, None] for column in parts.T)
        first = items[:, 1:]
        start = np.maximum(np.maximum(first, begin) - self.window, 0)
        step = start + np.arange(self.width)
        scored = (step >= np.maximum(first, begin)) & (step < np.minimum(first + self.window, end)) & (items[:, :1] >= 0)
        real = (step < np.minimum(first + self.window, end)) & (step < total) & (items[:, :1] >= 0)
        place = np.where(real, origin + step, -1)
        return place, scored & self._real(np.where(scored, place, 0))

    def _real(self, place: np.ndarray) -> np.ndarray:
        """Whether everything that is forecast at these steps was measured."""
        if self.real is None:
            return np.ones(place.shape, bool)
        return self.real[np.minimum(place[..., None] + self.ahead.steps, len(self.real) - 1)].all(axis=-1)

    def batch(self, items: np.ndarray) -> Batch:
        """Return the windows: inputs, targets, weights [rows, steps, ...]."""
        place, scored = self.places(items)
        x = np.where((place >= 0)[..., None], self.inputs(np.maximum(place, 0)), np.float32(np.nan))
        y = np.where(scored[..., None], self.targets(np.where(scored, place, 0)), np.float32(0))
        return Batch(x, y, scored * np.float32(1 / self.density))

    def inputs(self, place: np.ndarray) -> np.ndarray:
        """Return what is read at these steps, [..., features]: their own numbers, then those known of the steps ahead."""
        own = self.values[place].astype(np.float32)
        if self.known is None:
            return own
        later = self.known[np.minimum(place[..., None] + self.ahead.steps, len(self.known) - 1)]
        return np.concatenate([own, later.reshape(*place.shape, -1).astype(np.float32)], axis=-1)

    def targets(self, place: np.ndarray) -> np.ndarray:
        """Return what is forecast at these steps, [..., ahead * outputs]."""
        later = self.values[place[..., None] + self.ahead.steps][..., : self.outputs]
        return later.reshape(*place.shape, -1).astype(np.float32)

    @property
    def features(self) -> int:
        """The number of features of a step."""
        known = 0 if self.known is None else self.known.shape[1] * len(self.ahead.steps)
        return self.values.shape[1] + known

    def arrays(self) -> tuple[np.ndarray, ...]:
        """Return the numbers, how far ahead they are forecast, and which are scored."""
        further = [one for one in (self.known, self.real) if one is not None]
        return self.values, np.array([*self.ahead, self.outputs]), np.array(self.parts), *further
