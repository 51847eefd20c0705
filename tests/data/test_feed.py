"""Keras's fit receives exactly the batches of each epoch."""

import numpy as np

from rnnlab.data.examples import Examples


def test_fit_sees_the_order_of_every_epoch() -> None:
    import keras

    from rnnlab.data.feed import Feed

    seen: list[list[float]] = []

    class Spy(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.weight = self.add_weight(shape=())

        def call(self, x: object) -> object:
            return x * self.weight

        def train_step(self, data: tuple) -> dict:
            seen.append(np.asarray(data[1]).ravel().tolist())
            return {"loss": keras.ops.zeros(())}

    split = Examples(np.zeros((7, 1), "float32"), np.arange(7.0, dtype="float32")[:, None], rows=3, shuffled=True)
    feed = Feed(split, seed=5)
    model = Spy()
    model.compile(optimizer="sgd", loss="mse", run_eagerly=True)
    model.fit(feed, epochs=4, initial_epoch=1, verbose=0, shuffle=False, callbacks=[feed.follow()])
    assert seen == [batch.y.ravel().tolist() for epoch in (1, 2, 3) for batch in split.batches(5, epoch)]
