"""Snapshots of a model during training, on one batch, without changing a bit of the training."""

from pathlib import Path

import keras
import numpy as np

from rnnlab import files
from rnnlab.data.dataset import Batch
from rnnlab.inspection.archive import write
from rnnlab.inspection.snapshot import SnapshotTaker


class Inspect(keras.callbacks.Callback):
    """Writes gates, memory and gradient flow on a fixed batch every few epochs, and at the end of training.

    Into `folder` go `epoch-5.npz`, `epoch-10.npz`, ... and `end.npz`, whose arrays `rnnlab.inspection.archive.Snapshot`
    describes; the last has the final weights, which are those of the best epoch after an `EarlyStopping` before this callback
    that restores them. Works in any `model.fit` of a compiled model with recurrent layers; training draws and
    learns the same with it and without it. `x` and `y` are one batch, `sample_weight` its positions [rows] or [rows, steps].

    >>> Inspect("snapshots", np.zeros((2, 5, 3)), np.zeros((2, 1)), every_epochs=10).every_epochs
    10
    """

    def __init__(
        self,
        folder: str | Path,
        x: np.ndarray,
        y: np.ndarray,
        sample_weight: np.ndarray | None = None,
        every_epochs: int = 5,
        tokens: np.ndarray | None = None,
    ):
        super().__init__()
        if every_epochs < 1:
            raise ValueError(f"every_epochs must be at least 1, got {every_epochs}")
        self.every_epochs = every_epochs
        self._folder = Path(folder)
        self._batch = Batch(x, y, sample_weight)  # type: ignore[arg-type]
        self._tokens = tokens
        self._taker: SnapshotTaker | None = None

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        """Take a snapshot where one is due."""
        if (epoch + 1) % self.every_epochs == 0:
            self._take(f"epoch-{epoch + 1}")

    def on_train_end(self, logs: dict | None = None) -> None:
        """Take a snapshot of the final weights."""
        self._take("end")

    def _take(self, name: str) -> None:
        self._taker = self._taker or SnapshotTaker(self.model, self._batch, self._tokens)
        write(files.make(self._folder) / f"{name}.npz", self._taker())
