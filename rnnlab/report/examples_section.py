"""Predictions of the test split, right and wrong, or numbers and the truth: of the baseline and of the variant that leads."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice

from rnnlab.comparison.compare import Comparison
from rnnlab.comparison.load import Runs
from rnnlab.documents import Record
from rnnlab.storage.run_origin import read_origin
from rnnlab.storage.store import RunRecord
from rnnlab.trained.short_answers import prediction, truth

MOST = 2000
"""How many examples of the test split are predicted."""


@dataclass(frozen=True)
class Example:
    """The prediction of one model for one text, or for another input."""

    text: str
    truth: str
    prediction: str
    probability: float | None = None
    """Of the class; None where numbers are predicted."""

    @property
    def right(self) -> bool:
        """Whether the most likely class is the true one."""
        return self.truth == self.prediction


def examples_of(comparison: Comparison, runs: Runs, number: int) -> dict[str, list[Example]]:
    """Return `number` examples right and as many wrong by variant, the first seed's, the surest first.

    Of a task of one's own that predicts numbers, as many examples in their order. None where neither is predicted.
    """
    sign = 1 if comparison.mode == "min" else -1
    means = {name: sign * one.value.mean for name, one in comparison.variants.items() if one.value.mean is not None}
    shown = dict.fromkeys([comparison.baseline, *sorted(means, key=lambda name: means[name])[:1]])
    first = {name: next((run for run in runs.get(name, {}).values() if _done(run)), None) for name in shown}
    made = {name: _examples(run, number, name in comparison.classes) for name, run in first.items() if run}
    return {name: examples for name, examples in made.items() if examples}


def _done(run: RunRecord | None) -> bool:
    return bool(run and run.result and run.result.status == "done")


def chosen(examples: Iterable[Example], number: int) -> list[Example]:
    """Return the surest examples: first the wrong ones, then as many right ones.

    >>> of = [Example("a", "x", "x", 0.9), Example("b", "x", "y", 0.6), Example("c", "x", "y", 0.8)]
    >>> [one.text for one in chosen(of, 1)]
    ['c', 'a']
    """
    sure = sorted(examples, key=lambda one: -(one.probability or 0))
    return [one for right in (False, True) for one in [each for each in sure if each.right is right][:number]]


def _examples(run: RunRecord, number: int, classes: bool) -> list[Example]:
    from rnnlab.trained.inputs import of_split
    from rnnlab.trained.predictor import predictor

    if not (classes or read_origin(run.folder).config.get("plugins")):
        return []
    reader = predictor(run.folder)
    if not classes and not (reader.task.kind.own and reader.task.kind.meaning == "numbers"):
        return []
    answers = reader.answers(islice(of_split(reader, "test"), MOST if classes else number), samples=0)
    if not classes:
        return [Example(_name(said), truth(said), prediction(said)) for said in answers]
    told = (said for said in answers if "labels" in said and isinstance(said.get("truth"), str))
    return chosen([Example(_name(said), said["truth"], *_best(said)) for said in told], number)


def _best(said: Record) -> tuple[str, float]:
    return said["labels"][0]["name"], said["labels"][0]["probability"]


def _name(said: Record) -> str:
    return str(said.get("text", f"row {said.get('row')}"))
