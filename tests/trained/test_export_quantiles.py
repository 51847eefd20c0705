"""The quantiles of an exported model rise, whoever reads it; the heads of the run give them in any order."""

import subprocess
import sys

import keras
import numpy as np
import pytest

import rnnlab
from rnnlab.models.rising import rising
from rnnlab.trained.export import export
from rnnlab.trained.loading import for_export

QUANTILES = [0.1, 0.25, 0.5, 0.9]
X = np.random.default_rng(1).normal(size=(1, 9, 2)).astype("float32")


@pytest.mark.parametrize("count", [1, 2, 3, 5, 8])
def test_they_are_sorted_number_by_number(count):
    inputs = keras.Input((None, 3 * count))
    x = np.random.default_rng(count).normal(size=(4, 7, 3 * count)).astype("float32")
    expected = np.sort(x.reshape(4, 7, 3, count), axis=-1).reshape(x.shape)
    np.testing.assert_array_equal(rising(keras.Model(inputs, inputs), count)(x), expected)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run that forecasts quantiles of two numbers, its heads in no order."""
    folder = tmp_path_factory.mktemp("quantiles")
    np.savez(folder / "a.npz", y=np.random.default_rng(0).normal(size=(200, 2)).astype("float32"))
    data = {"name": "series", "train": str(folder / "a.npz"), "columns": "y", "quantiles": QUANTILES, "window": 10}
    document = {
        "name": "small",
        "data": data,
        "model": {"recurrent": [{"cell": "gru", "units": 3}]},
        "training": {"epochs": 1},
        "compare": {"seeds": 1},
        "executor": {"name": "in_process"},
    }
    return rnnlab.run(rnnlab.Experiment.from_dict(document), runs=folder / "runs").best()


def expected(run):
    raw = np.asarray(for_export(run.folder)(X))
    parts = raw.reshape(1, 9, 2, len(QUANTILES))
    assert (np.diff(parts) < 0).any(), "the heads have to cross for this to be a test"
    return np.sort(parts, axis=-1).reshape(raw.shape)


@pytest.mark.slow
@pytest.mark.parametrize("to", ["keras", "builtin"])
def test_a_file_of_keras_has_them_in_order(run, to, tmp_path):
    loaded = keras.saving.load_model(export(run.folder, to, tmp_path / "m.keras"))
    np.testing.assert_allclose(loaded(X), expected(run), atol=1e-5)


CODE = """
import sys, numpy as np
sys.modules["rnnlab"] = None
kind, path, given, out = sys.argv[1:]
x = np.load(given)
if kind == "savedmodel":
    import tensorflow as tf
    served = tf.saved_model.load(path)
    y = served.serve(x).numpy()
elif kind == "onnx":
    import onnxruntime as ort
    session = ort.InferenceSession(path)
    y = session.run(None, {session.get_inputs()[0].name: x})[0]
else:
    import tensorflow as tf
    reader = tf.lite.Interpreter(path)
    place = reader.get_input_details()[0]["index"]
    reader.resize_tensor_input(place, x.shape)
    reader.allocate_tensors()
    reader.set_tensor(place, x)
    reader.invoke()
    y = reader.get_tensor(reader.get_output_details()[0]["index"])
np.save(out, y)
"""


@pytest.mark.slow
@pytest.mark.process
@pytest.mark.parametrize("to", ["savedmodel", "onnx", "tflite"])
def test_other_processes_read_them_in_order(run, to, tmp_path):
    if to == "onnx":
        pytest.importorskip("onnxruntime")
        pytest.importorskip("tf2onnx")
    path = export(run.folder, to, tmp_path / to)
    np.save(tmp_path / "x.npy", X)
    words = [sys.executable, "-c", CODE, to, str(path), str(tmp_path / "x.npy"), str(tmp_path / "y.npy")]
    done = subprocess.run(words, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    np.testing.assert_allclose(np.load(tmp_path / "y.npy"), expected(run), atol=1e-5)
