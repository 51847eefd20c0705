"""Everything that was asked of a layer survives its config, a file and a clone."""

import inspect
import json

import keras
import numpy as np
import pytest
from conformance.running import arrays, normal, randomise, stepwise
from conformance.table import CELLS, EVERYWHERE, NONE, SCHEMES, WIDEST
from thinning import kept

from rnnlab.cells import GRUCell, LSTMCell
from rnnlab.layers import GRU, LSTM, RNN, Embedding, LockedDropout

COMMON = {
    "activation": "relu",
    "recurrent_activation": "hard_sigmoid",
    "use_bias": False,
    **{f"{name}_initializer": "ones" for name in ("kernel", "recurrent")},
    "bias_initializer": "ones",
    **{f"{name}_regularizer": keras.regularizers.L2(0.25) for name in ("kernel", "recurrent", "bias", "activity")},
    **{f"{name}_constraint": "non_neg" for name in ("kernel", "recurrent", "bias")},
}
LAYER = {
    "dropout": [{"scheme": "naive", "rate": 0.25, "tied": True}, {"site": "output", "lifetime": "step", "rate": 0.5}],
    "recurrent_dropout": {"scheme": "variational", "rate": 0.25, "tied": False},
    "seed": 5,
    "return_sequences": True,
    "return_state": True,
    "go_backwards": True,
    "stateful": True,
    "unroll": True,
    "zero_output_for_mask": True,
    "use_cudnn": False,
    "ar": 0.5,
    "tar": 0.25,
    "norm_stabiliser": 2.0,
    "implementation": "loop",
    "dtype": "mixed_bfloat16",
    "trainable": False,
    "name": "mine",
}
ARGUMENTS = [  # every argument with a value that is not its default
    (LSTM, COMMON | LAYER | {"units": 3, "unit_forget_bias": False, "peephole": True, "coupled": True, "layer_norm": True}),
    (LSTM, COMMON | LAYER | {"units": 3, "cap_input": True, "chrono": 20}),
    (GRU, COMMON | LAYER | {"units": 3, "reset_after": False, "chrono": 20}),
    (RNN, LAYER | {"cell": LSTMCell(3, peephole=True)}),
    (
        Embedding,
        {
            **{"input_dim": 9, "output_dim": 3, "dropout": {"scheme": "word", "rate": 0.25, "lifetime": "batch"}, "seed": 5},
            **{"tie_weights": False, "mask_zero": True, "embeddings_initializer": "ones", "logit_soft_cap": 2.0},
            **{"name": "mine", "dtype": "mixed_bfloat16", "trainable": False},
        },
    ),
    (LockedDropout, {"rate": 0.25, "seed": 5, "name": "mine", "dtype": "mixed_bfloat16", "trainable": False}),
]


@pytest.mark.parametrize(("kind", "arguments"), ARGUMENTS, ids=lambda value: getattr(value, "__name__", ""))
def test_a_config_keeps_every_argument(kind, arguments):
    """Fault 3: implementation and use_cudnn are missing from Keras's configs, so a clone computes something else."""
    for parameter in inspect.signature(kind.__init__).parameters.values():
        if parameter.name not in ("self", "args", "kwargs"):
            tried = [row[parameter.name] for other, row in ARGUMENTS if other is kind and parameter.name in row]
            assert any(value != parameter.default for value in tried), f"{parameter.name} is not tried"
    layer = kind(**arguments)
    config = layer.get_config()
    assert (
        config.items()
        >= {name: value for name, value in arguments.items() if isinstance(value, int | float | list | dict)}.items()
    )
    assert kind.from_config(json.loads(json.dumps(config))).get_config() == config
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(layer))
    assert type(again) is kind
    assert again.get_config() == config
    assert [keras.layers.serialize(part) for part in again._layers] == [keras.layers.serialize(part) for part in layer._layers]


@pytest.mark.parametrize("scheme", SCHEMES, ids=str)
def test_a_config_keeps_every_noise(scheme):
    layer = LSTM(3, seed=1, **scheme.arguments(CELLS[0]))
    again = LSTM.from_config(json.loads(json.dumps(layer.get_config())))
    assert dict(again.noise) == dict(layer.noise) == scheme.noises(CELLS[0])


@pytest.mark.parametrize("cell", kept(WIDEST, WIDEST[1]), ids=str)
def test_a_saved_model_loads_by_itself_and_is_the_same(cell, tmp_path):
    """Without custom_objects; the seeds start again, as Keras's files never hold how far they have come."""
    inside = cell.layer(3, **cell.options, **EVERYWHERE[0].arguments(cell), seed=2, return_sequences=True)
    bare = (LSTMCell if cell.states == 2 else GRUCell)(3, **cell.options)
    model = keras.Sequential(
        [
            keras.Input((None,), dtype="int32"),
            Embedding(9, 4, dropout=0.3, mask_zero=True, seed=1, name="words"),
            keras.layers.Bidirectional(inside),
            LockedDropout(0.3, seed=3, name="locked"),
            RNN(bare, 0.3, 0.3, seed=4, name="rnn"),
        ]
    )
    randomise(model)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert loaded.to_json() == model.to_json()
    same_outputs(loaded, model, np.arange(12).reshape(3, 4) % 9)


def same_outputs(one, other, x):
    """Two models give the same in evaluation and in two training calls, and noise in the latter."""
    with stepwise():
        ours, theirs = ([arrays([model(x, training=t)])[0] for t in (False, True, True)] for model in (one, other))
    np.testing.assert_array_equal(ours, theirs)
    assert len({output.tobytes() for output in ours}) == 3


def test_a_clone_draws_and_computes_the_same():
    layer = LSTM(3, seed=2, name="lstm", **EVERYWHERE[1].arguments(CELLS[0]))
    model = keras.Sequential([keras.Input((None, 2)), layer])
    clone = keras.models.clone_model(model)
    randomise(model), randomise(clone)
    same_outputs(clone, model, normal((3, 4, 2)))


def test_weights_from_a_file_of_another_scheme(tmp_path):
    """Weights move between schemes as files, too."""
    rows = [CELLS[0].build(scheme, return_state=False) for scheme in (NONE, EVERYWHERE[0])]
    quiet, noisy = (keras.Sequential([keras.Input((None, 2)), layer]) for layer in rows)
    randomise(quiet)
    quiet.save_weights(tmp_path / "quiet.weights.h5")
    noisy.load_weights(tmp_path / "quiet.weights.h5")
    for ours, theirs in zip(noisy.get_weights(), quiet.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_layers_are_registered_under_their_package():
    for kind in (LSTM, GRU, RNN, Embedding, LockedDropout, LSTMCell, GRUCell):
        assert keras.saving.get_registered_name(kind) == f"rnnlab>{kind.__name__}"
        assert keras.saving.get_registered_object(f"rnnlab>{kind.__name__}") is kind
