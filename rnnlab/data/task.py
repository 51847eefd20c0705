"""What a data set asks of a model: the kinds of task, their figures, and the shape of a batch."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """A kind of task, as far as it is known before any data is read."""

    title: str
    """The kind in plain words, for messages."""
    tokens: bool
    """Whether the input is token numbers, which need an embedding."""
    carried: bool
    """Whether a batch goes on where the one before it stopped, so that the recurrent state is carried over."""
    per_step: bool
    """Whether every step has a prediction, or the sequence as a whole."""
    figures: Mapping[str, str]
    """What is measured on every split, and whether less (min) or more (max) of it is better."""


KINDS = {
    "language_model": Kind(
        "language modelling", tokens=True, carried=True, per_step=True, figures={"loss": "min", "perplexity": "min"}
    ),
    "regression": Kind(
        "regression",
        tokens=False,
        carried=False,
        per_step=False,
        figures={"loss": "min", "root_mean_squared_error": "min"},
    ),
}


@dataclass(frozen=True)
class Task:
    """A kind of task with the sizes that a model is built for."""

    name: str
    """Its kind: a key of `KINDS`."""
    batch_shape: tuple[int, ...]
    """The shape of an input batch: [rows, steps] of token numbers or [rows, steps, features]."""
    outputs: int
    """What is predicted: the vocabulary's size, or how many numbers."""
    unit: str
    """What speed counts: words, characters, examples."""

    @property
    def kind(self) -> Kind:
        """What is known of the task before any data is read."""
        return KINDS[self.name]
