"""Predictions of a finished run for texts, for files, for a split of its own data; and generated text."""

from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path

from rnnlab.errors import UserError
from rnnlab.trained import forecasting
from rnnlab.trained.answers import Prediction
from rnnlab.trained.generate import generate
from rnnlab.trained.inputs import of_file, of_split
from rnnlab.trained.loading import trained
from rnnlab.trained.predictor import Predictor, predictor
from rnnlab.trained.stream_predictions import token_rows


def predict(
    folder: str | Path,
    texts: Iterable[str] = (),
    file: str | None = None,
    column: str | None = None,
    split: str | None = None,
    samples: int = 20,
    seed: int = 1,
    top: int = 10,
) -> Iterator[Prediction]:
    """Yield what is predicted for texts, for what a file holds and for a split of the run's own data, in this order.

    0 `samples` predict without noise. A series is forecast beyond the end of its file; a split of a stream is predicted token
    by token, without texts or a file beside it. Raises UserError where there is nothing to predict from and where the run
    cannot read what is given.
    """
    texts = list(texts)
    if not (texts or file or split):
        raise UserError("there is nothing to predict from: give texts, a file, or a split of the run's own data")
    model = predictor(folder)
    if model.forecasts:
        if texts:
            raise UserError(f"{folder} forecasts a series and reads no text: give a file, or a split of the run's own data")
        return _forecasts(model, file, split, samples, seed)
    if split and model.reads_on:
        if texts or file:
            raise UserError(f"{folder} predicts a split token by token: predict texts and files in a call of their own")
        return token_rows(trained(folder), split, samples, seed)
    parts = [map(model.text, texts), of_file(model, file, column) if file else (), of_split(model, split) if split else ()]
    return model.answers(chain.from_iterable(parts), samples, seed, top)


def _forecasts(model: Predictor, file: str | None, split: str | None, samples: int, seed: int) -> Iterator[Prediction]:
    parts = [
        forecasting.beyond(model, file, samples, seed) if file else (),
        forecasting.of_split(model, split, samples, seed) if split else (),
    ]
    return chain.from_iterable(parts)


def write_on(
    folder: str | Path, texts: Iterable[str], file: str | None, count: int, temperature: float = 1.0, seed: int = 1
) -> Iterator[Prediction]:
    """Yield each text with `count` tokens that a language model writes after it; without texts, what it begins with itself."""
    model = predictor(folder)
    prompts = [*texts, *(one.about["text"] for one in (of_file(model, file) if file else ()))] or [""]
    return ({**model.about(text), "text": generate(model, text, count, temperature, seed)} for text in prompts)
