"""What a recurrent layer is given beside its inputs, checked and brought into one form: settings, padding masks, states."""

from typing import Any

import keras
from keras import ops

from rnnlab.cells.steps import Tensor

IMPLEMENTATIONS = ("auto", "loop")
OF_KERAS = (0, 1, 2)
"""What old configs hold as `implementation`: ways to multiply, which gave the same results."""


def implementation(given: Any) -> Any:
    """`implementation` as it was given, or ValueError."""
    if given in IMPLEMENTATIONS or (given in OF_KERAS and not isinstance(given, bool)):
        return given
    raise ValueError(f"implementation must be one of {', '.join(IMPLEMENTATIONS)} (or 0, 1, 2 as in Keras), got {given!r}")


def use_cudnn(given: Any) -> bool | str:
    """`use_cudnn` as it was given, or ValueError."""
    if not (isinstance(given, bool) or given == "auto"):
        raise ValueError(f"use_cudnn must be True, False or 'auto', got {given!r}")
    return given


def padding(mask: Any, shape: tuple[int | None, ...]) -> Tensor | None:
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


def initial_states(given: Any, sizes: list[Any], batch: Any, names: tuple[str, ...] = ()) -> Any:
    """Initial states for each of `sizes`, states of one example handed to a whole batch; ValueError where they do not fit."""
    states, widths = keras.tree.flatten(given), keras.tree.flatten(sizes)
    if len(states) != len(widths):
        called = f" ({', '.join(names)})" if names else ""
        raise ValueError(f"initial_state must hold {_count(len(widths))}{called}, got {_count(len(states))}")
    fitting = [_fitting(state, width, batch) for state, width in zip(states, widths, strict=True)]
    return keras.tree.pack_sequence_as(given, fitting) if keras.tree.is_nested(given) else fitting


def _fitting(state: Tensor, width: int, batch: Any) -> Tensor:
    """A state (batch, width), its one row repeated where the batch has more."""
    shape = tuple(state.shape)
    rows = batch if isinstance(batch, int) else None
    if len(shape) != 2 or shape[1] not in (None, width) or (shape[0] not in (None, 1, rows) and rows is not None):
        raise ValueError(f"an initial state must have the shape (batch, units), here {(rows, width)}, got {shape}")
    return ops.broadcast_to(state, (batch, width)) if shape[0] == 1 != rows else state


def _count(states: int) -> str:
    return f"{states} state{'s' if states != 1 else ''}"
