"""What a data set asks of a model: the kinds of task, their figures, and the shape of a batch."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Kind:
    """A kind of task, as far as it is known before any data is read."""

    title: str
    """The kind in plain words, for messages."""
    per_step: bool
    """Whether every step has a prediction, or the sequence as a whole."""
    ahead: bool
    """Whether targets are inputs still to come, so that nothing may read backwards."""
    classes: bool
    """Whether a target is the number of a class, int32, or float32 values, as many as there are outputs."""
    figures: Mapping[str, str]
    """What is measured on every split, and whether less (min) or more (max) of it is better."""


_LABELS = {"loss": "min", "accuracy": "max", "macro_f1": "max"}
_NUMBERS = {"loss": "min", "root_mean_squared_error": "min", "mean_absolute_error": "min"}

KINDS = {
    "language_model": Kind(
        "language modelling", per_step=True, ahead=True, classes=True, figures={"loss": "min", "perplexity": "min"}
    ),
    "character_model": Kind(
        "language modelling by characters",
        per_step=True,
        ahead=True,
        classes=True,
        figures={"loss": "min", "bits_per_character": "min", "perplexity": "min"},
    ),
    "classification": Kind("sequence classification", per_step=False, ahead=False, classes=True, figures=_LABELS),
    "labelling": Kind(
        "classification with several labels",
        per_step=False,
        ahead=False,
        classes=False,
        figures={"loss": "min", "micro_f1": "max", "macro_f1": "max", "average_precision": "max"},
    ),
    "tagging": Kind("sequence tagging", per_step=True, ahead=False, classes=True, figures=_LABELS),
    "regression": Kind("regression", per_step=False, ahead=False, classes=False, figures=_NUMBERS),
    "forecasting": Kind("forecasting", per_step=True, ahead=True, classes=False, figures=_NUMBERS),
    "quantile_forecasting": Kind(
        "forecasting of quantiles", per_step=True, ahead=True, classes=False, figures={**_NUMBERS, "pinball_loss": "min"}
    ),
    "multilabel": Kind(
        "multi-label sequence prediction",
        per_step=True,
        ahead=True,
        classes=False,
        figures={"loss": "min", "frame_negative_log_likelihood": "min", "micro_f1": "max"},
    ),
}
"""Every kind of task. Targets: [rows, steps] of token numbers (language and character models) or of labels (tagging), [rows]
of labels (classification), [rows, labels] of zeros and ones (labelling), [rows, outputs] of numbers (regression), [rows, steps,
outputs] of the numbers `horizon` steps later (forecasting; a model of quantile_forecasting has as many outputs for each of the
numbers as there are quantiles) or of zeros and ones (multilabel, the next frame of polyphonic music)."""


@dataclass(frozen=True)
class Task:
    """A kind of task with the sizes that a model is built for."""

    name: str
    """Its kind: a key of `KINDS`."""
    batch_shape: tuple[int | None, ...]
    """The shape of an input batch: [rows, steps] of token numbers or [rows, steps, features]; None where steps vary."""
    outputs: int
    """What is predicted: how many words or labels there are to choose from, or how many numbers."""
    unit: str
    """What speed counts: words, characters, examples."""
    vocabulary: int = 0
    """How many different tokens the input has; 0 where it is numbers."""
    carried: bool = False
    """Whether a batch goes on where the one before it stopped, so that the recurrent state is carried over."""
    padded: bool = False
    """Whether inputs hold padding, which the model has to mask; see `rnnlab.data.dataset.Batch`."""

    beside: int = 0
    """Features beside a text: the last ones of every step of `batch_shape`, the same at all, after the token's number."""
    quantiles: tuple[float, ...] = ()
    """Which quantiles of every number are predicted, side by side; none where its mean is."""

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> "Task":
        """Return the task of which `dataclasses.asdict` has made plain values."""
        lists = {name: tuple(document.get(name, ())) for name in ("batch_shape", "quantiles")}
        return cls(**{**document, **lists})

    @property
    def dtype(self) -> str:
        """The type of a batch: whole numbers where it has tokens alone."""
        return "int32" if self.vocabulary and not self.beside else "float32"

    @property
    def kind(self) -> Kind:
        """What is known of the task before any data is read."""
        return KINDS[self.name]
