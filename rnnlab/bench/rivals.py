"""Our layer against the built-in one, against torch, and against the products that no implementation can avoid."""

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from types import ModuleType

import keras
import numpy as np

from rnnlab import layers
from rnnlab.bench.timing import interleaved
from rnnlab.bench.torch_step import torch_step
from rnnlab.bench.training_step import products, training_step
from rnnlab.cells.builtin_cells import CELLS
from rnnlab.cells.scheme_table import WORKS, fits
from rnnlab.documents import Record
from rnnlab.errors import UserError
from rnnlab.noise.scheme import SCHEMES
from rnnlab.noise.schemes import Setting


@dataclass(frozen=True)
class TimedLayer:
    """The timed task: one layer over a batch of sequences, with dropout = recurrent_dropout = rate."""

    cell: str = "lstm"
    batch: int = 20
    steps: int = 35
    inputs: int = 650
    units: int = 650
    rate: float = 0.5


MANY = ("none", "variational", "naive", "semeniuta", "zoneout", "rnndrop", "weight_drop")
"""Schemes that are timed in special forms, or not at all."""
OURS, OURS_QUIET = "rnnlab", "rnnlab, no noise"
BUILTIN, BUILTIN_QUIET = "keras.layers, same rates", "keras.layers, no noise"
PRODUCTS, TORCH = "bare products", "torch.nn, no noise"


def settings(shape: TimedLayer) -> dict[str, tuple[Setting, Setting]]:
    """Every scheme that the cell takes, as dropout and recurrent_dropout."""
    rate = shape.rate
    untied, naive = {"scheme": "variational", "rate": rate, "tied": False}, {"scheme": "naive", "rate": rate}
    horizontal: Record = {
        "semeniuta, per step": {"scheme": "semeniuta", "rate": rate},
        "semeniuta, per sequence": {"scheme": "semeniuta", "rate": rate, "lifetime": "sequence"},
        "weight drop": {"scheme": "weight_drop", "rate": rate},
        "zoneout": {"scheme": "zoneout", "hidden": 0.05} | ({"cell": rate} if shape.cell == "lstm" else {}),
    }
    if shape.cell == "lstm":
        horizontal["rnndrop"] = {"scheme": "rnndrop", "rate": rate}
    return {
        "variational, tied": (rate, rate),
        "variational, untied": (untied, untied),
        "naive, tied": (naive | {"tied": True},) * 2,
        "naive, untied": (naive, naive),
        **{name: (rate, setting) for name, setting in horizontal.items()},
        **others(shape),
    }


def others(shape: TimedLayer) -> dict[str, tuple[Setting, Setting]]:
    """The schemes that have one form, through both arguments where both take them, else beside a variational input."""
    made: dict[str, tuple[Setting, Setting]] = {}
    for name, scheme in SCHEMES.items():
        if "recurrent_dropout" in scheme.arguments and name not in MANY and fits(CELLS[shape.cell], name) == WORKS:
            rate = {"rate": shape.rate} if "rate" in scheme.example else {}
            setting = {"scheme": name, **scheme.example, **rate}
            made[name.replace("_", " ")] = (setting if "dropout" in scheme.arguments else shape.rate, setting)
    return made


def candidates(shape: TimedLayer, jit: bool, schemes: bool = False, only: str | None = None) -> dict[str, Callable[[], object]]:
    """The training steps by name, all of the same shape and on the same numbers; `only` builds one of them."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal((shape.batch, shape.steps, shape.inputs), np.float32)
    seen = rng.standard_normal((shape.batch, shape.steps, shape.units), np.float32)

    def step(family: ModuleType, dropout: Setting = 0.0, recurrent_dropout: Setting = 0.0) -> Callable[[], object]:
        make = getattr(family, shape.cell.upper())
        layer = make(shape.units, dropout=dropout, recurrent_dropout=recurrent_dropout, return_sequences=True)
        return training_step(layer, x, seen, jit)

    makers: dict[str, Callable[[], Callable[[], object] | None]] = {
        PRODUCTS: lambda: products(x, shape.units, {"lstm": 4, "gru": 3}[shape.cell], jit),
        BUILTIN: lambda: step(keras.layers, shape.rate, shape.rate),
    }
    if schemes:
        makers |= {name: partial(step, layers, *setting) for name, setting in settings(shape).items()}
    else:
        makers |= {
            OURS: lambda: step(layers, shape.rate, shape.rate),
            BUILTIN_QUIET: lambda: step(keras.layers),
            OURS_QUIET: lambda: step(layers),
            TORCH: lambda: torch_step(shape.cell, x, seen, shape.units),
        }
    made = {name: make() for name, make in makers.items() if only in (None, name)}
    return {name: run for name, run in made.items() if run}


def bench(shape: TimedLayer, repeats: int = 10, jit: bool = False, schemes: bool = False, memory: bool = False) -> list[Record]:
    """Time a training step of every candidate, a row each, beside the built-in layer and the bare products.

    `times_faster` is the built-in layer's least time over the candidate's, `times_products` the candidate's over that of the
    bare products. `schemes` times our layer with every scheme instead of the rivals; `memory` adds the peak in MiB. Raises
    ValueError where a size is not positive.
    """
    timings = interleaved(candidates(shape, jit, schemes), repeats)
    used = peaks(shape, [name for name in timings if name not in (PRODUCTS, TORCH)], jit, schemes) if memory else {}
    return [
        {
            "what": name,
            **asdict(timing),
            "times_faster": timings[BUILTIN].least / timing.least,
            "times_products": timing.least / timings[PRODUCTS].least,
            **({"peak_mib": used.get(name)} if memory else {}),
        }
        for name, timing in timings.items()
    ]


def peaks(shape: TimedLayer, names: list[str], jit: bool, schemes: bool) -> dict[str, float]:
    """MiB by which a training step raises the peak memory of a process, each candidate in its own process."""
    megabytes = {}
    for name in names:
        given = json.dumps({"shape": asdict(shape), "name": name, "jit": jit, "schemes": schemes})
        done = subprocess.run([sys.executable, "-m", "rnnlab.bench.peak_memory", given], capture_output=True, text=True)
        if done.returncode:
            raise UserError(f"the process that measures {name} ended with status {done.returncode}:\n{done.stderr[-4000:]}")
        megabytes[name] = float(done.stdout.split()[-1])
    return megabytes
