"""What there is to know of a cell, in one description; layers, scans, configs, sizes and inspection read it here.

This module and those that register cells import no backend, so that a config is checked without one.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from inspect import signature
from typing import Any

from rnnlab.names import nearest
from rnnlab.noise.sites import Noise, add_site
from rnnlab.registry import Registry, file_of
from rnnlab.section import NoOptions, Section

Step = Callable[..., Any]
SITES = ("recurrent", "recurrent_kernel", "kernel", "bias", "input", "output", "carried", "detach")
"""The sites of noise that need nothing of a step but `masked_product`."""
PRODUCTS = ("recurrent", "recurrent_kernel", "detach")
"""Those that say something of a product of a state."""


@dataclass(frozen=True, eq=False)
class CellKind:
    """A cell: its step and what is known of it. Whatever depends on the options may be a function of them.

    The input's share x has a part for every gate, (batch, gates * units), and the recurrent kernel a part for every product.
    """

    name: str
    step: Step
    """The equation: (x, states, noise, p, matmul, tanh, sigmoid, see, **options) -> output, states; see rnnlab.cells.steps."""
    states: tuple[str, ...]
    """The names of what it carries from step to step, in the order of the step."""
    gates: tuple[str, ...] | Callable[[Any], tuple[str, ...]]
    """The names of the gates, candidate included, in the order of the columns of the input kernel."""
    options: type[Section] = NoOptions
    """The section of the cell's own options, each with a default; a step gets those that its signature names."""
    products: Mapping[str, int] | Callable[[Any], Mapping[str, int]] | None = None
    """The recurrent products of a step, each with the number of gates (of `units` columns) that it gives; the default is one,
    `recurrent`, for all gates. A step asks for each once, by `matmul(name, v)`."""
    sizes: Callable[[int, Any], Mapping[str, int]] | None = None
    """(units, options) -> the sizes of the states that do not have `units` elements."""
    output: Callable[[int, Any], int] | None = None
    """(units, options) -> the size of an output; the default is that of the first state."""
    kernels: Callable[[int, Any], Mapping[str, tuple[int, int]]] | None = None
    """(units, options) -> the shapes of kernels of further products, by their names."""
    vectors: Callable[[int, Any], Mapping[str, tuple[int, str]]] | None = None
    """(units, options) -> small parameters by name: the number of elements, and the name of Keras's initializer."""
    bias: Mapping[str, float] | Callable[[Any], Mapping[str, Any]] | None = None
    """By gate what its bias starts at, a number or (shape, dtype, seed) -> array; the others as
    `bias_initializer`."""
    start: Callable[[Any], str | None] | None = None
    """(options) -> the name of the initializer of the recurrent kernel; None where the layer's own serves."""
    recurrent_bias: bool | Callable[[Any], bool] = False
    """Whether the recurrent product has a bias of its own."""
    prepare: Callable[[Any, Mapping[str, Any]], Any] | None = None
    """(product, p) -> the input's product as it is before the bias is added."""
    sites: tuple[str, ...] = ()
    """Where noise can act, beside what enters or leaves: of candidate, cell, hold_<state>, or sites of its own."""
    factors: Callable[..., tuple[Any, Any]] | None = None
    """(x, noise, p, tanh, sigmoid, **options) -> a, b of a step that is h_t = a * h_{t-1} + b, for x of any leading axes: all
    steps of such a cell are taken side by side."""
    retained: Callable[[Mapping[str, Any], Mapping[str, Any]], Any] | None = None
    """(gates, noise) -> the factor of the old memory in the new one, of shape (..., units)."""
    cudnn: str | Callable[[Any], str | None] | None = None
    """The name of cuDNN's kernel of the same equation, `lstm` or `gru`."""
    keras: str | None = None
    """The name of the layer of Keras that has the same equation, where all options but `keras_options` have their defaults."""
    keras_options: tuple[str, ...] = ()
    """The options that Keras's layer has too."""
    layer: str | None = None
    """Where a layer with all arguments is, as module:name; the default is `rnnlab.layers.RNN` with a `StepCell`."""
    fast: bool = True
    """Whether the fast scans may run it; false for a step that reads variables or draws by itself."""

    def of(self, name: str, options: Any) -> Any:
        """What one of the fields is under the options."""
        value = getattr(self, name)
        return value(options) if callable(value) else value

    def products_of(self, options: Any) -> dict[str, int]:
        """The recurrent products by name, each with its number of gates."""
        products = self.of("products", options)
        return dict({"recurrent": len(self.of("gates", options))} if products is None else products)

    def sized(self, name: str, units: int, options: Any) -> dict[str, Any]:
        """What a field is under the number of units and the options, or nothing."""
        value = getattr(self, name)
        return dict(value(units, options)) if value else {}

    def state_sizes(self, units: int, options: Any) -> dict[str, int]:
        """The size of every state."""
        return dict.fromkeys(self.states, units) | self.sized("sizes", units, options)

    def output_size(self, units: int, options: Any) -> int:
        """The size of an output."""
        return self.output(units, options) if self.output else self.state_sizes(units, options)[self.states[0]]

    def all_sites(self) -> tuple[str, ...]:
        """Every site at which noise can act; a cell that multiplies no state has none at such a product."""
        of_products = () if self.products or self.products is None else PRODUCTS
        return (*(site for site in SITES if site not in of_products), *self.sites)

    def widths(self, units: int, options: Any) -> dict[str, int]:
        """The number of elements that a mask covers at the sites where it may not be `units`."""
        sizes = self.state_sizes(units, options)
        holds = {f"hold_{state}": size for state, size in sizes.items()}
        return {"recurrent": sizes[self.states[0]], "output": self.output_size(units, options), **holds}

    def check_noise(self, noises: Iterable[Noise], units: int, options: Any) -> None:
        """Raise ValueError where noise names a gate that the cell has not, or takes a mask that covers another number."""
        known, widths = self.of("gates", options), self.widths(units, options)
        for noise in noises:
            for gate in noise.gates:
                if gate not in known:
                    told = f"its gates: {', '.join(known)}{nearest(gate, known)}"
                    raise ValueError(f"the cell {self.name} has no gate {gate!r}; {told}")
            if noise.like and widths.get(noise.site, units) != widths.get(noise.like, units):
                raise ValueError(f"the cell {self.name} has unlike sizes at {noise.like} and {noise.site}: no mask fits both")

    def weights(self, inputs: int, units: int, options: Any) -> int:
        """The number of weights for so many inputs: kernels, biases, further kernels and small parameters.

        >>> from rnnlab.cells.builtin import CELLS
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

    def own(self, options: Any) -> dict[str, Any]:
        """The options that the step takes, by name."""
        given = options.model_dump()
        return {name: given[name] for name in signature(self.step).parameters if name in given}


CELLS: Registry[CellKind] = Registry("cell")
"""The cells by their names in a config."""


def cell(name: str, *, states: tuple[str, ...], gates: Any, **about: Any) -> Callable[[Step], Step]:
    """Register a step as a cell by name; the other fields are those of `CellKind`.

    Raises ValueError for a name that is taken and TypeError for an unknown field.
    """

    def register(step: Step) -> Step:
        for site in about.get("sites", ()):
            add_site(site, f"{site} of the cell {name}")
        CELLS.add(name, CellKind(name, step, tuple(states), gates if callable(gates) else tuple(gates), **about), file_of(step))
        return step

    return register
