"""Exported files compute the same in a process that knows nothing of rnnlab, for any length and on padded input."""

import subprocess
import sys

import keras
import numpy as np
import pytest
from conformance.running import BACKEND, normal, randomise

from rnnlab.layers import GRU, LSTM, Embedding, LockedDropout

pytestmark = [
    pytest.mark.process,
    pytest.mark.slow,
    pytest.mark.skipif(BACKEND != "tensorflow", reason="files of TensorFlow"),
]
RUN = """
import sys, pathlib, numpy as np, tensorflow as tf
for path in pathlib.Path(sys.argv[1]).iterdir():
    loaded = tf.saved_model.load(path / "saved")
    for case in path.glob("case-*.npz"):
        data = np.load(case)
        np.testing.assert_allclose(loaded.serve(data["x"]), data["y"], rtol=0, atol=1e-5, err_msg=str(path))
assert "rnnlab" not in sys.modules
print("ran", len(list(pathlib.Path(sys.argv[1]).iterdir())))
"""
WORDS = np.random.default_rng(0).integers(1, 9, size=(3, 6))
PADDED = np.pad(WORDS, [(0, 0), (0, 4)])


def models(layer):
    """A model of unknown length on padded words, and one each of few and of many known steps."""
    dropped = Embedding(9, 3, 0.2, mask_zero=True), LockedDropout(0.3)
    words = keras.Sequential([keras.Input((None,), dtype="int32"), *dropped, layer()])
    yield "words", words, (WORDS, PADDED, WORDS[:1, :1])
    for steps in (None, 7, 80):
        yield f"steps-{steps}", keras.Sequential([keras.Input((steps, 3)), layer()]), (normal((2, steps or 9, 3)),)


LAYERS = {
    "lstm": lambda: LSTM(4, return_sequences=True),
    "gru before": lambda: GRU(4, reset_after=False),
    "both ways": lambda: keras.layers.Bidirectional(GRU(4, recurrent_dropout=0.3)),
}


def test_saved_models_run_without_us(tmp_path):
    for name in LAYERS:
        for case, model, inputs in models(LAYERS[name]):
            randomise(model)
            folder = tmp_path / f"{name}-{case}".replace(" ", "-").replace(":", "")
            model.export(folder / "saved", verbose=False)
            for number, x in enumerate(inputs):
                np.savez(folder / f"case-{number}.npz", x=x.astype(model.inputs[0].dtype), y=model(x))
    done = subprocess.run([sys.executable, "-c", RUN, tmp_path], capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr[-3000:]
    assert f"ran {len(list(tmp_path.iterdir()))}" in done.stdout


@pytest.mark.skipif(BACKEND != "tensorflow", reason="TensorFlow's own ways to save")
@pytest.mark.parametrize("steps", [None, 7])
def test_other_files_of_tensorflow(steps, tmp_path):
    """A module with our layer, and LiteRT; as with Keras's layers, LiteRT needs TensorFlow's own operations for a loop."""
    import tensorflow as tf

    model = keras.Sequential([keras.Input((steps, 3)), LSTM(4, return_sequences=True), GRU(3)])
    x = normal((2, steps or 9, 3))
    module = tf.Module()
    module.model = model
    module.call = tf.function(lambda x: model(x, training=True), input_signature=[tf.TensorSpec((None, steps, 3))])
    tf.saved_model.save(module, tmp_path / "saved")
    loaded = tf.saved_model.load(tmp_path / "saved")
    np.testing.assert_allclose(loaded.call(x), model(x), atol=1e-5)
    model.export(tmp_path / "model.tflite", format="litert", verbose=False)
    assert (tmp_path / "model.tflite").stat().st_size > 1000
