"""The gates of recurrent layers over time: their values, their saturation, and the time constant of their memory."""

from collections.abc import Iterable
from typing import NamedTuple

import keras
import numpy as np

from rnnlab.cells.builtin_cells import CELLS
from rnnlab.inspection.recorded_pass import Passes
from rnnlab.recurrence.recorder import Passage

LOW, HIGH = 0.1, 0.9
"""A gate below or above these is saturated: shut or open."""
MEMORY = ("forget", "update", "retained")
"""The gates that multiply the memory."""


def states(names: Iterable[str]) -> list[str]:
    """Return those of the names that are names of states in a registered cell.

    >>> states(["forget", "hidden", "cell"])
    ['hidden', 'cell']
    """
    known = {state for kind in CELLS.values() for state in kind.states}
    return [name for name in names if name in known]


Layers = dict[str, dict[str, np.ndarray]]
"""By layer and by name the values over time, (rows, steps, units); NaN at padding."""


def gates(model: keras.Model, x: np.ndarray, seed: int | None = None, fresh: bool = False) -> Layers:
    """Return the gates and states of every recurrent layer of a model for a batch of inputs.

    By layer, each (rows, steps, units), in the order of the input's steps, NaN at padding:

    - LSTM: `input`, `forget`, `output` in (0, 1), `candidate` in (-1, 1), the states `hidden` h_t and `cell` c_t;
    - GRU: `update` z_t (h_t = z_t * h_{t-1} + (1 - z_t) * g_t, so open means keeping), `reset`, `candidate`, `hidden`;
    - both: `retained`, the factor of the old memory in the new one, which is the forget or update gate, including the
      noise on carried states: under zoneout d + (1 - d) f.

    Works for our layers and Keras's LSTM, GRU and SimpleRNN, on TensorFlow and JAX; the values come from the same code that
    trains. A layer that carries its state from batch to batch begins from it, or with `fresh` from zero; the model is
    unchanged. Noise is off; with a `seed` it is that of training, drawn from the seed. Raises ValueError where there is nothing
    to record.

    >>> from rnnlab.layers import LSTM
    >>> model = keras.Sequential([keras.Input((5, 3)), LSTM(8, name="memory")])
    >>> gates(model, np.ones((2, 5, 3), "float32"))["memory"]["forget"].shape
    (2, 5, 8)
    """
    passes = Passes(model, seed, fresh)
    return {name: over_time(passage, passes.backwards[name]) for name, passage in passes.passages(x).items()}


def over_time(passage: Passage, backwards: bool) -> dict[str, np.ndarray]:
    """Return the gates and states of one layer in the form of `gates`."""
    values = {**passage.gates, **dict(zip(passage.names, passage.states, strict=True))}
    return {name: _rows_first(np.where(_real(passage), value, np.nan), backwards) for name, value in values.items()}


def _real(passage: Passage) -> np.ndarray:
    return np.ones((), bool) if passage.real is None else np.asarray(passage.real)[..., None]


def _rows_first(values: np.ndarray, backwards: bool) -> np.ndarray:
    return np.swapaxes(values[::-1] if backwards else values, 0, 1)


class Saturation(NamedTuple):
    """How often each unit of a gate is shut and open, (units,); their means are those of the layer."""

    below: np.ndarray
    """The part of the real steps at which the gate is below 0.1."""
    above: np.ndarray
    """The part at which it is above 0.9."""


def saturation(gate: np.ndarray) -> Saturation:
    """Return how often a gate (rows, steps, units) is nearly shut or nearly open; steps that are NaN do not count.

    >>> saturation(np.array([[[0.05], [0.5], [0.95], [0.99], [np.nan]]])).above
    array([0.5])
    """
    real = np.isfinite(gate).sum(axis=(0, 1))
    return Saturation((gate < LOW).sum(axis=(0, 1)) / real, (gate > HIGH).sum(axis=(0, 1)) / real)


def time_constant(gate: np.ndarray) -> np.ndarray:
    """Return the steps after which the memory of each unit has faded to 1/e, (units,).

    A forget or update gate f_t makes c_{t+k} keep the product of k gates, exp(sum ln f), so tau = -1 / mean(ln f): for a
    constant gate -1 / ln f, infinite where it is always 1, zero where it was ever 0 (Gers et al. 2000; Tallec & Ollivier 2018,
    arXiv 1804.11188). Steps that are NaN do not count.

    >>> time_constant(np.full((1, 4, 1), 0.9)).round(3)
    array([9.491])
    """
    with np.errstate(divide="ignore"):
        logs = np.nanmean(np.log(gate.astype(np.float64)), axis=(0, 1))
        return np.where(logs == 0, np.inf, -1 / logs)
