"""The model of a finished run reads texts or numbers, without the data that it learnt from."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import keras
import numpy as np

from rnnlab.config import RunConfig
from rnnlab.data.segmentation import END_OF_LINE
from rnnlab.data.sources.beside import encoded
from rnnlab.data.sources.beside import unknown as strange
from rnnlab.data.sources.reading import Row
from rnnlab.data.splits.variable_length import with_beside
from rnnlab.data.task import Task
from rnnlab.data.tokenizer import Codec
from rnnlab.errors import UserError
from rnnlab.inspection.batched import Batched
from rnnlab.inspection.montecarlo import Samples, noisy
from rnnlab.inspection.outputs import link
from rnnlab.models.build_model import build
from rnnlab.storage import tokenizer_file
from rnnlab.storage.evaluation_files import read_calibration
from rnnlab.storage.run_result import RunResult
from rnnlab.trained.answers import Prediction, answer
from rnnlab.trained.loading import EndedRun, ended, put_weights

NOTHING = "no tokens: nothing to predict from"


class Input(NamedTuple):
    """The input of a prediction."""

    x: np.ndarray
    """The model's input: token numbers [steps], or numbers [steps, features]; without steps the prediction is empty."""
    about: Prediction
    """Facts about it for the prediction's record: its text, its place."""
    words: list[str]
    """Its tokens; none where it is numbers."""
    truth: np.ndarray | None = None
    """The true target, in the form of the model's targets; None where it is unknown."""


StepsOrNumbers = TypeVar("StepsOrNumbers", list[str], np.ndarray)


