"""Check that a registered task does what every task has to."""

from typing import Any, TypeAlias

import numpy as np
from keras import ops
from numpy.typing import ArrayLike

from rnnlab.data.task import KINDS, Kind, Task
from rnnlab.inspection.outputs import link
from rnnlab.testing.layer_checks import compiled, gradients
from rnnlab.testing.require import CheckError, require, require_close

Loss: TypeAlias = Any
"""The loss or a metric of a task: a function of targets and outputs that gives every position a value."""
ROWS, STEPS = 5, 4
STEP = 1e-2
"""The step of a central difference in float32."""


def check_task(name: str, targets: ArrayLike | None = None, outputs: int = 0) -> None:
    """Check a registered task, on the backend in use; raise CheckError where it fails, which says why.

    Its loss and its metrics give every scored position a finite value of its own, whatever else is in the batch, compiled as
    they are called; the gradient of the loss is its central difference; predictions are probabilities, or numbers with their
    names, and `inverse` leads back. `targets` are examples, by default random classes, zeros and ones, or numbers; `outputs` is
    how many the data set has, by default 3 for classes and else the width of the targets.

    >>> import rnnlab
    >>> from keras import ops
    >>> @rnnlab.register.task("absolute")
    ... def absolute(targets, outputs):
    ...     return ops.mean(ops.abs(targets - outputs), axis=-1)
    >>> check_task("absolute")
    """
    kind = KINDS[name]
    require(kind.own, f"the task {name} is rnnlab's own: check_task is for those of register.task")
    outputs = outputs or (3 if kind.classes or kind.meaning == "labels" else 1 if targets is None else np.shape(targets)[-1])
    y = _drawn(kind, outputs) if targets is None else np.asarray(targets)
    positions = y.shape[: 1 + kind.per_step]
    z = np.random.default_rng(1).normal(size=(*positions, outputs * kind.heads)).astype("float32")
    for what, function in {f"the loss of {name}": kind.loss, **_metrics(name, kind)}.items():
        _valued(what, function, y, z, kind.per_step)
    _sloped(f"the loss of {name}", kind.loss, y, z)
    _predicts(name, kind, Task(name, (ROWS, STEPS, 1), outputs * kind.heads, "examples"), z, outputs)


def _metrics(name: str, kind: Kind) -> dict[str, Loss]:
    return {f"the metric {metric} of {name}": function for metric, function in kind.metric_functions.items()}


def _drawn(kind: Kind, outputs: int) -> np.ndarray:
    random, shape = np.random.default_rng(0), (ROWS, STEPS) if kind.per_step else (ROWS,)
    if kind.classes:
        return random.integers(0, outputs, size=shape).astype("int32")
    numbers = random.normal(size=(*shape, outputs)).astype("float32")
    return (numbers > 0).astype("float32") if kind.meaning == "labels" else numbers


def _values(what: str, function: Loss, y: np.ndarray, z: np.ndarray) -> np.ndarray:
    try:
        return np.asarray(ops.convert_to_numpy(compiled(function)(ops.convert_to_tensor(y), ops.convert_to_tensor(z))))
    except Exception as error:
        told = (str(error).splitlines() or [""])[0]
        raise CheckError(f"{what} cannot be compiled: write it in keras.ops ({type(error).__name__}: {told})") from error


def _valued(what: str, function: Loss, y: np.ndarray, z: np.ndarray, per_step: bool) -> None:
    """Every position has a finite value of its own."""
    values, places = _values(what, function, y, z), z.shape[:-1]
    told = f"{what} has the shape {values.shape}, where every scored position has a value, {places}"
    require(values.shape == places, f"{told}: take no mean over the batch{' or the steps' if per_step else ''}")
    require(
        bool(np.isfinite(values).all()),
        f"{what} is not a finite number for ordinary outputs: keep logarithms and quotients off zero, or give fitting targets=",
    )
    few = _values(what, function, y[:2], z[:2])
    require_close(few, values[:2], f"{what} of a row depends on the other rows of the batch: keep rows apart")
    if per_step:
        padded = np.isfinite(_values(what, function, np.zeros_like(y), z)).all()
        require(
            bool(padded), f"{what} is not a finite number where targets are 0, as padding has them: weights of 0 do not help"
        )


def _sloped(what: str, loss: Loss, y: np.ndarray, z: np.ndarray) -> None:
    """The gradient is the central difference."""
    target = ops.convert_to_tensor(y)
    (gradient,) = (np.asarray(ops.convert_to_numpy(d)) for d in gradients(lambda z: ops.sum(loss(target, z)), (z,)))
    require(bool(gradient.any()), f"{what} has no gradient: write it in keras.ops, without rounding and NumPy")
    for place in np.random.default_rng(2).permutation(z.size)[:4]:
        by = np.zeros(z.size, "float32")
        by[place] = STEP
        ends = [_values(what, loss, y, z + sign * by.reshape(z.shape)).sum(dtype=np.float64) for sign in (1, -1)]
        measured = (ends[0] - ends[1]) / (2 * STEP)
        told = f"the gradient of {what.removeprefix('the ')} is not its central difference: is a part of it stopped or rounded?"
        require_close(gradient.ravel()[place], measured, told, 1e-2)


def _predicts(name: str, kind: Kind, task: Task, z: np.ndarray, outputs: int) -> None:
    """Predictions have the promised form, and `inverse` restores the outputs."""
    its = link(task)
    p = its.predict(z)
    same = p.shape[: z.ndim - 1] == z.shape[:-1] and bool(np.isfinite(p).all())
    told = f"predict of {name} makes {p.shape} of outputs {z.shape}, or no finite numbers: every position has a prediction"
    require(same, told)
    if kind.meaning == "classes":
        told = f"predict of {name} gives no probabilities: they are {outputs} for each position, from 0 up, and sum to 1"
        require(p.shape[-1] == outputs and bool((p >= 0).all()) and np.allclose(p.sum(-1), 1, atol=1e-4), told)
    elif kind.names:
        told = f"predict of {name} gives {p.shape[-1]} numbers, and names= has {len(kind.names)}"
        require(p.ndim == z.ndim and p.shape[-1] == len(kind.names), told)
    if its.outputs:
        again = its.predict(its.outputs(p).astype("float32"))
        require_close(again, p, f"inverse of {name} does not lead back: predict(inverse(p)) has to be p", 1e-3)
