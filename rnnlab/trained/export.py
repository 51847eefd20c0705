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
from rnnlab.models.keras_only import check, keras_only
from rnnlab.models.model_config import ModelConfig
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

    `keras`: a `.keras` file that any process loads which has imported `rnnlab.layers`. `builtin`: a `.keras` file of
    `keras.layers` alone, refused by name where the equation of a layer or scheme is not Keras's. `savedmodel`, `onnx`,
    `tflite`: files for TensorFlow Serving, ONNX Runtime and LiteRT (one row at a time), written by a process on TensorFlow if
    this one is on another backend. Quantiles come in rising order. `path` lies in the run's folder `export` unless it is given.
    The tokenizer is written beside it as `tokens.json`. Nothing that exists is overwritten. Raises UserError for an unknown
    form, a run without a trained model, and a path that exists.
    """
    if to not in FORMS:
        raise UserError(f"there is no export to {to!r}{nearest(to, FORMS)}; the forms are {', '.join(FORMS)}")
    run = ended(folder)
    target = Path(path) if path else run.record.folder / "export" / to / FORMS[to]
    if target.exists():
        raise UserError(f"{target} exists; name another path or move it away")
    if to in BY_TENSORFLOW and keras.backend.backend() != "tensorflow":
        return _elsewhere(run.record.folder, to, target)
    task, _ = tokenizer_file.read(run.record.folder)
    plain = to != "keras" and _is_plain(run.config.model, required=to == "builtin")
    model = model_for_export(run, task)  # only our layers can load the file of weights; Keras's copy them layer by layer
    model = keras_only(run.config.model, task, model) if plain else model
    model = rising(model, len(task.quantiles))
    files.make(target.parent)
    _WRITERS[to](model, target)
    shutil.copyfile(run.record.folder / store.TOKENS, target.parent / store.TOKENS)
    return target


def _is_plain(config: ModelConfig, required: bool) -> bool:
    """Whether Keras's layers have the model's equation; every converter supports those. Where `required`, else UserError."""
    try:
        check(config)
    except UserError:
        if required:
            raise
        return False
    return True


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
