"""Steps under noise that says something of two steps: the gradient that passes between them, the gate that is kept."""

from collections.abc import Collection
from typing import Any

from keras import ops

from rnnlab.cells.steps import Noise, Params, Product, See, States, Tensor, held, unseen

BESIDE = 2
"""How many states a step that keeps its output gate carries behind those of the cell; it says so as its `beside`."""


def under(sites: Collection[str], step: Any, states: States) -> tuple[Any, States]:
    """The step and the states that it carries under noise at these sites; what it carries more stands behind."""
    step = detached(step) if "detach" in sites else step
    if "hold_output" not in sites:
        return step, states
    step = gate_kept(step)
    step.beside = BESIDE
    return step, (*states, ops.zeros_like(states[0]), ops.zeros_like(states[0][:, :1]))


def detached(step: Any) -> Any:
    """h-detach: a step that gives h_{t-1} no gradient where `noise["detach"]`, (batch, 1), is 1; other states keep theirs.

    Arpit et al. 2018, arXiv 1810.03023. The value of h_{t-1} is what it was.
    """

    def detached_step(x: Tensor, states: States, noise: Noise, *rest: Any, **also: Any) -> tuple[Tensor, States]:
        h, *others = states
        stopped = noise["detach"]
        h = stopped * ops.stop_gradient(h) + (1 - stopped) * h
        return step(x, (h, *others), noise, *rest, **also)

    return detached_step


def gate_kept(step: Any) -> Any:
    """A step whose output gate keeps its value of the step before where `noise["hold_output"]` is 1.

    It carries the gate, and whether there was one, behind the states: the first step of a call has its own.
    """

    def gate_kept_step(
        x: Tensor, states: States, noise: Noise, params: Params, matmul: Product, see: See = unseen, **also: Any
    ) -> tuple[Tensor, States]:
        *old, last, begun = states
        gates: list[Tensor] = []

        def hold(name: str, gate: Tensor) -> Tensor:
            gate = see(name, gate)
            if name != "output":
                return gate
            gates.append(gate)
            return held(gate, last, {"output": noise["hold_output"] * begun}, "output")

        output, new = step(x, tuple(old), noise, params, matmul, see=hold, **also)
        return output, (*new, gates[0], ops.ones_like(begun))

    return gate_kept_step
