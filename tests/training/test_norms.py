"""The norms of gradient and update are those of a training step done by hand, and measuring them changes no bit."""

import keras
import numpy as np
import pytest

from rnnlab.training.callbacks import Meter
from rnnlab.training.norms import Norms
from rnnlab.training.optimizer_config import OPTIMIZER
from rnnlab.training.optimizers import OPTIMIZERS, Extended, optimizer

WORDS = np.random.default_rng(1).integers(0, 5, (12, 3))


def model() -> keras.Model:
    keras.utils.set_random_seed(1)
    return keras.Sequential(
        [keras.Input((3,), dtype="int32"), keras.layers.Embedding(5, 4), keras.layers.Flatten(), keras.layers.Dense(1)]
    )


def gradients(one: keras.Model, x: np.ndarray) -> list[np.ndarray]:
    """The gradient of the mean squared output, in NumPy."""
    table, kernel, bias = one.get_weights()
    inner = table[x].reshape(len(x), -1)
    error = 2 * (inner @ kernel + bias) / len(x)
    to_table = np.zeros_like(table)
    np.add.at(to_table, x, (error @ kernel.T).reshape(len(x), 3, 4))
    return [to_table, inner.T @ error, error.sum(axis=0)]


def norm(arrays: list[np.ndarray]) -> float:
    return float(np.sqrt(sum((array.astype("float64") ** 2).sum() for array in arrays)))


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_norms_are_those_of_the_step_and_change_no_bit(name: str) -> None:
    config = OPTIMIZER.validate({"name": name, "learning_rate": 0.1, "clip_norm": 0.05, "weight_decay": 0.01})
    keras.utils.set_random_seed(1)
    ours, plain = model(), model()
    bare = type("Bare", (Extended, OPTIMIZERS[name].type()), {})(0.1, global_clipnorm=0.05)
    bare.section, bare.paced = config, False
    assert not isinstance(bare, Norms)
    for one, how in ((ours, optimizer(config)), (plain, bare)):
        # one by one, since TensorFlow's graphs merge operations, and round by which others there are
        one.compile(how, "mse", run_eagerly=keras.backend.backend() == "tensorflow")
    history = keras.callbacks.History()
    watch = keras.callbacks.CallbackList([Meter(1.0), history], model=ours, epochs=1, steps=1)
    for epoch in range(3):
        x = WORDS[4 * epoch : 4 * epoch + 4]
        before, gradient = ours.get_weights(), gradients(ours, x)
        ours.fit(
            x, np.zeros((4, 1)), batch_size=4, initial_epoch=epoch, epochs=epoch + 1, verbose=0, shuffle=False, callbacks=watch
        )
        plain.fit(x, np.zeros((4, 1)), batch_size=4, verbose=0, shuffle=False)
        after = ours.get_weights()
        assert history.history["gradient_norm"][-1] == pytest.approx(norm(gradient), rel=1e-5)
        update = norm([new - old for new, old in zip(after, before, strict=True)])
        assert history.history["update_norm"][-1] == pytest.approx(update, rel=1e-5)
        assert all(np.array_equal(one, other) for one, other in zip(after, plain.get_weights(), strict=True))


def test_an_epoch_has_the_mean_over_its_steps() -> None:
    one = model()
    one.compile(optimizer(OPTIMIZER.validate({"name": "sgd", "learning_rate": 0.5})), "mse")
    norms, watch = [], model()
    watch.set_weights(one.get_weights())
    watch.compile(keras.optimizers.SGD(0.5), "mse")
    for start in (0, 4, 8):
        norms.append(norm(gradients(watch, WORDS[start : start + 4])))
        watch.fit(WORDS[start : start + 4], np.zeros((4, 1)), batch_size=4, verbose=0)
    history = one.fit(WORDS, np.zeros((12, 1)), batch_size=4, shuffle=False, verbose=0, callbacks=[Meter(1.0)]).history
    assert history["gradient_norm"] == pytest.approx([np.mean(norms)], rel=1e-5)
    assert history["update_norm"] == pytest.approx([0.5 * np.mean(norms)], rel=1e-5)
    assert one.optimizer.take_norms(1) == {"gradient_norm": 0.0, "update_norm": 0.0}


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="the sums are plain on other backends")
@pytest.mark.parametrize("wrong", [None, np.nan, np.inf])
def test_a_program_of_xla_clips_and_measures_the_norm(wrong: float | None) -> None:
    import tensorflow as tf

    grads = [np.random.default_rng(2).standard_normal(shape, np.float32) for shape in ((32, 4), (5,))]
    weights = [keras.Variable(np.zeros_like(grad)) for grad in grads]
    how = optimizer(OPTIMIZER.validate({"name": "sgd", "learning_rate": 1.0, "clip_norm": 0.5}))
    how.build(weights)
    if wrong is not None:
        grads[1][3] = wrong
    tf.function(lambda *given: how.apply(list(given), weights), jit_compile=True)(*grads)
    for grad, weight in zip(grads, weights, strict=True):
        expected = np.full_like(grad, np.nan) if wrong is not None else -grad * 0.5 / norm(grads)
        np.testing.assert_allclose(keras.ops.convert_to_numpy(weight), expected, rtol=1e-5)
    if wrong is None:
        assert how.take_norms(1) == pytest.approx({"gradient_norm": norm(grads), "update_norm": 0.5}, rel=1e-5)
