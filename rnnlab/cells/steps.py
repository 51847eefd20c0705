"""One time step of every cell, as pure functions of tensors in the symbols of their papers.

A step receives x, the input's share of the pre-activations (batch, gates * units), the previous states (batch, units), the
noise of this step by site, the small parameters by name, and `matmul(name, v)`, which multiplies v by the recurrent kernel
`name` and adds that product's bias, where it has one. It returns the output, which is one of the new states, and the new
states. Whoever runs the step decides what a product costs and how its gradient is taken, and may keep the values of the
activations; see rnnlab.recurrence. Whoever looks inside is shown every gate by `see(name, gate)`.
"""

from collections.abc import Callable, Mapping
from typing import Any

from keras import ops

Tensor = Any
States = tuple[Tensor, ...]
Noise = Mapping[str, Any]
"""By site a mask (batch, units), or a tuple of them, one a gate."""
Params = Mapping[str, Tensor]
Product = Callable[[str, Tensor], Tensor]
Activation = Callable[[Tensor], Tensor]
See = Callable[[str, Tensor], Tensor]
"""Takes a gate by its name, and gives it back."""
Keep = Callable[[Activation], Activation]
"""Takes an activation, and gives back one whose values are remembered."""

EPSILON = 1e-5


def unseen(name: str, gate: Tensor) -> Tensor:
    """Nobody looks."""
    return gate


def as_it_is(activation: Activation) -> Activation:
    """The activation itself: nobody keeps its values."""
    return activation


def lstm(
    x: Tensor,
    states: States,
    noise: Noise,
    p: Params,
    matmul: Product,
    tanh: Activation,
    sigmoid: Activation,
    see: See = unseen,
    cap_input: bool = False,
) -> tuple[Tensor, States]:
    """Long short-term memory (Hochreiter & Schmidhuber 1997; Gers et al. 2000), gates in the order i, f, g, o.

    c_t = f * c_{t-1} + i * g,  h_t = o * tanh(c_t)

    Three pre-activations instead of four couple the gates, f = 1 - i (CIFG, Greff et al. 2015). Peepholes p_i, p_f, p_o
    let i and f see c_{t-1} and o see c_t (Gers & Schmidhuber 2000). Gains normalise the recurrent product, and the cell
    state for the output only (Ba et al. 2016). With `cap_input` the input gate is min(i, 1 - f), so c grows no larger
    than the largest candidate (Melis et al. 2017, arXiv 1707.05589).
    """
    h, c = states
    a = x + normalised(masked_product(matmul, "recurrent", h, noise.get("recurrent")), p, "recurrent_gain")
    a_i, *a_f, a_g, a_o = ops.split(a, a.shape[-1] // c.shape[-1], axis=-1)
    i = sigmoid(peep(a_i, c, p, "peephole_i"))
    f = sigmoid(peep(a_f[0], c, p, "peephole_f")) if a_f else 1 - i
    i, f = see("input", ops.minimum(i, 1 - f) if cap_input else i), see("forget", f)
    g = dropped(see("candidate", tanh(a_g)), noise, "candidate")
    c_new = dropped(f * c + i * g, noise, "cell")
    o = see("output", sigmoid(peep(a_o, c_new, p, "peephole_o")))
    c_held = held(c_new, c, noise, "hold_cell")
    shown = c_held if "hold_output" in noise else c_new  # zoneout shows the new cell, unless the gate is kept with it
    h_new = o * tanh(normalised(shown, p, "cell_gain", "cell_offset"))
    h_new = held(h_new, h, noise, "hold_hidden")
    return h_new, (h_new, c_held)


def gru_reset_after(
    x: Tensor,
    states: States,
    noise: Noise,
    p: Params,
    matmul: Product,
    tanh: Activation,
    sigmoid: Activation,
    see: See = unseen,
) -> tuple[Tensor, States]:
    """Gated recurrent unit, reset after the product (cuDNN's and Keras's default), gates in the order z, r, g.

    g = tanh(x W_g + b_g + r * (h_{t-1} U_g + b_u)),  h_t = z * h_{t-1} + (1 - z) * g
    """
    (h,) = states
    u = masked_product(matmul, "recurrent", h, noise.get("recurrent"))
    (x_z, x_r, x_g), (u_z, u_r, u_g) = ops.split(x, 3, axis=-1), ops.split(u, 3, axis=-1)
    z, r = see("update", sigmoid(x_z + u_z)), see("reset", sigmoid(x_r + u_r))
    return interpolated(h, z, see("candidate", tanh(x_g + r * u_g)), noise)


def gru_reset_before(
    x: Tensor,
    states: States,
    noise: Noise,
    p: Params,
    matmul: Product,
    tanh: Activation,
    sigmoid: Activation,
    see: See = unseen,
) -> tuple[Tensor, States]:
    """Gated recurrent unit of the textbooks (Cho et al. 2014), reset before the product, gates in the order z, r, g.

    g = tanh(x W_g + (r * h_{t-1}) U_g),  h_t = z * h_{t-1} + (1 - z) * g
    """
    (h,) = states
    units = h.shape[-1]
    mask = noise.get("recurrent")
    gates, candidate = (mask[:2], mask[2]) if isinstance(mask, tuple) else (mask, mask)
    x_z, x_r, x_g = ops.split(x, 3, axis=-1)
    u = masked_product(matmul, "gates", h, gates)
    z, r = see("update", sigmoid(x_z + u[:, :units])), see("reset", sigmoid(x_r + u[:, units:]))
    reset = r * (h if candidate is None else h * candidate)
    return interpolated(h, z, see("candidate", tanh(x_g + matmul("candidate", reset))), noise)


def interpolated(h: Tensor, z: Tensor, g: Tensor, noise: Noise) -> tuple[Tensor, States]:
    """The GRU's new state between the old one and the candidate, z * h + (1 - z) * g."""
    h_new = z * h + (1 - z) * dropped(g, noise, "candidate")
    h_new = held(h_new, h, noise, "hold_hidden")
    return h_new, (h_new,)


def masked_product(matmul: Product, name: str, h: Tensor, mask: Any) -> Tensor:
    """The product of a masked copy of h with a recurrent kernel, or of one copy a gate with its part; h itself stays whole."""
    if isinstance(mask, tuple):
        return ops.concatenate([matmul(f"{name}_{gate}", h * m) for gate, m in enumerate(mask)], axis=-1)
    return matmul(name, h if mask is None else h * mask)


def multiplier(kernels: Mapping[str, Tensor], biases: Mapping[str, Tensor]) -> Product:
    """The plain `matmul` of a step: v times the kernel of that name, plus its bias where it has one."""

    def matmul(name: str, v: Tensor) -> Tensor:
        product = ops.matmul(v, kernels[name])
        return product + biases[name] if name in biases else product

    return matmul


def dropped(v: Tensor, noise: Noise, site: str) -> Tensor:
    """The value v times its mask, where there is noise at the site."""
    return v * noise[site] if site in noise else v


def held(new: Tensor, old: Tensor, noise: Noise, site: str) -> Tensor:
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
