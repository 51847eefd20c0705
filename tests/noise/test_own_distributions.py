"""Distributions of a user's own: the masks that their functions say, in every implementation, in training and in evaluation."""

import json

import keras
import numpy as np
import pytest
from conformance.running import BACKEND, arrays, close, normal
from keras import ops

from rnnlab import register
from rnnlab.layers import GRU, LSTM, RNN, Embedding
from rnnlab.noise.schemes import noises, plain
from rnnlab.noise.sites import Noise
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


def test_settings_are_kept_in_configs_and_a_function_stands_for_its_name():
    @register.distribution("heavy", mean=1.0)
    def heavy(normal, rate, cut=2.0, sign="both"):
        return 1 + rate * ops.clip(normal, -cut, cut)

    @register.scheme("heavy_tails", argument="recurrent_dropout")
    def heavy_tails(rate: float, cut: float = 3.0):
        """Factors that are cut."""
        return Noise(site="recurrent", distribution=heavy, rate=rate, settings={"cut": cut})

    (noise,) = noises({"scheme": "heavy_tails", "rate": 0.3, "cut": 0.5}, "recurrent_dropout")
    assert (noise.distribution, noise.settings) == ("heavy", (("cut", 0.5),))
    coordinates = json.loads(json.dumps(plain(noise)))
    assert Noise(**coordinates) == noise
    assert Noise(**coordinates | {"settings": {"cut": 0.6}}) != noise
    made = layer(coordinates)
    assert RNN.from_config(RNN.get_config(made)).noise == made.noise
    assert LSTM.from_config(made.get_config()).noise == made.noise
    mask = arrays([made._masks(ops.transpose(X, (1, 0, 2)), True)["recurrent"]])[0]
    assert np.isclose(np.abs(mask - 1).max(), 0.15)
    assert not made._masks(ops.transpose(X, (1, 0, 2)), False)
    by_function = {"site": "recurrent", "distribution": heavy, "rate": 0.3}
    assert json.loads(json.dumps(plain(by_function))) == by_function | {"distribution": "heavy"}
    assert layer(by_function).get_config()["recurrent_dropout"]["distribution"] == "heavy"


@pytest.mark.parametrize(
    ("noise", "message"),
    [
        (
            {"distribution": "dopped"},
            "takes distribution bernoulli or gaussian .*, got 'dopped'; register one of your own first",
        ),
        ({"distribution": lambda uniform: uniform}, "register the distribution <lambda> by rnnlab.register.distribution"),
        (
            {"distribution": "dropped", "settings": {"cut": 1.0}},
            "distribution 'dropped' has no setting 'cut'; it takes no settings",
        ),
        ({"distribution": "sized"}, "distribution 'sized' needs size"),
        ({"distribution": "sized", "settings": {"size": [1]}}, "size must be a number, a text, true or false"),
        ({"distribution": "sized", "settings": 3}, "settings of a distribution are given by their names, got 3"),
        ({"settings": {"cut": 1.0}}, "settings go with a distribution of your own, not with bernoulli"),
        ({"distribution": "dropped", "rate": -1.0}, "the rate of your own distribution must be a number from 0 up, got -1.0"),
        ({"distribution": "dropped", "scale": "test"}, "takes no scale with this distribution"),
    ],
)
def test_what_makes_no_sense_is_refused(noise, message):
    register.distribution("sized")(lambda uniform, size: uniform * size)
    with pytest.raises(ValueError, match=message):
        Noise(**{"site": "recurrent", "rate": 0.3, **noise})


@pytest.mark.parametrize(
    ("name", "function", "mean", "message"),
    [
        ("gaussian", lambda uniform: uniform, None, "there is a distribution 'gaussian' already, from rnnlab"),
        ("mine", lambda *numbers: numbers, None, r"is given values by their names; it has the parameter \*numbers"),
        (
            "mine",
            lambda uniform: uniform,
            lambda seed: 1,
            "the mean of 'mine' is told rate, inputs, epoch, and asks for 'seed'",
        ),
    ],
)
def test_what_cannot_be_a_distribution_is_refused(name, function, mean, message):
    with pytest.raises(ValueError, match=message):
        register.distribution(name, mean=mean)(function)


def test_a_cell_in_a_layer_of_keras_is_refused_what_it_cannot_know():
    from rnnlab.cells import LSTMCell

    register.distribution("of_epoch")(lambda uniform, rate, epoch: uniform)
    noise = {"site": "recurrent", "distribution": "of_epoch", "rate": 0.3, "lifetime": "sequence"}
    with pytest.raises(ValueError, match=r"needs rnnlab\.layers\.RNN to run the cell"):
        keras.layers.RNN(LSTMCell(3, recurrent_dropout=noise))(X, training=True)
    register.distribution("of_inputs", mean=lambda inputs: inputs)(lambda uniform, inputs: inputs)
    noise = {"site": "input", "distribution": "of_inputs", "rate": 0.3, "lifetime": "step"}
    with pytest.raises(ValueError, match=r"noise at input needs rnnlab\.layers\.RNN to run the cell"):
        keras.layers.RNN(LSTMCell(3, dropout=noise))(X, training=False)
