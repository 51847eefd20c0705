"""rnnlab from Python, end to end: load, run, open, tables, comparison, plots, a model that leaves."""

import json
import os
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

import rnnlab
from rnnlab.config import ConfigError
from rnnlab.errors import UserError
from rnnlab.storage import store

DOCUMENT = {
    "name": "small",
    "data": {"name": "text", "train": "a.txt", "level": "word", "window": 4, "batch_size": 2},
    "model": {"embedding": {"width": 4}, "recurrent": [{"cell": "gru", "units": 4}]},
    "training": {"epochs": 2, "monitor": "perplexity"},
    "compare": {"seeds": 2, "variants": {"none": {}, "gal": {"recurrent_dropout": 0.2}}},
    "executor": {"name": "in_process"},
}


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> rnnlab.Study:
    """Four runs on a few lines of text."""
    folder = tmp_path_factory.mktemp("study")
    (folder / "a.txt").write_text("the cat saw the dog and the dog saw the cat\n" * 40)
    document = {**DOCUMENT, "data": {**DOCUMENT["data"], "train": str(folder / "a.txt")}}
    return rnnlab.run(rnnlab.Experiment.from_dict(document), runs=folder / "runs")


def test_runs_are_a_table_with_metrics_and_the_settings_that_differ(study):
    table = study.runs()
    assert list(zip(table.variant, table.seed, strict=True)) == [("gal", 1), ("gal", 2), ("none", 1), ("none", 2)]
    assert (table.status == "done").all()
    for row in table.itertuples():
        result = json.loads((study.folder / row.variant / f"seed-{row.seed}" / store.RESULT).read_text())
        assert row.test_perplexity == result["metrics"]["test_perplexity"]
    assert dict(zip(table.variant, table["model.recurrent.0.recurrent_dropout"], strict=True)) == {"none": 0.0, "gal": 0.2}
    assert not {"training.epochs", "model.recurrent.0.units"} & set(table)


def test_epochs_are_the_curves_in_long_form(study):
    table = study.epochs()
    wide = table[table.metric == "perplexity"].pivot_table(index=["variant", "seed", "epoch"], columns="split", values="value")
    assert len(wide) == 8
    history = study["gal", 2].history()
    assert list(wide.loc["gal", 2].validation) == list(history.val_perplexity)
    assert list(wide.loc["gal", 2].train) == list(history.perplexity)


def test_a_comparison_has_every_form_and_writes_nothing(study):
    before = {path: path.stat().st_mtime_ns for path in study.folder.rglob("*")}
    answer = study.compare()
    assert "Exploratory" in answer.answer
    table, runs = answer.to_frame(), study.runs()
    means = runs.groupby("variant").test_perplexity.mean()
    assert table["mean"].to_dict() == pytest.approx(means.to_dict())
    assert table.difference["gal"] == pytest.approx(means["gal"] - means["none"])
    assert study.compare(baseline="gal").to_frame().difference["none"] == pytest.approx(-table.difference["gal"])
    assert study.compare(metric="loss").to_frame()["mean"]["gal"] == pytest.approx(
        np.log(runs.test_perplexity)[:2].mean(), 1e-3
    )
    assert "| gal |" in answer.to_markdown()
    assert "toprule" in answer.to_latex()
    assert "<table" in answer._repr_html_()
    assert {path: path.stat().st_mtime_ns for path in study.folder.rglob("*")} == before


def test_plots_take_and_return_axes(study):
    import matplotlib

    matplotlib.use("agg")
    from matplotlib import pyplot

    axes = pyplot.subplots()[1]
    assert study.plot.curves(axes) is axes
    lines = [line.get_ydata() for line in axes.get_lines()]
    expected = study.epochs().query("metric == 'perplexity' and variant == 'gal' and split == 'validation'")
    mean = expected.groupby("epoch").value.mean()
    assert any(len(line) == 2 and np.allclose(line, mean) for line in lines)
    assert study.plot.differences().get_xlabel().startswith("difference in test perplexity")
    assert study.plot.seeds() is not study.plot.gap()
    pyplot.close("all")


