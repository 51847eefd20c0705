"""The weights that every cell has, and what is computed from them before the loop starts."""

from numbers import Integral
from typing import Any, ClassVar

import keras
from keras import activations, constraints, initializers, ops, regularizers

from rnnlab.cells.activations import reads_variables
from rnnlab.cells.own_masks import OwnMasks
from rnnlab.cells.steps import (
    Keep,
    Noise,
    Params,
    Product,
    See,
    States,
    Tensor,
    as_it_is,
    dropped,
    masked_product,
    multiplier,
    unseen,
)
from rnnlab.noise import streams
from rnnlab.noise.schemes import Setting
from rnnlab.seeds import fresh


class Cell(OwnMasks, keras.layers.Layer):
    """A recurrent cell: kernel (inputs, gates * units), recurrent kernel (units, gates * units), bias, and a step.

    Weight names, shapes and gate order are those of Keras's cells, so weights copy both ways. A step knows no noise but what it
    is handed: `rnnlab.layers.RNN` draws it as `dropout` and `recurrent_dropout` say, or the cell itself where another layer
    runs it.
    """

    products: dict[str, int]
    """The recurrent products of a step by name, each with the number of gates that its slice of the kernel serves."""
    carried: ClassVar[tuple[str, str, str]]
    """The gate that is the factor of what is carried on from step to step, and the sites whose noise drops and holds that."""
    serialised: ClassVar = {
        "activation": activations,
        "recurrent_activation": activations,
        "kernel_initializer": initializers,
        "recurrent_initializer": initializers,
        "bias_initializer": initializers,
        "kernel_regularizer": regularizers,
        "recurrent_regularizer": regularizers,
        "bias_regularizer": regularizers,
        "kernel_constraint": constraints,
        "recurrent_constraint": constraints,
        "bias_constraint": constraints,
    }

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        recurrent_activation: Any = "sigmoid",
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros",
        *,
        kernel_regularizer: Any = None,
        recurrent_regularizer: Any = None,
        bias_regularizer: Any = None,
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: Setting = 0.0,
        recurrent_dropout: Setting = 0.0,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        given = locals()
        super().__init__(**kwargs)
        if isinstance(units, bool) or not isinstance(units, Integral) or units <= 0:
            raise ValueError(f"units must be a positive integer, got {units!r}")
        self.units: int = int(units)
        self.use_bias: bool = use_bias
        for name, module in self.serialised.items():
            setattr(self, name, module.get(given[name]))
        self.dropout, self.recurrent_dropout, self.seed = dropout, recurrent_dropout, streams.checked(seed)
        self.first_seed = fresh(self.seed)
        """The seed that all masks follow from; drawn here where none is given, as Keras's cells draw theirs."""

    @property
    def pure(self) -> bool:
        """Whether the step reads only what it is handed: activations that read variables need the plain loop."""
        return not any(reads_variables(act, self.units) for act in (self.activation, self.recurrent_activation))

    @property
    def cudnn(self) -> str:
        """The name of cuDNN's kernel for the equation of this cell; empty where it has none."""
        return ""

    @property
    def gates(self) -> int:
        """The number of gates, candidate included."""
        return sum(self.products.values())

    @property
    def output_size(self) -> int:
        """The size of an output."""
        return self.units

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Create the weights for inputs of shape (..., features)."""
        width = self.gates * self.units
        self.kernel = self._weight("kernel", (input_shape[-1], width))
        self.recurrent_kernel = self._weight("recurrent_kernel", (self.units, width), prefix="recurrent")
        self.bias = self._weight("bias", self._bias_shape(), self._initial_bias) if self.use_bias else None
        self.open_streams()
        self.built = True

    def _weight(self, name: str, shape: tuple[int | None, ...], initializer: Any = None, prefix: str = "") -> Any:
        prefix = prefix or name
        return self.add_weight(
            name=name,
            shape=shape,
            initializer=initializer or getattr(self, f"{prefix}_initializer"),
            regularizer=getattr(self, f"{prefix}_regularizer"),
            constraint=getattr(self, f"{prefix}_constraint"),
        )

    def _bias_shape(self) -> tuple[int, ...]:
        return (self.gates * self.units,)

    def _initial_bias(self, shape: tuple[int, ...], dtype: Any = None) -> Tensor:
        return self.bias_initializer(shape, dtype=dtype)

    def cast(self, weight: Any) -> Tensor:
        """A weight as a tensor in the compute dtype."""
        return ops.cast(weight, self.compute_dtype)

    def project(self, x: Tensor, noise: Noise) -> Tensor:
        """The input's share of all pre-activations, (..., gates * units) with the bias, for x of shape (..., features).

        A mask at `input` multiplies the copy of x that enters the product; a tuple of masks the copy for each gate.
        """
        mask = noise.get("input")

        def times(name: str, v: Tensor) -> Tensor:
            return ops.matmul(ops.reshape(v, (-1, v.shape[-1])), kernels[name])

        kernels = self._parts(self.noisy("kernel", noise), {"input": self.gates}, isinstance(mask, tuple))
        product = self._biased(
            masked_product(times, "input", x, mask), noise
        )  # flat: TensorFlow adds the bias inside the product
        return ops.reshape(product, (*ops.shape(x)[:-1], self.gates * self.units))

    def _biased(self, product: Tensor, noise: Noise) -> Tensor:
        return product if self.bias is None else product + self.noisy("bias", noise)

    def noisy(self, name: str, noise: Noise) -> Tensor:
        """A copy of a weight under the noise at its site; the stored weights are never touched."""
        weight = self.cast(getattr(self, name))
        if name not in noise:
            return weight
        return weight + noise[name] if self.noise[name].distribution == "additive" else weight * noise[name]

    def kernels(self, noise: Noise, per_gate: bool = False) -> dict[str, Tensor]:
        """The recurrent kernels by the names of the products, or, `per_gate`, by product and number of the gate."""
        return self._parts(self.noisy("recurrent_kernel", noise), self.products, per_gate)

    def biases(self, noise: Noise, per_gate: bool = False) -> dict[str, Tensor]:
        """The biases of the recurrent products by name, (width,) each, as far as the cell has them."""
        return {}

    def _parts(self, kernel: Tensor, products: dict[str, int], per_gate: bool) -> dict[str, Tensor]:
        """The columns of a kernel (or of a bias) that serve each product, or each gate of each product that has several."""
        parts: dict[str, Tensor] = {}
        start = 0
        for name, gates in products.items():
            ends = [start + (gate + 1) * self.units for gate in range(gates)]
            if per_gate and gates > 1:
                parts |= {f"{name}_{gate}": kernel[..., end - self.units : end] for gate, end in enumerate(ends)}
            else:
                parts[name] = kernel[..., start : ends[-1]]
            start = ends[-1]
        return parts

    def parameters(self) -> dict[str, Tensor]:
        """The step's small parameters by name; a cell has only those that its options ask for."""
        return {}

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
        """One time step of this cell; see rnnlab.cells.steps."""
        raise NotImplementedError

    def call(self, inputs: Tensor, states: Any, training: bool = False) -> tuple[Tensor, list[Tensor]]:
        """One step by Keras's cell protocol: inputs (batch, features) and states in, output and states out."""
        states = tuple(states) if isinstance(states, list | tuple) else (states,)
        noise = self.own_masks(inputs, training)
        per_gate = isinstance(noise.get("recurrent"), tuple)
        product = multiplier(self.kernels(noise, per_gate), self.biases(noise, per_gate))
        x = self.project(inputs, noise)
        output, new = self.step(x, states, noise, self.parameters(), product)
        return dropped(output, noise, "output"), list(new)

    def get_initial_state(self, batch_size: Any = None) -> list[Tensor]:
        """Zero states, (batch, units) each."""
        sizes = self.state_size if isinstance(self.state_size, list) else [self.state_size]
        return [ops.zeros((batch_size, size), dtype=self.compute_dtype) for size in sizes]

    def get_config(self) -> dict[str, Any]:
        """Every argument."""
        objects = {name: module.serialize(getattr(self, name)) for name, module in self.serialised.items()}
        own = ("units", "use_bias", "dropout", "recurrent_dropout", "seed")
        return {**super().get_config(), **{name: getattr(self, name) for name in own}, **objects}
