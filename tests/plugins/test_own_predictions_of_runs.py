"""Runs on tasks of a plug-in: averaged over samples and seeds, told, exported, reported."""

import json

import numpy as np
import pytest
from click.testing import CliRunner

import rnnlab
from rnnlab import plugins
from rnnlab.cli import main
from rnnlab.report import explorer
from rnnlab.storage import store
from rnnlab.trained.explored import explore

TEXT = """
import numpy as np
from keras import ops

import rnnlab


def error(targets, outputs):
    return ops.mean(ops.abs(targets - outputs[..., :1]), axis=-1)


def to(outputs):
    return np.concatenate([outputs[..., :1], np.exp(outputs[..., 1:])], axis=-1)


def back(predicted):
    return np.concatenate([predicted[..., :1], np.log(predicted[..., 1:])], axis=-1)


@rnnlab.register.task(
    "gaussian", heads=2, metrics={"mean_error": (error, "min")}, predict=to, inverse=back, names=("mean", "deviation")
)
def gaussian(targets, outputs):
    mean, log_deviation = ops.split(outputs, 2, axis=-1)
    return ops.mean(0.5 * ops.square((targets - mean) * ops.exp(-log_deviation)) + log_deviation, axis=-1)


@rnnlab.register.dataset("noisy", task="gaussian")
def noisy(config, examples, seed):
    x = np.random.default_rng(seed).normal(size=(examples, 4, 1)).astype("float32")
    return x, x.sum(axis=1)


@rnnlab.register.task("focal", classes=True)
def focal(targets, outputs):
    p = ops.take_along_axis(ops.softmax(outputs), ops.expand_dims(ops.cast(targets, "int32"), -1), axis=-1)[..., 0]
    return -ops.square(1 - p) * ops.log(p)


@rnnlab.register.dataset("signs", task="focal", outputs=2)
def signs(config, examples, seed):
    x = np.random.default_rng(seed).normal(size=(examples, 4, 1)).astype("float32")
    return x, (x.sum(axis=(1, 2)) > 0).astype("int32")
"""
EXPERIMENT = """name: own
plugins: [tasks.py]
data: {name: noisy, examples: {train: 32, validation: 16, test: 21}, batch_size: 8}
model: {recurrent: [{units: 3, dropout: 0.2}]}
training: {epochs: 1}
evaluation: {montecarlo: {samples: 3}}
executor: {name: in_process}
compare:
  seeds: 2
  variants: {gaussian: {}, focal: {data: {name: signs}}}
"""


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """The folder of results of an experiment on both tasks, two seeds each."""
    folder = tmp_path_factory.mktemp("own")
    (folder / "tasks.py").write_text(TEXT)
    (folder / "own.yaml").write_text(EXPERIMENT)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plugins, "_LOADED", {})
        assert rnnlab.run(folder / "own.yaml", folder).sweep.exit_status == 0
    return folder / "own"


@pytest.fixture
def study(finished, monkeypatch):
    monkeypatch.setattr(plugins, "_LOADED", {})
    return rnnlab.open(finished)


