"""The internals of Keras that rnnlab uses: of its layers, calls and backends."""

import random
import sys
from collections.abc import Callable, Hashable
from types import ModuleType, SimpleNamespace
from typing import TYPE_CHECKING, Any

from rnnlab.replaced import replaced
from rnnlab.tensors import Tensor

if TYPE_CHECKING:
    import keras


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
    """Return whether the current call is one of training; Keras asks a cell for its masks without `training`."""
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


def keras_loop() -> Callable[..., tuple[Tensor, Tensor, list[Tensor]]]:
    """Return the loop of the active backend that `keras.layers.RNN` runs its cell by; no public function repeats a step so."""
    return cudnn_kernels().rnn


def shared_programs() -> dict[Hashable, Any]:
    """Return the compiled programs that equal layers share, which `keras.backend.clear_session` forgets."""
    from keras.src.backend.common import global_state

    programs: dict[Hashable, Any] = global_state.get_global_attribute("rnnlab_programs", default={}, set_to_default=True)
    return programs


def set_global_generator(generator: "keras.random.SeedGenerator") -> None:
    """Put a generator behind layers that were given no seed, see `global_generator`."""
    from keras.src.backend.common import global_state
    from keras.src.random.seed_generator import GLOBAL_SEED_GENERATOR

    global_state.set_global_attribute(GLOBAL_SEED_GENERATOR, generator)


def global_generator() -> "keras.random.SeedGenerator":
    """Return the generator behind layers that were given no seed: a checkpoint has to hold its state."""
    from keras.src.random.seed_generator import global_seed_generator

    return global_seed_generator()


def set_random_seed(seed: int, keep_kernels: bool = False) -> None:
    """Seed what `keras.utils.set_random_seed` does, but for a TensorFlow that nobody has imported.

    Keras would import it for its seed alone, on any backend, which costs every worker on JAX time and memory. TensorFlow would
    forget every kernel, since some draw random numbers and have a state, and a tenth of a second or more goes into making those
    of a compiled step again: with `keep_kernels` it keeps them.
    """
    from keras.src.utils import rng_utils

    tensorflow = rng_utils.tf if "tensorflow" in sys.modules else SimpleNamespace(available=False)
    if keep_kernels and tensorflow.available:
        tensorflow = SimpleNamespace(available=True, random=SimpleNamespace(set_seed=_seed_tensorflow))
    with replaced(rng_utils, tf=tensorflow):
        rng_utils.set_random_seed(seed)


def _seed_tensorflow(seed: int) -> None:
    from tensorflow.python.eager.context import context

    context()._seed, context()._rng = seed, random.Random(seed)
