"""The LSTM's weights: plain, with peepholes, with coupled gates, with layer normalisation, with a capped input gate."""

from typing import Any

import keras
from keras import ops

from rnnlab.cells.cell import Cell
from rnnlab.cells.steps import Keep, Noise, Params, Product, See, States, Tensor, as_it_is, lstm, normalised, unseen


@keras.saving.register_keras_serializable(package="rnnlab")
class LSTMCell(Cell):
    """Long short-term memory; the equation is `rnnlab.cells.steps.lstm`.

    `peephole` adds the weights p_i, p_f, p_o of shape (units,). `coupled` sets f = 1 - i, so there are three gates and
    `unit_forget_bias` starts the input gate's bias at -1, which is the same f. `layer_norm` adds the gains of shape
    (gates * units,) of both products and gain and offset of the output's cell state. `cap_input` takes min(i, 1 - f) as
    input gate; coupled gates are capped as they are, so ValueError where both are asked for.
    """

    states = ("hidden", "cell")
    carried = ("forget", "cell", "hold_cell")

    def __init__(
        self,
        units: int,
        *args: Any,
        unit_forget_bias: bool = True,
        peephole: bool = False,
        coupled: bool = False,
        layer_norm: bool = False,
        cap_input: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(units, *args, **kwargs)
        if coupled and cap_input:
            raise ValueError("cap_input keeps i at or below 1 - f, and coupled gates have i = 1 - f: give one of the two")
        self.unit_forget_bias = unit_forget_bias
        self.peephole = peephole
        self.coupled = coupled
        self.layer_norm = layer_norm
        self.cap_input = cap_input
        self.products = {"recurrent": 3 if coupled else 4}
        self.state_size = [self.units, self.units]

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Create the weights for inputs of shape (..., features)."""
        super().build(input_shape)
        vectors: dict[str, tuple[int, str]] = {}
        if self.peephole:
            seeing = ("i", "o") if self.coupled else ("i", "f", "o")
            vectors |= {f"peephole_{gate}": (self.units, "zeros") for gate in seeing}
        if self.layer_norm:
            width = self.gates * self.units
            vectors |= {"input_gain": (width, "ones"), "recurrent_gain": (width, "ones")}
            vectors |= {"cell_gain": (self.units, "ones"), "cell_offset": (self.units, "zeros")}
        self.vectors = {
            name: self.add_weight(name=name, shape=(size,), initializer=start) for name, (size, start) in vectors.items()
        }

    def _initial_bias(self, shape: tuple[int, ...], dtype: Any = None) -> Tensor:
        bias = super()._initial_bias(shape, dtype)
        if not self.unit_forget_bias:
            return bias
        forget, start = (0, -1.0) if self.coupled else (1, 1.0)
        first, last = forget * self.units, (forget + 1) * self.units
        return ops.concatenate([bias[:first], ops.full((self.units,), start, dtype=dtype), bias[last:]])

    def _biased(self, product: Tensor, noise: Noise) -> Tensor:
        return super()._biased(normalised(product, self.parameters(), "input_gain"), noise)

    @property
    def cudnn(self) -> str:
        """The name of cuDNN's kernel, which knows the plain equation."""
        return "" if self.peephole or self.coupled or self.layer_norm or self.cap_input else "lstm"

    def parameters(self) -> dict[str, Tensor]:
        """Peepholes, gains and offsets, as far as the cell has them."""
        return {name: self.cast(weight) for name, weight in self.vectors.items()}

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
        activations = keep(self.activation), keep(self.recurrent_activation)
        return lstm(x, states, noise, params, matmul, *activations, see, self.cap_input)

    def get_config(self) -> dict[str, Any]:
        """Every argument."""
        own = ("unit_forget_bias", "peephole", "coupled", "layer_norm", "cap_input")
        return {**super().get_config(), **{name: getattr(self, name) for name in own}}
