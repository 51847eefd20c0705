"""Ensembles against means taken by hand: positions, padding, carried states, all kinds of prediction; nothing is written."""

import csv
import json
import os
from pathlib import Path

import keras
import numpy as np
import pytest
import yaml
from click.testing import CliRunner
from pydantic import TypeAdapter

from rnnlab import open as open_study
from rnnlab.cli import main
from rnnlab.config import load
from rnnlab.data import build_dataset
from rnnlab.data.data_config import DataConfig
from rnnlab.errors import UserError
from rnnlab.inspection.montecarlo import Samples
from rnnlab.inspection.together import together
from rnnlab.models import build_model
from rnnlab.models.model_config import ModelConfig
from rnnlab.sweep.sweep import run
from rnnlab.trained.ensemble import Ensemble
from rnnlab.trained.loading import trained
from rnnlab.trained.predictor import predictor


def made(folder: Path, document: dict) -> Path:
    """The results of an experiment of tiny runs."""
    whole = {"name": "e", "executor": {"name": "in_process"}, **document}
    (folder / "e.yaml").write_text(yaml.safe_dump(whole))
    sweep = run(load(folder / "e.yaml"), folder / "runs")
    assert sweep.exit_status == 0
    return sweep.folder


def call(*arguments: object) -> str:
    """What `rnnlab` prints."""
    done = CliRunner().invoke(main, list(map(str, arguments)))
    assert done.exit_code == 0, done.output
    return done.stdout


def folders(experiment: Path, variant: str) -> list[Path]:
    """The runs of a variant."""
    return sorted((experiment / variant).glob("seed-*"))


def contents(folder: Path) -> dict[str, tuple]:
    """Everything that lies in a folder."""
    return {str(path): (path.stat().st_mtime_ns, path.stat().st_size) for path in folder.rglob("*")}