@dataclass(frozen=True)
class Predictor:
    """A trained model that reads texts or sequences of numbers of any length."""

    run: EndedRun
    model: keras.Model
    """For any number of rows and steps; it masks padding and begins every row from zero."""
    task: Task
    codec: Codec
    noise: np.ndarray
    """The variance of the noise about predicted numbers, an output each, in the model's units; empty where it predicts none."""

    @cached_property
    def config(self) -> RunConfig:
        """The run's part of its experiment's config, checked once and not again for every input."""
        return self.run.config

    @property
    def noisy(self) -> bool:
        """Whether the model has noise to draw."""
        return noisy(self.model)

    @property
    def reads_on(self) -> bool:
        """Whether the model predicts the continuation of a text."""
        return "perplexity" in self.task.kind.metrics and not self.task.kind.own

    @property
    def forecasts(self) -> bool:
        """Whether the model forecasts a series."""
        return "forecasting" in self.task.name and not self.task.kind.own

    @cached_property
    def writer(self) -> keras.Model:
        """The model for one row, its state carried from call to call."""
        return _model(self.run, replace(self.task, batch_shape=(1, None), carried=True, padded=False))

    def read(self, text: str) -> tuple[list[str], np.ndarray]:
        """Return the tokens of a text and what the model is given, [1, steps]; a language model's text begins after `<eos>`."""
        words = self._cut(self.codec.split(text))
        return words, self._numbers(words)[None]

    def _numbers(self, words: list[str]) -> np.ndarray:
        return self.codec.encode([*([END_OF_LINE] if self.reads_on else []), *words])

    def _cut(self, steps: StepsOrNumbers) -> StepsOrNumbers:
        """The steps of a long text or sequence that the run's data section keeps."""
        lengths = getattr(self.config.data, "lengths", None)
        if lengths is None or lengths.max_length is None:
            return steps
        return steps[-lengths.max_length :] if lengths.keep == "tail" else steps[: lengths.max_length]

    def text(self, text: str, beside: Row | None = None, **about: Any) -> Input:
        """Return a text as an input, with what stands `beside` it where the run has learnt from that."""
        if self.codec.vocabulary is None:
            raise UserError(f"{self.run.record.folder} reads no text: its data, {self.config.data.name}, have no words")
        if self.codec.beside and not beside:
            columns = ", ".join(name for name, _ in self.codec.beside)
            raise UserError(f"{self.run.record.folder} reads {columns} beside a text: give a table with these columns, --file")
        every = self.codec.split(text)
        if not self.reads_on and set(every) == {END_OF_LINE}:  # several columns of text, all of them empty
            every = []
        words, unknown = self._cut(every), self._unknown(every)
        x = self._numbers(words)
        if beside and self.codec.beside and words:
            x = with_beside(x, encoded([beside], self.codec.beside)[0])
            about |= {"unknown_beside": told} if (told := strange(beside, self.codec.beside)) else {}
        return Input(x, {**about, "text": text, "unknown": unknown}, words)

    def numbers(self, x: np.ndarray, **about: Any) -> Input:
        """Return a sequence [steps, features], in the units of the data, or of token numbers [steps], as an input."""
        scale = self.codec.inputs
        values = x if x.dtype.kind == "i" else (scale.standardised(x) if scale else x).astype(np.float32)
        return Input(self._cut(values), about, [])

    def __call__(self, text: str, samples: int = 20, seed: int = 1, top: int = 10) -> Prediction:
        """Return what is predicted for a text: the mean over `samples` passes and their standard deviation.

        0 samples are the usual prediction, noise off. A text without tokens has an empty prediction with a note.
        """
        return next(self.answers([self.text(text)], samples, seed, top))

    def answers(self, inputs: Iterable[Input], samples: int = 20, seed: int = 1, top: int = 10) -> Iterator[Prediction]:
        """Yield what is predicted for each input, in order, as inputs are read; each prediction is as it would be alone."""
        waiting: deque[Input] = deque()

        def read() -> Iterator[np.ndarray]:
            for one in inputs:
                waiting.append(one)
                if len(one.x):
                    yield one.x

        passes = self.passes(samples)
        for drawn in self.batched(samples, seed)(read()):
            while not len(waiting[0].x):
                yield {**waiting.popleft().about, "note": NOTHING}
            yield self._answer(waiting.popleft(), drawn, passes, top)
        yield from ({**one.about, "note": NOTHING} for one in waiting)

    def passes(self, samples: int) -> int:
        """Return how many predictions the mean is over, where `samples` are asked for."""
        return samples if self.noisy else min(samples, 1)

    def batched(self, samples: int, seed: int) -> Callable[[Iterable[np.ndarray]], Iterator[Samples]]:
        """Return what predicts for inputs in order; see `rnnlab.inspection.batched.Batched`."""
        return Batched(self.model, link(self.task), self.task.kind.per_step, samples, seed)

    def _answer(self, one: Input, drawn: Samples, passes: int, top: int) -> Prediction:
        told = {**one.about, "samples": passes}
        return {**told, **answer(self.task, self.codec, self.noise, one.words, drawn, one.x, one.truth, top)}

    def about(self, text: str) -> Prediction:
        """Return the text, and which of its tokens the model doesn't know and reads as `<unk>`."""
        return {"text": text, "unknown": self._unknown(self.codec.split(text))}

    def _unknown(self, words: list[str]) -> list[str]:
        numbers = self.codec.encode(words)
        return list(dict.fromkeys(word for word, number in zip(words, numbers, strict=True) if not number))


def predictor(folder: str | Path) -> Predictor:
    """Return the predictor of a finished run, from what its folder holds.

    Raises UserError where the folder is not a run that has ended well, or its weights were lost.
    """
    run = ended(folder)
    if run.result.status != "done":
        raise UserError(f"{run.record.folder} has {run.result.status}: {run.result.error}; its model predicts nothing")
    task, codec = tokenizer_file.read(run.record.folder)
    model = _model(run, replace(task, batch_shape=(None, None, *task.batch_shape[2:]), carried=False, padded=True))
    numbers = "root_mean_squared_error" in task.kind.metrics and not task.kind.own
    noise = _noise(run.record.folder, run.result, task) if numbers else np.zeros(0)
    return Predictor(run, model, task, codec, noise)


def _model(run: EndedRun, task: Task) -> keras.Model:
    model = build(run.config.model, task, run.record.seed)
    put_weights(model, run)
    return model


def _noise(folder: Path, result: RunResult, task: Task) -> np.ndarray:
    """The variance that the run's calibration found, else the squared error on validation."""
    kept = read_calibration(folder)
    if kept and not task.quantiles:
        return np.broadcast_to(1 / np.array(kept["mc"]["noise_precision"]), (task.outputs,))
    return np.full(task.outputs, np.array(result.metrics["val_root_mean_squared_error"], float) ** 2)
