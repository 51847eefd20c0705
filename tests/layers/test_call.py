"""What a layer is called with: padding masks, initial states, carried states."""

import keras
import numpy as np
import pytest
from conformance.running import arrays, close, normal
from conformance.table import CELLS, EVERYWHERE, GRUS, LSTM, NONE

X = normal((2, 5, 3))
MASK = np.array([[1, 1, 1, 0, 0], [0, 1, 1, 1, 1]], bool)


def built(cell, **options):
    return cell.build(NONE, inputs=3, units=4, **options)


@pytest.mark.parametrize("implementation", ["auto", "loop"])
@pytest.mark.parametrize("cell", CELLS, ids=str)
def test_a_mask_may_have_an_axis_more_as_in_keras(cell, implementation):
    layer = built(cell, implementation=implementation)
    for mask in (MASK, MASK.astype("float32"), MASK.astype("int32")):
        close(arrays(layer(X, mask=mask[..., None])), arrays(layer(X, mask=MASK)), 1e-7)
    assert layer.compute_mask(X, keras.ops.convert_to_tensor(MASK[..., None]))[0].shape == (2, 5)


@pytest.mark.parametrize("shape", [(2, 9), (3, 5), (1, 5), (2,), (5,), (2, 5, 3), (2, 5, 1, 1), ()])
@pytest.mark.parametrize("implementation", ["auto", "loop"])
@pytest.mark.parametrize("cell", [LSTM, *GRUS], ids=str)
def test_a_mask_of_a_wrong_shape_is_refused(cell, implementation, shape):
    layer = built(cell, implementation=implementation)
    with pytest.raises(ValueError, match=r"a mask has the shape \(batch, steps\) of the inputs, \(2, 5\); got"):
        layer(X, mask=np.ones(shape, bool))


def test_a_mask_of_a_wrong_length_is_refused_in_a_functional_model():
    inputs, mask = keras.Input((5, 3)), keras.Input((9,), dtype="bool")
    with pytest.raises(ValueError, match="a mask has the shape"):
        built(LSTM)(inputs, mask=mask)
    known = keras.Input((None,), dtype="bool")
    model = keras.Model([inputs, known], built(LSTM, return_state=False)(inputs, mask=known))
    assert model([X, MASK]).shape == (2, 5, 4)


@pytest.mark.parametrize("implementation", ["auto", "loop"])
@pytest.mark.parametrize("cell", CELLS, ids=str)
def test_an_initial_state_of_one_example_serves_the_whole_batch(cell, implementation):
    layer = built(cell, implementation=implementation)
    states = [normal((1, 4), n) for n in range(cell.states)]
    each = [np.repeat(state, 2, 0) for state in states]
    for given in (states, tuple(states), [states[0], *each[1:]]):
        close(arrays(layer(X, initial_state=given)), arrays(layer(X, initial_state=each)), 1e-7)


@pytest.mark.parametrize("cell", [LSTM, *GRUS], ids=str)
def test_an_initial_state_that_does_not_fit_is_refused_in_words(cell):
    layer, one = built(cell), np.ones((2, 4), "float32")
    names = {1: r"1 state \(hidden\)", 2: r"2 states \(hidden, cell\)"}[cell.states]
    for number in {0, 1, 2, 3} - {cell.states}:
        plural = "1 state$" if number == 1 else f"{number} states"
        with pytest.raises(ValueError, match=rf"initial_state must hold {names}, got {plural.rstrip('$')}"):
            layer(X, initial_state=[one] * number)
    for shape in ((2, 3), (3, 4), (4,), (2, 1, 4)):
        with pytest.raises(ValueError, match=r"an initial state must have the shape \(batch, units\), here \(2, 4\), got"):
            layer(X, initial_state=[np.ones(shape, "float32")] * cell.states)


@pytest.mark.parametrize("cell", CELLS, ids=str)
def test_every_variable_has_a_path_of_its_own(cell):
    """Two carried states under one name broke `get_state_tree`."""
    layer = cell.build(EVERYWHERE[0], inputs=3, units=4, stateful=True, return_state=False)
    model = keras.Sequential(
        [keras.Input(batch_shape=(3, 5, 3)), layer, cell.build(NONE, units=4, name="second", return_state=False)]
    )
    model.compile("sgd", "mse")
    paths = [variable.path for variable in model.variables]
    assert len(set(paths)) == len(paths)
    tree = model.get_state_tree(value_format="numpy_array")
    leaves = keras.tree.flatten(tree["trainable_variables"]) + keras.tree.flatten(tree["non_trainable_variables"])
    assert len(leaves) == len(model.trainable_variables) + len(model.non_trainable_variables)
    model.set_state_tree(tree)
