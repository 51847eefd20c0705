"""The shapes of masks: they follow from the noise and from the sizes of a call."""

from collections.abc import Mapping
from typing import NamedTuple

from rnnlab.noise.sites import Noise
from rnnlab.tensors import Shape, Size


class Sizes(NamedTuple):
    """The sizes that decide the shapes of a call's masks."""

    steps: Size
    batch: Size
    units: int
    gates: Mapping[str, int]
    """By site, the number of gates that can have their own masks."""
    widths: Mapping[str, Size]
    """By site the number of elements that a mask covers, where that is not `units`."""
    weights: Mapping[str, tuple[int, ...]]
    """The shapes of the cell's weights by their sites."""


def shape(noise: Noise, sizes: Sizes) -> Shape:
    """The shape of a mask: (batch, width), after a time axis if it lives a step, after a gate axis if untied.

    A mask that lives a batch has the shape of the weights, or (1, width) where it is drawn by rows.
    """
    if noise.lifetime == "batch":
        *rows, width = sizes.weights[noise.site]
        return (1, width) if noise.sharing == "rows" else (*rows, width)
    width = 1 if noise.sharing in ("units", "batch") else sizes.widths.get(noise.site, sizes.units)
    examples = 1 if noise.sharing == "batch" else sizes.batch
    return (
        *(() if noise.tied else (sizes.gates[noise.site],)),
        *((sizes.steps,) if noise.lifetime == "step" else ()),
        examples,
        width,
    )
