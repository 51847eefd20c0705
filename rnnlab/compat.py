"""Every name that Keras, TensorFlow, JAX, TensorFlow Datasets, Ray and Optuna do not promise to keep, each with its reason.

Seen to work with Keras 3.15.1, TensorFlow 2.21.0, JAX 0.10.2, TensorFlow Datasets 4.9.10, Ray 2.60.0 and Optuna 5.0.0. With
Keras 3.16.0.dev2026102704 the tests of layers, cells, recurrence and models pass on TensorFlow and JAX, but on TensorFlow one
graph of every run stays in memory (tests/training/test_release.py), so that version is not allowed yet. Each name stands in a
function, so that a library is imported when it is needed.

What is not public and cannot stand here, since a class gives a library its own version of it or reads it from itself:

- `training.optimizers.Extended` and `training.norms.Norms` of a Keras optimizer: `_backend_apply_gradients`,
  `_backend_update_step`, `_apply_weight_decay`, `_all_reduce_sum_gradients`, `_trainable_variables`;
- `layers.rnn.RNN` of a Keras RNN: `inner_loop`; `layers.carried.CarriedState` of it: `_create_state_variables`;
- `layers.bidirectional.Bidirectional` of Keras's: `_can_attempt_fused_lstm`, `_can_attempt_fused_gru`;
- `layers.cell_noise.CellNoise` and `layers.embedding.Embedding` of a Keras layer: `_tracker`;
- `cells.own_masks.OwnMasks` of Keras's `DropoutRNNCell`: its four methods;
- `data.keras_adapter.Feed` of `data_adapter`: all its methods;
- `data.sources.tfds_download` of TensorFlow Datasets' `_Downloader`: `_sync_download`, `_pbar_url`.
"""

import io
import sys
import weakref
from collections.abc import Callable, Hashable, Iterator
from types import FrameType, ModuleType, SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np

from rnnlab.documents import Record
from rnnlab.replaced import replaced
from rnnlab.tensors import Tensor

if TYPE_CHECKING:
    import keras
    import optuna
    import tensorflow as tf


def padding_mask(tensor: Tensor) -> Tensor | None:
    """Return the mask that a layer has attached to its result, or None.

    A layer whose parent attaches the mask in `call` has no other way to pass it on.
    """
    from keras.src.backend.common.masking import get_keras_mask

    return get_keras_mask(tensor)


def set_padding_mask(tensor: Tensor, mask: Tensor) -> None:
    """Attach a mask to a result; see `padding_mask`."""
    from keras.src.backend.common.masking import set_keras_mask

    set_keras_mask(tensor, mask)


def variables_being_called() -> list[int]:
    """Return the identities of all variables of the model that is being called, in its order.

    A layer does not know the model around it. On JAX `fit` calls no model, only its `call`, in a scope of its variables.
    """
    from keras.src.backend.common import global_state

    if scope := global_state.get_global_attribute("stateless_scope"):
        return list(scope.state_mapping)
    context = global_state.get_global_attribute("current_call_ctx")
    return [id(variable) for variable in context.entry_layer.variables] if context else []


def trains() -> bool:
    """Return whether what is being called trains; cells are asked for their masks without being told."""
    from keras.src.backend.common import global_state

    context = global_state.get_global_attribute("current_call_ctx")
    return bool(context and context.get_value("training"))


def automatic_name(kind: type) -> str:
    """Return what Keras makes an automatic name of: that of the class in small letters, to which it adds a number."""
    from keras.src.utils.naming import to_snake_case

    return to_snake_case(kind.__name__)


def masking_cell() -> type:
    """Return the class of the cells that Keras's layers ask for masks before a loop, and tell to forget them after it."""
    from keras.src.layers.rnn.dropout_rnn_cell import DropoutRNNCell

    return DropoutRNNCell


def cudnn_kernels() -> ModuleType:
    """Return the module with `cudnn_ok`, `lstm` and `gru` of the active backend.

    Keras's own layers call these three; there is no public access to cuDNN. They are in `backend` up to 3.15, later in
    `backend.rnn`.
    """
    from keras.src import backend

    return backend if hasattr(backend, "cudnn_ok") else backend.rnn


def data_adapter() -> type:
    """Return the class whose instances `fit` uses unchanged.

    On TensorFlow a `keras.utils.PyDataset` takes the shape of the first two batches for that of all.
    """
    from keras.src.trainers.data_adapters.data_adapter import DataAdapter

    return DataAdapter


def dismantle(function: "tf.types.experimental.PolymorphicFunction") -> None:
    """Take the operations out of the graphs of a `tf.function` and of the loops in them.

    Where a loop has gradients inside, their cycles hold the graphs though nobody refers to them.
    """
    from tensorflow.python.framework.func_graph import dismantle_func_graph

    shared_programs().clear()  # they are among those graphs
    for concrete in function._list_all_concrete_functions():
        for graph in [*(inner.graph for inner in concrete.graph._functions.values()), concrete.graph]:
            dismantle_func_graph(graph)


def set_global_generator(generator: "keras.random.SeedGenerator") -> None:
    """Put a generator behind layers that were given no seed, see `global_generator`."""
    from keras.src.backend.common import global_state
    from keras.src.random.seed_generator import GLOBAL_SEED_GENERATOR

    global_state.set_global_attribute(GLOBAL_SEED_GENERATOR, generator)


def torch_loader(batches: Iterator[tuple]) -> object:
    """Return batches as the loader that Keras's trainer on torch takes from a `data_adapter`."""
    from keras.src.trainers.data_adapters.data_adapter_utils import get_torch_dataloader

    return get_torch_dataloader(batches)


