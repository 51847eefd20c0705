"""The description of a cell, read by layers, scans, configs, sizes and inspection.

This module and those that register cells import no backend, so that a config is checked without one.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from inspect import signature
from typing import Any, TypeAlias

from rnnlab.cells.steps import Params, SiteMasks, Start, States
from rnnlab.documents import Record
from rnnlab.names import nearest
from rnnlab.noise.sites import Noise, add_site
from rnnlab.registry import Registry, file_of
from rnnlab.section import NoOptions, Section
from rnnlab.tensors import Tensor

StepFunction: TypeAlias = Callable[..., tuple[Tensor, States]]
Options: TypeAlias = Any
"""The section of a cell's own options, whose class is that of the cell."""
SITES = ("recurrent", "recurrent_kernel", "kernel", "bias", "input", "output", "carried", "detach")
"""The sites of noise for which a step needs nothing but `masked_product`."""
PRODUCTS = ("recurrent", "recurrent_kernel", "detach")
"""Those that act on a product of a state."""


@dataclass(frozen=True, eq=False)
class CellKind:
    """A cell: its step and its properties. A property that depends on the options may be a function of them.

    The input's share x has a part for every gate, (batch, gates * units), and the recurrent kernel a part for every product.
    """

    name: str
    step: StepFunction
    """The equation: (x, states, noise, p, matmul, tanh, sigmoid, see, **options) -> output, states; see rnnlab.cells.steps."""
    states: tuple[str, ...]
    """The names of the states, in the order in which the step takes them."""
    gates: tuple[str, ...] | Callable[[Options], tuple[str, ...]]
    """The names of the gates, candidate included, in the order of the columns of the input kernel."""
    options: type[Section] = NoOptions
    """The section of the cell's own options, each with a default; a step gets those that its signature names."""
    products: Mapping[str, int] | Callable[[Options], Mapping[str, int]] | None = None
    """The recurrent products of a step, each with its number of gates (of `units` columns); the default is one,
    `recurrent`, for all gates. A step asks for each once, by `matmul(name, v)`."""
    sizes: Callable[[int, Options], Mapping[str, int]] | None = None
    """(units, options) -> the sizes of the states that do not have `units` elements."""
    output: Callable[[int, Options], int] | None = None
    """(units, options) -> the size of an output; the default is that of the first state."""
    kernels: Callable[[int, Options], Mapping[str, tuple[int, int]]] | None = None
    """(units, options) -> the shapes of kernels of further products, by their names."""
    vectors: Callable[[int, Options], Mapping[str, tuple[int, str]]] | None = None
    """(units, options) -> small parameters by name: the number of elements, and the name of Keras's initializer."""
    bias: Mapping[str, float] | Callable[[Options], Mapping[str, float | Start]] | None = None
    """The initial bias by gate, a number or (shape, dtype, seed) -> array; the others follow
    `bias_initializer`."""
    start: Callable[[Options], str | None] | None = None
    """(options) -> the name of the initializer of the recurrent kernel; None for the layer's own."""
    recurrent_bias: bool | Callable[[Options], bool] = False
    """Whether the recurrent product has its own bias."""
    prepare: Callable[[Tensor, Params], Tensor] | None = None
    """(product, p) -> the input's product, changed before the bias is added."""
    sites: tuple[str, ...] = ()
    """The sites inside the step where noise can act: some of candidate, cell, hold_<state>, or sites of its own."""
    factors: Callable[..., tuple[Tensor, Tensor]] | None = None
    """(x, noise, p, tanh, sigmoid, **options) -> a, b of a step that is h_t = a * h_{t-1} + b, for x of any leading axes: all
    steps of such a cell are computed side by side."""
    retained: Callable[[Mapping[str, Tensor], SiteMasks], Tensor] | None = None
    """(gates, noise) -> the factor of the old memory in the new one, of shape (..., units)."""
    cudnn: str | Callable[[Options], str | None] | None = None
    """The name of cuDNN's kernel of the same equation, `lstm` or `gru`."""
    keras: str | None = None
    """The name of the layer of Keras that has the same equation, where all options but `keras_options` have their defaults."""
    keras_options: tuple[str, ...] = ()
    """The options that Keras's layer has too."""
    layer: str | None = None
    """The layer with all arguments, as module:name; the default is `rnnlab.layers.RNN` with a `StepCell`."""
    fast: bool = True
    """Whether the fast scans may run it; false for a step that reads variables or draws random numbers."""

    def of(self, name: str, options: Section) -> Any:
        """The value of a field under the options."""
        value = getattr(self, name)
        return value(options) if callable(value) else value

    def products_of(self, options: Section) -> dict[str, int]:
        """The recurrent products by name, each with its number of gates."""
        products = self.of("products", options)
        return dict({"recurrent": len(self.of("gates", options))} if products is None else products)

    def sized(self, name: str, units: int, options: Section) -> dict[str, Any]:
        """The value of a field for the number of units and the options; empty where the field is None."""
        value = getattr(self, name)
        return dict(value(units, options)) if value else {}

    def state_sizes(self, units: int, options: Section) -> dict[str, int]:
        """The size of every state."""
        return dict.fromkeys(self.states, units) | self.sized("sizes", units, options)

    def output_size(self, units: int, options: Section) -> int:
        """The size of an output."""
        return self.output(units, options) if self.output else self.state_sizes(units, options)[self.states[0]]

    def all_sites(self) -> tuple[str, ...]:
        """Every site at which noise can act; a cell without recurrent products lacks those of a product."""
        of_products = () if self.products or self.products is None else PRODUCTS
        return (*(site for site in SITES if site not in of_products), *self.sites)

    def widths(self, units: int, options: Section) -> dict[str, int]:
        """The number of elements that a mask covers at the sites where it may not be `units`."""
        sizes = self.state_sizes(units, options)
        holds = {f"hold_{state}": size for state, size in sizes.items()}
        return {"recurrent": sizes[self.states[0]], "output": self.output_size(units, options), **holds}

    def check_noise(self, noises: Iterable[Noise], units: int, options: Section) -> None:
        """Raise ValueError where noise names an unknown gate, or shares a mask between sites of different sizes."""
        known, widths = self.of("gates", options), self.widths(units, options)
        for noise in noises:
            for gate in noise.gates:
                if gate not in known:
                    told = f"its gates: {', '.join(known)}{nearest(gate, known)}"
                    raise ValueError(f"the cell {self.name} has no gate {gate!r}; {told}")
            if noise.like and widths.get(noise.site, units) != widths.get(noise.like, units):
                raise ValueError(
                    f"the cell {self.name} has different sizes at {noise.like} and {noise.site}: no mask fits both"
                )

    def weights(self, inputs: int, units: int, options: Section) -> int:
        """The number of weights for this many inputs: kernels, biases, further kernels and small parameters.

        >>> from rnnlab.cells.builtin_cells import CELLS
        >>> CELLS["gru"].weights(2, 3, CELLS["gru"].options())
        63
        """
        width = units * len(self.of("gates", options))
        recurrent = units * sum(self.products_of(options).values())
        first = self.state_sizes(units, options)[self.states[0]]
        kernels = sum(rows * columns for rows, columns in self.sized("kernels", units, options).values())
        vectors = sum(size for size, _ in self.sized("vectors", units, options).values())
        biases = width * (2 if self.of("recurrent_bias", options) else 1)
        return inputs * width + first * recurrent + biases + kernels + vectors

    def own(self, options: Section) -> Record:
        """The options that are parameters of the step, by name."""
        given = options.model_dump()
        return {name: given[name] for name in signature(self.step).parameters if name in given}


CELLS: Registry[CellKind] = Registry("cell")
"""The cells by their names in a config."""


def cell(
    name: str, *, states: tuple[str, ...], gates: tuple[str, ...] | Callable[[Options], tuple[str, ...]], **about: Any
) -> Callable[[StepFunction], StepFunction]:
    """Register a step as a cell by name; the other fields are those of `CellKind`.

    Raises ValueError for a name that is taken and TypeError for an unknown field.
    """

    def register(step: StepFunction) -> StepFunction:
        for site in about.get("sites", ()):
            add_site(site, f"{site} of the cell {name}")
        CELLS.add(name, CellKind(name, step, tuple(states), gates if callable(gates) else tuple(gates), **about), file_of(step))
        return step

    return register
