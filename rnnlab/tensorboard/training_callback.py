"""The curves, weights and gates of a training for TensorBoard, while it runs."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import keras

from rnnlab import files
from rnnlab.documents import Record
from rnnlab.tensorboard.epoch_scalars import ours
from rnnlab.tensorboard.event_files import FILE, append, cut
from rnnlab.tensorboard.gate_histograms import Gates
from rnnlab.tensorboard.values import histogram
from rnnlab.training.epoch_record import EpochRecord

if TYPE_CHECKING:
    import numpy as np
    from tensorboard.compat.proto.summary_pb2 import Summary


class Callback(keras.callbacks.Callback):
    """Writes every epoch of any `model.fit` to event files in `folder`: curves, weights, and the gates of recurrent layers.

    All are in one file, which is one run of TensorBoard: `train/loss`, `validation/loss`, `learning_rate`, each metric
    once. Every trainable weight has a histogram, after the first epoch and then after every `every`-th. `inputs`, a batch
    of what the model reads, adds histograms and heat maps of the gates of LSTM and GRU layers, ours and the built-in ones,
    with noise off and a state from zero. A training that begins at an `initial_epoch` goes on behind it in the same files.
    The model is left as it is. Raises StorageError where the folder cannot be written.

    >>> import tempfile, numpy as np
    >>> from rnnlab.tensorboard import Callback
    >>> folder, x = tempfile.mkdtemp(), np.ones((4, 3, 2), "float32")
    >>> model = keras.Sequential([keras.Input((3, 2)), keras.layers.GRU(2), keras.layers.Dense(1)])
    >>> model.compile("sgd", "mse")
    >>> _ = model.fit(x, np.zeros((4, 1)), verbose=0, callbacks=[Callback(folder, inputs=x[:2])])
    >>> sorted(path.name for path in Path(folder).iterdir())
    ['events.out.tfevents.0000000000.rnnlab']
    """

    state_name = "tensorboard"

    def __init__(self, folder: str | Path, inputs: "np.ndarray | None" = None, every: int = 1):
        super().__init__()
        self.folder, self._inputs, self._every = Path(folder), inputs, every
        self.epochs: list[EpochRecord] = []
        """The metrics of every epoch so far."""

    def on_train_begin(self, logs: dict | None = None) -> None:
        """Begin."""
        self._gates = None if self._inputs is None else Gates(self.model, self._inputs)
        self._begun = False

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        """Append the epoch's metrics, weights and gates."""
        rate = getattr(self.model.optimizer, "learning_rate", None)
        beside = {} if rate is None else {"learning_rate": float(keras.ops.convert_to_numpy(rate))}
        self.epochs.append(EpochRecord.of_logs(epoch + 1, {**beside, **(logs or {})}))
        if not self._begun:
            self._begun = True
            cut(self.folder, epoch)
        append(self.folder, epoch, [*ours(self.epochs[-1]), *([] if epoch % self._every else self._distributions())])

    def save_state(self) -> Record:
        """Return the metrics of the epochs so far."""
        return {"epochs": [epoch.document() for epoch in self.epochs]}

    def load_state(self, state: Record) -> None:
        """Cut the file after the restored epoch, since later ones are trained again.

        A damaged one is written anew from the metrics; the weights and gates of earlier epochs are then lost.
        """
        self.epochs = [EpochRecord.of(event) for event in state["epochs"]]
        if not cut(self.folder, len(self.epochs)):
            files.remove(self.folder / FILE)
            self.begin()
            for number, epoch in enumerate(self.epochs):
                append(self.folder, number, ours(epoch))

    def begin(self) -> None:
        """Write the head of a new file; here it has none."""

    def _distributions(self) -> Iterator["Summary.Value"]:
        for weight in self.model.trainable_weights:
            yield histogram(f"weights/{weight.path}", keras.ops.convert_to_numpy(weight))
        if self._gates:
            yield from self._gates.values()
