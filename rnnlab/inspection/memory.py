"""Memory: the size of the states, and the effect of a changed step on later states."""

from collections.abc import Mapping
from typing import NamedTuple

import keras
import numpy as np

from rnnlab.data.dataset import PADDING
from rnnlab.inspection.flow import Lagged
from rnnlab.inspection.gates import over_time, states
from rnnlab.inspection.recorded_pass import Passes
from rnnlab.recurrence.recorder import Passage


class Perturbation(NamedTuple):
    """The distance of states from those of the same sequence with one step changed, against the steps since the change."""

    distance: Lagged
    """The mean of |h'_{s+k} - h_{s+k}| over examples and places, (lags,) by layer and by `hidden` and `cell`."""
    relative: Lagged
    """The same, relative to the distance of the same examples and places at lag 0."""


def sizes(layers: Mapping[str, Mapping[str, np.ndarray]]) -> Lagged:
    """Return |h_t| and |c_t|, the Euclidean norm over the units averaged over the rows, (steps,), of what `gates` gave.

    >>> sizes({"memory": {"hidden": np.full((2, 3, 4), 0.5)}})["memory"]["hidden"]
    array([1., 1., 1.])
    """
    by_layer = {name: {state: of[state] for state in states(of)} for name, of in layers.items()}
    return {
        name: {state: _mean(np.sqrt(np.square(values.astype(np.float64)).sum(axis=2))) for state, values in of.items()}
        for name, of in by_layer.items()
    }


def _mean(values: np.ndarray) -> np.ndarray:
    """The mean over the rows (rows, steps) that are real; NaN where none is."""
    real = np.isfinite(values)
    return np.where(real.any(axis=0), np.where(real, values, 0).sum(axis=0) / np.maximum(real.sum(axis=0), 1), np.nan)


def perturbation(
    model: keras.Model, x: np.ndarray, seed: int | None = None, fresh: bool = False, places: int = 8, draw: int = 0
) -> Perturbation:
    """Return the effect of one changed step on the states k steps later.

    At up to `places` steps s, evenly spread over the first half that a layer reads, every row's step is replaced by one drawn
    (by `draw`) from the real steps of the whole batch; rows in which that is the same, or that are padding, are left out.
    A layer that reads backwards is followed in its own direction. `seed` and `fresh` are as for `rnnlab.inspection.gates`; the
    masks are the same in both sequences.

    >>> from rnnlab.layers import GRU
    >>> model = keras.Sequential([keras.Input((5, 3)), GRU(8, name="memory")])
    >>> perturbation(model, np.random.default_rng(0).normal(size=(2, 5, 3)).astype("float32")).relative["memory"]["hidden"][0]
    np.float64(1.0)
    """
    return perturbation_of(Passes(model, seed, fresh), x, places, draw)


def perturbation_of(passes: Passes, x: np.ndarray, places: int = 8, draw: int = 0) -> Perturbation:
    """Return the result of `perturbation` from existing passes."""
    before = _states(passes, passes.passages(x))
    steps = x.shape[1]
    rng = np.random.default_rng(draw)
    sums = {name: {state: np.zeros((3, steps)) for state in of} for name, of in before.items()}
    early = np.unique(np.linspace(0, (steps - 1) // 2, places).round().astype(int))
    disturbed = {backwards: steps - 1 - early if backwards else early for backwards in passes.backwards.values()}
    for s in sorted({int(s) for own in disturbed.values() for s in own}):
        other, changed = _exchanged(x, s, rng)
        after = _states(passes, passes.passages(other))
        for name, of in before.items():
            backwards = passes.backwards[name]
            for state, values in of.items() if s in disturbed[backwards] else ():
                _add(sums[name][state], values, after[name][state], s, changed, backwards)
    with np.errstate(invalid="ignore", divide="ignore"):
        distance = {name: {state: total / number for state, (total, _, number) in of.items()} for name, of in sums.items()}
        relative = {name: {state: total / start for state, (total, start, _) in of.items()} for name, of in sums.items()}
    return Perturbation(distance, relative)


def _states(passes: Passes, passages: Mapping[str, Passage]) -> dict[str, dict[str, np.ndarray]]:
    seen = {name: over_time(passage, passes.backwards[name]) for name, passage in passages.items()}
    return {name: {state: of[state] for state in states(of)} for name, of in seen.items()}


def _exchanged(x: np.ndarray, s: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """The batch with step s of every row exchanged, and in which rows that has changed a real step."""
    flat = x.reshape(x.shape[0] * x.shape[1], -1)
    real = flat[~padding(flat)]
    other = x.copy()
    other[:, s] = real[rng.integers(len(real), size=len(x))].reshape(x[:, s].shape)
    here = ~padding(x[:, s].reshape(len(x), -1))
    other[~here, s] = x[~here, s]
    return other, here & (other[:, s] != x[:, s]).reshape(len(x), -1).any(axis=1)


def padding(steps: np.ndarray) -> np.ndarray:
    """Which of the steps (steps, features) are padding: -1 among token numbers, NaN among numbers."""
    return (steps == PADDING).all(axis=1) if steps.dtype.kind in "iu" else np.isnan(steps).any(axis=1)


def _add(into: np.ndarray, before: np.ndarray, after: np.ndarray, s: int, changed: np.ndarray, backwards: bool) -> None:
    """Add by lag the distances of the rows that were changed, what they were at lag 0, and their number."""
    far = np.sqrt(np.square(after.astype(np.float64) - before).sum(axis=2))[changed]
    far = far[:, s::-1] if backwards else far[:, s:]
    real = np.isfinite(far)
    sums = np.where(real, far, 0), np.where(real, far[:, :1], 0), real
    into[:, : far.shape[1]] += np.stack([part.sum(axis=0) for part in sums])
