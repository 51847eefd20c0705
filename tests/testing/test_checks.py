"""The checks of schemes, data sets, tasks, distributions, metrics and trackers: good parts pass, each fault is told by name."""

import numpy as np
import pytest
from keras import ops

from rnnlab import register, testing
from rnnlab.noise.sites import Noise
from rnnlab.testing import CheckError


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
        ("restless", "changes when it is made again"),
        ("same", "validation is train again"),
        ("nan", "an input is not a finite number"),
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
        (lambda y, z: squared(y, z) / (y[..., 0] * 0), {}, "is not a finite number for ordinary outputs"),
        (lambda y, z: squared(y, ops.stop_gradient(z)), {}, "has no gradient: write it in keras.ops"),
        (lambda y, z: squared(y, ops.stop_gradient(z) + z / 2), {}, "is not its central difference"),
        (lambda y, z: np.square(np.asarray(y) - np.asarray(z))[:, 0], {}, "cannot be compiled: write it in keras.ops"),
        (lambda y, z: ops.log(y[..., 0] ** 2) * z[..., 0], {"per_step": True}, "not a finite number where targets are 0"),
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


@pytest.mark.parametrize(
    ("mask", "mean", "message"),
    [
        (lambda uniform, rate: uniform / (uniform - uniform), None, "masks of faulty are not finite numbers"),
        (lambda uniform, rate: 1 + rate * uniform, None, "are 1.15 on average where evaluation takes 1: give it mean="),
        (lambda uniform, rate: np.asarray(uniform) * 2, None, "makes no masks: write it in keras.ops"),
        (lambda uniform, inputs: 1 + inputs * uniform, 1.0, "on average where evaluation takes 1: give it mean="),
        (lambda uniform, rate, epoch: 1 + epoch * uniform, lambda rate: 1 + rate, "evaluation takes 1.3: give it mean="),
    ],
)
def test_a_faulty_distribution_is_told_what_is_wrong(mask, mean, message):
    register.distribution("faulty", mean=mean)(mask)
    with pytest.raises(CheckError, match=message):
        testing.check_distribution("faulty")


def test_a_scheme_with_a_distribution_of_its_own_is_checked_with_it():
    @register.distribution("even")
    def even(uniform, rate, inputs, epoch):
        return 1 + rate * (2 * uniform - 1) + 0 * epoch

    @register.scheme("evenly", argument="recurrent_dropout", example={"rate": 0.4})
    def evenly(rate: float):
        """Factors spread evenly around 1."""
        return Noise(site="recurrent", distribution=even, rate=rate)

    testing.check_scheme("evenly")
    register.distribution("even", mean=1.1)(even)
    with pytest.raises(CheckError, match=r"masks of even are .* on average where evaluation takes 1\.1"):
        testing.check_scheme("evenly")


def spoilt(y, p):
    p *= 0
    return 0.0


@pytest.mark.parametrize(
    ("compute", "settings", "message"),
    [
        (lambda y, p: np.abs(y - p), {}, r"gives an array of the shape \(40, 1\): let it give one number"),
        (lambda y, p: "far", {}, "gives 'far', which is not a number"),
        (lambda y, p: np.log(-np.abs(y).sum()), {}, "is nan on targets of the shape"),
        (lambda y, p: np.random.default_rng().normal(), {}, "of the same arrays: let it draw nothing"),
        (spoilt, {}, "changes the arrays that it is given"),
        (
            lambda y, p: -np.abs(y - p).mean(),
            {},
            "is -0 of predictions that are right and .* of random ones: is its mode not max",
        ),
        (lambda y, p: p[:, 5].mean(), {}, r"cannot be measured on .*\(40, 1\): IndexError.*; give check_metric classes="),
        (lambda y, p: (p.argmax(-1) == y).mean(), {"classes": 4}, "is 1 of predictions that are right .* is its mode not max"),
    ],
)
@pytest.mark.filterwarnings("ignore:invalid value")
def test_a_faulty_metric_is_told_what_is_wrong(compute, settings, message):
    register.metric("wrong_metric", mode="min")(compute)
    with pytest.raises(CheckError, match=message):
        testing.check_metric("wrong_metric", **settings)


def test_good_metrics_pass():
    register.metric("right_metric", mode="max")(lambda y, p: (p.argmax(-1) == y).mean())
    testing.check_metric("right_metric", classes=3)
    testing.check_metric("right_metric", targets=[0, 1], predictions=[[1.0, 0.0], [1.0, 0.0]])


class Following:
    """A tracker that does all that it has to."""

    def begin(self, run, known):
        return known or run.name

    def epoch(self, known, epoch, metrics):
        pass

    def end(self, known, run, ended):
        pass

    def report(self, experiment, path):
        pass


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ({}, ""),
        ({"begin": lambda self, run, known: None}, "knows a run by None: let begin return a text"),
        ({"begin": lambda self, run, known: "one"}, "knows two runs by the one name 'one'"),
        (
            {"begin": lambda self, run, known: run.name + "x" * bool(known)},
            "go on as 'none/seed-1x': let begin return what is known",
        ),
        (
            {"epoch": lambda self, known, epoch, metrics: metrics["train/loss"]},
            "cannot be told an epoch without finite metrics",
        ),
        ({"end": lambda self, known, run, ended: ended.weights.name}, "cannot be told a failure: AttributeError"),
        ({"report": None}, "cannot be given a report: TypeError"),
    ],
)
def test_a_tracker_is_told_what_is_wrong(fault, message):
    register.tracker("follows")(type("Follows", (Following,), fault))
    if not fault:
        testing.check_tracker("follows")
        return
    with pytest.raises(CheckError, match=message):
        testing.check_tracker("follows")
