"""The step of a cell without the cell: equation, activations and options; it keeps no weight or layer alive."""

from dataclasses import dataclass
from types import FunctionType

from rnnlab.cells.kinds import StepFunction
from rnnlab.cells.steps import Activation, Keep, Params, Product, See, SiteMasks, States, Tensor, as_it_is, unseen
from rnnlab.documents import Plain


@dataclass(frozen=True)
class CellStep:
    """One time step of a cell; see rnnlab.cells.steps. Equal steps compute the same."""

    equation: StepFunction
    activation: Activation
    recurrent_activation: Activation
    options: tuple[tuple[str, Plain], ...]

    def __call__(
        self,
        x: Tensor,
        states: States,
        noise: SiteMasks,
        params: Params,
        matmul: Product,
        keep: Keep = as_it_is,
        see: See = unseen,
    ) -> tuple[Tensor, States]:
        """The output and the new states."""
        activations = keep(self.activation), keep(self.recurrent_activation)
        return self.equation(x, states, noise, params, matmul, *activations, see, **dict(self.options))

    @property
    def shared(self) -> bool:
        """Whether an equal step of another cell can replace this one: it consists of functions and plain values only."""
        functions = isinstance(self.activation, FunctionType) and isinstance(self.recurrent_activation, FunctionType)
        return functions and all(isinstance(value, bool | int | float | str | None) for _, value in self.options)
