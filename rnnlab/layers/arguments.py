"""The arguments of a recurrent layer beside its inputs, checked and normalised: settings, padding masks, states."""

import keras
from keras import ops

from rnnlab.cells.steps import Tensor
from rnnlab.tensors import Size, Tree

IMPLEMENTATIONS = ("auto", "loop")
OF_KERAS = (0, 1, 2)
"""The values of `implementation` in old configs: ways to multiply that gave the same results."""


def implementation(given: str | int) -> str | int:
    """`implementation` as it was given, or ValueError."""
    if given in IMPLEMENTATIONS or (given in OF_KERAS and not isinstance(given, bool)):
        return given
    raise ValueError(f"implementation must be one of {', '.join(IMPLEMENTATIONS)} (or 0, 1, 2 as in Keras), got {given!r}")


def use_cudnn(given: bool | str) -> bool | str:
    """`use_cudnn` as it was given, or ValueError."""
    if not (isinstance(given, bool) or given == "auto"):
        raise ValueError(f"use_cudnn must be True, False or 'auto', got {given!r}")
    return given


def padding(mask: Tree, shape: tuple[int | None, ...]) -> Tensor | None:
    """A mask as (batch, steps) for inputs of shape (batch, steps, features); ValueError for a mask of another shape."""
    mask = mask[0] if isinstance(mask, list | tuple) else mask
    if mask is None:
        return None
    mask = mask if keras.backend.is_keras_tensor(mask) else ops.convert_to_tensor(mask)
    given = tuple(mask.shape)
    if len(given) == 3 and given[-1] == 1:
        mask = ops.squeeze(mask, -1)
    if len(mask.shape) != 2 or not all(a == b or None in (a, b) for a, b in zip(mask.shape, shape[:2], strict=True)):
        raise ValueError(f"a mask has the shape (batch, steps) of the inputs, {tuple(shape[:2])}; got {given}")
    return mask


def initial_states(given: Tree, sizes: list[int], batch: Size, names: tuple[str, ...] = ()) -> Tree:
    """Initial states for each of `sizes`, those of one example repeated for the batch; ValueError where they do not fit."""
    states, widths = keras.tree.flatten(given), keras.tree.flatten(sizes)
    if len(states) != len(widths):
        called = f" ({', '.join(names)})" if names else ""
        raise ValueError(f"initial_state must hold {_count(len(widths))}{called}, got {_count(len(states))}")
    fitting = [_fitting(state, width, batch) for state, width in zip(states, widths, strict=True)]
    return keras.tree.pack_sequence_as(given, fitting) if keras.tree.is_nested(given) else fitting


def _fitting(state: Tensor, width: int, batch: Size) -> Tensor:
    """A state (batch, width); a single row is repeated for the batch."""
    shape = tuple(state.shape)
    rows = batch if isinstance(batch, int) else None
    if len(shape) != 2 or shape[1] not in (None, width) or (shape[0] not in (None, 1, rows) and rows is not None):
        raise ValueError(f"an initial state must have the shape (batch, units), here {(rows, width)}, got {shape}")
    return ops.broadcast_to(state, (batch, width)) if shape[0] == 1 != rows else state


def _count(states: int) -> str:
    return f"{states} state{'s' if states != 1 else ''}"
