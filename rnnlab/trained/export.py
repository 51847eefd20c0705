"""Export of a trained model: to Keras, to Keras without rnnlab, to a server, to a phone."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import keras

from rnnlab import files
from rnnlab.errors import UserError
from rnnlab.models.keras_only import keras_only, obstacle
from rnnlab.models.rising import rising
from rnnlab.names import nearest
from rnnlab.storage import store, tokenizer_file
from rnnlab.trained.loading import ended, model_for_export

FORMS = {
    "keras": "model.keras",
    "builtin": "model.keras",
    "savedmodel": "savedmodel",
    "onnx": "model.onnx",
    "tflite": "model.tflite",
}
"""Every form, with the default name of its file or folder."""
BY_TENSORFLOW = ("savedmodel", "onnx", "tflite")
"""The forms that only TensorFlow can write."""


def export(folder: str | Path, to: str = "keras", path: str | Path | None = None) -> Path:
    """Write the model of a finished run, for any number of rows and steps, and return where it is.

    `keras`: a `.keras` file for any process that imports `rnnlab.layers`. `builtin`: a `.keras` file of `keras.layers` alone;
    a layer or scheme whose equation Keras does not have is refused by name. `savedmodel`, `onnx`, `tflite`: files for
    TensorFlow Serving, ONNX Runtime and LiteRT (one row at a time), written by a process on TensorFlow if this one is on
    another backend. Quantiles are in rising order. The default `path` is in the folder `export` of the run. The tokenizer is
    written to `tokens.json` in the same folder. Nothing that exists is overwritten. Raises UserError for an unknown form, a
    run without a trained model, and a path that exists.
    """
    if to not in FORMS:
        raise UserError(f"there is no export to {to!r}{nearest(to, FORMS)}; the forms are {', '.join(FORMS)}")
    run = ended(folder)
    target = Path(path) if path else run.record.folder / "export" / to / FORMS[to]
    if target.exists():
        raise UserError(f"{target} exists; name another path or move it away")
    if to in BY_TENSORFLOW and keras.backend.backend() != "tensorflow":
        return _elsewhere(run.record.folder, to, target)
    if to == "builtin" and (reason := obstacle(run.config.model)):
        raise UserError(reason)
    task, _ = tokenizer_file.read(run.record.folder)
    model = model_for_export(run, task)
    if to != "keras" and not obstacle(run.config.model):  # every converter knows Keras's layers
        model = keras_only(run.config.model, task, model)  # Keras loads a weights file only into layers like those it came from
    files.make(target.parent)
    _WRITERS[to](rising(model, len(task.quantiles)), target)
    shutil.copyfile(run.record.folder / store.TOKENS, target.parent / store.TOKENS)
    return target


def _elsewhere(folder: Path, to: str, target: Path) -> Path:
    """Write a form that only TensorFlow writes in a process on TensorFlow, which takes the weights of any backend."""
    command = [sys.executable, "-m", "rnnlab", "export", str(folder), "--to", to, "--output", str(target)]
    done = subprocess.run(command, env={**os.environ, "KERAS_BACKEND": "tensorflow"}, capture_output=True, text=True)
    if done.returncode:
        raise UserError(done.stderr.strip() or f"the export to {to} ended with the status {done.returncode}")
    return target


def _keras(model: keras.Model, path: Path) -> None:
    if path.suffix != ".keras":
        raise UserError(f"{path}: the name of the file should end in .keras")
    model.save(path)


def _savedmodel(model: keras.Model, path: Path) -> None:
    model.export(path, format="tf_saved_model", verbose=False)


def _onnx(model: keras.Model, path: Path) -> None:
    given = [keras.InputSpec(dtype=one.dtype, shape=one.shape, name=one.name) for one in model.inputs]
    try:
        model.export(path, format="onnx", verbose=False, input_signature=given)
    except ImportError:
        raise UserError("export to onnx needs tf2onnx: pip install 'rnnlab[onnx]'") from None


def _tflite(model: keras.Model, path: Path) -> None:
    import tensorflow as tf

    (given,) = model.inputs
    one = tf.TensorSpec((1, *given.shape[1:]), given.dtype, name=given.name)  # the lists of a loop need a known number of rows
    weights, states = ([tf.constant(of) for of in part] for part in (model.trainable_variables, model.non_trainable_variables))
    call = tf.function(
        lambda x: model.stateless_call(weights, states, x)[0], input_signature=[one]
    )  # a loop reads no variables
    files.write(path, tf.lite.TFLiteConverter.from_concrete_functions([call.get_concrete_function()]).convert())


_WRITERS: dict[str, Callable[[keras.Model, Path], None]] = {
    "keras": _keras,
    "builtin": _keras,
    "savedmodel": _savedmodel,
    "onnx": _onnx,
    "tflite": _tflite,
}
