"""Data, head and training that do not fit: the error names both sides."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from rnnlab.config import ConfigError, load
from rnnlab.data.task import KINDS
from rnnlab.models.model_config import HeadConfig
from rnnlab.models.objective import OBJECTIVES

WORDS = ["data={name: python_reference}", "model.embedding={width: 8}"]
NUMBERS = ["data={name: adding}"]
BITS = ["data={name: parity}", "model.embedding={width: 8}"]
STEPS = ["data={name: parity, every_step: true}", "model.embedding={width: 8}"]
SERIES = ["data={name: mackey_glass}"]

PLAIN = "name: a\ndata: {name: adding}\nmodel: {recurrent: [{units: 8}]}\ntraining: {epochs: 1}\n"


@pytest.mark.parametrize(
    ("overrides", "expected"),
    [
        ([*WORDS, "model.head.task=tagging"], "python_reference asks for language modelling .*, the head is for tagging"),
        ([*NUMBERS, "model.head.task=classification"], r"adding asks for regression \(regression\), the head is for classi"),
        ([*STEPS, "model.head.task=classification"], r"parity asks for sequence tagging \(tagging\), the head is for classif"),
        ([*BITS, "model.head.tie_embedding=true"], "parity asks for sequence classification .* only a language model"),
        ([*STEPS, "model.head.pooling=max"], "parity asks for sequence tagging .* nothing to pool"),
        ([*BITS, "training.loss=sum"], "parity asks for sequence classification .* nothing to sum over time"),
        ([*SERIES, "model.recurrent.0.bidirectional=true"], "mackey_glass asks for forecasting .* has seen what it predicts"),
        ([*NUMBERS, "training.monitor=accuracy"], "adding has no metric 'accuracy'; allowed: loss, root_mean_squared_error"),
        ([*WORDS, "training.monitor=bits_per_character"], "python_reference has no metric 'bits_per_character'"),
        ([*SERIES, "model.embedding={width: 8}"], "the inputs of mackey_glass are numbers"),
        (["data={name: parity}"], "the inputs of parity are tokens and need an embedding"),
        (["data={name: mackey_glass, horizon: 20, limit_examples: 20}"], "a split of 20 points has none 20 points ahead"),
        (["data={name: associative_recall, keys: 3, pairs: 4}"], "pairs can be at most the number of keys, 3"),
    ],
)
def test_what_does_not_fit_is_refused(tmp_path: Path, overrides: list[str], expected: str) -> None:
    (tmp_path / "a.yaml").write_text(PLAIN)
    with pytest.raises(ConfigError, match=expected):
        load(tmp_path / "a.yaml", overrides)


@pytest.mark.parametrize(
    "overrides",
    [
        [*WORDS, "model.head.task=language_model", "training.loss=sum"],
        [
            "data={name: python_reference, level: character}",
            "model.embedding={width: 8}",
            "training.monitor=bits_per_character",
        ],
        [*BITS, "model.head={task: classification, pooling: mean}", "model.recurrent.0.bidirectional=true"],
        [*STEPS, "model.head.task=tagging", "training.loss=sum", "training.monitor=macro_f1"],
        [*SERIES, "training.monitor=mean_absolute_error"],
    ],
)
def test_what_fits_is_taken(tmp_path: Path, overrides: list[str]) -> None:
    (tmp_path / "a.yaml").write_text(PLAIN)
    assert load(tmp_path / "a.yaml", overrides).runs()


@pytest.mark.parametrize("name", list(KINDS))
def test_every_kind_of_task_measures_its_metrics(name: str) -> None:
    assert ["loss", *(metric.name for metric in OBJECTIVES[name].metrics(3))] == list(KINDS[name].metrics)


def test_a_head_can_be_for_every_kind_of_task() -> None:
    assert [HeadConfig(task=name).task for name in KINDS] == list(OBJECTIVES)
    with pytest.raises(ValidationError, match=r"must be one of language_model, .*\(did you mean tagging\?\)"):
        HeadConfig(task="taging")