def call(*words):
    done = CliRunner().invoke(main, [str(word) for word in words], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


@pytest.mark.slow
def test_monte_carlo_measures_what_is_predicted(study):
    gaussian, focal = study["gaussian", 1].metrics, study["focal", 1].metrics
    assert {"test_mc_loss", "test_mc_mean_error", "test_mc_predictive_deviation"} <= set(gaussian)
    assert gaussian["test_mc_predictive_deviation"] > 0
    assert {"test_brier_score", "test_mc_expected_calibration_error", "test_mc_mutual_information"} <= set(focal)
    assert "p" in study.compare(metric="mc_mean_error", baseline="gaussian").to_frame()
    study.report()


@pytest.mark.slow
@pytest.mark.parametrize("samples", [0, 4])
def test_predict_tells_a_split_of_it(study, samples):
    run = study["gaussian", 1]
    told = json.loads(call("predict", run.folder, "--split", "test", "--samples", samples, "--json"))
    assert told == run.predict(split="test", samples=samples)
    predicted = np.array([[one["predicted"][name]["value"] for name in ("mean", "deviation")] for one in told])
    split = run.dataset().test
    np.testing.assert_allclose([one["truth"][0] for one in told], split.y[:, 0], rtol=1e-6)
    spread = np.array([one["predicted"]["mean"]["deviation"] for one in told])
    assert (spread > 0).all() if samples else not spread.any()
    if not samples:
        outputs = run.model().predict(split.x[:16], batch_size=8, verbose=0)
        np.testing.assert_allclose(predicted[:16], np.stack([outputs[:, 0], np.exp(outputs[:, 1])], 1), rtol=1e-4)
    labels = json.loads(call("predict", study["focal", 1].folder, "--split", "test", "--samples", samples, "--json"))
    assert sum(one["probability"] for one in labels[0]["labels"]) == pytest.approx(1)


@pytest.mark.slow
def test_an_ensemble_averages_what_is_predicted(study, tmp_path):
    ensemble = study.ensemble("gaussian")
    models = [study["gaussian", seed].model() for seed in (1, 2)]
    split = ensemble.dataset.test
    real = split.x[: split.size]
    every = np.stack([model.predict(real, batch_size=8, verbose=0) for model in models])
    mean = every[..., :1].mean(0)
    y = split.y[: split.size]
    assert ensemble.evaluated.metrics["test_mean_error"] == pytest.approx(np.abs(y - mean).mean(), rel=1e-4)
    deviation = np.exp(every[..., 1:]).mean(0)
    expected = np.mean(0.5 * ((y - mean) / deviation) ** 2 + np.log(deviation))
    assert ensemble.evaluated.metrics["test_loss"] == pytest.approx(expected, rel=1e-4)
    assert "brier_score" in str(call("ensemble", study.folder, "--variant", "focal"))
    call("ensemble", study.folder, "--variant", "gaussian", "--output", tmp_path / "out.csv")
    assert (tmp_path / "out.csv").read_text().startswith("row,mean,deviation,mean_deviation,deviation_deviation,truth")


@pytest.mark.slow
@pytest.mark.parametrize("to", ["keras", "builtin", "savedmodel"])
def test_its_run_is_exported(study, to, tmp_path):
    run = study["gaussian", 1]
    path = run.export(tmp_path / ("model.keras" if to != "savedmodel" else "model"), to=to)
    x = run.dataset().test.x[:8]
    expected = np.asarray(run.model()(x))
    if to == "savedmodel":
        import tensorflow as tf

        loaded = tf.saved_model.load(str(path))  # whose weights live as long as it does
        np.testing.assert_allclose(loaded.serve(x), expected, atol=1e-5)
    else:
        import keras

        np.testing.assert_allclose(keras.models.load_model(path)(x), expected, atol=1e-5)


@pytest.mark.slow
def test_its_run_is_inspected_and_explored(study):
    assert len(study["gaussian", 1].inspect())
    run = study["gaussian", 1]
    shown = explore(run.folder).sequences[0]
    (said, *_) = run.predict(split="validation", samples=0)
    mean, deviation = (said["predicted"][name]["value"] for name in ("mean", "deviation"))
    assert shown["prediction"] == f"mean {mean:.4g}, deviation {deviation:.4g}"
    assert shown["label"] == f"{said['truth'][0]:.4g}"
    assert explorer.write(study["focal", 1].folder).stat().st_size > 1000


@pytest.mark.slow
def test_the_report_shows_its_classes_and_its_numbers_beside_the_truth(study, tmp_path):
    result = study["focal", 1].metrics
    told = store.read_run(study["focal", 1].folder).result.classes
    assert [row["label"] for row in told["classes"]] == ["0", "1"]
    split = study["focal", 1].dataset().test
    best = study["focal", 1].model().predict(split.x, batch_size=8, verbose=0).argmax(-1)
    truth = split.y[: split.size]
    matrix = [[int(((truth == true) & (best[: split.size] == taken)).sum()) for taken in (0, 1)] for true in (0, 1)]
    assert told["confusion"] == matrix
    assert np.isfinite(result["test_loss"])
    call("report", study.folder, "--examples", 3, "--to", tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text()
    said = study["gaussian", 1].predict(split="test", samples=0)[2]
    assert f"<td>{said['truth'][0]:.4g}</td><td>mean {said['predicted']['mean']['value']:.4g}, deviation " in page


READING = [["list", "--runs", "."], ["show", "own"], ["show", "own/focal/seed-1"], ["compare", "own"], ["report", "own"]]
READING += [["compare", "own", "--metric", "mc_mean_error", "--baseline", "gaussian"]]
READING += [["best", "own"], ["clean", "own", "--dry-run"]]


@pytest.mark.slow
def test_verbs_that_read_import_nothing_and_the_others_refuse_where_it_is_forbidden(finished, monkeypatch):
    def imported(*names):
        raise AssertionError(f"{names} is imported")

    monkeypatch.chdir(finished.parent)
    monkeypatch.setattr(plugins, "_LOADED", {})
    monkeypatch.setattr(plugins, "_import", imported)
    for words in READING:
        call(*words)
    monkeypatch.setenv(plugins.FORBIDDEN, "")  # which the option sets, to be undone
    run = "own/focal/seed-1"
    for words in (
        ["run", "own.yaml"],
        ["plan", "own.yaml"],
        ["validate", "own.yaml"],
        ["predict", run, "--split", "test"],
        ["inspect", run],
        ["export", run],
        ["verify", run],
        ["ensemble", "own"],
        ["compare", "own", "--ensembles"],
    ):
        done = CliRunner().invoke(main, [*words, "--no-plugins"])
        assert (done.exit_code, "--no-plugins forbids" in done.output) == (2, True), (words, done.output)
