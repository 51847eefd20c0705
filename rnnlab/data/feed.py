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

    def turn_to(self, epoch: int) -> None:
        """Give the batches of this epoch from now on."""
        self._order = self.split.order(self.seed, epoch)

    def follow(self) -> keras.callbacks.Callback:
        """Return the callback that turns to each epoch as it begins."""
        return keras.callbacks.LambdaCallback(on_epoch_begin=lambda epoch, logs: self.turn_to(epoch))

    def __len__(self) -> int:
        return len(self._order)

    def __getitem__(self, index: int) -> tuple:
        return tuple(self.split.batch(self._order[index]))