def stacked_batches(batches: Iterator[tuple], number: int) -> Iterator[tuple]:
    """Return batches stacked by `number`, as Keras's trainer on JAX takes several steps at once; Keras 3.15 has none."""
    from keras.src.trainers.data_adapters.data_adapter_utils import super_batch_iterator

    return super_batch_iterator(batches, number)


def global_generator() -> "keras.random.SeedGenerator":
    """Return the generator behind layers that were given no seed: a checkpoint has to hold its state."""
    from keras.src.random.seed_generator import global_seed_generator

    return global_seed_generator()


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


def gradient_registry() -> Record:
    """Return TensorFlow's registry of custom gradients, which is never emptied and keeps the graph of every one alive.

    https://github.com/tensorflow/tensorflow/issues/27492
    """
    from tensorflow.python.framework import ops

    return ops.gradient_registry._registry


def bind_gradient_to_graph(result: "tf.Tensor") -> None:
    """Let the custom gradient behind a result in a graph live as long as the graph, see `gradient_registry`."""
    if not hasattr(result, "op") or result.op.type != "IdentityN":  # computed at once
        return
    name, graph = result.op.get_attr("_gradient_op_type").decode(), result.graph
    entry, alive = gradient_registry()[name], weakref.ref(graph)
    setattr(graph, f"_{name}", entry["type"])
    entry["type"] = lambda *operands: getattr(alive(), f"_{name}")(*operands)
    weakref.finalize(graph, gradient_registry().pop, name, None)


def shared_programs() -> dict[Hashable, Any]:
    """Return the compiled programs that equal layers share, which `keras.backend.clear_session` forgets."""
    from keras.src.backend.common import global_state

    programs: dict[Hashable, Any] = global_state.get_global_attribute("rnnlab_programs", default={}, set_to_default=True)
    return programs


def set_random_seed(seed: int) -> None:
    """Seed what `keras.utils.set_random_seed` does, but for a TensorFlow that nobody has imported.

    Keras would import it for its seed alone, on any backend, which costs every worker on JAX time and memory.
    """
    from keras.src.utils import rng_utils

    tensorflow = rng_utils.tf if "tensorflow" in sys.modules else SimpleNamespace(available=False)
    with replaced(rng_utils, tf=tensorflow):
        rng_utils.set_random_seed(seed)


def switch_off_determinism() -> None:
    """Let TensorFlow's operations repeat only nearly; publicly they can only be made to repeat exactly, for ever."""
    from tensorflow.python.framework import config

    config.disable_op_determinism()


def tape_recorder() -> ModuleType:
    """Return TensorFlow's module with `stop_recording`, `record_operation` and `could_possibly_record`.

    `tf.custom_gradient` computes again what it is called with, and `tape.stop_recording` stops one tape, not all of them.
    """
    from tensorflow.python.eager import record

    return record


def checks_numerics() -> bool:
    """Return whether `tf.debugging.enable_check_numerics` is on; XLA can't compile the checks that it adds."""
    from tensorflow.python.debug.lib import check_numerics_callback

    return hasattr(check_numerics_callback._state, "check_numerics_callback")


def in_xla(graph: "tf.Graph") -> bool:
    """Return whether a TensorFlow graph is compiled by XLA as a whole."""
    from tensorflow.python.ops.control_flow_util import GraphOrParentsInXlaContext

    return bool(GraphOrParentsInXlaContext(graph))


def exporting() -> bool:
    """Return whether a model is being traced for a file, by Keras, by tf2onnx or by `rnnlab export`; none of them says so."""
    frame: FrameType | None = sys._getframe()
    while frame and not str(frame.f_globals.get("__name__")).startswith(_EXPORTERS):
        frame = frame.f_back
    return frame is not None


_EXPORTERS = ("keras.src.export.", "tf2onnx.", "rnnlab.trained.export")


def keras_loop() -> Callable[..., tuple[Tensor, Tensor, list[Tensor]]]:
    """Return the loop of the active backend that `keras.layers.RNN` runs its cell by; no public function repeats a step so."""
    return cudnn_kernels().rnn


def jax_has_started() -> bool:
    """Return whether JAX has started its devices, after which the number of threads is settled; asking publicly starts them."""
    from jax._src import xla_bridge

    return bool(xla_bridge.backends_are_initialized())


def ray_address(address: str) -> str:
    """Return the address that Ray would ask for `auto`; Ray says it only after having joined the cluster."""
    from ray._private.services import get_ray_address_from_environment

    return get_ray_address_from_environment(address, None) or address


def downloader() -> ModuleType:
    """Return the module of TensorFlow Datasets whose `_Downloader` fetches files, so that local files can replace them.

    The public `manual_dir` serves only data sets that were written for it.
    """
    from tensorflow_datasets.core.download import downloader

    return downloader


def url_info() -> type:
    """Return the record of a downloaded file's size, checksum and name."""
    from tensorflow_datasets.core.download.checksums import UrlInfo

    return UrlInfo


def wrong_checksum() -> type[Exception]:
    """Return the error that TensorFlow Datasets raises where a file is another than the expected one."""
    from tensorflow_datasets.core.download.download_manager import NonMatchingChecksumError

    return NonMatchingChecksumError


def trial_number(trial: "optuna.Trial") -> int:
    """Return by what Optuna's storage knows a trial; `trial.number` counts within one study, and `Trial` wants this one."""
    return int(trial._trial_id)
