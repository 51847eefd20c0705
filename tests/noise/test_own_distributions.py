"""Distributions of a user's own: the masks that their functions say, in every implementation, in training and in evaluation."""

import keras
import numpy as np
import pytest
from conformance.running import BACKEND, arrays, close, normal
from keras import ops

from rnnlab import register
from rnnlab.layers import GRU, LSTM, Embedding
from rnnlab.testing.layer_checks import compiled, fill, outputs_and_gradients
from rnnlab.training.rates import NoiseRates, changing_layers

X = normal((4, 6, 2))
SITES = ["input", "output", "kernel", "recurrent", "candidate", "cell", "hold_cell", "hold_hidden", "recurrent_kernel"]


@pytest.fixture(autouse=True)
def own():
    """Dropout as anybody would write it, scaled, and as a probability to hold the old value."""

    @register.distribution("dropped")
    def dropped(uniform, rate):
        return ops.cast(uniform >= rate, "float32") / (1 - rate)

    @register.distribution("kept", mean=lambda rate: 1 - rate)
    def kept(uniform, rate):
        return ops.cast(uniform >= rate, "float32")

    @register.distribution("hold")
    def hold(uniform, rate):
        return ops.cast(uniform < rate, "float32")


def layer(noise, kind=LSTM, **arguments):
    argument = "dropout" if noise["site"] in ("input", "output", "kernel") else "recurrent_dropout"
    made = kind(3, seed=7, name="layer", return_sequences=True, **{argument: noise}, **arguments)
    made.build((None, None, 2))
    fill(made)
    return made


def twin(site):
    """A distribution of one's own that is the usual one of a site."""
    if site.startswith("hold"):
        return "hold"
    return "kept" if site in ("candidate", "cell") else "dropped"


@pytest.mark.parametrize("site", SITES)
@pytest.mark.parametrize("how", ["auto", "loop"])
def test_dropout_written_by_hand_is_dropout_to_the_bit(site, how):
    usual, ours = {"site": site, "rate": 0.4}, {"site": site, "rate": 0.4, "distribution": twin(site)}
    both = [layer(noise, implementation=how) for noise in (usual, ours)]
    for theirs, mine in zip(*(outputs_and_gradients(made, X) for made in both), strict=True):
        np.testing.assert_array_equal(mine, theirs)
    np.testing.assert_array_equal(*(arrays([made(X, training=False)])[0] for made in both))


@pytest.mark.parametrize("lifetime", ["step", "sequence"])
def test_masks_of_each_gate_are_those_of_dropout(lifetime):
    usual = {"site": "recurrent", "rate": 0.4, "lifetime": lifetime, "tied": False}
    both = [outputs_and_gradients(layer(noise, GRU), X) for noise in (usual, usual | {"distribution": "dropped"})]
    for theirs, mine in zip(*both, strict=True):
        np.testing.assert_array_equal(mine, theirs)


@pytest.mark.parametrize("lifetime", ["sequence", "batch", "step"])
def test_words_are_dropped_by_a_function(lifetime):
    words = np.random.default_rng(0).integers(0, 9, size=(4, 6))
    usual = {"site": "word", "rate": 0.4, "lifetime": lifetime}
    tables = [Embedding(9, 5, dropout=noise, seed=7) for noise in (usual, usual | {"distribution": "dropped"})]
    for table in tables:
        table.build()
        fill(table)
    np.testing.assert_array_equal(*(arrays([table(words, training=True)])[0] for table in tables))
    np.testing.assert_array_equal(*(arrays([table(words, training=False)])[0] for table in tables))


def test_a_mask_may_depend_on_the_inputs_and_in_evaluation_its_mean_does():
    """Standout (Ba & Frey 2013) without weights: what is larger is kept more often."""

    def keep(inputs):
        return ops.sigmoid(ops.max(inputs, axis=-1, keepdims=True))

    register.distribution("standout", mean=keep)(lambda uniform, inputs: ops.cast(uniform < keep(inputs), "float32"))
    noise = {"site": "input", "distribution": "standout", "rate": 0.5, "lifetime": "step"}
    made, bare = layer(noise), layer({"site": "input", "rate": 0.0})
    mean = 1 / (1 + np.exp(-X.max(axis=-1, keepdims=True)))
    close(made(X, training=False), bare(X * mean), 1e-6)
    close(made(X, training=False), layer(noise, implementation="loop")(X, training=False), 1e-6)
    masks = [arrays([made._masks(ops.transpose(X, (1, 0, 2)), True)["input"]])[0] for _ in range(200)]
    np.testing.assert_allclose(np.mean(masks, axis=0), np.broadcast_to(mean, X.shape).transpose(1, 0, 2), atol=0.17)
    inside = noise | {"site": "candidate"}
    for fast, loop in zip(
        *(outputs_and_gradients(layer(inside, implementation=how), X) for how in ("auto", "loop")), strict=True
    ):
        close(fast, loop, 1e-5)
    both = (layer(inside, implementation=how)(X, training=False) for how in ("auto", "loop"))
    close(*both, 1e-6)


