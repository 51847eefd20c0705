"""A split as Keras's fit and evaluate want it."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import keras

from rnnlab import compat
from rnnlab.data.dataset import Split

if TYPE_CHECKING:
    import tensorflow as tf

DataAdapter: Any = compat.data_adapter()


class Feed(DataAdapter):
    """The batches of a split, for `model.fit` and `model.evaluate`, on any backend.

    `fit` needs `callbacks=[feed.follow(), ...]`, since Keras tells no input which epoch it is. A `keras.utils.PyDataset` would
    not do: on TensorFlow Keras takes the steps of the first two batches for those of all.
    """

    batch_size = partial_batch_size = None
    has_partial_batch = False

    def __init__(self, split: Split, seed: int = 0):
        self.split, self.seed = split, seed
        self.turn_to(0)

    def turn_to(self, epoch: int, batch: int = 0) -> None:
        """Give the batches of this epoch, from one of them on."""
        self._order = self.split.order(self.seed, epoch)[batch:]

    def follow(self, start: tuple[int, int] = (0, 0)) -> keras.callbacks.Callback:
        """Return the callback that turns to each epoch as it begins, leaving out the batches before `start` (epoch, batch)."""

        def turn(epoch: int, logs: dict | None) -> None:
            self.turn_to(epoch, start[1] if epoch == start[0] else 0)

        return keras.callbacks.LambdaCallback(on_epoch_begin=turn)

    def pace(self, batch: int) -> float:
        """Return how long a batch of the current epoch is, as a multiple of the mean."""
        return self.split.pace(self._order[batch])

    def __len__(self) -> int:
        return len(self._order)

    def __getitem__(self, index: int) -> tuple:
        return tuple(self.split.batch(self._order[index]))

    @property
    def num_batches(self) -> int:
        """The number of batches of an epoch."""
        return len(self)

    def get_numpy_iterator(self) -> Iterator[tuple]:
        """Yield the batches."""
        return map(self.__getitem__, range(len(self)))

    def get_jax_iterator(self, super_batch: int | None = None) -> Iterator[tuple]:
        """Yield the batches, stacked by `super_batch` where `fit` takes several steps at once."""
        batches = self.get_numpy_iterator()
        return compat.stacked_batches(batches, super_batch) if super_batch else batches

    def get_tf_dataset(self) -> "tf.data.Dataset":
        """Return the batches as a `tf.data.Dataset`, one of them made ahead."""
        import tensorflow as tf

        signature = tuple(tf.TensorSpec(shape, part.dtype) for part, shape in zip(self[0], self.shapes(), strict=True))
        return tf.data.Dataset.from_generator(self.get_numpy_iterator, output_signature=signature).prefetch(tf.data.AUTOTUNE)

    def shapes(self) -> list[list[int | None]]:
        """Return the shapes of inputs, targets and weights, None where the steps of batches differ."""
        x, y, weights = self[0]
        steps = None if self.split.varied else x.shape[1]
        scored = [len(x), steps][: weights.ndim]
        return [[len(x), steps, *x.shape[2:]], [*scored, *y.shape[weights.ndim :]], scored]

    def get_torch_dataloader(self) -> object:
        """Return the batches as torch tensors."""
        return compat.torch_loader(self.get_numpy_iterator())
