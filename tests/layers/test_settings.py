"""The settings of a layer: plain values in its config, changed after it was built, in any type of number."""

import copy
import json
import pickle

import keras
import numpy as np
import pytest
from conformance.running import arrays, normal
from conformance.table import CELLS, SCHEMES

from rnnlab.layers import GRU, LSTM, RNN, Embedding, LockedDropout

X = normal((6, 4, 8))
PLAIN = (dict, list, str, int, float, bool, type(None))


def parts(value):
    yield value
    for part in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from parts(part)


@pytest.mark.parametrize("scheme", SCHEMES, ids=str)
@pytest.mark.parametrize("cell", [CELLS[0], CELLS[-1]], ids=str)
def test_a_config_is_made_of_plain_values(cell, scheme):
    layer = cell.layer(3, **scheme.arguments(cell))
    config = layer.get_config()
    assert all(type(part) in PLAIN for part in parts(config))
    assert copy.deepcopy(config) == pickle.loads(pickle.dumps(config)) == json.loads(json.dumps(config)) == config


@pytest.mark.parametrize("suffix", ["h5", "keras"])
def test_a_scheme_that_is_a_mapping_survives_a_file(tmp_path, suffix):
    scheme = {"scheme": "zoneout", "cell": 0.1, "hidden": 0.2}
    words = {"scheme": "word", "rate": 0.2}
    model = keras.Sequential(
        [
            keras.Input((4,)),
            Embedding(9, 3, words),
            LSTM(3, dropout=[0.1, {"scheme": "locked", "rate": 0.2}], recurrent_dropout=scheme),
        ]
    )
    model.save(tmp_path / f"model.{suffix}")
    loaded = keras.saving.load_model(tmp_path / f"model.{suffix}")
    assert loaded.layers[1].recurrent_dropout == scheme
    assert loaded.layers[0].dropout == words
    np.testing.assert_array_equal(*arrays([model(np.ones((2, 4))), loaded(np.ones((2, 4)))]))


def outputs(layer):
    return arrays([layer(X, training=True)])[0]


@pytest.mark.parametrize("argument", ["dropout", "recurrent_dropout"])
@pytest.mark.parametrize("cell", [cell for cell in CELLS if cell.single], ids=str)
def test_a_rate_set_after_construction_acts(cell, argument):
    """Taken away, brought back, and where there was none; what `get_config` shows is what acts."""
    for built in (False, True):
        layer = cell.layer(3, **cell.options, **{argument: 0.5})
        if built:
            layer(X)
        setattr(layer, argument, 0.0)
        quiet = arrays([layer(X)])[0]
        np.testing.assert_array_equal(outputs(layer), quiet)
        for name in ("dropout", "recurrent_dropout"):
            setattr(layer, name, 0.4)
            assert layer.get_config()[name] == 0.4
            assert (outputs(layer) != quiet).any()
            setattr(layer, name, 0.0)
            np.testing.assert_array_equal(outputs(layer), quiet)
    with pytest.raises(ValueError, match="a dropout rate must be"):
        setattr(layer, argument, 1.5)
    assert getattr(layer, argument) == 0.0


def test_a_rate_of_the_other_layers_set_after_construction_acts():
    words = np.arange(24).reshape(6, 4)
    embedding, locked = Embedding(24, 8), LockedDropout(0.0)
    for layer, x, name in ((embedding, words, "dropout"), (locked, X, "rate")):
        quiet = arrays([layer(x, training=True)])[0]
        setattr(layer, name, 0.5)
        assert (arrays([layer(x, training=True)])[0] == 0).any()
        setattr(layer, name, 0)
        np.testing.assert_array_equal(arrays([layer(x, training=True)])[0], quiet)


def test_a_model_compiled_again_trains_with_the_rate_that_was_set():
    layer = LSTM(3, recurrent_dropout=0.5, seed=1)
    model = keras.Sequential([keras.Input((4, 8)), layer])
    still = keras.optimizers.SGD(0.0)
    for rate, distinct in ((0.5, 4), (0.0, 1)):
        layer.recurrent_dropout = rate
        model.compile(still, "mse")
        assert len({float(model.train_on_batch(X, np.zeros((6, 3)))) for _ in range(4)}) == distinct


@pytest.mark.parametrize("kind", [LSTM, GRU])
def test_numbers_of_any_type_and_the_implementations_of_old_configs_are_taken(kind):
    for given in (0, 1, 2):
        layer = kind(
            np.int64(3),
            dropout=np.float32(0.5),
            recurrent_dropout={"scheme": "naive", "rate": np.float64(0.5)},
            implementation=given,
        )
        assert layer(X, training=True).shape == (6, 3)
        config = layer.get_config()
        assert (config["units"], config["dropout"], config["implementation"]) == (3, 0.5, given)
        assert all(type(part) in PLAIN for part in parts(config))


@pytest.mark.parametrize("kind", [LSTM, GRU])
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"implementation": 3}, "implementation must be one of auto, loop .or 0, 1, 2 as in Keras., got 3"),
        ({"implementation": True}, "implementation must be one of"),
        ({"use_cudnn": "yes"}, "use_cudnn must be True, False or 'auto', got 'yes'"),
        ({"use_cudnn": 1}, "use_cudnn must be"),
        ({"dropout": np.float32(1)}, r"a dropout rate must be a number in \[0, 1\)"),
        ({"units": np.float64(3)}, "units must be a positive integer"),
        ({"units": True}, "units must be a positive integer"),
    ],
)
def test_arguments_that_make_no_sense_are_refused_in_words(kind, arguments, words):
    with pytest.raises(ValueError, match=words):
        kind(**{"units": 3} | arguments)


def test_noise_given_to_layer_and_cell_is_refused_unless_it_is_the_same():
    inside = LSTM(3, dropout=0.2, seed=1).cell
    assert RNN(inside, 0.2).noise == LSTM(3, dropout=0.2).noise
    with pytest.raises(ValueError, match=r"dropout is given to the layer \(0.3\) and to its cell \(0.2\)"):
        RNN(inside, 0.3)
