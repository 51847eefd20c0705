"""The fast scan on JAX: products kept, steps replayed, weight gradients taken once after the loop."""

from collections.abc import Callable

import jax
from jax import numpy as jnp

from rnnlab.cells.kinds import StepFunction
from rnnlab.cells.steps import Params, SiteMasks, States, Tensor, multiplier
from rnnlab.recurrence.masking import Masked, last_output
from rnnlab.tensors import Tree

Products = dict[str, Tensor]
"""Tensors by the names of the products."""
Saved = tuple[States, Products]
"""The states before every step, and the products of every step, stacked."""


def scan(
    step: StepFunction,
    inputs: Tensor,
    states: States,
    kernels: dict[str, Tensor],
    biases: dict[str, Tensor],
    params: dict[str, Tensor],
    fixed: dict[str, Tensor],
    varying: dict[str, Tensor],
    mask: Tensor | None = None,
    zero_output: bool = False,
    output_size: int | None = None,
) -> tuple[Tensor, States]:
    """Repeat `step` by `jax.lax.scan`; arguments and results as in rnnlab.recurrence."""
    if mask is None:
        return _scan(step, inputs, states, kernels, biases, params, fixed, varying)
    varying = varying | {"mask": jnp.asarray(mask, bool)[..., None]}
    states = (*states, last_output(states, output_size))
    outputs, final = _scan(Masked(step, zero_output), inputs, states, kernels, biases, params, fixed, varying)
    return outputs, final[:-1]


def _scan(step: StepFunction, *operands: Tree) -> tuple[Tensor, States]:
    @jax.custom_vjp
    def run(*operands: Tree) -> tuple[Tensor, States]:
        return _forward(step, *operands)[0]

    def forward(*operands: Tree) -> tuple[tuple[Tensor, States], tuple[Tree, Saved]]:
        results, saved = _forward(step, *operands)
        return results, (operands, saved)

    def backward(residuals: tuple[Tree, Saved], cotangents: tuple[Tensor, States]) -> tuple[Tree, ...]:
        return *_backward(step, *residuals, *cotangents), None, None

    run.defvjp(forward, backward)
    try:
        return run(*operands)
    except TypeError as error:
        if "custom_vjp" not in str(error):
            raise
        raise TypeError('the fast scan has no forward-mode derivative: give the layer implementation="loop"') from error


def _forward(step: StepFunction, inputs: Tensor, states: States, *rest: Tree) -> tuple[tuple[Tensor, States], Saved]:
    kernels, biases, params, fixed, varying = rest
    multiply = multiplier(kernels, biases)

    def body(states: States, now: Tree) -> tuple[States, Tree]:
        x, noise = now
        products: Products = {}

        def matmul(name: str, v: Tensor) -> Tensor:
            products[name] = multiply(name, v)
            return products[name]

        output, new = step(x, states, fixed | noise, params, matmul)
        return new, (output, states, products)

    final, (outputs, before, products) = _each(body, states, (inputs, varying))
    return (outputs, final), (before, products)


def _backward(step: StepFunction, operands: Tree, saved: Saved, d_outputs: Tensor, d_final: States) -> tuple[Tree, ...]:
    inputs, _, kernels, biases, params, fixed, varying = operands
    before, products = saved
    transposed = {name: kernel.T for name, kernel in kernels.items()}
    added: set[str] = set()  # products that the step adds to x as they are: their cotangent is x's, stacked once

    def body(carry: Tree, now: Tree) -> tuple[Tree, Tree]:
        d_states, d_params = carry
        x, noise, states, kept, d_output = now
        pullback, multiplied = _replayed(step, x, states, params, fixed | noise, kept, transposed)
        d_x, d_states, d_now, delta = pullback((d_output, d_states))
        added.update(name for name in delta if delta[name] is d_x)
        own = {name: delta[name] for name in delta if name not in added}
        return (d_states, jax.tree.map(jnp.add, d_params, d_now)), (d_x, multiplied, own)

    start = (d_final, jax.tree.map(jnp.zeros_like, params))
    now = (inputs, varying, before, products, d_outputs)
    (d_states, d_params), (d_inputs, multiplied, deltas) = _each(body, start, now, reverse=True)
    deltas |= dict.fromkeys(added, d_inputs)
    d_kernels = {name: jnp.einsum("tbi,tbo->io", multiplied[name], deltas[name]) for name in kernels}
    d_biases = {name: deltas[name].sum((0, 1)) for name in biases}
    return d_inputs, d_states, d_kernels, d_biases, d_params


def _replayed(
    step: StepFunction, x: Tensor, states: States, params: Params, noise: SiteMasks, kept: Products, transposed: Products
) -> tuple[Callable[[Tree], Tree], Products]:
    """Replay a step with its products as kept; return its pullback to x, states, params and products, and their operands."""

    def replay(x: Tensor, states: States, params: Params, delta: Products) -> tuple[tuple[Tensor, States], Products]:
        multiplied: Products = {}

        def matmul(name: str, v: Tensor) -> Tensor:
            multiplied[name] = v
            return _product(v, delta[name], kept[name], transposed[name])

        return step(x, states, noise, params, matmul), multiplied

    zero = jax.tree.map(jnp.zeros_like, kept)
    _, pullback, multiplied = jax.vjp(replay, x, states, params, zero, has_aux=True)
    return pullback, multiplied


def _each(
    body: Callable[[Tree, Tree], tuple[Tree, Tree]], carry: Tree, sequences: Tree, reverse: bool = False
) -> tuple[Tree, Tree]:
    """`jax.lax.scan`; slices of several gates are carried to their step from the one before it.

    On a CPU, XLA computes gates out of a slice that it takes in the same step element by element, out of a carried one by
    vectors, several times faster.
    """
    flat, structure = jax.tree.flatten(sequences)
    steps, width = flat[0].shape[0], jax.tree.leaves(carry)[0].shape[-1]
    onward = -1 if reverse else 1

    def slices(t: jax.Array | int, several: bool) -> list[Tensor | None]:
        return [x[t] if (x.shape[-1] > width) == several else None for x in flat]

    def step(carried: Tree, t: jax.Array) -> tuple[Tree, Tree]:
        carry, gates = carried
        now = [b if a is None else a for a, b in zip(gates, slices(t, False), strict=True)]
        carry, out = body(carry, jax.tree.unflatten(structure, now))
        return (carry, slices((t + onward) % steps, True)), out

    (carry, _), outs = jax.lax.scan(step, (carry, slices(-1 if reverse else 0, True)), jnp.arange(steps), reverse=reverse)
    return carry, outs


@jax.custom_vjp
def _product(v: Tensor, delta: Tensor, kept: Tensor, transposed: Tensor) -> Tensor:
    """The product kept by the forward scan; its cotangent goes to v and, unchanged, to delta."""
    return kept


_product.defvjp(
    lambda v, delta, kept, transposed: (kept, transposed),
    lambda transposed, cotangent: (cotangent @ transposed, cotangent, None, None),
)
