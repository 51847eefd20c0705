"""A trained model leaves, and predicts the same where rnnlab is not installed."""

import json
import os
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
from click.testing import CliRunner

import rnnlab
from rnnlab.cli import main
from rnnlab.errors import UserError
from rnnlab.trained.export import export
from rnnlab.trained.loading import for_export

ROWS = [("good film number", "pos"), ("a bad one", "neg"), ("not good at all", "neg"), ("very good", "pos")] * 15
LAYERS = {
    "lstm": {"cell": "lstm", "units": 4, "recurrent_dropout": 0.2},
    "gru": {"cell": "gru", "units": 4, "dropout": 0.3, "bidirectional": True},
    "before": {"cell": "gru", "units": 4, "reset_after": False},
    "zoneout": {"cell": "lstm", "units": 4, "recurrent_dropout": {"scheme": "zoneout", "cell": 0.1, "hidden": 0.1}},
    "peephole": {"cell": "lstm", "units": 4, "peephole": True},
}


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> rnnlab.Study:
    """A run of each kind of layer on padded texts."""
    folder = tmp_path_factory.mktemp("export")
    (folder / "a.csv").write_text("text,label\n" + "".join(f"{text} {i},{label}\n" for i, (text, label) in enumerate(ROWS)))
    document = {
        "name": "small",
        "data": {"name": "table", "train": str(folder / "a.csv"), "text": "text", "label": "label"},
        "model": {"embedding": {"width": 3}, "recurrent": [LAYERS["lstm"]], "head": {"pooling": "mean"}},
        "training": {"epochs": 1},
        "compare": {"seeds": 1, "variants": {name: {"model.recurrent": [layer]} for name, layer in LAYERS.items()}},
        "executor": {"name": "in_process"},
    }
    document["compare"]["variants"]["last"] = {"model.head.pooling": "last"}
    document["compare"]["variants"]["max"] = {"model.head.pooling": "max"}
    return rnnlab.run(rnnlab.Experiment.from_dict(document), runs=folder / "runs")


X = np.array([[1, 2, 3, 4, 5], [2, 1, -1, -1, -1]], "int32")
"""A row of five tokens, and one of two with padding after it."""


