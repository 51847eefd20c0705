"""Everything that decides the next step of a run, kept on the disk, so that a killed run resumes to the same bits."""

import math
import time
from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np

from rnnlab import compat, files
from rnnlab.documents import Fields, Record
from rnnlab.training import array_file
from rnnlab.training.callback_state import BestEpoch, by_name

SOON = 2.0
"""Seconds after a checkpoint in which an epoch, unless it is the last one, may end without another."""


class Slot:
    """Where the state of a run is kept, and which run it must belong to."""

    def __init__(self, path: Path, identity: object, epochs: int | None = None):
        self.path, self.identity, self.epochs = path, identity, epochs
        """The file; what the bits depend on, as plain values; the epochs of the run, where a longer one has the same identity.
        A state of another identity, or of more epochs, is not a state of this run."""
        self.damaged: list[Path] = []
        """The files that held no whole state."""
        self.state = self._read()
        """The last whole state of this run, as it was at first; None where there is none."""

    @property
    def previous(self) -> Path:
        """The state before the last one, kept in case the last one is damaged."""
        return self.path.with_name(f"{self.path.name}.previous")

    def _read(self) -> Record | None:
        for path in (self.path, self.previous):
            try:
                state = array_file.read(path)
                return dict(state) if self.fits(state) else None
            except FileNotFoundError:
                continue
            except (OSError, ValueError, LookupError, TypeError, RecursionError):
                self.damaged.append(path)
        return None

    def fits(self, state: Fields) -> bool:
        """Return whether the run can resume from a state, by identity and length."""
        longest = (self.epochs if self.epochs is not None else math.inf, 0)
        return bool(state["identity"] == self.identity and (state["epoch"], state["batch"]) <= longest)

    @property
    def position(self) -> tuple[int, int]:
        """The epoch and the batch, counted from 0, at which the run resumes."""
        return (self.state["epoch"], self.state["batch"]) if self.state else (0, 0)

    def write(self, state: Record) -> None:
        """Write a state; the last one stays until this one is whole, and then as the previous one."""
        files.make(self.path.parent)
        for path in self.damaged:  # a damaged state must not replace a whole one
            files.remove(path)
        self.damaged = []
        array_file.write(self.path, {"identity": self.identity, **state}, keep=self.previous)


class Checkpoint(keras.callbacks.Callback):
    """Keeps the state of a run at the ends of epochs and every `minutes` in between, and puts it back at the beginning.

    The state: weights, random generators and carried states of the model, optimizer, running metrics, position, and what the
    `others` callbacks save, see `rnnlab.training.callback_state`. It has to be the last callback, since some reset their
    attributes as training begins.
    """

    def __init__(self, slot: Slot, others: Sequence[keras.callbacks.Callback], minutes: float):
        super().__init__()
        self.slot, self.others, self.minutes = slot, by_name(others), minutes
        self.several = minutes > 0

    def on_train_begin(self, logs: dict | None = None) -> None:
        """Put the state back."""
        self._saved = time.monotonic()
        if self.slot.state:
            self._restore(self.slot.state)

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        """Restore what was reset, if the run resumes inside this epoch."""
        start, batch = self.slot.position
        self._epoch, self._done = epoch, batch if epoch == start else 0
        if self._done and self.slot.state:
            self._restore(self.slot.state)

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        """Keep the state where it is due; after the last batch of an epoch validation comes first."""
        done = self._done + batch + 1
        if self._due(60 * self.minutes) and done < self.params["steps"] and not self.model.stop_training:
            self._save(self._epoch, done)

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        """Keep the state where the last one is not very young, and always at the end."""
        ends = epoch + 1 == self.params["epochs"] or self.model.stop_training
        if ends or self._due(min(60 * self.minutes, SOON)):
            self._save(epoch + 1, 0)

    def _due(self, seconds: float) -> bool:
        return time.monotonic() - self._saved >= seconds

    def _save(self, epoch: int, batch: int) -> None:
        state = {
            "epoch": epoch,
            "batch": batch,
            "stopped": bool(self.model.stop_training),
            "variables": [keras.ops.convert_to_numpy(variable) for variable in variables(self.model)],
            "callbacks": {name: other.save_state() for name, other in self.others.items()},
        }
        self.slot.write(state)
        self._saved = time.monotonic()

    def _restore(self, state: Record) -> None:
        for variable, value in zip(variables(self.model), state["variables"], strict=True):
            variable.assign(value)
        for name, other in self.others.items():
            other.load_state(state["callbacks"][name])


def variables(model: keras.Model) -> list[keras.Variable]:
    """Return every variable that decides the next step: of model, optimizer, running metrics, and Keras's own generator."""
    *begun, generator = seeded(model)
    return [*begun, *model.metrics_variables, generator]


def seeded(model: keras.Model) -> list[keras.Variable]:
    """Return those of them whose first value the seed may decide: all but the running metrics."""
    return [*model.variables, *model.optimizer.variables, compat.global_generator().state]


def best_weights(state: Record) -> list[np.ndarray]:
    """Return the weights of the best epoch out of the state of a finished run, as `model.set_weights` takes them."""
    weights: list[np.ndarray] = state["callbacks"][BestEpoch.state_name]["best_weights"]
    return weights
