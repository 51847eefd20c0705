"""The step of a cell without the cell: what it computes by, and nothing that it could keep alive."""

from dataclasses import dataclass
from types import FunctionType
from typing import Any

from rnnlab.cells.steps import Activation, Keep, Noise, Params, Product, See, States, Tensor, as_it_is, unseen


@dataclass(frozen=True)
class CellStep:
    """One time step of a cell; see rnnlab.cells.steps. Equal ones compute the same."""

    equation: Any
    activation: Activation
    recurrent_activation: Activation
    options: tuple[tuple[str, Any], ...]

    def __call__(
        self,
        x: Tensor,
        states: States,
        noise: Noise,
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
        """Whether an equal step of another cell can stand for this one: all it computes by are functions and plain values."""
        functions = isinstance(self.activation, FunctionType) and isinstance(self.recurrent_activation, FunctionType)
        return functions and all(isinstance(value, bool | int | float | str | None) for _, value in self.options)
