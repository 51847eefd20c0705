"""The checks of parts: good ones pass, and each fault is told by name."""

import numpy as np
import pytest
from keras import ops

from rnnlab import register, testing
from rnnlab.cells.builtin import CELLS
from rnnlab.cells.steps import masked_product
from rnnlab.noise.sites import Noise
from rnnlab.registry import ALL
from rnnlab.testing import CheckError
from rnnlab.testing.cells import layer
from rnnlab.testing.layers import slopes


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
        (wider, "has 6 elements instead of 3: tell another size by output="),
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


def test_a_scheme_that_does_nothing_is_told():
    @register.scheme("idle", "recurrent_dropout", equation="", paper="", example={"rate": 0.0})
    def idle(argument, rate):
        """Does nothing."""
        return (Noise(site="candidate", rate=rate),)

    with pytest.raises(CheckError, match=r"makes no noise with .*'rate': 0\.0"):
        testing.check_scheme("idle")


def drawn(**faults):
    def draw(config, examples, seed):
        rng = np.random.default_rng(None if faults.get("restless") else 0 if faults.get("same") else seed)
        x = rng.normal(size=(examples, 5, 1)).astype("float32")
        return (x * np.nan if faults.get("nan") else x), (x[:, 0, 0] > 0).astype("int32") * (3 if faults.get("class") else 1)

    register.dataset("drawn", task="classification", outputs=2)(draw)
    return {"name": "drawn", "examples": {"train": 20, "validation": 20, "test": 10}}


def test_a_good_data_set_passes():
    testing.check_dataset(drawn())


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("restless", "is another one when it is made again"),
        ("same", "validation is train again"),
        ("nan", "an input is no finite number"),
        ("class", "a class is outside 0 to 1: give outputs="),
    ],
)
def test_a_faulty_data_set_is_told_what_is_wrong(fault, message):
    with pytest.raises(CheckError, match=message):
        testing.check_dataset(drawn(**{fault: True}))


def squared(targets, outputs):
    return ops.mean(ops.square(targets - outputs), axis=-1)


@pytest.mark.parametrize(
    ("loss", "settings", "message"),
    [
        (lambda y, z: ops.mean(ops.square(y - z)), {}, r"has the shape \(\), where every scored position has a value, \(5,\)"),
        (lambda y, z: squared(y, z) - ops.mean(squared(y, z)), {}, "of a row depends on the other rows"),
        (lambda y, z: squared(y - ops.mean(z, axis=0), z), {}, "of a row depends on the other rows"),
        (lambda y, z: squared(y, z) / (y[..., 0] * 0), {}, "is no finite number for ordinary outputs"),
        (lambda y, z: squared(y, ops.stop_gradient(z)), {}, "has no gradient: write it in keras.ops"),
        (lambda y, z: squared(y, ops.stop_gradient(z) + z / 2), {}, "is not its central difference"),
        (lambda y, z: np.square(np.asarray(y) - np.asarray(z))[:, 0], {}, "cannot be compiled: write it in keras.ops"),
        (lambda y, z: ops.log(y[..., 0] ** 2) * z[..., 0], {"per_step": True}, "no finite number where targets are 0"),
        (squared, {"predict": lambda z: z, "names": ("mean", "deviation")}, "gives 1 numbers, and names= has 2"),
        (squared, {"predict": np.exp, "inverse": np.exp}, "inverse of wrong does not lead back"),
        (squared, {"metrics": {"far": (lambda y, z: ops.max(z), "min")}}, r"the metric far of wrong has the shape \(\)"),
        (lambda y, z: ops.mean(ops.square(z), -1), {"classes": True, "predict": ops.sigmoid}, "gives no probabilities"),
    ],
)
def test_a_faulty_task_is_told_what_is_wrong(loss, settings, message):
    register.task("wrong", **settings)(loss)
    with pytest.raises(CheckError, match=message):
        testing.check_task("wrong")


@pytest.mark.parametrize(
    "settings",
    [{}, {"per_step": True}, {"predict": np.exp, "inverse": np.log, "names": ("most",)}, {"predict": "labels"}],
)
def test_good_tasks_pass(settings):
    register.task("right", metrics={"far": (squared, "min")}, **settings)(squared)
    testing.check_task("right")
    testing.check_task("right", targets=np.ones((7, 3, 2) if settings.get("per_step") else (7, 1), "float32"))
