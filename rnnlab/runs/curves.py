"""The curves of a run for TensorBoard, while it is trained."""

from pathlib import Path

import keras

from rnnlab import files, tensorboard
from rnnlab.tensorboard.keras_tags import append_epoch


class Curves(keras.callbacks.Callback):
    """Writes every epoch of a `model.fit` to event files in `folder`, under Keras's own tags."""

    def __init__(self, folder: Path):
        super().__init__()
        self.folder = folder
        self.epochs: list[dict[str, float]] = []

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        """Append the epoch's figures."""
        self.epochs.append(dict(logs or {}))
        append_epoch(self.folder, epoch, self.epochs[-1])

    def on_restore(self) -> None:
        """Go on behind the restored epoch: what the files say after it will be said again; damaged ones are written anew."""
        splits = {"validation" if name.startswith("val_") else "train" for logs in self.epochs for name in logs}
        if splits and all(tensorboard.cut(self.folder / split, len(self.epochs)) for split in sorted(splits)):
            return
        files.remove(self.folder)
        for epoch, logs in enumerate(self.epochs):
            append_epoch(self.folder, epoch, logs)
