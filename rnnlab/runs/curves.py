"""The curves of a run for TensorBoard, while it is trained."""

import shutil
from pathlib import Path

import keras

from rnnlab import tensorboard


class Curves(keras.callbacks.Callback):
    """Writes every epoch of a `model.fit` to event files in `folder`, under Keras's own tags."""

    def __init__(self, folder: Path):
        super().__init__()
        self.folder = folder
        self.epochs: list[dict[str, float]] = []

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        """Append the epoch's figures."""
        self.epochs.append(dict(logs or {}))
        tensorboard.append_epoch(self.folder, epoch, self.epochs[-1])

    def on_restore(self) -> None:
        """Write the files anew: what they say after the restored epoch will be said again."""
        shutil.rmtree(self.folder, ignore_errors=True)
        for epoch, logs in enumerate(self.epochs):
            tensorboard.append_epoch(self.folder, epoch, logs)
