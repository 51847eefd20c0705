"""Predictions of the test split, right and wrong: of the baseline and of the variant that leads, the first seed of each."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Any

from rnnlab.comparison.compare import Comparison
from rnnlab.comparison.load import Runs
from rnnlab.storage.store import RunRecord

MOST = 2000
"""How many examples of the test split are predicted."""


@dataclass(frozen=True)
class Example:
    """The prediction of one model for one text."""

    text: str
    truth: str
    prediction: str
    probability: float

    @property
    def right(self) -> bool:
        """Whether the most likely class is the true one."""
        return self.truth == self.prediction


def examples_of(comparison: Comparison, runs: Runs, number: int) -> dict[str, list[Example]]:
    """Return `number` examples right and as many wrong by variant, the surest first; none where no classes are predicted."""
    if not comparison.classes:
        return {}
    sign = 1 if comparison.mode == "min" else -1
    means = {name: sign * one.value.mean for name, one in comparison.variants.items() if one.value.mean is not None}
    shown = dict.fromkeys([comparison.baseline, *sorted(means, key=lambda name: means[name])[:1]])
    first = {name: next((run for run in runs.get(name, {}).values() if _done(run)), None) for name in shown}
    return {name: chosen(_predicted(run), number) for name, run in first.items() if run}


def _done(run: RunRecord | None) -> bool:
    return bool(run and run.result and run.result.status == "done")


def chosen(examples: Iterable[Example], number: int) -> list[Example]:
    """Return the surest examples: so many wrong, then so many right.

    >>> of = [Example("a", "x", "x", 0.9), Example("b", "x", "y", 0.6), Example("c", "x", "y", 0.8)]
    >>> [one.text for one in chosen(of, 1)]
    ['c', 'a']
    """
    sure = sorted(examples, key=lambda one: -one.probability)
    return [one for right in (False, True) for one in [each for each in sure if each.right is right][:number]]


def _predicted(run: RunRecord) -> list[Example]:
    from rnnlab.trained.inputs import of_split
    from rnnlab.trained.predictor import predictor

    reader = predictor(run.folder)
    answers = reader.answers(islice(of_split(reader, "test"), MOST), samples=0)
    return [_example(said) for said in answers if "labels" in said and isinstance(said.get("truth"), str)]


def _example(said: dict[str, Any]) -> Example:
    best = said["labels"][0]
    return Example(said.get("text", f"row {said.get('row')}"), said["truth"], best["name"], best["probability"])
