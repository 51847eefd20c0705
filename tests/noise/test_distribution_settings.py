"""The settings of a user's own distribution: kept in configs, and refused where they make no sense."""

import json

import keras
import numpy as np
import pytest
from conformance.running import arrays
from keras import ops
from noise.test_own_distributions import X, layer, own  # noqa: F401  a fixture

from rnnlab import register
from rnnlab.layers import LSTM, RNN
from rnnlab.noise.schemes import noises, plain
from rnnlab.noise.sites import Noise


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
