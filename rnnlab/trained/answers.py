"""The prediction for one input as plain values, by the kind of task."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from rnnlab.data.task import Task
from rnnlab.data.tokenizer import Codec
from rnnlab.documents import Record
from rnnlab.inspection.montecarlo import Samples
from rnnlab.inspection.prediction_intervals import half_width
from rnnlab.inspection.scores import entropy, surprise

LEVEL = 0.95
"""The intended coverage of the interval about a predicted number."""

Prediction = Record
"""The prediction for an input, as plain values."""


class Query(NamedTuple):
    """An input with the model's samples for it."""

    codec: Codec
    noise: np.ndarray
    words: list[str]
    samples: Samples
    x: np.ndarray
    truth: np.ndarray | None
    top: int
    names: tuple[str, ...] = ()
    """The names of the numbers that a user's task predicts."""

    def label(self, number: int) -> str:
        """The name of a class."""
        return self.codec.labels[number] if self.codec.labels else str(number)


def answer(
    task: Task,
    codec: Codec,
    noise: np.ndarray,
    words: list[str],
    samples: Samples,
    x: np.ndarray,
    truth: np.ndarray | None,
    top: int,
) -> Prediction:
    """Return what is predicted for an input, with the truth beside it where that is known; see `rnnlab.trained.predictor`."""
    return FORMS[_form(task)](Query(codec, noise, words, samples, x, truth, top, task.kind.names))


def _form(task: Task) -> str:
    if not task.kind.own:
        return "next" if "perplexity" in task.kind.metrics else task.name
    return OWN[task.kind.meaning][task.kind.per_step]


def _ranked(name: Callable[[int], str], mean: np.ndarray, variance: np.ndarray, top: int) -> list[Prediction]:
    best = np.argsort(-mean, kind="stable")[:top]
    return [{"name": name(int(k)), "probability": float(mean[k]), "deviation": float(np.sqrt(variance[k]))} for k in best]


def _class(of: Query) -> Prediction:
    mean = of.samples.mean
    unsure = {"entropy": float(entropy(mean)), "mutual_information": float(entropy(mean) - of.samples.entropy)}
    truth = {} if of.truth is None else {"truth": of.label(int(of.truth))}
    return {"labels": _ranked(of.label, mean, of.samples.variance, of.top), **unsure, **truth}


def _several(of: Query) -> Prediction:
    truth = {} if of.truth is None else {"truth": [of.label(int(k)) for k in np.flatnonzero(of.truth)]}
    return {"labels": _ranked(of.label, of.samples.mean[..., 1], of.samples.variance[..., 1], of.top), **truth}


def _tags(of: Query) -> Prediction:
    best = [_ranked(of.label, *step, 1)[0] for step in zip(of.samples.mean, of.samples.variance, strict=True)]
    tokens = of.words or [str(place) for place in range(len(best))]
    rows = [{"token": token, **one} for token, one in zip(tokens, best, strict=True)]
    for row, truth in zip(rows, [] if of.truth is None else of.truth, strict=False):
        row["truth"] = of.label(int(truth))
    return {"tags": rows}


def _frames(of: Query) -> Prediction:
    """The labels of each frame that are more likely there than not, with their probabilities."""
    p = of.samples.mean[..., 1]
    frames: list[Prediction] = [{"labels": {of.label(int(k)): float(row[k]) for k in np.flatnonzero(row > 0.5)}} for row in p]
    for frame, truth in zip(frames, [] if of.truth is None else of.truth, strict=False):
        frame["truth"] = [of.label(int(k)) for k in np.flatnonzero(truth)]
    return {"frames": frames}


def interval(codec: Codec, mean: np.ndarray, variance: np.ndarray, noise: np.ndarray, level: float = LEVEL) -> Prediction:
    """Return value, deviation over the samples, and the ends of the interval, each [..., outputs] in the units of the data."""
    spread, scale = np.sqrt(variance + noise), codec.targets
    ends = [mean + sign * half_width(level) * spread for sign in (0, -1, 1)]
    value, low, high = (scale.restored(end) if scale else end for end in ends)
    unit = np.array(scale.deviation) if scale else 1.0
    return {"value": value, "deviation": np.sqrt(variance) * unit, "low": low, "high": high}


def _values(of: Query) -> Prediction:
    columns = interval(of.codec, of.samples.mean, of.samples.variance, of.noise)
    if of.truth is not None:
        columns["truth"] = of.codec.targets.restored(of.truth) if of.codec.targets else of.truth
    rows = zip(*columns.values(), strict=True)
    return {"level": LEVEL, "values": [dict(zip(columns, map(float, row), strict=True)) for row in rows]}


def _number(of: Query) -> Prediction:
    return {"predicted": _named(of, of.samples.mean, of.samples.variance), **({} if of.truth is None else _truth(of.truth))}


def _numbers(of: Query) -> Prediction:
    steps: list[Prediction] = [
        {"predicted": _named(of, *step)} for step in zip(of.samples.mean, of.samples.variance, strict=True)
    ]
    for step, truth in zip(steps, [] if of.truth is None else of.truth, strict=False):
        step |= _truth(truth)
    return {"steps": steps}


def _named(of: Query, mean: np.ndarray, variance: np.ndarray) -> Prediction:
    names = of.names or [f"output_{place}" for place in range(1, len(mean) + 1)]
    columns = zip(names, mean, variance, strict=True)
    return {name: {"value": float(value), "deviation": float(np.sqrt(spread))} for name, value, spread in columns}


def _truth(truth: np.ndarray) -> Prediction:
    return {"truth": np.ravel(truth).tolist()}


def _next(of: Query) -> Prediction:
    read = surprise(of.samples.mean[:-1], of.x[1:])
    known = of.codec.vocabulary
    perplexity = {"perplexity": float(np.exp(read.mean()))} if len(read) else {}
    name = known.tokens.__getitem__ if known else str
    return {**perplexity, "next": _ranked(name, of.samples.mean[-1], of.samples.variance[-1], of.top)}


FORMS = {
    "next": _next,
    "classification": _class,
    "labelling": _several,
    "tagging": _tags,
    "multilabel": _frames,
    "regression": _values,
    "number": _number,
    "numbers": _numbers,
}
"""The function that puts an answer together, by the kind of task."""
OWN = {
    "classes": ("classification", "tagging"),
    "labels": ("labelling", "multilabel"),
    "numbers": ("number", "numbers"),
}
"""The forms of a user's task by what it predicts: of a sequence as a whole, and of every step."""
