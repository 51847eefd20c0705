"""Precision, recall, F1, confusion and average precision of each class, against counts taken one by one."""

import json

import numpy as np
import pytest
import yaml
from click.testing import CliRunner

from rnnlab.cli import main
from rnnlab.config import ConfigError, load
from rnnlab.data.build_dataset import build
from rnnlab.errors import UserError
from rnnlab.inspection.classes import average_precision, confusion, precision_recall_f1
from rnnlab.training.class_weights import class_weights, weighted


def test_counts_of_every_class_are_those_taken_one_by_one():
    random = np.random.default_rng(1)
    true, predicted = random.integers(0, 4, 300), random.integers(0, 3, 300)  # class 3 is never predicted
    matrix = confusion(true, predicted, 4)
    found = precision_recall_f1(np.diag(matrix), matrix.sum(axis=0), matrix.sum(axis=1))
    for k in range(4):
        hits = sum(t == p == k for t, p in zip(true, predicted, strict=True))
        precision, recall = hits / max(1, sum(predicted == k)), hits / sum(true == k)
        assert found["precision"][k] == pytest.approx(precision)
        assert found["recall"][k] == pytest.approx(recall)
        assert found["f1"][k] == pytest.approx(2 * precision * recall / (precision + recall) if hits else 0)
        assert matrix[k].tolist() == [sum((true == k) & (predicted == other)) for other in range(4)]


def test_average_precision_is_the_sum_over_all_thresholds():
    random = np.random.default_rng(2)
    for _ in range(20):
        true, scores = random.integers(0, 2, 30), random.integers(0, 8, 30) / 8  # many scores are equal
        true[0] = 1
        total, before = 0.0, 0.0
        for threshold in sorted(set(scores), reverse=True):
            chosen = scores >= threshold
            recall = (true & chosen).sum() / true.sum()
            total, before = total + (recall - before) * (true & chosen).sum() / chosen.sum(), recall
        assert average_precision(true, scores) == pytest.approx(total)
    assert np.isnan(average_precision(np.zeros(3), np.arange(3.0)))


@pytest.fixture
def films(tmp_path, monkeypatch):
    """A table in which one label is three times as frequent as the other, and an experiment on it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RNNLAB_DATA", str(tmp_path / "data"))
    rows = [f"{'bad' if n % 4 == 0 else 'good'} film {n},{'neg' if n % 4 == 0 else 'pos'}\n" for n in range(60)]
    (tmp_path / "a.csv").write_text("text,label\n" + "".join(rows))
    document = {
        "name": "x",
        "data": {"name": "table", "train": "a.csv", "text": "text", "label": "label", "batch_size": 4},
        "model": {"embedding": {"width": 3}, "recurrent": [{"units": 3}]},
        "training": {"epochs": 1, "class_weights": "balanced"},
        "compare": {"seeds": 1},
    }
    (tmp_path / "c.yaml").write_text(yaml.safe_dump(document))
    return tmp_path


def test_balanced_classes_weigh_the_same_and_one_on_average(films):
    data = build(load("c.yaml").config.data)
    plain = {0: 0.0, 1: 0.0}
    sums = {0: 0.0, 1: 0.0}
    for totals, split in ((plain, data.train), (sums, weighted(data, "balanced"))):
        for _, y, weights in split.batches(1, 0):
            for k in totals:
                totals[k] += float(weights[y == k].sum())
    assert plain[1] > 2 * plain[0]
    assert sums[0] == pytest.approx(sums[1], rel=1e-5)
    assert sum(sums.values()) == pytest.approx(sum(plain.values()), rel=1e-5)
    assert class_weights(data, {"neg": 5.0}).tolist() == [5, 1]
    with pytest.raises(UserError, match="no label 'negg', did you mean neg|no label 'negg'"):
        class_weights(data, {"negg": 5.0})


def test_weights_of_classes_that_are_not_there_are_refused_and_nothing_is_written(films):
    done = CliRunner().invoke(main, ["run", "c.yaml", "training.class_weights={negg: 2.0}"])
    assert done.exit_code == 2
    assert "there is no label 'negg'" in done.output
    assert not (films / "runs").exists()
    with pytest.raises(ConfigError, match="only classification and tagging have classes to weigh"):
        load("c.yaml", ["data={name: adding}", "model.embedding=null"])


@pytest.mark.slow
def test_a_result_tells_every_class(films):
    done = CliRunner().invoke(main, ["run", "c.yaml"])
    assert done.exit_code == 0, done.output
    result = json.loads((films / "runs/x/base/seed-1/result.json").read_text())
    rows, matrix = result["classes"]["classes"], np.array(result["classes"]["confusion"])
    assert [row["label"] for row in rows] == ["neg", "pos"]
    assert [row["support"] for row in rows] == matrix.sum(axis=1).tolist()
    assert np.trace(matrix) / matrix.sum() == pytest.approx(result["metrics"]["test_accuracy"])
    occurring = [row["f1"] for row, line, column in zip(rows, matrix, matrix.T, strict=True) if line.sum() + column.sum()]
    assert np.mean(occurring) == pytest.approx(result["metrics"]["test_macro_f1"], abs=1e-6)