def test_a_mask_of_the_inputs_goes_with_mixed_precision():
    def keep(inputs, epoch):
        return 1 - 0.5 * ops.minimum(epoch, 1.0) * ops.exp(-ops.abs(inputs))

    register.distribution("early", mean=keep)(lambda uniform, inputs, epoch: ops.cast(uniform < keep(inputs, epoch), "float32"))
    noise = {"site": "input", "distribution": "early", "rate": 0.5, "lifetime": "step"}
    half = layer(noise, dtype="mixed_float16")
    assert all(half(X, training=trains).dtype == X.astype("float16").dtype for trains in (True, False))
    close(ops.cast(half(X, training=False), "float32"), layer(noise)(X, training=False), 1e-2)
    later = layer(
        {"site": "recurrent", "distribution": "dropped", "rate": 0.5, "schedule": {"name": "linear", "until": 3}},
        dtype="mixed_float16",
    )
    assert np.isfinite(arrays([ops.cast(later(X, training=True), "float32")])[0]).all()


def test_a_mask_may_depend_on_the_epoch():
    def part(rate, epoch):
        return rate * ops.minimum(epoch / 2, 1)

    @register.distribution("warming", mean=lambda rate, epoch: 1 - part(rate, epoch))
    def warming(uniform, rate, epoch):
        return ops.cast(uniform >= part(rate, epoch), "float32")

    made, bare = layer({"site": "input", "distribution": "warming", "rate": 0.9}), layer({"site": "input", "rate": 0.0})
    model = keras.Sequential([keras.Input((6, 2)), made])
    assert changing_layers(model) == [made]
    seen = []
    for epoch, dropped in ((0, 0.0), (1, 0.45), (2, 0.9), (7, 0.9)):
        made.set_rates(epoch, 100)
        close(made(X, training=False), bare(X * (1 - dropped)), 1e-6)
        mask = arrays([made._masks(ops.transpose(X, (1, 0, 2)), True)["input"]])[0]
        seen.append((mask == 0).mean())
    assert seen[0] == 0 < seen[2]
    model.compile("sgd", "mse")
    model.fit(X, np.zeros((4, 6, 3)), epochs=3, verbose=0, callbacks=[NoiseRates()])
    assert float(ops.convert_to_numpy(made.epoch)) == 2


def test_the_same_numbers_are_drawn_by_a_program():
    made = layer({"site": "recurrent", "distribution": "dropped", "rate": 0.4, "lifetime": "step"})
    made.seeds["recurrent"].state.assign([3, 0])
    eager = arrays([made(X, training=True)])[0]
    made.seeds["recurrent"].state.assign([3, 0])
    if BACKEND == "jax":
        values = [[v.value for v in vs] for vs in (made.trainable_variables, made.non_trainable_variables)]
        close(compiled(lambda x: made.stateless_call(*values, x, training=True)[0])(X), eager, 1e-6)
    else:
        close(compiled(lambda x: made(x, training=True))(X), eager, 1e-6)


@pytest.mark.skipif(BACKEND != "tensorflow", reason="TensorFlow's own program")
@pytest.mark.parametrize("shape", [(1,), (2, 3), (5, 7, 11)])
@pytest.mark.parametrize("seed", [0, 2**31 - 1, 2**32 - 1])
def test_a_program_of_xla_draws_kerass_uniform_numbers(shape, seed):
    import tensorflow as tf

    from rnnlab.noise import philox

    first, second = (keras.random.SeedGenerator(seed) for _ in range(2))
    drawn = tf.function(lambda: philox.uniform(shape, first.next()), jit_compile=True)()
    np.testing.assert_array_equal(drawn, keras.random.uniform(shape, seed=second))
