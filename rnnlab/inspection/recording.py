"""Records the gates and states of recurrent layers: ours through their scan, Keras's through their activations."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager

import keras
from keras import ops

from rnnlab import compat
from rnnlab.cells.builtin_cells import CELLS
from rnnlab.cells.kinds import CellKind
from rnnlab.cells.steps import Activation, Params, Product, See, SiteMasks, States, Tensor
from rnnlab.layers import RNN
from rnnlab.recurrence.recorder import Watch
from rnnlab.tensors import Tree

KINDS = {keras.layers.LSTM: CELLS["lstm"], keras.layers.GRU: CELLS["gru"], keras.layers.SimpleRNN: None}
"""The built-in layers, each with the cell of the same equation."""


def recordable(model: keras.Model) -> list[keras.layers.RNN]:
    """Return the recurrent layers that can be recorded: ours, and Keras's LSTM, GRU and SimpleRNN."""
    return [layer for layer in compat.every_layer(model) if isinstance(layer, RNN | keras.layers.RNN) and _kind(layer)]


def foreign(model: keras.Model) -> dict[str, str]:
    """Return the recurrent layers that can't be recorded, by name, each with the cell that it runs."""
    layers = [layer for layer in compat.every_layer(model) if isinstance(layer, keras.layers.RNN) and not _kind(layer)]
    return {layer.name: type(layer.cell).__name__ for layer in layers}


def _kind(layer: keras.layers.RNN) -> type | None:
    return next((kind for kind in (RNN, *KINDS) if isinstance(layer, kind) and getattr(layer, "ours", True)), None)


def cell_kind(layer: keras.layers.RNN) -> CellKind | None:
    """The description of a layer's cell; None for a SimpleRNN, which has no gates."""
    return layer.cell.kind if isinstance(layer, RNN) else KINDS[_kind(layer)]


def _in_order(layer: keras.layers.RNN) -> tuple[list[str], list[str]]:
    """The gates of a built-in cell in the order in which it computes them: those in (0, 1), and candidates."""
    kind = cell_kind(layer)
    gates = kind.of("gates", kind.options()) if kind else ()
    return [gate for gate in gates if gate != "candidate"], [gate for gate in gates if gate == "candidate"]


@contextmanager
def recorded(model: keras.Model, nudges: Mapping[str, States] | None = None) -> Iterator[dict[str, Watch]]:
    """Record every call of the model inside, by a `Watch` for each of its layers, by the layer's name."""
    layers = recordable(model)
    watches = {layer.name: Watch((nudges or {}).get(layer.name, ()), cell_kind(layer)) for layer in layers}
    with ExitStack() as stack:
        for layer in layers:
            watch = watches[layer.name]
            if _kind(layer) is RNN:
                stack.enter_context(changed(layer, recorder=watch))
            else:
                stack.enter_context(changed(layer, inner_loop=_inner_loop(layer, watch)))
        yield watches


@contextmanager
def changed(layer: keras.layers.Layer, **attributes: object) -> Iterator[None]:
    """Replace attributes of a layer inside; those of its class reappear afterwards."""
    before = {name: vars(layer)[name] for name in attributes if name in vars(layer)}
    for name, value in attributes.items():
        setattr(layer, name, value)
    try:
        yield
    finally:
        for name in attributes:
            setattr(layer, name, before[name]) if name in before else delattr(layer, name)


def _inner_loop(layer: keras.layers.RNN, watch: Watch) -> Callable[..., tuple[Tensor, Tensor, list[Tensor]]]:
    """The replacement for a built-in layer's loop: its own cell, step by step."""

    def inner_loop(
        sequences: Tensor, initial_state: Tree, mask: Tree = None, training: bool = False
    ) -> tuple[Tensor, Tensor, list[Tensor]]:
        def step(
            x: Tensor, states: States, noise: SiteMasks, params: Params, matmul: Product, see: See
        ) -> tuple[Tensor, States]:
            with _shown(layer.cell, _in_order(layer), see):
                output, new = layer.cell(x, list(states), training=training)
            return output, tuple(new)

        x, mask = ops.transpose(sequences, (1, 0, 2)), mask[0] if isinstance(mask, list | tuple) else mask
        mask = None if mask is None else ops.transpose(mask)
        if layer.go_backwards:
            x, mask = ops.flip(x, axis=0), None if mask is None else ops.flip(mask, axis=0)
        outputs, final = watch(step, x, tuple(initial_state), {}, {}, {}, {}, {}, mask, layer.zero_output_for_mask)
        return outputs[-1], ops.transpose(outputs, (1, 0, 2)), list(final)

    return inner_loop


@contextmanager
def _shown(cell: keras.layers.Layer, names: tuple[list[str], list[str]], see: See) -> Iterator[None]:
    """Record the results of a built-in cell's activations under the names of the gates, in their order."""

    def shown(activation: Activation, names: list[str]) -> Activation:
        left = list(names)
        return lambda a: see(left.pop(0), activation(a)) if left else activation(a)

    if not names[1]:
        yield
        return
    gates, candidate = shown(cell.recurrent_activation, names[0]), shown(cell.activation, names[1])
    with changed(cell, recurrent_activation=gates, activation=candidate):
        yield
