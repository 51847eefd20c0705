"""Exported files compute the same in a process that knows nothing of rnnlab, for any length and on padded input."""

import itertools
import subprocess
import sys

import keras
import numpy as np
import pytest
from conformance.running import BACKEND, normal, randomise
from conformance.table import CELLS, EVERYWHERE, NAMED, WIDEST
from conformance.table import LSTM as PLAIN

import rnnlab
from rnnlab.cells import GRUCell, StepCell
from rnnlab.cells.builtin_cells import CELLS as REGISTERED
from rnnlab.layers import GRU, LSTM, RNN, Bidirectional, Embedding, LockedDropout
from rnnlab.trained import export, loading

READERS = """
import numpy as np

def savedmodel(path):
    import tensorflow as tf
    model = tf.saved_model.load(path)
    return lambda x: np.array(model.serve(x))

def tflite(path):
    import tensorflow as tf
    def run(row):
        reader = tf.lite.Interpreter(path)
        reader.resize_tensor_input(reader.get_input_details()[0]["index"], row.shape)
        reader.allocate_tensors()
        reader.set_tensor(reader.get_input_details()[0]["index"], row)
        reader.invoke()
        return reader.get_tensor(reader.get_output_details()[0]["index"])
    return lambda x: np.concatenate([run(row[None]) for row in x])

def onnx(path):
    import onnxruntime
    session = onnxruntime.InferenceSession(path)
    return lambda x: session.run(None, {session.get_inputs()[0].name: x})[0]
"""
RUN = """
import pathlib, sys
sys.modules["rnnlab"] = None
wrong, read = [], 0
for folder in sorted(pathlib.Path(sys.argv[1]).iterdir()):
    for path in folder.glob("model.*"):
        run = {"savedmodel": savedmodel, "tflite": tflite, "onnx": onnx}[path.suffix[1:]](str(path))
        for case in sorted(folder.glob("case-*.npz")):
            data = np.load(case)
            differences = np.abs(run(data["x"]) - data["y"])
            places = sorted({int(place) for place in np.argwhere(~(differences <= 1e-5))[:, -1]})
            wrong += [(folder.name, path.name, case.name, float(differences.max()), places)] if places else []
            read += 1
print("read", read, "wrong", wrong)
"""
FORMS = ("savedmodel", "tflite", "onnx") if BACKEND == "tensorflow" else ("savedmodel",)
WORDS = np.random.default_rng(0).integers(1, 9, size=(3, 6)).astype("int32")
INPUTS = (WORDS, np.pad(WORDS, [(0, 0), (0, 4)]), WORDS[:1, :1])
"""Sequences of two lengths, the longer ones padded, and a sequence of one step."""
SEQUENCES = {"return_sequences": True}
ZONEOUT = {"scheme": "zoneout", "cell": 0.3, "hidden": 0.1}
LAYERS = [
    lambda: Bidirectional(GRU(3, recurrent_dropout=0.3, **SEQUENCES)),
    lambda: keras.layers.Bidirectional(LSTM(3, **SEQUENCES), merge_mode="sum"),
    lambda: LSTM(3, go_backwards=True, recurrent_dropout={"scheme": "rnndrop", "rate": 0.3}, **SEQUENCES),
    lambda: RNN([keras.layers.LSTMCell(3), keras.layers.GRUCell(3)], **SEQUENCES),
    lambda: RNN(GRUCell(3), zero_output_for_mask=True, **SEQUENCES),
    lambda: keras.Sequential([GRU(3, dropout=0.2, ar=1.0, **SEQUENCES), LSTM(3, **SEQUENCES)]),
]


def of(cell, scheme=NAMED[0]):
    return lambda: cell.layer(3, **SEQUENCES, **cell.options, **scheme.arguments(cell))


SINGLE = [of(cell) for cell in CELLS if cell.single]
FURTHER = [lambda name=name: RNN(StepCell(name, 3), **SEQUENCES) for name in REGISTERED if name not in ("lstm", "gru")]
OURS = {
    "layers": ([*LAYERS, *(of(PLAIN, scheme) for scheme in EVERYWHERE[::3])], FORMS),
    "further cells": (FURTHER, FORMS),
    "cells": (SINGLE, FORMS[1:2]),
    "combined cells": ([of(cell) for cell in CELLS if not cell.single], FORMS[:1]),
    "schemes": ([of(PLAIN, scheme) for scheme in NAMED], FORMS[1:2]),
}
"""Layers that are written in one file, and its forms. All forms hold one traced function: cells and schemes need only one."""
KERAS = {"layers": ([*LAYERS, *map(of, WIDEST), of(PLAIN, EVERYWHERE[3]), FURTHER[0]], FORMS)}
"""What is tried where Keras writes the file: on JAX, which hands it the operations of the compiled program."""
GROUPS = OURS if BACKEND == "tensorflow" else KERAS


def on_words(layers):
    """A model of all the layers on the same padded words, of unknown length; its outputs are side by side."""
    words = keras.Input((None,), dtype="int32")
    x = LockedDropout(0.3)(Embedding(9, 3, 0.2, mask_zero=True)(words))
    outputs = [layer(x) for layer in layers]
    return keras.Model(words, keras.ops.concatenate(outputs, axis=-1))


def to_file(form, model, path):
    """Write a model as `rnnlab export` does on TensorFlow, and as Keras does on JAX."""
    if BACKEND == "tensorflow":
        export._WRITERS[form](model, path)
    else:
        model.export(path, verbose=False)


