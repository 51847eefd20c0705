"""The GRU's weights, with the reset gate after or before the recurrent product."""

from typing import Any

import keras

from rnnlab.cells.cell import Cell
from rnnlab.cells.steps import (
    Keep,
    Noise,
    Params,
    Product,
    See,
    States,
    Tensor,
    as_it_is,
    gru_reset_after,
    gru_reset_before,
    unseen,
)


@keras.saving.register_keras_serializable(package="rnnlab")
class GRUCell(Cell):
    """Gated recurrent unit; the equations are `gru_reset_after` and `gru_reset_before` of `rnnlab.cells.steps`.

    Reset after the product, the bias has the shape (2, 3 * units): the input's and the recurrent product's.
    """

    carried = ("update", "", "hold_hidden")

    def __init__(self, units: int, *args: Any, reset_after: bool = True, **kwargs: Any) -> None:
        super().__init__(units, *args, **kwargs)
        self.reset_after = reset_after
        self.products = {"recurrent": 3} if reset_after else {"gates": 2, "candidate": 1}
        self.state_size = self.units

    def _bias_shape(self) -> tuple[int, ...]:
        return (2, 3 * self.units) if self.reset_after else (3 * self.units,)

    def _biased(self, product: Tensor, noise: Noise) -> Tensor:
        if not (self.use_bias and self.reset_after):
            return super()._biased(product, noise)
        return product + self.noisy("bias", noise)[0]

    @property
    def cudnn(self) -> str:
        """The name of cuDNN's kernel, which resets after the product."""
        return "gru" if self.reset_after else ""

    def biases(self, noise: Noise, per_gate: bool = False) -> dict[str, Tensor]:
        """The recurrent product's bias, where the cell has one."""
        if not (self.use_bias and self.reset_after):
            return {}
        return self._parts(self.noisy("bias", noise)[1], self.products, per_gate)

    def step(
        self,
        x: Tensor,
        states: States,
        noise: Noise,
        params: Params,
        matmul: Product,
        keep: Keep = as_it_is,
        see: See = unseen,
    ) -> tuple[Tensor, States]:
        """One time step."""
        step = gru_reset_after if self.reset_after else gru_reset_before
        return step(x, states, noise, params, matmul, keep(self.activation), keep(self.recurrent_activation), see)

    def get_config(self) -> dict[str, Any]:
        """Every argument."""
        return {**super().get_config(), "reset_after": self.reset_after}