def elsewhere(code: str, *arguments: Path) -> np.ndarray:
    """What a process prints that cannot import rnnlab."""
    blocked = f"import sys, json, numpy as np\nsys.modules['rnnlab'] = None\nx = np.array({X.tolist()}, 'int32')\n"
    done = subprocess.run([sys.executable, "-c", blocked + code, *map(str, arguments)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return np.array(json.loads(done.stdout.splitlines()[-1]))


def expected(study, *variants):
    """What the runs predict here."""
    return [keras.ops.convert_to_numpy(for_export(study[variant, 1].folder)(X)) for variant in variants]


@pytest.mark.process
def test_models_of_keras_layers_alone_predict_the_same(study, tmp_path):
    variants = ("lstm", "gru", "before", "last", "max")
    paths = [export(study[variant, 1].folder, "builtin", tmp_path / variant / "m.keras") for variant in variants]
    told = elsewhere(
        "import keras; print(json.dumps([np.array(keras.saving.load_model(path)(x)).tolist() for path in sys.argv[1:]]))",
        *paths,
    )
    np.testing.assert_allclose(told, expected(study, *variants), atol=1e-5)
    assert all(path.with_name("tokens.json").exists() for path in paths)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("variant", "says"), [("zoneout", "recurrent_dropout acts at the site hold_"), ("peephole", "has peephole")]
)
def test_other_equations_are_refused_by_name(study, variant, says, tmp_path):
    with pytest.raises(UserError, match=f"model.recurrent.0.*{says}"):
        export(study[variant, 1].folder, "builtin", tmp_path / "m.keras")
    assert not list(tmp_path.iterdir())


@pytest.mark.process
def test_saved_models_are_served_without_rnnlab(study, tmp_path):
    paths = [export(study[variant, 1].folder, "savedmodel", tmp_path / variant) for variant in ("lstm", "gru")]
    told = elsewhere(
        "import tensorflow as tf\n"
        "models = [tf.saved_model.load(path) for path in sys.argv[1:]]\n"
        "print(json.dumps([model.serve(x).numpy().tolist() for model in models]))",
        *paths,
    )
    np.testing.assert_allclose(told, expected(study, "lstm", "gru"), atol=1e-5)


@pytest.mark.process
def test_onnx_runs_without_rnnlab(study, tmp_path):
    pytest.importorskip("onnxruntime")
    pytest.importorskip("tf2onnx")
    path = export(study["lstm", 1].folder, "onnx", tmp_path / "m.onnx")
    code = (
        "import onnxruntime as ort; s = ort.InferenceSession(sys.argv[1])\n"
        "print(json.dumps(s.run(None, {s.get_inputs()[0].name: x})[0].tolist()))"
    )
    np.testing.assert_allclose([elsewhere(code, path)], expected(study, "lstm"), atol=1e-5)


@pytest.mark.process
def test_tflite_runs_without_rnnlab(study, tmp_path):
    path = export(study["lstm", 1].folder, "tflite", tmp_path / "m.tflite")
    code = (
        "import tensorflow as tf\n"
        "def run(row):\n"
        "    i = tf.lite.Interpreter(sys.argv[1]); at = i.get_input_details()[0]['index']\n"
        "    i.resize_tensor_input(at, (1, len(row))); i.allocate_tensors(); i.set_tensor(at, row[None]); i.invoke()\n"
        "    return i.get_tensor(i.get_output_details()[0]['index'])[0].tolist()\n"
        "print(json.dumps([run(row) for row in x]))"
    )
    np.testing.assert_allclose([elsewhere(code, path)], expected(study, "lstm"), atol=1e-5)


@pytest.mark.slow
def test_nothing_is_overwritten_and_unknown_forms_are_refused(study, tmp_path):
    run = study["lstm", 1]
    path = export(run.folder, "keras", tmp_path / "m.keras")
    assert np.allclose(keras.saving.load_model(path)(X), for_export(run.folder)(X))
    with pytest.raises(UserError, match="exists; name another path"):
        export(run.folder, "keras", path)
    with pytest.raises(UserError, match=r"no export to 'onx' .did you mean onnx"):
        export(run.folder, "onx")


@pytest.mark.slow
def test_the_verbs_name_the_run_to_ship_and_write_it(study):
    told = CliRunner().invoke(main, ["best", str(study.folder)]).output
    run = study.best()
    assert told.startswith(f"{run.folder}: {run.monitor} ")
    done = CliRunner().invoke(main, ["export", str(run.folder), "--to", "keras"])
    assert done.exit_code == 0, done.output
    assert (run.folder / "export" / "keras" / "model.keras").exists()


@pytest.mark.slow
@pytest.mark.process
def test_a_process_on_another_backend_exports_every_form(study, tmp_path):
    other = {"tensorflow": "jax", "jax": "tensorflow"}[keras.backend.backend()]
    code = "import sys, keras, rnnlab\nrun = rnnlab.open(sys.argv[1])['lstm', 1]\n"
    code += "for to, file in (('keras', 'a.keras'), ('builtin', 'b.keras'), ('savedmodel', 'c')): run.export(file, to=to)\n"
    code += "print(keras.backend.backend())"
    environment = {**os.environ, "KERAS_BACKEND": other, "PYTHONPATH": str(Path(rnnlab.__file__).parents[1])}
    done = subprocess.run(
        [sys.executable, "-c", code, str(study.folder)], cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout.split()[-1:]) == (0, [other]), done.stderr
    expected = np.asarray(keras.ops.convert_to_numpy(for_export(study.folder / "lstm" / "seed-1")(X)))
    for file in ("a.keras", "b.keras"):
        np.testing.assert_allclose(np.asarray(keras.models.load_model(tmp_path / file)(X)), expected, atol=1e-5)
    import tensorflow as tf

    loaded = tf.saved_model.load(str(tmp_path / "c"))
    np.testing.assert_allclose(loaded.serve(X), expected, atol=1e-5)
