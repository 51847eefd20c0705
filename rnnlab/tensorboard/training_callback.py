"""The curves, weights and gates of a training for TensorBoard, while it goes on."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras

from rnnlab import files
from rnnlab.tensorboard.epoch_scalars import of_keras, ours
from rnnlab.tensorboard.event_files import FILE, append, cut
from rnnlab.tensorboard.gate_histograms import Gates
from rnnlab.tensorboard.values import histogram
from rnnlab.training.callbacks import epoch_event


class Callback(keras.callbacks.Callback):
    """Writes every epoch of any `model.fit` to event files in `folder`: curves, weights, and the gates of recurrent layers.

    Figures stand under our tags in `folder` (`train/loss`, `validation/loss`, `learning_rate`) and under Keras's own in
    `folder/train` and `folder/validation` (`epoch_loss`). Every trainable weight has a histogram, every `every`-th epoch and
    after the first. `inputs`, a batch of what the model reads, adds histograms and heat maps of the gates of LSTM and GRU
    layers, ours and the built-in ones, with noise off and a state from zero. A training that begins at an `initial_epoch` goes
    on behind it in the same files. Nothing of the model moves. Raises StorageError where the folder cannot be written.

    >>> import tempfile, numpy as np
    >>> from rnnlab.tensorboard import Callback
    >>> folder, x = tempfile.mkdtemp(), np.ones((4, 3, 2), "float32")
    >>> model = keras.Sequential([keras.Input((3, 2)), keras.layers.GRU(2), keras.layers.Dense(1)])
    >>> model.compile("sgd", "mse")
    >>> _ = model.fit(x, np.zeros((4, 1)), verbose=0, callbacks=[Callback(folder, inputs=x[:2])])
    >>> sorted(path.name for path in Path(folder).iterdir())
    ['events.out.tfevents.0000000000.rnnlab', 'train']
    """

    def __init__(self, folder: str | Path, inputs: Any = None, every: int = 1):
        super().__init__()
        self.folder, self._inputs, self._every = Path(folder), inputs, every
        self.epochs: list[dict[str, Any]] = []
        """The figures of every epoch, as `rnnlab.training.callbacks.epoch_event` sorts them."""

    def on_train_begin(self, logs: dict | None = None) -> None:
        """Begin."""
        self._gates = None if self._inputs is None else Gates(self.model, self._inputs)
        self._begun = False

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        """Append the epoch's figures, weights and gates."""
        rate = getattr(self.model.optimizer, "learning_rate", None)
        beside = {} if rate is None else {"learning_rate": float(keras.ops.convert_to_numpy(rate))}
        self.epochs.append(epoch_event(epoch + 1, {**beside, **(logs or {})}))
        if not self._begun:
            self._begun = True
            for folder in self._folders():
                cut(folder, epoch)
        figures = self._figures(self.epochs[-1])
        figures[self.folder] += [] if epoch % self._every else self._distributions()
        for folder, values in figures.items():
            append(folder, epoch, values)

    def on_restore(self) -> None:
        """Go on behind the restored epoch: what the files say after it will be said again.

        Damaged ones are written anew from the figures; the weights and gates of earlier epochs are then lost.
        """
        for folder in self._folders():
            if not cut(folder, len(self.epochs)):
                files.remove(folder / FILE)
                for epoch, event in enumerate(self.epochs):
                    append(folder, epoch, self._figures(event)[folder])

    def _folders(self) -> list[Path]:
        return list(dict.fromkeys(folder for event in self.epochs for folder in self._figures(event)))

    def _figures(self, event: dict[str, Any]) -> dict[Path, list[Any]]:
        """What the figures of an epoch are in each folder."""
        return {self.folder: ours(event), **{self.folder / split: values for split, values in of_keras(event).items()}}

    def _distributions(self) -> Iterator[Any]:
        for weight in self.model.trainable_weights:
            yield histogram(f"weights/{weight.path}", keras.ops.convert_to_numpy(weight))
        if self._gates:
            yield from self._gates.values()
