"""Precision, recall, F1, confusion and average precision of each class, against counts taken one by one."""

import json

import numpy as np
import pytest
import yaml
from click.testing import CliRunner

from rnnlab import sealed
from rnnlab.cli import main
from rnnlab.comparison.compare import compare
from rnnlab.comparison.json_file import document
from rnnlab.config import ConfigError, load
from rnnlab.data.build_dataset import build
from rnnlab.errors import UserError
from rnnlab.inspection.classes import average_precision, confusion, precision_recall_f1
from rnnlab.models.losses import Weighted, frame_cross_entropy
from rnnlab.models.objective import objective
from rnnlab.report.html import write
from rnnlab.storage import store
from rnnlab.storage.run_result import RunResult
from rnnlab.training.class_weights import class_weights, weighted


def test_counts_of_every_class_are_those_taken_one_by_one():
    random = np.random.default_rng(1)
    true, predicted = random.integers(0, 4, 300), random.integers(0, 3, 300)  # class 3 is never predicted
    matrix = confusion(true, predicted, 4)
    scores = precision_recall_f1(np.diag(matrix), matrix.sum(axis=0), matrix.sum(axis=1))
    for k in range(4):
        hits = sum(t == p == k for t, p in zip(true, predicted, strict=True))
        precision, recall = hits / max(1, sum(predicted == k)), hits / sum(true == k)
        assert scores["precision"][k] == pytest.approx(precision)
        assert scores["recall"][k] == pytest.approx(recall)
        assert scores["f1"][k] == pytest.approx(2 * precision * recall / (precision + recall) if hits else 0)
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
    with pytest.raises(UserError, match="no label 'negg'"):
        class_weights(data, {"negg": 5.0})


def test_weights_of_classes_that_are_not_there_are_refused_and_nothing_is_written(films):
    done = CliRunner().invoke(main, ["run", "c.yaml", "training.class_weights={negg: 2.0}"])
    assert done.exit_code == 2
    assert "there is no label 'negg'" in done.output
    assert not (films / "runs").exists()
    with pytest.raises(ConfigError, match="only classification, with one label or several, and tagging"):
        load("c.yaml", ["data.label=null", "data.value=label"])


def test_several_labels_a_text_are_weighed_by_having_them(films):
    """A weighted mark counts in the loss so many times more, and in no metric."""
    rows = "".join(f"film {n},{'a|b' if n % 5 == 0 else 'b' if n % 2 else 'c'}\n" for n in range(60))
    (films / "several.csv").write_text("text,labels\n" + rows)
    data = build(load("c.yaml", ["data.train=several.csv", "data.label=null", "data.labels=labels"]).config.data)
    balanced = class_weights(data, "balanced")
    marks = np.concatenate([batch.y[batch.sample_weight > 0] for batch in data.train.batches(1, 0)])
    assert balanced * marks.sum(axis=0) == pytest.approx(len(marks) - marks.sum(axis=0))
    batch, plain = next(iter(weighted(data, {"a": 5.0}).batches(1, 0))), next(iter(data.train.batches(1, 0)))
    assert batch.y.tolist() == (plain.y * [5, 1, 1]).tolist()
    logits = np.random.default_rng(0).normal(size=plain.y.shape).astype(np.float32)
    log_p, log_q = -np.log1p(np.exp(-logits)), -np.log1p(np.exp(logits))
    loss = Weighted(objective(data.task).position_loss).call
    assert np.array(loss(batch.y, logits)) == pytest.approx(-(batch.y * log_p + (1 - plain.y) * log_q).sum(axis=1), rel=1e-5)
    assert np.array(loss(plain.y, logits)) == pytest.approx(np.array(frame_cross_entropy(plain.y, logits)), rel=1e-6)
    for metric in objective(data.task).metrics(3):
        known = float(metric(plain.y, logits))
        metric.reset_state()
        assert float(metric(batch.y, logits)) == known


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


def test_classes_of_all_seeds_reach_the_comparison_and_the_report(make, tmp_path):
    folder = make.experiment({"a": 0.0, "b": 1.0}, seeds=3)
    for n, path in enumerate(sorted(folder.glob("a/seed-*/result.json"))):
        result = sealed.unseal(path.read_text())
        rows = [
            {"label": "<neg>", "precision": 0.2 * n, "recall": 0.5, "f1": 0.25, "support": 4},
            {"label": "pos", "precision": 1.0, "recall": 0.5, "f1": 0.75, "support": 6},
        ]
        result["classes"] = {"classes": rows, "confusion": [[2, 2], [n, 6 - n]]}
        store.write_result(path.parent, RunResult.of(result))
    told = document(compare(folder))["classes"]
    assert list(told) == ["a"]
    assert told["a"]["seeds"] == 3
    assert told["a"]["confusion"] == [[6, 6], [3, 15]]
    assert told["a"]["classes"][0]["precision"] == pytest.approx(0.2)
    page = write(folder).read_text()
    assert "&lt;neg&gt;" in page
    assert "".join(f'<td class="number">{cell}</td>' for cell in ("0.200", "0.500", "0.250", 4, 6, 6)) in page
