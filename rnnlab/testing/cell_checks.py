"""Check that a registered cell does what every cell has to."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import keras
import numpy as np
from keras import ops

from rnnlab.cells.builtin_cells import CELLS
from rnnlab.cells.kinds import CellKind
from rnnlab.cells.step_cell import StepCell
from rnnlab.cells.steps import States
from rnnlab.documents import Record
from rnnlab.layers import RNN
from rnnlab.noise.sites import SITES
from rnnlab.tensors import Tensor
from rnnlab.testing.backends import elsewhere
from rnnlab.testing.layer_checks import fill, outputs_and_gradients, slopes
from rnnlab.testing.require import require, require_close

UNITS, INPUTS, STEPS, ROWS = 3, 2, 6, 4


def check_cell(name: str, backends: Sequence[str] = (), **options: object) -> None:
    """Check a registered cell, with its `options`, on the backend in use; raise CheckError where it fails, which says why.

    Its step asks for the declared products and shows its gates; its size is as told; the fast scan gives the outputs and
    gradients of the loop, with padding and under noise at each of its sites; gradients are central differences; padding changes
    nothing before it; evaluation draws nothing; a saved model loads. `backends` are checked in separate processes.

    >>> check_cell("gru", reset_after=False)
    """
    kind = CELLS[name]
    _declared(kind, options)
    _sized(kind, options)
    _as_the_loop(kind, options)
    _sloped(kind, options)
    _padded(kind, options)
    _evaluated(kind, options)
    _saved(kind, options)
    for backend in backends:
        elsewhere(CELLS, "check_cell", name, options, backend)


def layer(kind: CellKind, options: Record, implementation: str = "auto", dtype: str = "float32", **noise: Any) -> RNN:
    """A built layer of the cell with random weights; two of them draw the same masks."""
    cell = StepCell(kind.name, UNITS, dtype=dtype, **options)
    made = RNN(cell, seed=7, name="checked", return_sequences=True, implementation=implementation, dtype=dtype, **noise)
    made.build((None, None, INPUTS))
    fill(made)
    return made


def inputs(steps: int = STEPS) -> np.ndarray:
    """Random sequences."""
    return np.random.default_rng(0).normal(size=(ROWS, steps, INPUTS)).astype("float32")


def _declared(kind: CellKind, options: Record) -> None:
    """Run a single step and check which products and gates it uses."""
    cell = layer(kind, options).cell
    kernels, asked, shown = cell.kernels({}), list[str](), list[str]()

    def matmul(product: str, v: Tensor) -> Tensor:
        known = ", ".join(kernels) or "none"
        require(product in kernels, f"{kind.name} asks for the product {product!r}, but has {known}: name it in products=")
        require(product not in asked, f"{kind.name} asks for the product {product!r} twice in a step: give each its own name")
        asked.append(product)
        return ops.matmul(v, kernels[product])

    def see(gate: str, value: Tensor) -> Tensor:
        shown.append(gate)
        return value

    states = tuple(cell.get_initial_state(ROWS))
    x = cell.project(ops.convert_to_tensor(inputs()[:, 0]), {})
    output, new = cell.step(x, states, {}, cell.parameters(), matmul, see=see)
    _returned(kind, cell.output_size, output, states, new)
    require(set(asked) == set(kernels), f"{kind.name} never asks for {', '.join(set(kernels) - set(asked))}: leave it out")
    gates = kind.of("gates", cell.options)
    parts = kind.kernels and set(shown) - set(gates)  # the gates are made by further kernels, and those declared are parts of x
    unseen = [] if parts else [gate for gate in gates if gate not in shown]
    require(not unseen, f"{kind.name} never shows the gates {', '.join(unseen)}: pass each through see(name, gate)")


def _returned(kind: CellKind, width: int, output: Tensor, states: States, new: States) -> None:
    """Check the results of a step: a tuple of all states, with their sizes, and an output of the declared width."""
    require(isinstance(new, tuple), f"{kind.name} has to return (output, states) with the states as a tuple, got {type(new)}")
    require(len(new) == len(states), f"{kind.name} has the states {', '.join(kind.states)}, but returns {len(new)} of them")
    for state, was, is_now in zip(kind.states, states, new, strict=True):
        told = f"the state {state} of {kind.name} comes in as {tuple(was.shape)} and goes out as {tuple(is_now.shape)}"
        require(tuple(was.shape) == tuple(is_now.shape), f"{told}: give other sizes in sizes=")
    told = f"the output of {kind.name} has {output.shape[-1]} elements instead of {width}"
    require(output.shape[-1] == width, f"{told}: give another size in output=")


def _sized(kind: CellKind, options: Record) -> None:
    made = layer(kind, options)
    told = kind.weights(INPUTS, UNITS, made.cell.options)
    require(made.count_params() == told, f"{kind.name} has {made.count_params()} weights, and {told} by its description")


def _noises(kind: CellKind) -> list[Any]:
    """No noise, and noise at each of the sites that the step itself has to obey."""
    inside = [site for site in kind.all_sites() if site == "recurrent" or (site in kind.sites and site != "hold_output")]
    return [
        0.0,
        *({"site": site, "rate": 0.4} for site in inside if not (SITES[site].needs_cell and "cell" not in kind.states)),
    ]


def _as_the_loop(kind: CellKind, options: Record) -> None:
    mask = np.arange(STEPS) < np.array([[STEPS], [4], [1], [3]])
    plain = None
    for noise in _noises(kind):
        for real in (None,) if noise else (None, mask):
            both = [
                outputs_and_gradients(layer(kind, options, how, recurrent_dropout=noise), inputs(), real)
                for how in ("auto", "loop")
            ]
            plain = both[1][0] if plain is None else plain
            for fast, loop in zip(*both, strict=True):
                told = f"the fast scan and the loop of {kind.name} disagree under noise {noise}"
                require_close(fast, loop, f"{told}: the step must depend on nothing but its arguments")
        ignored = noise and plain is not None and np.array_equal(both[1][0], plain)
        require(
            not ignored, f"{kind.name} declares {noise and noise['site']!r} and ignores noise there: obey it, or leave it out"
        )


def _sloped(kind: CellKind, options: Record) -> None:
    if keras.backend.backend() == "jax":
        import jax

        if not jax.config.jax_enable_x64:
            return  # float64 is switched off in this process
    made = layer(kind, options, dtype="float64")
    for number, variable in enumerate(made.trainable_variables):
        gradient, measured = slopes(made, inputs().astype("float64"), number)
        told = f"the gradient of {kind.name} by {variable.name} is not its central difference"
        require_close(gradient, measured, f"{told}: is an activation or a branch not differentiable?", 1e-4)


def _padded(kind: CellKind, options: Record) -> None:
    made, x = layer(kind, options), inputs()
    longer = np.concatenate([x, np.full((ROWS, 2, INPUTS), 9.0, "float32")], axis=1)
    mask = np.broadcast_to(np.arange(STEPS + 2) < STEPS, (ROWS, STEPS + 2))
    padded = ops.convert_to_numpy(made(longer, mask=mask))
    require_close(padded[:, :STEPS], made(x), f"padding after a sequence changes outputs of {kind.name}")
    require_close(padded[:, -1], padded[:, STEPS - 1], f"{kind.name} does not repeat its last output at padding")


def _evaluated(kind: CellKind, options: Record) -> None:
    for noise in _noises(kind)[1:]:
        made = layer(kind, options, recurrent_dropout=noise)
        before = [ops.convert_to_numpy(stream.state.value) for stream in made.seeds.values()]
        first, second = (ops.convert_to_numpy(made(inputs(), training=False)) for _ in range(2))
        after = [ops.convert_to_numpy(stream.state.value) for stream in made.seeds.values()]
        require(np.array_equal(first, second), f"{kind.name} differs from call to call in evaluation under {noise}")
        require(all(map(np.array_equal, before, after)), f"{kind.name} draws in evaluation under {noise}")


def _saved(kind: CellKind, options: Record) -> None:
    model = keras.Sequential([keras.Input((STEPS, INPUTS)), layer(kind, options)])
    with TemporaryDirectory() as folder:
        model.save(Path(folder) / "model.keras")
        again = keras.models.load_model(Path(folder) / "model.keras")
    require_close(
        again(inputs()), model(inputs()), f"a saved model of {kind.name} computes something else once it is loaded", 0.0
    )
