"""The fast scan on JAX: products kept, steps replayed, weight gradients taken once after the loop."""

from typing import Any

import jax
from jax import numpy as jnp

from rnnlab.cells.steps import States, Tensor
from rnnlab.recurrence.masking import masked


def scan(
    step: Any,
    inputs: Tensor,
    states: States,
    kernels: dict[str, Tensor],
    params: dict[str, Tensor],
    fixed: dict[str, Tensor],
    varying: dict[str, Tensor],
    mask: Tensor | None = None,
    zero_output: bool = False,
) -> tuple[Tensor, States]:
    """Repeat `step` by `jax.lax.scan`; arguments and results as in rnnlab.recurrence."""
    if mask is None:
        return _scan(step, inputs, states, kernels, params, fixed, varying)
    varying = varying | {"mask": jnp.asarray(mask, bool)[..., None]}
    states = (*states, jnp.zeros_like(states[0]))
    outputs, final = _scan(masked(step, zero_output), inputs, states, kernels, params, fixed, varying)
    return outputs, final[:-1]


def _scan(step: Any, *operands: Any) -> tuple[Tensor, States]:
    @jax.custom_vjp
    def run(*operands: Any) -> tuple[Tensor, States]:
        return _forward(step, *operands)[0]

    def forward(*operands: Any) -> Any:
        results, saved = _forward(step, *operands)
        return results, (operands, saved)

    def backward(residuals: Any, cotangents: Any) -> Any:
        return *_backward(step, *residuals, *cotangents), None, None

    run.defvjp(forward, backward)
    return run(*operands)


def _forward(step: Any, inputs: Tensor, states: States, kernels: Any, params: Any, fixed: Any, varying: Any) -> tuple[Any, Any]:
    def body(states: States, now: Any) -> Any:
        x, noise = now
        products: dict[str, Tensor] = {}

        def matmul(name: str, v: Tensor) -> Tensor:
            products[name] = v @ kernels[name]
            return products[name]

        output, new = step(x, states, fixed | noise, params, matmul)
        return new, (output, states, products)

    final, (outputs, before, products) = jax.lax.scan(body, states, (inputs, varying))
    return (outputs, final), (before, products)


def _backward(step: Any, operands: Any, saved: Any, d_outputs: Tensor, d_final: States) -> Any:
    inputs, _, kernels, params, fixed, varying = operands
    before, products = saved
    transposed = {name: kernel.T for name, kernel in kernels.items()}

    def body(carry: Any, now: Any) -> Any:
        d_states, d_params = carry
        x, noise, states, kept, d_output = now

        def replay(x: Tensor, states: States, params: Any, delta: Any) -> Any:
            multiplied: dict[str, Tensor] = {}

            def matmul(name: str, v: Tensor) -> Tensor:
                multiplied[name] = v
                return _product(v, delta[name], kept[name], transposed[name])

            return step(x, states, fixed | noise, params, matmul), multiplied

        zero = jax.tree.map(jnp.zeros_like, kept)
        _, pullback, multiplied = jax.vjp(replay, x, states, params, zero, has_aux=True)
        d_x, d_states, d_now, delta = pullback((d_output, d_states))
        return (d_states, jax.tree.map(jnp.add, d_params, d_now)), (d_x, multiplied, delta)

    start = (d_final, jax.tree.map(jnp.zeros_like, params))
    now = (inputs, varying, before, products, d_outputs)
    (d_states, d_params), (d_inputs, multiplied, deltas) = jax.lax.scan(body, start, now, reverse=True)
    d_kernels = {name: jnp.einsum("tbi,tbo->io", multiplied[name], deltas[name]) for name in kernels}
    return d_inputs, d_states, d_kernels, d_params


@jax.custom_vjp
def _product(v: Tensor, delta: Tensor, kept: Tensor, transposed: Tensor) -> Tensor:
    """The product kept by the forward scan; its cotangent goes to v and, as it is, to delta."""
    return kept


_product.defvjp(
    lambda v, delta, kept, transposed: (kept, transposed),
    lambda transposed, cotangent: (cotangent @ transposed, cotangent, None, None),
)
