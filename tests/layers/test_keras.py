"""Without noise our layers are Keras's: arguments, weights both ways, outputs, states and gradients."""

import inspect
from itertools import product

import keras
import numpy as np
import pytest
from conformance.running import BACKEND, arrays, close, double, gradient, normal, once, operands, randomise
from conformance.table import EVERYWHERE, LSTM, NONE, PLAIN, ROWS, Scheme
from thinning import thinned_on_jax

from rnnlab import layers

MASK = np.array([[1, 1, 1, 1], [0, 0, 1, 1], [1, 1, 0, 0], [0, 1, 0, 1], [0, 0, 0, 0]], bool)
OPTIONS = {
    "plain": {},
    "no bias": {"use_bias": False},
    "other activations": {"activation": "relu", "recurrent_activation": "hard_sigmoid"},
    "backwards": {"go_backwards": True},
    "zeros where masked": {"zero_output_for_mask": True},
    "unrolled, last output": {"unroll": True, "return_sequences": False},
}


def builtin(cell, **options):
    """Keras's layer of a cell, with random weights."""
    kind = getattr(keras.layers, cell.layer.__name__)
    layer = kind(3, **{"return_sequences": True, "return_state": True} | cell.options | options)
    layer.build((None, 4, 2))
    randomise(layer)
    return layer


@pytest.mark.parametrize("name", ["LSTM", "GRU"])
def test_arguments_are_those_of_keras_in_its_order_with_its_defaults(name):
    ours, theirs = (inspect.signature(getattr(module, name).__init__).parameters for module in (layers, keras.layers))
    wanted = [parameter.name for parameter in theirs.values() if parameter.kind is parameter.POSITIONAL_OR_KEYWORD]
    assert [parameter.name for parameter in ours.values() if parameter.kind is parameter.POSITIONAL_OR_KEYWORD] == wanted
    assert {key: ours[key].default for key in wanted} == {key: theirs[key].default for key in wanted}


@pytest.mark.parametrize(("cell", "options"), thinned_on_jax(product(PLAIN, OPTIONS.values())), ids=str)
def test_outputs_states_and_gradients_agree_on_padded_input(cell, options):
    with double():
        theirs, ours = builtin(cell, dtype="float64", **options), cell.build(NONE, dtype="float64", **options)
        weights, inputs, states = operands(theirs, batch=5, dtype="float64")
        values = weights, inputs, [keras.ops.zeros_like(state) for state in states]
        for mask in (None, MASK):
            mine, other = (gradient(layer, values, mask, how=once) for layer in (ours, theirs))
            # Keras on JAX puts out the initial state where the first step is masked: only then their gradients differ
            common = None if mask is None or BACKEND != "jax" else -cell.states
            close(mine[:common], other[:common], 1e-12)


@pytest.mark.parametrize("cell", PLAIN, ids=str)
def test_weights_copy_both_ways(cell):
    theirs, ours = builtin(cell), cell.build(EVERYWHERE[0])
    x, states = normal((2, 4, 2)), [normal((2, 3), n) for n in range(cell.states)]
    randomise(ours, 0.4)
    theirs.set_weights(ours.get_weights())
    quiet = cell.build(NONE)
    quiet.set_weights(theirs.get_weights())
    close(arrays(list(quiet(x, initial_state=states))), arrays(list(theirs(x, initial_state=states))), 1e-6)


def test_weights_move_between_schemes():
    """Fault 7: what a scheme needs besides the weights must not stand among them, unless it is learnt itself."""
    quiet = LSTM.build(NONE)
    randomise(quiet)
    for _, scheme in (row for row in ROWS if row[0] is LSTM and str(row[1]) != "concrete"):
        noisy = LSTM.build(scheme)
        noisy.set_weights(quiet.get_weights())
        assert [weight.name for weight in noisy.weights] == [weight.name for weight in quiet.weights]
    assert quiet.variables == quiet.weights


@pytest.mark.parametrize("cell", PLAIN, ids=str)
@pytest.mark.parametrize(
    "zero",
    [
        Scheme("rates", 0.0, 0),
        Scheme("schemes", {"scheme": "naive", "rate": 0.0}, [{"scheme": "weight_drop", "rate": 0.0}, {"scheme": "zoneout"}]),
    ],
    ids=str,
)
def test_a_rate_of_zero_is_no_noise_to_the_bit(cell, zero):
    layer = cell.build(zero)
    values = operands(layer)
    for ours, none in zip(gradient(layer, values), gradient(cell.build(NONE), values), strict=True):
        np.testing.assert_array_equal(ours, none)
    assert not layer.seeds


@pytest.mark.parametrize("cell", PLAIN, ids=str)
def test_penalties_are_those_of_keras(cell):
    penalties = {
        f"{name}_regularizer": keras.regularizers.L1L2(0.1, 0.2) for name in ("kernel", "recurrent", "bias", "activity")
    }
    theirs, ours = builtin(cell, return_state=False, **penalties), cell.build(NONE, return_state=False, **penalties)
    ours.set_weights(theirs.get_weights())
    losses = []
    for layer in (ours, theirs):
        layer(keras.ops.convert_to_tensor(normal((2, 4, 2))))
        losses.append(sum(float(loss) for loss in layer.losses))
    assert losses[0] == pytest.approx(losses[1], rel=1e-5)


@pytest.mark.parametrize("name", ["LSTM", "GRU"])
def test_an_unknown_argument_or_implementation_is_refused(name):
    with pytest.raises(ValueError, match=r"implementation must be one of auto, loop \(or 0, 1, 2 as in Keras\), got 'fast'"):
        getattr(layers, name)(3, implementation="fast")
    with pytest.raises((TypeError, ValueError), match="recurent_dropout"):
        getattr(layers, name)(3, recurent_dropout=0.5)
