"""The checks of cells: good ones pass, and each fault is told by name."""

import numpy as np
import pytest
from keras import ops

from rnnlab import register, testing
from rnnlab.cells.builtin_cells import CELLS
from rnnlab.cells.steps import masked_product
from rnnlab.registry import ALL
from rnnlab.testing import CheckError
from rnnlab.testing.cell_checks import layer
from rnnlab.testing.layer_checks import slopes


@pytest.fixture(autouse=True)
def forgotten():
    yield
    for registry in ALL:
        registry.discard(__file__)


def good(x, states, noise, p, matmul, tanh, sigmoid, see):
    (h,) = states
    h = see("a", tanh(x + matmul("recurrent", h)))
    return h, (h,)


def twice(x, states, noise, p, matmul, tanh, sigmoid, see):
    (h,) = states
    h = see("a", tanh(x + matmul("recurrent", matmul("recurrent", h))))
    return h, (h,)


def unshown(x, states, noise, p, matmul, tanh, sigmoid, see):
    h = tanh(x + matmul("recurrent", states[0]))
    return h, (h,)


def wider(x, states, noise, p, matmul, tanh, sigmoid, see):
    h = see("a", tanh(x + matmul("recurrent", states[0])))
    return ops.concatenate([h, h], axis=-1), (h,)


def lost(x, states, noise, p, matmul, tanh, sigmoid, see):
    h = see("a", tanh(x + matmul("recurrent", states[0])))
    return h, (h, h)


def stopped(x, states, noise, p, matmul, tanh, sigmoid, see):
    h = see("a", tanh(ops.stop_gradient(x) + masked_product(matmul, "recurrent", states[0], noise.get("recurrent"))))
    return h, (h,)


@pytest.mark.parametrize(
    ("step", "message"),
    [
        (twice, "asks for the product 'recurrent' twice in a step: give each its own name"),
        (unshown, r"never shows the gates a: pass each through see\(name, gate\)"),
        (wider, "has 6 elements instead of 3: give another size in output="),
        (lost, "has the states hidden, but returns 2 of them"),
        (stopped, "is not its central difference"),
        (good, "declares 'recurrent' and ignores noise there"),
    ],
)
def test_a_faulty_cell_is_told_what_is_wrong(step, message):
    register.cell("faulty", states=("hidden",), gates=("a",))(step)
    with pytest.raises(CheckError, match=message):
        testing.check_cell("faulty")


def test_a_good_cell_passes():
    testing.check_cell("gru")


@pytest.mark.slow
def test_a_cell_with_options_passes():
    testing.check_cell("gru", reset_after=False)


def test_central_differences_see_a_wrong_gradient():
    made = layer(CELLS["gru"], {}, dtype="float64")
    gradient, measured = slopes(made, np.ones((4, 6, 2)), 0)
    np.testing.assert_allclose(gradient, measured, rtol=1e-5, atol=1e-8)
    assert np.abs(measured).max() > 1e-4
