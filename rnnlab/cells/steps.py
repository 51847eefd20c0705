"""The parts of the steps of cells. A step is a pure function of tensors in the symbols of its paper.

A step receives x, the input's share of the pre-activations (batch, gates * units), the previous states (batch, units), the
noise of this step by site, the small parameters by name, and `matmul(name, v)`, which multiplies v by the recurrent kernel
`name` and adds that product's bias, where it has one. It returns the output, usually one of the new states, and the new
states. The code that runs the step decides how a product and its gradient are computed, and may keep the values of the
activations; see rnnlab.recurrence. The step hands every gate to a recorder by `see(name, gate)`.
"""

from collections.abc import Callable, Mapping

from rnnlab.backend import ops
from rnnlab.tensors import Mask, Tensor

States = tuple[Tensor, ...]
SiteMasks = Mapping[str, Mask]
"""By site a mask (batch, units), or a tuple of them, one a gate."""
Params = Mapping[str, Tensor]
Product = Callable[[str, Tensor], Tensor]
Activation = Callable[[Tensor], Tensor]
See = Callable[[str, Tensor], Tensor]
"""Takes a gate by its name, and returns it."""
Keep = Callable[[Activation], Activation]
"""Takes an activation, and returns one whose values are kept."""

Start = Callable[[tuple[int, ...], str, int], Tensor]
"""(shape, dtype, seed) -> the initial values of a weight."""

EPSILON = 1e-5


def unseen(name: str, gate: Tensor) -> Tensor:
    """Record nothing."""
    return gate


def as_it_is(activation: Activation) -> Activation:
    """The activation itself: its values are not kept."""
    return activation


def masked_product(matmul: Product, name: str, h: Tensor, mask: Mask | None) -> Tensor:
    """The product of a masked copy of h with a recurrent kernel, or of one copy for each gate with its part; h is unchanged."""
    if isinstance(mask, tuple):
        return ops.concatenate([matmul(f"{name}_{gate}", h * m) for gate, m in enumerate(mask)], axis=-1)
    return matmul(name, h if mask is None else h * mask)


def multiplier(kernels: Mapping[str, Tensor], biases: Mapping[str, Tensor]) -> Product:
    """The plain `matmul` of a step: v times the kernel of that name, plus its bias where it has one."""

    def matmul(name: str, v: Tensor) -> Tensor:
        product = ops.matmul(v, kernels[name])
        return product + biases[name] if name in biases else product

    return matmul


def dropped(v: Tensor, noise: SiteMasks, site: str) -> Tensor:
    """The value v times its mask, where there is noise at the site."""
    return v * noise[site] if site in noise else v


def held(new: Tensor, old: Tensor | float, noise: SiteMasks, site: str) -> Tensor:
    """Zoneout: d * old + (1 - d) * new, where there is noise at the site."""
    return noise[site] * old + (1 - noise[site]) * new if site in noise else new


def peep(a: Tensor, c: Tensor, p: Params, name: str) -> Tensor:
    """A pre-activation that sees the cell state through a peephole, where the cell has one."""
    return a + p[name] * c if name in p else a


def normalised(v: Tensor, p: Params, gain: str, offset: str = "") -> Tensor:
    """Layer normalisation over the last axis, gain * (v - mean) / sqrt(var + 1e-5) + offset, where the cell has the gain."""
    if gain not in p:
        return v
    centred = v - ops.mean(v, axis=-1, keepdims=True)
    scaled = centred * ops.rsqrt(ops.mean(ops.square(centred), axis=-1, keepdims=True) + EPSILON) * p[gain]
    return scaled + p[offset] if offset else scaled
