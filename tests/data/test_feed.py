"""Keras's fit receives exactly the batches of each epoch."""

import numpy as np
import pytest

from rnnlab.data.splits.fixed_length import Examples


def test_fit_sees_the_order_of_every_epoch() -> None:
    import keras

    from rnnlab.data.keras_adapter import Feed

    class Spy(keras.callbacks.Callback):
        """Reads each batch off the running mean of the loss, which is the mean of the batches' inputs."""

        def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
            self.total = 0.0

        def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
            assert logs is not None
            before, self.total = self.total, logs["loss"] * (batch + 1)
            seen.append(self.total - before)

    # Powers of two: a batch's sum tells which examples are in it.
    split = Examples(2.0 ** np.arange(7, dtype="float32")[:, None], np.zeros((7, 1), "float32"), rows=3, shuffled=True)
    seen: list[float] = []
    feed = Feed(split, seed=5)
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False, kernel_initializer="ones")])
    model.compile(keras.optimizers.SGD(0.0), "mae")
    model.fit(feed, epochs=4, initial_epoch=1, verbose=0, shuffle=False, callbacks=[feed.follow(), Spy()])
    batches = [batch for epoch in (1, 2, 3) for batch in split.batches(5, epoch)]
    assert seen == pytest.approx([np.mean(batch.x[:, 0] * batch.sample_weight) for batch in batches], rel=1e-5)