def write(folder, model, inputs, forms=FORMS):
    """A model in every form, and what it predicts."""
    folder.mkdir()
    for form in forms:
        to_file(form, model, folder / f"model.{form}")
    for number, x in enumerate(inputs):
        np.savez(folder / f"case-{number}.npz", x=x, y=np.array(model(x)))


def wrong_elsewhere(folder):
    """What a process without rnnlab says of all files."""
    done = subprocess.run([sys.executable, "-c", READERS + RUN, folder], capture_output=True, text=True, cwd=folder)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout.splitlines()[-1]


@pytest.mark.parametrize("form", FORMS)
def test_a_short_layer_is_exported(form, tmp_path):
    readers = {}
    exec(READERS, readers)
    model = keras.Sequential([keras.Input((5, 2)), LSTM(3, recurrent_dropout=ZONEOUT)])
    randomise(model)
    to_file(form, model, tmp_path / f"model.{form}")
    x = normal((2, 5, 2))
    np.testing.assert_allclose(readers[form](str(tmp_path / f"model.{form}"))(x), np.array(model(x)), atol=1e-5)


@pytest.mark.process
@pytest.mark.slow
def test_what_is_exported_runs_without_us(root, tmp_path):
    """One process reads all files, since it takes long to start."""
    folder = tmp_path / "files"
    folder.mkdir()
    read = all_layers(folder) + every_length(folder)
    if BACKEND == "tensorflow":  # where rnnlab writes these files
        read += every_variant(root / "configs" / "quickstart.yaml", folder, tmp_path / "runs")
    assert wrong_elsewhere(folder) == f"read {read} wrong []"


def all_layers(folder):
    """Write layers, cells and schemes; return how often one of the files is read."""
    for name, (layers, forms) in GROUPS.items():
        model = on_words([layer() for layer in layers])
        randomise(model)
        write(folder / name, model, INPUTS, forms)
    return len(INPUTS) * sum(len(forms) for _, forms in GROUPS.values())


def every_length(folder):
    """Write a layer for several lengths, before and after training; on TensorFlow they are compiled in different ways."""
    lengths = ((None, True), (7, False), (32, False), (80, True))[: 4 if BACKEND == "tensorflow" else 2]
    for steps, trained in lengths:
        model = keras.Sequential([keras.Input((steps, 3)), LSTM(4, recurrent_dropout=ZONEOUT)])
        x = normal((3, steps or 9, 3))
        if trained:
            model.compile("sgd", "mse")
            model.fit(x, np.ones((3, 4)), verbose=0)
        write(folder / str(steps), model, [x, x[:1]])
    return 2 * len(FORMS) * len(lengths)


def every_variant(config, folder, runs):
    """Write each variant of a config in one form: what every form makes of layers and schemes is among the layers."""
    small = {
        "data.limit_tokens": 2000,
        "data.vocabulary": 50,
        "model.embedding.width": 8,
        "model.recurrent.0.units": 8,
        "training.epochs": 1,
        "compare.seeds": 1,
        "executor.name": "in_process",
    }
    study = rnnlab.run(rnnlab.load(config, small), runs=runs)
    variants = [run.variant for run in study.record.runs]
    assert len(variants) == 5
    for variant, form in zip(variants, itertools.cycle(FORMS)):
        run, to = study[variant, 1], folder / variant
        to.mkdir()
        export.export(run.folder, form, to / f"model.{form}")
        for number, x in enumerate((WORDS, WORDS[:1, :1])):
            np.savez(to / f"case-{number}.npz", x=x, y=loading.for_export(run.folder)(x))
    return 2 * len(variants)


@pytest.mark.skipif(BACKEND != "jax", reason="on TensorFlow these are among the files above")
def test_jax_exports_unknown_lengths(tmp_path):
    import tensorflow as tf

    layers = (
        LSTM(3, return_sequences=True, recurrent_dropout=ZONEOUT),
        Bidirectional(GRU(3, dropout=0.2, return_sequences=True)),
    )
    for model in (on_words(layers), keras.Sequential([keras.Input((None, 2)), RNN(StepCell("min_gru", 3))])):
        randomise(model)
        model.export(tmp_path / model.name, verbose=False)
        served = tf.saved_model.load(tmp_path / model.name)
        for x in INPUTS if model.input_shape == (None, None) else (normal((2, 5, 2)), normal((1, 8, 2))):
            np.testing.assert_allclose(served.serve(x), np.array(model(x)), atol=1e-5)


@pytest.mark.slow
@pytest.mark.skipif(BACKEND != "tensorflow", reason="TensorFlow's own ways to save")
def test_other_files_of_tensorflow(tmp_path):
    """A module with our layer, and LiteRT; as with Keras's layers, LiteRT needs TensorFlow's own operations for a loop."""
    import tensorflow as tf

    model = keras.Sequential([keras.Input((None, 3)), LSTM(4, return_sequences=True), GRU(3)])
    x = normal((2, 9, 3))
    module = tf.Module()
    module.model = model
    module.call = tf.function(lambda x: model(x, training=True), input_signature=[tf.TensorSpec((None, None, 3))])
    tf.saved_model.save(module, tmp_path / "saved")
    loaded = tf.saved_model.load(tmp_path / "saved")
    np.testing.assert_allclose(loaded.call(x), model(x), atol=1e-5)
    model.export(tmp_path / "model.tflite", format="litert", verbose=False)
    assert (tmp_path / "model.tflite").stat().st_size > 1000
