"""Steps under noise that needs more than a mask: a gradient that is stopped, a gate that is kept, a mask that is learnt."""

from keras import ops

from rnnlab.cells.kinds import StepFunction
from rnnlab.cells.steps import Params, Product, See, SiteMasks, States, Tensor, held, unseen


def under(inside: SiteMasks, learned: SiteMasks, step: StepFunction, states: States) -> tuple[StepFunction, States]:
    """The step under noise at these sites, and its states: those of the cell, then as many further ones as its `beside` says.

    Scans give no gradient to noise, so `learned` masks are carried as states, which have one.
    """
    own = len(states)
    if "detach" in inside:
        step = detached(step)
    if "hold_output" in inside:
        step, states = gate_kept(step), (*states, ops.zeros_like(states[1]), ops.zeros_like(states[1][:, :1]))
    for site, mask in learned.items():
        step, states = mask_carried(step, site), (*states, mask)
    if len(states) > own:
        step.beside = len(states) - own  # type: ignore[attr-defined]
    return step, states


def mask_carried(step: StepFunction, site: str) -> StepFunction:
    """A step that takes the mask of a site, the same at every step, from the end of its states."""

    def mask_carried_step(x: Tensor, states: States, noise: SiteMasks, *rest: object, **also: object) -> tuple[Tensor, States]:
        *old, mask = states
        output, new = step(x, tuple(old), {**noise, site: mask}, *rest, **also)
        return output, (*new, mask)

    return mask_carried_step


def detached(step: StepFunction) -> StepFunction:
    """h-detach: a step that gives h_{t-1} no gradient where `noise["detach"]`, (batch, 1), is 1; other states keep theirs.

    Arpit et al. 2018, arXiv 1810.03023. The value of h_{t-1} is unchanged.
    """

    def detached_step(x: Tensor, states: States, noise: SiteMasks, *rest: object, **also: object) -> tuple[Tensor, States]:
        h, *others = states
        stopped = noise["detach"]
        h = stopped * ops.stop_gradient(h) + (1 - stopped) * h
        return step(x, (h, *others), noise, *rest, **also)

    return detached_step


def gate_kept(step: StepFunction) -> StepFunction:
    """A step whose output gate keeps its value of the step before where `noise["hold_output"]` is 1.

    It carries the gate, and whether there was one, behind the states: the first step of a call takes its own gate.
    """

    def gate_kept_step(
        x: Tensor, states: States, noise: SiteMasks, params: Params, matmul: Product, see: See = unseen, **also: object
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
