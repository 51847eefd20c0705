"""Predictions in batches: the same as one by one, whatever else is predicted; into files; of a split with its truth."""

import csv
import json
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result
from thinning import kept, thinned
from trained.text_runs import FILMS

from rnnlab.cli import main
from rnnlab.inspection.batched import Batched, width
from rnnlab.inspection.outputs import link
from rnnlab.trained.loading import trained
from rnnlab.trained.predictor import NOTHING, Predictor, predictor

WORDS = ["a", "good", "bad", "film", ",", "it", "is", "strange", "dull"]
RANDOM = np.random.default_rng(3)
TEXTS = [" ".join(RANDOM.choice(WORDS, RANDOM.integers(1, 40))) for _ in range(150)]


def call(*arguments: object, given: str | None = None) -> Result:
    done = CliRunner().invoke(main, ["predict", *map(str, arguments)], input=given)
    assert done.exit_code == 0, done.output
    return done


@pytest.mark.parametrize(("name", "samples"), thinned(product(["labels", "tags", "words"], [0, 3])))
def test_a_prediction_does_not_depend_on_its_batch(made: dict[str, Path], name: str, samples: int) -> None:
    model = predictor(made[name])
    inputs = [model.text(text).x for text in TEXTS[: 12 if name == "words" else 150]]  # which has Keras's own layers
    batched = Batched(model.model, link(model.task), model.task.kind.per_step, samples, seed=5)
    together = list(batched(inputs))
    for place in (0, 1, 7, -1):
        (alone,) = Batched(model.model, link(model.task), model.task.kind.per_step, samples, seed=5)([inputs[place]])
        np.testing.assert_allclose(alone.mean, together[place].mean, atol=1e-6)
        np.testing.assert_allclose(alone.variance, together[place].variance, atol=1e-6)
        assert (alone.variance.max() > 0) == bool(samples)


def test_the_config_of_a_run_is_checked_once_and_not_for_every_input(made: dict[str, Path]) -> None:
    model = predictor(made["labels"])
    assert model.config is model.config


def test_samples_are_the_average_of_noisy_passes(made: dict[str, Path]) -> None:
    """The spread over many samples comes near that of the model called with its noise, row by row."""
    model = predictor(made["labels"])
    x = model.text("a good film , it is").x
    (prediction,) = Batched(model.model, link(model.task), False, 400, seed=1)([x])
    logits = np.array(model.model(np.tile(x, (400, 1)), training=True))
    p = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
    np.testing.assert_allclose(prediction.mean, p.mean(0), atol=4 * p.std() / 20 + 1e-3)
    np.testing.assert_allclose(np.sqrt(prediction.variance), p.std(0), rtol=0.2)


def test_few_shapes_are_compiled() -> None:
    widths = [width(steps) for steps in range(1, 2000)]
    assert all(w >= steps for steps, w in enumerate(widths, 1))
    assert all(w <= max(8, 1.5 * steps) for steps, w in enumerate(widths, 1))
    assert len(set(widths)) == 17


def test_an_empty_line_has_an_empty_prediction_in_its_place(made: dict[str, Path]) -> None:
    predictions = json.loads(call(made["labels"], "--file", "-", "--json", given="\na good film\n\n\na bad film\n\n").stdout)
    assert ["note" in answer for answer in predictions] == [True, False, True, True, False, True]
    assert predictions[0] == {"row": 1, "text": "", "unknown": [], "note": NOTHING}
    assert NOTHING in call(made["labels"], "--text", "  ").stdout


@pytest.mark.parametrize("suffix", kept([".csv", ".jsonl", ".parquet"]))
def test_rows_come_in_order_into_a_file(made: dict[str, Path], tmp_path: Path, suffix: str) -> None:
    (tmp_path / "in.txt").write_text("\n".join(["", *TEXTS, ""]) + "\n")
    output = tmp_path / f"out{suffix}"
    call(made["labels"], "--file", tmp_path / "in.txt", "--output", output)
    rows = _read(output)
    assert [row["text"] for row in rows] == ["", *TEXTS, ""]
    assert [row.get("note") or "" for row in rows] == [NOTHING, *[""] * 150, NOTHING]
    answer = predictor(made["labels"])(TEXTS[9])
    assert rows[10]["label"] == answer["labels"][0]["name"]
    for label in answer["labels"]:
        assert float(rows[10][f"p({label['name']})"]) == pytest.approx(label["probability"], abs=1e-6)


def _read(path: Path) -> list[dict[str, Any]]:
    if path.suffix == ".csv":
        return list(csv.DictReader(path.open(newline="")))
    if path.suffix == ".jsonl":
        return [json.loads(line) for line in path.read_text().splitlines()]
    from pyarrow import parquet

    return list(parquet.read_table(path).to_pylist())


def test_a_column_of_a_table_is_read(made: dict[str, Path], tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text('number,text\n1,"a good film, it is"\n2,dull\n')
    own, named = (call(made[name], "--file", tmp_path / "a.csv", *more, "--json").stdout for name, more in
                  (("labels", []), ("rating", ["--column", "text"])))  # fmt: skip
    assert [answer["text"] for answer in json.loads(own)] == ["a good film, it is", "dull"]
    assert [answer["text"] for answer in json.loads(named)] == ["a good film, it is", "dull"]


def test_a_split_has_its_truth_and_the_metrics_of_the_run(made: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(made["labels"].parents[3])
    monkeypatch.setenv("RNNLAB_DATA", str(made["labels"].parents[3] / "again"))
    split = ("--split", "train", "--samples", 0, "--output")
    for name in made:
        call(made[name], *split, f"{name}.csv")
    metrics = {name: trained(run).ended.result.metrics for name, run in made.items()}
    rows = {name: _read(Path(f"{name}.csv")) for name in made}
    assert len(rows["labels"]) == 20
    assert sum(row["label"] == row["truth"] for row in rows["labels"]) / 20 == pytest.approx(
        metrics["labels"]["train_accuracy"]
    )
    assert {row["text"] for row in rows["labels"]} <= set(FILMS)
    errors = np.array([float(row["value"]) - float(row["truth"]) for row in rows["rating"]])
    scale = trained(made["rating"]).dataset.codec.targets
    unit = scale.deviation[0] if scale else 1.0
    wanted = metrics["rating"]["train_root_mean_squared_error"] * unit
    assert np.sqrt((errors**2).mean()) == pytest.approx(wanted, rel=1e-4)
    right = np.mean([row["label"] == row["truth"] for row in rows["tags"]])
    assert right == pytest.approx(metrics["tags"]["train_accuracy"])
    p = np.array([float(row["probability"]) for row in rows["words"]])
    assert np.exp(-np.log(p).mean()) == pytest.approx(metrics["words"]["train_perplexity"], rel=1e-4)


@pytest.mark.slow
def test_the_predictor_reads_arrays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from trained.small_runs import numbers_run

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RNNLAB_DATA", str(tmp_path / "data"))
    x, run = numbers_run(tmp_path)
    rows = json.loads(call(run, "--file", "new.npz", "--json", "--samples", 0).stdout)
    model: Predictor = predictor(run)
    assert len(rows) == 7
    scaled = ((x - np.array(model.codec.inputs.mean)) / np.array(model.codec.inputs.deviation)).astype(np.float32)
    logits = np.array(model.model(scaled))
    p = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
    probabilities = [max(row["labels"], key=lambda one: one["name"])["probability"] for row in rows]
    np.testing.assert_allclose(probabilities, p[:, 1], atol=1e-5)
