"""A split as Keras's fit and evaluate want it."""

import keras

from rnnlab.data.dataset import Split


class Feed(keras.utils.PyDataset):
    """The batches of a split, for `model.fit` and `model.evaluate`.

    `fit` needs `shuffle=False`, or Keras shuffles the batches once more by Python's global `random`, and
    `callbacks=[feed.follow(), ...]`, since Keras does not tell a PyDataset which epoch it is.
    """

    def __init__(self, split: Split, seed: int = 0):
        super().__init__()
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

    def __len__(self) -> int:
        return len(self._order)

    def __getitem__(self, index: int) -> tuple:
        return tuple(self.split.batch(self._order[index]))