def softmax(z: np.ndarray) -> np.ndarray:
    e = np.exp(z.astype(np.float64) - z.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def test_the_mean_of_random_members_batch_by_batch():
    random = np.random.default_rng(0)
    p = softmax(random.normal(size=(3, 5, 4, 7, 6)))  # members, batches, rows, steps, classes
    own = -(p * np.log(p)).sum(-1)

    def member(number):
        def predict(batches):
            for x in batches:
                yield Samples(p[number, x], np.zeros(p.shape[2:]), own[number, x])

        return predict

    for x, moments in enumerate(together([member(number) for number in range(3)], range(5))):
        np.testing.assert_allclose(moments.mean, p[:, x].mean(0), rtol=1e-12)
        np.testing.assert_allclose(moments.variance, p[:, x].var(0), atol=1e-12)
        np.testing.assert_allclose(moments.entropy, own[:, x].mean(0), rtol=1e-12)


def test_the_heads_of_a_member_may_give_quantiles_in_any_order(tmp_path, monkeypatch):
    monkeypatch.setenv("RNNLAB_DATA", str(tmp_path / "data"))
    np.savez(tmp_path / "a.npz", y=np.sin(np.arange(200)))
    data = {"name": "series", "train": str(tmp_path / "a.npz"), "columns": "y", "quantiles": [0.1, 0.5, 0.9], "window": 10}
    dataset = build_dataset.build(TypeAdapter(DataConfig).validate_python({**data, "batch_size": 4}))
    config = ModelConfig.model_validate({"recurrent": [{"units": 3}]})
    one, other = (build_model.build(config, dataset.task, 1) for _ in range(2))
    head = other.get_layer("head")
    head.set_weights([weight[..., ::-1] for weight in head.get_weights()])

    def metrics(*models):
        whole = Ensemble([])
        vars(whole).update(dataset=dataset, _models=list(models))
        return whole._forecast()

    assert 0 < metrics(one, one)["test_coverage_80"] < 1
    assert metrics(one, other) == pytest.approx(metrics(one, one), rel=1e-6)


@pytest.fixture(scope="module")
def language(tmp_path_factory: pytest.TempPathFactory, shared_data: Path) -> Path:
    """Two seeds of a language model with dropout, of real text, by characters; the state is carried."""
    folder = tmp_path_factory.mktemp("language")
    text = next((shared_data / "tiny_shakespeare").glob("*.txt")).read_text()
    for name, begin in (("train", 0), ("validation", 5000), ("test", 8000)):
        (folder / f"{name}.txt").write_text(text[begin : begin + 1531])
    files = {name: str(folder / f"{name}.txt") for name in ("train", "validation", "test")}
    return made(
        folder,
        {
            "data": {"name": "text", "level": "character", "window": 20, "batch_size": 4, **files},
            "model": {"embedding": {"width": 8}, "recurrent": [{"units": 8, "dropout": 0.3}]},
            "training": {"epochs": 1, "optimizer": {"name": "adam", "learning_rate": 0.02}},
            "compare": {"variants": {"v": {"recurrent_dropout": 0.2}}, "seeds": 2},
        },
    )


@pytest.mark.slow
def test_a_language_model_carries_the_state_of_every_member(language):
    before = contents(language)
    ensemble = open_study(language).ensemble("v")
    parts = [trained(folder) for folder in folders(language, "v")]
    p, y = [], []
    for run_ in parts:
        for layer in run_.model.layers:
            if getattr(layer, "stateful", False):
                layer.reset_state()
        batches = list(run_.dataset.test.batches(0, 0))
        outputs = [softmax(keras.ops.convert_to_numpy(run_.model(batch.x, training=False))) for batch in batches]
        p.append(np.concatenate([out[batch.sample_weight > 0] for out, batch in zip(outputs, batches, strict=True)]))
        y = np.concatenate([batch.y[batch.sample_weight > 0] for batch in batches])
    mean = np.mean(p, axis=0)
    assert len(y) == parts[0].dataset.test.size < sum(batch.y.size for batch in batches)  # some positions are padding
    surprise = -np.log(mean[np.arange(len(y)), y]).mean()
    metrics = ensemble.evaluated.metrics
    assert metrics["test_loss"] == pytest.approx(surprise, rel=1e-6)
    assert metrics["test_perplexity"] == pytest.approx(np.exp(surprise), rel=1e-5)
    assert metrics["test_bits_per_character"] == pytest.approx(surprise / np.log(2), rel=1e-5)
    right = mean.argmax(-1) == y
    bins = np.ceil(mean.max(-1) * 15).astype(int)
    gaps = [(bins == b).sum() * abs(right[bins == b].mean() - mean.max(-1)[bins == b].mean()) for b in np.unique(bins)]
    assert metrics["test_expected_calibration_error"] == pytest.approx(sum(gaps) / len(y), abs=1e-6)
    assert surprise < min(run_.ended.result.metrics["test_loss"] for run_ in parts)  # Jensen: below the mean; here below each
    rows = list(ensemble.predictions())
    assert [row["position"] for row in rows] == list(range(1, len(y) + 1))
    assert np.mean([-np.log(row["probability"]) for row in rows]) == pytest.approx(surprise, rel=1e-6)
    assert contents(language) == before


@pytest.mark.slow
def test_comparisons_show_ensembles_only_where_asked(language):
    plain = json.loads(call("compare", language, "--json"))
    assert "ensembles" not in plain
    row = json.loads(call("compare", language, "--ensembles", "--json"))["ensembles"]["v"]
    metrics = open_study(language).ensemble("v").evaluated.metrics
    assert row["value"] == pytest.approx(metrics[plain["metric"]], rel=1e-6)
    assert row["mean"] == pytest.approx(plain["variants"]["v"]["value"]["mean"], rel=1e-6)
    told = call("compare", language, "--ensembles")
    assert "mean of the seeds" in told
    assert "no significance is claimed" in told
    assert "ensemble" not in call("compare", language)
    refused = CliRunner().invoke(main, ["compare", str(language), "--ensembles", "--metric", "val_loss"])
    assert (refused.exit_code, "an ensemble has no metric val_loss" in refused.output) == (2, True)
    table = json.loads(call("ensemble", language, "--json"))
    assert {one["metric"]: one["ensemble"] for one in table}.keys() == metrics.keys()


@pytest.mark.slow
def test_padded_frames_of_music_do_not_count(tmp_path, shared_data):
    data = {"name": "polyphonic", "set": "jsb", "folder": str(shared_data / "polyphonic_music"), "limit_examples": 4}
    experiment = made(
        tmp_path,
        {
            "data": {**data, "batch_size": 3},
            "model": {"recurrent": [{"units": 5}]},
            "training": {"epochs": 1},
            "compare": {"variants": {"v": {}}, "seeds": 2},
        },
    )
    ensemble = open_study(experiment).ensemble("v")
    members, split = [predictor(folder).model for folder in folders(experiment, "v")], ensemble.dataset.test
    assert len(set(split.lengths.tolist())) > 1
    surprise, hits, wrong = [], 0, 0
    for number in range(len(split.lengths)):  # piece by piece, without a batch
        own = slice(int(split.offsets[number]), int(split.offsets[number + 1]))
        x, y = split.values[own].astype(np.float32), split.targets[own]
        p = np.mean([1 / (1 + np.exp(-np.asarray(model(x[None]), np.float64)[0])) for model in members], axis=0)
        surprise += list(-np.log(np.where(y > 0, p, 1 - p)).sum(-1))
        hits += 2 * ((p > 0.5) & (y > 0)).sum()
        wrong += ((p > 0.5) != (y > 0)).sum()
    metrics = ensemble.evaluated.metrics
    assert metrics["test_frame_negative_log_likelihood"] == pytest.approx(np.mean(surprise), rel=1e-5)
    assert metrics["test_loss"] == pytest.approx(np.mean(surprise), rel=1e-6)
    assert metrics["test_micro_f1"] == pytest.approx(hits / (hits + wrong) if hits else 0, abs=1e-5)
    call("ensemble", experiment, "--variant", "v", "--output", tmp_path / "out.csv")
    call("predict", folders(experiment, "v")[0], "--split", "test", "--output", tmp_path / "one.csv")
    columns = [next(csv.reader((tmp_path / name).open())) for name in ("out.csv", "one.csv")]
    assert columns[0] == columns[1]


@pytest.mark.slow
def test_numbers_are_averaged_and_their_spread_is_that_of_the_seeds(tmp_path):
    random = np.random.default_rng(0)
    x = random.normal(size=(90, 5, 2))
    np.savez(tmp_path / "a.npz", x=x, y=x.sum((1, 2)) + 3)
    experiment = made(
        tmp_path,
        {
            "data": {"name": "npz", "train": str(tmp_path / "a.npz"), "input": "x", "value": "y", "batch_size": 8},
            "model": {"recurrent": [{"units": 4}]},
            "training": {"epochs": 1},
            "compare": {"variants": {"v": {}}, "seeds": 2},
        },
    )
    ensemble = open_study(experiment).ensemble("v")
    split, members = ensemble.dataset.test, [predictor(folder) for folder in folders(experiment, "v")]
    said = np.array([np.asarray(one.model(split.values.reshape(-1, 5, 2)))[:, 0] for one in members], np.float64)
    error = said.mean(0) - split.targets[:, 0]
    assert ensemble.evaluated.metrics["test_root_mean_squared_error"] == pytest.approx(np.sqrt((error**2).mean()), rel=1e-5)
    assert ensemble.evaluated.metrics["test_loss"] == pytest.approx((error**2).mean(), rel=1e-5)
    scale = members[0].codec.targets
    rows = list(ensemble.predictions())
    for row, value, spread in zip(rows, said.mean(0), said.std(0), strict=True):
        assert row["values"][0]["value"] == pytest.approx(float(scale.restored(np.array([value]))[0]), rel=1e-5)
        assert row["values"][0]["deviation"] == pytest.approx(spread * scale.deviation[0], rel=1e-3, abs=1e-6)
    assert {row["variant"] for row in json.loads(call("ensemble", experiment, "--json"))} == {"v"}
    with pytest.raises(UserError, match=r"has no variant 'vv' .did you mean v"):
        open_study(experiment).ensemble("vv")
    os.remove(experiment / "v" / "seed-2" / "result.json")
    with pytest.raises(UserError, match=r"at least two finished runs .*: only .*seed-1 is done"):
        open_study(experiment).ensemble("v")
