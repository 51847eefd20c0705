"""The model of a finished run reads texts, without the data that it learnt from."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import keras
import numpy as np

from rnnlab.data.segmentation import END_OF_LINE
from rnnlab.data.task import Task
from rnnlab.data.tokenizer import Codec
from rnnlab.errors import UserError
from rnnlab.inspection.montecarlo import Samples, noisy, predictions, usual
from rnnlab.inspection.outputs import link
from rnnlab.inspection.prediction_intervals import half_width
from rnnlab.inspection.scores import entropy, surprise
from rnnlab.models.build_model import build
from rnnlab.storage import store, tokenizer_file
from rnnlab.trained.loading import ended, put_weights

LEVEL = 0.95
"""How much of the true values the interval about a predicted number should hold."""

Answer = dict[str, Any]
"""What is predicted for a text, as plain values."""


@dataclass(frozen=True)
class Predictor:
    """A trained model that reads one text at a time, of any length."""

    model: keras.Model
    """For one row of any number of steps; a language model carries its state."""
    task: Task
    codec: Codec
    noise: np.ndarray
    """The variance of the noise about predicted numbers, an output each, in the model's units; empty where it predicts none."""
    lengths: Any
    """How a longer text is cut, as its data section has it; None where it isn't."""
    noisy: bool
    """Whether the model has noise to draw."""

    @property
    def reads_on(self) -> bool:
        """Whether the model predicts how a text goes on."""
        return "perplexity" in self.task.kind.figures

    def read(self, text: str) -> tuple[list[str], np.ndarray]:
        """Return the tokens of a text and what the model is given, [1, steps]; a language model's text begins after `<eos>`."""
        words = self.codec.split(text)
        if self.lengths and self.lengths.max_length:
            most = self.lengths.max_length
            words = words[-most:] if self.lengths.keep == "tail" else words[:most]
        before = [END_OF_LINE] if self.reads_on else []
        return words, self.codec.encode([*before, *words])[None]

    def __call__(self, text: str, samples: int = 20, seed: int = 1, top: int = 10) -> Answer:
        """Return what is predicted for a text: the mean over `samples` passes and their standard deviation.

        0 samples are the usual prediction, noise off. Raises UserError for a text without tokens.
        """
        words, x = self.read(text)
        if not words and not self.reads_on:
            raise UserError("the text is empty: there is nothing to predict from")
        if samples and self.noisy:
            found = next(predictions(self.model, [x], samples, seed, link(self.task)))
        else:
            samples, found = min(samples, 1), next(usual(self.model, [x], link(self.task)))
        about = {**self.about(text), "samples": samples}
        return {**about, **_FORMS[self._form](self, words, Samples(*(field[0] for field in found)), x[0], top)}

    def about(self, text: str) -> Answer:
        """Return the text, and which of its tokens the model doesn't know and reads as `<unk>`."""
        words, known = self.codec.split(text), self.codec.vocabulary
        unknown = [word for word in dict.fromkeys(words) if known and word not in known.tokens]
        return {"text": text, "unknown": unknown}

    @property
    def _form(self) -> str:
        return "next" if self.reads_on else self.task.name


def predictor(folder: str | Path) -> Predictor:
    """Return the predictor of a finished run, from what its folder holds.

    Raises UserError where the folder is no run that has ended well, where its model reads no text, or its weights were lost.
    """
    run = ended(folder)
    if run.result["status"] != "done":
        raise UserError(f"{run.record.folder} has {run.result['status']}: {run.result['error']}; its model predicts nothing")
    task, codec = tokenizer_file.read(run.record.folder)
    if codec.vocabulary is None:
        raise UserError(f"{run.record.folder} reads no text: its data, {run.config.data.name}, have no words")
    task = replace(task, batch_shape=(1, None), carried="perplexity" in task.kind.figures)
    model = build(run.config.model, task, run.record.seed)
    put_weights(model, run)
    noise = np.zeros(0) if "root_mean_squared_error" not in task.kind.figures else _noise(run.record.folder, run.result, task)
    return Predictor(model, task, codec, noise, getattr(run.config.data, "lengths", None), noisy(model))


def _noise(folder: Path, result: dict[str, Any], task: Task) -> np.ndarray:
    """The variance that the run's calibration found, else the squared error on validation."""
    kept = store.read_calibration(folder)
    if kept:
        return np.broadcast_to(1 / np.array(kept["mc"]["noise_precision"]), (task.outputs,))
    return np.full(task.outputs, result["metrics"]["val_root_mean_squared_error"] ** 2)


def _ranked(names: Callable[[int], str], mean: np.ndarray, variance: np.ndarray, top: int) -> list[Answer]:
    best = np.argsort(-mean, kind="stable")[:top]
    return [{"name": names(int(k)), "probability": float(mean[k]), "deviation": float(np.sqrt(variance[k]))} for k in best]


def _label(self: Predictor, number: int) -> str:
    return self.codec.labels[number] if self.codec.labels else str(number)


def _class(self: Predictor, words: list[str], found: Samples, x: np.ndarray, top: int) -> Answer:
    unsure = {"entropy": float(entropy(found.mean)), "mutual_information": float(entropy(found.mean) - found.entropy)}
    return {"labels": _ranked(partial(_label, self), found.mean, found.variance, top), **unsure}


def _several(self: Predictor, words: list[str], found: Samples, x: np.ndarray, top: int) -> Answer:
    return {"labels": _ranked(partial(_label, self), found.mean[..., 1], found.variance[..., 1], top)}


def _tags(self: Predictor, words: list[str], found: Samples, x: np.ndarray, top: int) -> Answer:
    best = [_ranked(partial(_label, self), *of, 1)[0] for of in zip(found.mean, found.variance, strict=True)]
    return {"tags": [{"token": word, **one} for word, one in zip(words, best, strict=True)]}


def _values(self: Predictor, words: list[str], found: Samples, x: np.ndarray, top: int) -> Answer:
    spread, scale = np.sqrt(found.variance + self.noise), self.codec.targets
    ends = [found.mean + sign * half_width(LEVEL) * spread for sign in (0, -1, 1)]
    mean, low, high = (scale.restored(end) if scale else end for end in ends)
    unit = np.array(scale.deviation) if scale else 1.0
    columns = {"value": mean, "deviation": np.sqrt(found.variance) * unit, "low": low, "high": high}
    rows = zip(*columns.values(), strict=True)
    return {"level": LEVEL, "values": [dict(zip(columns, map(float, row), strict=True)) for row in rows]}


def _next(self: Predictor, words: list[str], found: Samples, x: np.ndarray, top: int) -> Answer:
    read = surprise(found.mean[:-1], x[1:])
    known = self.codec.vocabulary
    perplexity = {"perplexity": float(np.exp(read.mean()))} if len(read) else {}
    return {**perplexity, "next": _ranked(known.tokens.__getitem__ if known else str, found.mean[-1], found.variance[-1], top)}


_FORMS = {"next": _next, "classification": _class, "labelling": _several, "tagging": _tags, "regression": _values}
"""How an answer is put together, by the kind of task."""
