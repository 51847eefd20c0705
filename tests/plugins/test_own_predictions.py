"""What the outputs for a task of a plug-in become: by a word or a function, told by names, refused where nobody can read it."""

import numpy as np
import pytest

from rnnlab import register
from rnnlab.data.task import KINDS, Task
from rnnlab.data.tokenizer import Codec
from rnnlab.inspection.classes import predicted_by
from rnnlab.inspection.montecarlo import Samples
from rnnlab.inspection.outputs import link
from rnnlab.trained import short_answers
from rnnlab.trained.answers import answer
from rnnlab.trained.flat import rows
from rnnlab.trained.formatting import lines


@pytest.fixture
def two():
    """A task of two numbers by a function, and one of classes by a word."""
    register.task(
        "two",
        heads=2,
        predict=lambda outputs: np.exp(outputs),
        inverse=lambda predicted: np.log(predicted),
        names=("low", "high"),
    )(lambda targets, outputs: targets)
    register.task("sure", classes=True, per_step=True)(lambda targets, outputs: targets)


def test_a_word_or_a_function_says_what_outputs_become(two):
    outputs = np.random.default_rng(0).normal(size=(5, 2)).astype("float32")
    its = link(Task("two", (5, 3, 1), 2, "examples"))
    np.testing.assert_allclose(its.predict(outputs), np.exp(outputs), rtol=1e-6)
    assert its.predict(outputs).dtype == np.float64
    np.testing.assert_allclose(its.outputs(its.predict(outputs)), outputs, rtol=1e-5)
    assert its.entropy(its.predict(outputs)).tolist() == [0] * 5
    p = link(Task("sure", (5, 3, 1), 2, "examples")).predict(outputs)
    np.testing.assert_allclose(p, np.exp(outputs) / np.exp(outputs).sum(-1, keepdims=True), rtol=1e-6)


def test_its_numbers_are_told_by_their_names(two):
    task = Task("two", (5, 3, 1), 2, "examples")
    samples = Samples(np.array([1.5, 2.0]), np.array([0.25, 0.04]), np.zeros(()))
    told = answer(task, Codec(), np.zeros(0), [], samples, np.zeros((3, 1)), np.array([1.25]), 5)
    assert told["predicted"]["low"] == {"value": 1.5, "deviation": 0.5}
    assert list(lines({"row": 4, "samples": 9, **told})) == ["row 4", "  low 1.5 ± 0.5, high 2 ± 0.2, truth 1.25"]
    assert list(rows({"row": 4, "samples": 9, **told})) == [
        {"row": 4, "low": 1.5, "high": 2.0, "low_deviation": 0.5, "high_deviation": 0.2, "truth": 1.25}
    ]


def test_its_numbers_at_every_step_are_rows(two):
    register.task("steps", per_step=True)(lambda targets, outputs: targets)
    samples = Samples(np.array([[1.5], [2.0]]), np.array([[0.25], [0.04]]), np.zeros(2))
    given = np.zeros(0), [], samples, np.zeros((2, 1)), np.array([[1.0], [3.0]]), 5
    told = answer(Task("steps", (5, 2, 1), 1, "examples"), Codec(), *given)
    assert list(rows({"row": 1, "samples": 9, **told})) == [
        {"row": 1, "step": 1, "output_1": 1.5, "output_1_deviation": 0.5, "truth": 1.0},
        {"row": 1, "step": 2, "output_1": 2.0, "output_1_deviation": 0.2, "truth": 3.0},
    ]
    assert list(lines({"row": 1, "samples": 0, **told}))[1:] == ["  output_1 1.5, truth 1", "  output_1 2, truth 3"]


def test_its_classes_have_a_table_unless_they_are_still_to_come(two):
    register.task("tokens", classes=True, per_step=True, ahead=True)(lambda targets, outputs: targets)
    register.task("marks", predict="labels")(lambda targets, outputs: targets)
    register.task("soft", predict="classes")(lambda targets, outputs: targets)
    register.task("halves", classes=True, predict="labels")(lambda targets, outputs: targets)
    names = ("sure", "two", "tokens", "marks", "soft", "halves")
    told = {name: predicted_by(Task(name, (5, 3, 1), 2, "examples")) for name in names}
    assert told == {"sure": "classes", "two": "", "tokens": "", "marks": "labels", "soft": "", "halves": ""}


def test_numbers_of_steps_are_told_in_a_line():
    steps = [{"predicted": {"a": {"value": 1.0}, "b": {"value": 2.5}}, "truth": [1.25]}, {"predicted": {"a": {"value": 3.0}}}]
    assert short_answers.prediction({"steps": steps}) == "1 2.5, 3"
    assert short_answers.truth({"steps": steps}) == "1.25"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"predict": "odds"}, "is classes, labels, numbers or a function, got 'odds'"),
        ({"inverse": np.log}, "inverse= of the task wrong needs a function as predict="),
        ({"classes": True, "heads": 2}, "has 2 outputs for each class: predict= has to say"),
    ],
)
def test_what_nobody_can_read_is_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        register.task("wrong", **settings)
    assert "wrong" not in KINDS
