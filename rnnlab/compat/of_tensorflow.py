"""The internals of TensorFlow and TensorFlow Datasets that rnnlab uses."""

import weakref
from types import ModuleType
from typing import TYPE_CHECKING

from rnnlab.compat.of_keras import shared_programs
from rnnlab.documents import Record

if TYPE_CHECKING:
    import tensorflow as tf


def dismantle(function: "tf.types.experimental.PolymorphicFunction") -> None:
    """Take the operations out of the graphs of a `tf.function` and of the loops in them.

    Where a loop has gradients inside, their cycles hold the graphs though nobody refers to them.
    """
    from tensorflow.python.framework.func_graph import dismantle_func_graph

    shared_programs().clear()  # they are among those graphs
    for concrete in function._list_all_concrete_functions():
        for graph in [*(inner.graph for inner in concrete.graph._functions.values()), concrete.graph]:
            dismantle_func_graph(graph)


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


def optimization_barrier(tensor: "tf.Tensor") -> "tf.Tensor":
    """Return a tensor unchanged, in a program of XLA, which computes it as written, whatever is done with it.

    TensorFlow has this operation of XLA, but not under a public name, and without a gradient.
    """
    import tensorflow as tf
    from tensorflow.compiler.tf2xla.python import xla

    same: tf.Tensor = tf.custom_gradient(lambda value: (xla.optimization_barrier(value)[0], tf.identity))(tensor)
    bind_gradient_to_graph(same)
    return same


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
