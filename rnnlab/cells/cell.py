"""A cell as a layer of Keras: its arguments, its weights as its description says, and one step."""

from collections.abc import Sequence
from numbers import Integral
from typing import ClassVar

import keras
from keras import activations, constraints, initializers, ops, regularizers
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from rnnlab.cells.activations import reads_variables
from rnnlab.cells.cell_step import CellStep
from rnnlab.cells.keras_arguments import ActivationName, Constraint, Initializer, Regularizer
from rnnlab.cells.kinds import CellKind
from rnnlab.cells.loop_operands import LoopOperands
from rnnlab.cells.steps import Tensor, dropped, multiplier
from rnnlab.documents import Fields, Record
from rnnlab.names import nearest
from rnnlab.noise import seed_streams
from rnnlab.noise.schemes import Setting
from rnnlab.seeds import derive, fresh
from rnnlab.tensors import Size


class Cell(LoopOperands, keras.layers.Layer):
    """A recurrent cell: kernel (inputs, gates * units), recurrent kernel (units, gates * units), bias, and its step.

    Weight names, shapes and gate order are those of Keras's cells, so weights copy both ways. The step takes its
    noise as an argument: `rnnlab.layers.RNN` draws it as `dropout` and `recurrent_dropout` say, or the cell itself where
    another layer runs it.
    """

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
        activation: ActivationName = "tanh",
        recurrent_activation: ActivationName = "sigmoid",
        use_bias: bool = True,
        kernel_initializer: Initializer = "glorot_uniform",
        recurrent_initializer: Initializer = "orthogonal",
        bias_initializer: Initializer = "zeros",
        *,
        kernel_regularizer: Regularizer = None,
        recurrent_regularizer: Regularizer = None,
        bias_regularizer: Regularizer = None,
        kernel_constraint: Constraint = None,
        recurrent_constraint: Constraint = None,
        bias_constraint: Constraint = None,
        dropout: Setting = 0.0,
        recurrent_dropout: Setting = 0.0,
        seed: int | None = None,
        **kwargs: object,
    ) -> None:
        given = locals()
        super().__init__(**kwargs)
        if isinstance(units, bool) or not isinstance(units, Integral) or units <= 0:
            raise ValueError(f"units must be a positive integer, got {units!r}")
        self.units: int = int(units)
        self.use_bias: bool = use_bias
        for name, module in self.serialised.items():
            setattr(self, name, module.get(given[name]))
        self.dropout, self.recurrent_dropout, self.seed = dropout, recurrent_dropout, seed_streams.checked(seed)
        self.first_seed = fresh(self.seed)
        """The seed that all masks follow from; drawn here where none is given, as Keras's cells draw theirs."""

    @property
    def pure(self) -> bool:
        """Whether the step reads only its arguments: activations that read variables need the plain loop."""
        acts = (self.activation, self.recurrent_activation)
        return self.kind.fast and not any(reads_variables(act, self.units) for act in acts)

    def choose(self, options: Fields) -> None:
        """Set the options of the cell. Raises ValueError for an unknown option, and for one that does not fit the others."""
        try:
            self.options = self.kind.options.model_validate(dict(options))
        except ValidationError as error:
            raise ValueError("; ".join(_told(self.kind, detail) for detail in error.errors())) from None
        for name, value in self.options.model_dump().items():
            setattr(self, name, value)
        self.products = self.kind.products_of(self.options)
        sizes = list(self.kind.state_sizes(self.units, self.options).values())
        self.state_size = sizes if len(sizes) > 1 else sizes[0]

    @property
    def states(self) -> tuple[str, ...]:  # type: ignore[override]
        """The names of the states."""
        return self.kind.states

    @property
    def sites(self) -> tuple[str, ...]:  # type: ignore[override]
        """The sites at which noise can act."""
        return self.kind.all_sites()

    @property
    def cudnn(self) -> str:
        """The name of cuDNN's kernel for the equation of this cell; empty where it has none."""
        return self.kind.of("cudnn", self.options) or ""

    @property
    def output_size(self) -> int:
        """The size of an output."""
        return self.kind.output_size(self.units, self.options)

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Create the weights for inputs of shape (..., features)."""
        self.kind.check_noise(self.noise.values(), self.units, self.options)
        width, recurrent = self.gates * self.units, sum(self.products.values()) * self.units
        shape: tuple[int, ...] = self.widths(input_shape[-1])["recurrent"], recurrent
        self.kernel = self._weight("kernel", (input_shape[-1], width))
        start = self.kind.of("start", self.options)
        self.recurrent_kernel = self._weight("recurrent_kernel", shape, start, prefix="recurrent") if recurrent else None
        self.further = {
            name: self._weight(name, shape, prefix="recurrent")
            for name, shape in self.kind.sized("kernels", self.units, self.options).items()
        }
        shape = (2, width) if self._recurrent_bias else (width,)
        self.bias = self._weight("bias", shape, self._initial_bias) if self.use_bias else None
        self.vectors = {
            name: self.add_weight(name=name, shape=(size,), initializer=start)
            for name, (size, start) in self.kind.sized("vectors", self.units, self.options).items()
        }
        self.open_streams()
        self.built = True

    def widths(self, inputs: int | None) -> dict[str, Size]:
        """The size of a mask at the sites where it is not `units`: a number of elements, or the shape of the kernel."""
        widths = self.kind.widths(self.units, self.options)
        kernel = (widths["recurrent"], sum(self.products.values()) * self.units)
        return {"input": inputs, "recurrent_kernel": kernel, **widths}

    def gates_at(self, site: str) -> int:
        """The number of masks at a site whose masks are not tied: one for every gate of the product."""
        return sum(self.products.values()) if site == "recurrent" else self.gates

    def _weight(
        self, name: str, shape: tuple[int | None, ...], initializer: Initializer = None, prefix: str = ""
    ) -> keras.Variable:
        prefix = prefix or name
        return self.add_weight(
            name=name,
            shape=shape,
            initializer=initializer or getattr(self, f"{prefix}_initializer"),
            regularizer=getattr(self, f"{prefix}_regularizer"),
            constraint=getattr(self, f"{prefix}_constraint"),
        )

    def _initial_bias(self, shape: tuple[int, ...], dtype: str | None = None) -> Tensor:
        bias = self.bias_initializer(shape, dtype=dtype)
        own = self.kind.of("bias", self.options)
        if not own:
            return bias
        parts = dict(zip(self.kind.of("gates", self.options), ops.split(bias, self.gates, axis=-1), strict=True))
        seed = derive(self.first_seed, "bias")
        for gate, start in own.items():
            part = parts[gate].shape
            parts[gate] = start(part, dtype, seed) if callable(start) else ops.full(part, start, dtype=dtype)
        return ops.concatenate(list(parts.values()), axis=-1)

    @property
    def step(self) -> CellStep:
        """One time step of this cell; see rnnlab.cells.steps."""
        options = tuple(self.kind.own(self.options).items())
        return CellStep(self.kind.step, self.activation, self.recurrent_activation, options)

    def call(self, inputs: Tensor, states: Tensor | Sequence[Tensor], training: bool = False) -> tuple[Tensor, list[Tensor]]:
        """One step by Keras's cell protocol: inputs (batch, features) and states in, output and states out."""
        old = tuple(states) if isinstance(states, list | tuple) else (states,)
        noise = self.own_masks(inputs, training)
        per_gate = isinstance(noise.get("recurrent"), tuple)
        product = multiplier(self.kernels(noise, per_gate), self.biases(noise, per_gate))
        x = self.project(inputs, noise)
        output, new = self.step(x, old, noise, self.parameters(), product)
        return dropped(output, noise, "output"), list(new)

    def get_initial_state(self, batch_size: Size = None) -> list[Tensor]:
        """Zero states, (batch, units) each."""
        sizes = self.state_size if isinstance(self.state_size, list) else [self.state_size]
        return [ops.zeros((batch_size, size), dtype=self.compute_dtype) for size in sizes]

    def get_config(self) -> Record:
        """Every argument."""
        objects = {name: module.serialize(getattr(self, name)) for name, module in self.serialised.items()}
        own = ("units", "use_bias", "dropout", "recurrent_dropout", "seed")
        return {**super().get_config(), **{name: getattr(self, name) for name in own}, **objects, **self.options.model_dump()}


def _told(kind: CellKind, detail: ErrorDetails) -> str:
    """The message for an option that does not fit."""
    name = ".".join(map(str, detail["loc"]))
    if detail["type"] == "extra_forbidden":
        known = list(kind.options.model_fields)
        return f"cell {kind.name!r} has no option {name}{nearest(name, known)}; its options: {', '.join(known) or 'none'}"
    return f"{name}: {detail['msg'].removeprefix('Value error, ')}"
