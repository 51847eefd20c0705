"""The internals of Keras that rnnlab uses: of its models and of saving, such as variables, files and batches."""

import io
import sys
from collections.abc import Iterator
from types import FrameType
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import keras


def every_layer(model: "keras.Model") -> "list[keras.layers.Layer]":
    """Return a model and all its layers, nested ones and wrapped ones included; `model.layers` lists the outermost."""
    return list(model._flatten_layers())


def last_operation(model: "keras.Model") -> "keras.Operation":
    """Return what computes the first output of a functional model, or any other model itself."""
    return model.outputs[0]._keras_history.operation if getattr(model, "outputs", None) else model


def make_variables(model: "keras.Model", batch: tuple[np.ndarray, ...]) -> None:
    """Create the variables of a compiled model's metrics and optimizer before its first step.

    Keras creates them in the first step of `fit`; a checkpoint is restored before that. To learn the shape of the predictions
    it traces the model, which takes longest where the compiled steps of another seed serve it; where that shape is known,
    metrics and loss are made without.
    """
    from keras.src import backend
    from keras.src.models.functional import Functional

    if type(model) is Functional and None not in model.output.shape:
        x, y, weights = (backend.KerasTensor(part.shape, backend.standardize_dtype(part.dtype)) for part in batch)
        predictions = backend.KerasTensor(model.output.shape, model.output.dtype)
        backend.compute_output_spec(model.compute_metrics, x, y, predictions, sample_weight=weights)
        backend.compute_output_spec(model._compute_loss, x, y, predictions, sample_weight=weights, training=False)
    model._symbolic_build(data_batch=batch)


def weights_h5(model: "keras.Model") -> bytes:
    """Return the contents of the file that `model.save_weights` would write.

    That takes a path only, and HDF5 leaves a file that it can't close where the disk is full.
    """
    from keras.src.saving import saving_lib

    content = io.BytesIO()
    store = saving_lib.H5IOStore(content, mode="w")
    saving_lib._save_state(model, weights_store=store, assets_store=None, inner_path="", visited_saveables=set())
    store.close()
    return content.getvalue()


def exporting() -> bool:
    """Return whether a model is being traced for a file, by Keras, by tf2onnx or by `rnnlab export`; none of them says so."""
    frame: FrameType | None = sys._getframe()
    while frame and not str(frame.f_globals.get("__name__")).startswith(_EXPORTERS):
        frame = frame.f_back
    return frame is not None


_EXPORTERS = ("keras.src.export.", "tf2onnx.", "rnnlab.trained.export")


def data_adapter() -> type:
    """Return the class whose instances `fit` uses unchanged.

    On TensorFlow a `keras.utils.PyDataset` takes the shape of the first two batches for that of all.
    """
    from keras.src.trainers.data_adapters.data_adapter import DataAdapter

    return DataAdapter


def torch_loader(batches: Iterator[tuple]) -> object:
    """Return batches as the loader that Keras's trainer on torch takes from a `data_adapter`."""
    from keras.src.trainers.data_adapters.data_adapter_utils import get_torch_dataloader

    return get_torch_dataloader(batches)


def stacked_batches(batches: Iterator[tuple], number: int) -> Iterator[tuple]:
    """Return batches stacked by `number`, as Keras's trainer on JAX takes several steps at once; Keras 3.15 has none."""
    from keras.src.trainers.data_adapters.data_adapter_utils import super_batch_iterator

    return super_batch_iterator(batches, number)