def test_a_model_leaves_as_a_keras_file_for_any_length(study, tmp_path):
    run = study.best("gal")
    path = run.export(tmp_path / "model.keras")
    tokens = np.array([[1, 2, 3, 4, 5, 3, 2]])
    code = (
        "import sys, keras, numpy as np, rnnlab.layers\n"
        "x = np.load(sys.argv[2]); print(keras.saving.load_model(sys.argv[1])(x).numpy().tolist())"
    )
    np.save(tmp_path / "x.npy", tokens)
    done = subprocess.run([sys.executable, "-c", code, path, tmp_path / "x.npy"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    logits = np.array(json.loads(done.stdout))
    weights = run.model().get_weights()
    again = keras.saving.load_model(path)
    assert all(np.array_equal(a, b) for a, b in zip(again.get_weights(), weights, strict=True))
    assert np.allclose(again(tokens[:, :3]).numpy(), logits[:, :3], atol=1e-5)


def test_a_compiled_model_saved_by_keras_loads_with_its_optimizer(study, tmp_path):
    model = study["none", 1].model()
    model.save(tmp_path / "whole.keras")
    again = keras.saving.load_model(tmp_path / "whole.keras")
    assert type(again.optimizer) is type(model.optimizer)
    assert again.optimizer.section == model.optimizer.section


def test_best_is_chosen_on_validation_data(study):
    table = study.runs()
    best = table.loc[table.val_perplexity.idxmin()]
    assert (study.best().variant, study.best().seed) == (best.variant, best.seed)


def test_a_run_predicts_and_shows_its_inside(study):
    run = study["none", 1]
    assert run.predict(["the cat saw"], samples=0)[0]["next"]
    (first, *_) = run.predict(split="test", samples=0)
    assert {"position", "truth"} <= set(first)
    assert run.generate("the", 3, temperature=0).startswith("the ")
    with pytest.raises(UserError, match="nothing to predict from: give texts, a file, or a split"):
        run.predict()
    with pytest.raises(UserError, match="predicts a split token by token"):
        run.predict("the cat", split="test")
    assert {"forget", "update"} & set(run.inspect()["what"])
    assert study.report(study.folder.parent / "r.html", svg=study.folder.parent / "svg").exists()
    assert list((study.folder.parent / "svg").glob("*.svg"))


def test_what_is_not_there_is_refused_by_name(study, tmp_path):
    with pytest.raises(UserError, match=r"no run of variant 'gla' with seed 1 .did you mean gal"):
        study["gla", 1]
    with pytest.raises(UserError, match="its seeds are 1, 2"):
        study["gal", 3]
    with pytest.raises(UserError, match="is not the folder of an experiment"):
        rnnlab.open(tmp_path)
    with pytest.raises(ConfigError, match="units"):
        rnnlab.Experiment.from_dict({**DOCUMENT, "model": {"recurrent": [{"unitz": 4}]}})
    with pytest.raises(AttributeError, match="has no attribute 'lod'"):
        rnnlab.lod  # noqa: B018


def test_overrides_are_values_or_strings(root):
    file = root / "configs" / "quickstart.yaml"
    assert len(rnnlab.load(file, {"compare.seeds": 8}).runs()) == len(rnnlab.load(file, ["compare.seeds=8"]).runs())
    assert rnnlab.load(file, {"model.recurrent.0.recurrent_dropout": {"scheme": "zoneout", "cell": 0.1, "hidden": 0.1}})


def test_importing_the_package_loads_nothing_heavy():
    code = "import sys, rnnlab; print(sorted({'keras', 'tensorflow', 'pandas', 'pydantic', 'numpy'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_every_public_name_is_there_and_documented():
    assert set(dir(rnnlab)) == {*rnnlab.__all__}
    assert all(getattr(rnnlab, name).__doc__ for name in rnnlab.__all__)


def test_opening_writes_nothing_and_lists_runs(study):
    again = rnnlab.open(Path(study.folder))
    assert [(run.variant, run.seed) for run in again] == [("gal", 1), ("gal", 2), ("none", 1), ("none", 2)]
    assert again.experiment.document == study.experiment.document


@pytest.mark.process
def test_a_process_whose_backend_has_started_with_other_threads_trains_in_a_worker(tmp_path):
    """As every notebook has: TensorFlow has computed something with all cores."""
    document = {**DOCUMENT, "data": {"name": "adding", "length": 4}, "model": {"recurrent": [{"units": 2}]}}
    document |= {"training": {"epochs": 1}, "compare": {"seeds": 1}, "executor": {"name": "local"}}
    code = (
        "import json, sys, tensorflow as tf\n"
        "tf.config.threading.set_intra_op_parallelism_threads(2); tf.constant(1.0)\n"
        "import rnnlab; experiment = rnnlab.Experiment.from_dict(json.loads(sys.argv[1]))\n"
        "print(list(rnnlab.run(experiment).runs().status))"
    )
    free = {name: value for name, value in os.environ.items() if not name.startswith("TF_NUM")}
    words = [sys.executable, "-c", code, json.dumps(document)]
    done = subprocess.run(words, cwd=tmp_path, env=free, capture_output=True, text=True)
    assert done.stdout.splitlines()[-1:] == ["['done']"], done.stderr
