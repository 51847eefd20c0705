"""One pass of a model with its recurrent layers recorded; the model itself is unchanged."""

from collections.abc import Callable, Mapping
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from rnnlab import compat
from rnnlab.inspection.montecarlo import drawing
from rnnlab.inspection.recording import cell_kind, foreign, recordable, recorded
from rnnlab.recurrence.recorder import Passage
from rnnlab.tensors import Tensor, Tree

if TYPE_CHECKING:
    import tensorflow as tf

PositionLosses = Callable[[Tensor], Tensor]
"""(predictions) -> the loss of every position, [rows] or [rows, steps]."""
Nudges = Mapping[str, tuple[Tensor, ...]]
"""By layer the tensors added to its states, (steps, batch, units) each."""


class Passes:
    """Passes of a model, each from the same state: the model's current carried state, or with `fresh` zero.

    Noise is off; with a `seed` it is that of training, with the same masks in every pass. Raises ValueError where the model
    has no recurrent layer that can be recorded.
    """

    def __init__(self, model: keras.Model, seed: int | None = None, fresh: bool = False):
        self.model, self.seed = model, seed
        layers = recordable(model)
        if not layers:
            raise ValueError(_nothing(model))
        self.backwards = {layer.name: layer.go_backwards for layer in layers}
        """By layer whether it reads its sequence from the end."""
        self.states = {layer.name: kind.states if (kind := cell_kind(layer)) else ("hidden",) for layer in layers}
        """By layer the names of its states."""
        states = [state for layer in layers for state in keras.tree.flatten(getattr(layer, "states", None) or [])]
        self._variables = list({id(variable): variable for variable in [*model.variables, *states]}.values())
        self._zero = [fresh and any(variable is state for state in states) for variable in self._variables]
        self._compiled: dict[str, Any] = {}

    def close(self) -> None:
        """Release what was compiled."""
        for function in self._compiled.values():
            if keras.backend.backend() == "tensorflow":
                compat.dismantle(function)
            else:
                function.clear_cache()
        self._compiled.clear()

    def passages(self, x: Tree) -> dict[str, Passage]:
        """Return the gates and states of every layer as arrays, in the order of its steps."""
        passages = _arrays(self._run("passages", self._passages, _tensors(x)))
        return {name: passage._replace(names=self.states[name]) for name, passage in passages.items()}

    def _passages(self, values: list[Tensor], x: Tree) -> dict[str, Passage]:
        return self._call(values, x)[1]

    def gradients(
        self, x: Tree, losses: PositionLosses, cotangents: np.ndarray, nudges: Nudges
    ) -> dict[str, tuple[np.ndarray, ...]]:
        """Return by layer and state the norms of the gradients of the losses, (losses, steps, batch).

        A loss is the sum of `losses(predictions)` weighted by one of the `cotangents`.
        """
        pull = _jax_pull if keras.backend.backend() == "jax" else _tensorflow_pull

        def norms(values: list[Tensor], x: Tree, cotangents: Tensor, nudges: Nudges) -> Nudges:
            return pull(lambda nudges: losses(self._call(values, x, nudges)[0]), cotangents, nudges)

        return _arrays(self._run("gradients", norms, _tensors(x), _tensors(cotangents), _tensors(nudges)))

    def _call(self, values: list[Tensor], x: Tree, nudges: Nudges | None = None) -> tuple[Tensor, dict[str, Passage]]:
        with (
            keras.StatelessScope(state_mapping=list(zip(self._variables, values, strict=True))),
            recorded(self.model, nudges) as watches,
        ):
            predictions = self.model(x, training=self.seed is not None)
        passages = {name: watch.passages for name, watch in watches.items()}
        for name, several in passages.items():
            if len(several) != 1:
                raise ValueError(f"the model calls its layer {name!r} {len(several)} times; only one call can be recorded")
        return predictions, {name: several[0] for name, several in passages.items()}

    def _run(self, name: str, function: Callable[..., Tree], *operands: Tree) -> Tree:
        """Run a function of the variables' values, compiled once; on TensorFlow only passes without noise are."""
        with drawing(self.model, self.seed) if self.seed is not None else nullcontext():
            values = [variable.value for variable in self._variables]
            values = [keras.ops.zeros_like(v) if zero else v for v, zero in zip(values, self._zero, strict=True)]
            if keras.backend.backend() == "jax":
                import jax

                function = self._compiled.setdefault(name, jax.jit(function))
            elif keras.backend.backend() == "tensorflow" and name == "passages" and self.seed is None:
                import tensorflow as tf

                function = self._compiled.setdefault(name, tf.function(function, autograph=False))
            return function(values, *operands)


def _nothing(model: keras.Model) -> str:
    """The message for a model of which nothing can be recorded."""
    others = [f"{layer!r} runs a {cell}, whose gates are its own" for layer, cell in foreign(model).items()]
    seen = "gates and states can be recorded of rnnlab's layers with one of its cells, and of Keras's LSTM, GRU and SimpleRNN"
    return f"the model {model.name!r} has no recurrent layer to inspect: {'; '.join([*others, seen])}"


def _tensors(tree: Tree) -> Tree:
    return keras.tree.map_structure(keras.ops.convert_to_tensor, tree)


def _arrays(tree: Tree) -> Tree:
    return keras.tree.map_structure(lambda leaf: None if leaf is None else keras.ops.convert_to_numpy(leaf), tree)


def _norms(gradients: Tree) -> Tree:
    return keras.tree.map_structure(lambda g: keras.ops.sqrt(keras.ops.sum(keras.ops.square(g), axis=-1)), gradients)


def _tensorflow_pull(losses: Callable[[Nudges], Tensor], cotangents: "tf.Tensor", nudges: Nudges) -> Nudges:
    import tensorflow as tf

    with tf.GradientTape(persistent=True) as tape:
        tape.watch(nudges)
        values = losses(nudges)
    none = tf.UnconnectedGradients.ZERO
    each = [_norms(tape.gradient(values, nudges, one, unconnected_gradients=none)) for one in cotangents]
    return tf.nest.map_structure(lambda *parts: tf.stack(parts), *each)


def _jax_pull(losses: Callable[[Nudges], Tensor], cotangents: Tensor, nudges: Nudges) -> Nudges:
    import jax

    _, pull = jax.vjp(losses, nudges)
    return jax.lax.map(lambda one: _norms(pull(one)[0]), cotangents)
