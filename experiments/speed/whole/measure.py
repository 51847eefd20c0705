"""Time one part of a whole ablation, by rnnlab or in plain Keras, add it to whole.json, and write the tables of the README.

python experiments/speed/whole/measure.py rnnlab tensorflow     the grid by `rnnlab run`, with one worker per core
python experiments/speed/whole/measure.py plain jax             the grid by plain.py
python experiments/speed/whole/measure.py step32 jax            a training step at 32 units
python experiments/speed/whole/measure.py products tensorflow   the grid's training step beside its bare products
python experiments/speed/whole/measure.py floor tensorflow      what the grid takes if nothing but the unavoidable is done
python experiments/speed/whole/measure.py adding tensorflow     configs/adding.yaml with 8 seeds
python experiments/speed/whole/measure.py before tensorflow CHECKOUT   the same by another checkout: that of version 0.1
python experiments/speed/whole/measure.py all CHECKOUT          all parts, one after the other
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

FOLDER = Path(__file__).parent
FILE, GRID, START = FOLDER / "whole.json", FOLDER / "grid.yaml", "<!-- written by measure.py from here on -->\n"
RNNLAB = (sys.executable, "-m", "rnnlab")
CORES, SEEDS, STEPS = 2, 3, 372
"""Workers of the grid; seeds of a variant; training steps of a run."""
ONE = "compare.variants={none: null, per_step: null, zoneout: null, builtin: null}"
SMALL = ["data.vocabulary=64", "model.embedding.width=32", "model.recurrent=[{cell: lstm, units: 32}]", "training.epochs=5"]
RATIOS = [
    ("the grid, rnnlab on TensorFlow / plain Keras on TensorFlow", ("rnnlab", "tensorflow"), ("plain", "tensorflow"), 0.25),
    ("the grid, rnnlab on TensorFlow / plain Keras on JAX", ("rnnlab", "tensorflow"), ("plain", "jax"), 0.65),
    ("the grid, rnnlab on JAX / plain Keras on JAX", ("rnnlab", "jax"), ("plain", "jax"), 0.55),
    ("the floor on TensorFlow / plain Keras on TensorFlow", ("floor", "tensorflow"), ("plain", "tensorflow"), ""),
    ("the floor on TensorFlow / plain Keras on JAX", ("floor", "tensorflow"), ("plain", "jax"), ""),
    ("the floor on JAX / plain Keras on JAX", ("floor", "jax"), ("plain", "jax"), ""),
    ("a step at 32 units, rnnlab on TensorFlow / rnnlab on JAX", ("step32", "tensorflow"), ("step32", "jax"), 1.5),
    ("the grid's step / its bare products, TensorFlow", ("products", "tensorflow"), ("products", "bare"), 1.25),
    ("adding.yaml with 8 seeds on TensorFlow, now / version 0.1", ("adding", "tensorflow"), ("before", "tensorflow"), ""),
    ("adding.yaml with 8 seeds on JAX, now / version 0.1", ("adding", "jax"), ("before", "jax"), ""),
]
PARTS = [
    *[("plain", "tensorflow"), ("rnnlab", "tensorflow"), ("plain", "jax"), ("rnnlab", "jax"), ("products", "tensorflow")],
    *[(what, backend) for what in ("floor", "step32", "before", "adding") for backend in ("tensorflow", "jax")],
]


def command(*words: str, backend: str, checkout: str = "") -> tuple[float, str]:
    """Return the seconds that a command takes, including its start, and what it prints; by another checkout's code, if any."""
    env = {**os.environ, "KERAS_BACKEND": backend, "RNNLAB_JAX_CACHE": "off"} | ({"PYTHONPATH": checkout} if checkout else {})
    begin = time.monotonic()
    done = subprocess.run(words, env=env, cwd=checkout or None, text=True, stdout=subprocess.PIPE, check=True)
    return time.monotonic() - begin, done.stdout


def whole(backend: str, *overrides: str) -> dict[str, Any]:
    """Return the tables that `rnnlab bench --whole` prints for the grid with one seed."""
    words = [*RNNLAB, "bench", "--whole", str(GRID), "compare.seeds=1", *overrides, "--json"]
    tables: dict[str, Any] = json.loads(command(*words, backend=backend)[1])
    return tables


def step(backend: str, *overrides: str) -> dict[str, float]:
    """Return the milliseconds of a step of the variational variant."""
    row: dict[str, float] = whole(backend, ONE, "compare.baseline=null", *overrides)["steps"][0]
    return row


def floor(backend: str) -> float:
    """Return the seconds of the grid on all cores, never idle, if it did no more than start workers, compile each variant
    once, and compute the bare matrix products of its training steps, in Keras's built-in layer the whole steps.
    """
    tables = whole(backend, "training.epochs=3")
    parts = {row["part"]: row["rnnlab, s"] for row in tables["parts"]}
    steps = [row["rnnlab, ms" if row["variant"] == "builtin" else "bare products, ms"] for row in tables["steps"]]
    return float(CORES * parts["start"] + parts["compile"] + SEEDS * STEPS * sum(steps) / 1000) / CORES


def measured(what: str, backend: str, checkout: str = "") -> dict[str, dict[str, float]]:
    """Return seconds of a sweep, or milliseconds of a step, by what was timed and on which backend."""
    with TemporaryDirectory() as runs:
        if what == "rnnlab":
            return {what: {backend: command(*RNNLAB, "run", str(GRID), "--runs", runs, backend=backend)[0]}}
        if what in ("adding", "before"):
            config = FOLDER.parents[2] / "configs" / "adding.yaml"
            words = (*RNNLAB, "run", str(config), "compare.seeds=8", "--runs", runs)
            return {what: {backend: command(*words, backend=backend, checkout=checkout)[0]}}
    if what == "plain":
        return {what: {backend: command(sys.executable, str(FOLDER / "plain.py"), backend=backend)[0]}}
    if what == "step32":
        return {what: {backend: step(backend, *SMALL)["rnnlab, ms"]}}
    if what == "floor":
        return {what: {backend: floor(backend)}}
    row = step(backend, "training.epochs=3")
    return {"products": {backend: row["rnnlab, ms"], "bare": row["bare products, ms"]}}


def table(parts: dict[str, dict[str, float]]) -> str:
    """Return the table of everything that was measured, and the ratios that follow from it."""
    lines = ["| what | on | measured |", "|---|---|---|"]
    for what, times in parts.items():
        unit = "ms" if what in ("step32", "products") else "s"
        lines += [f"| {what} | {on} | {value:.2f} {unit} |" for on, value in times.items()]
    lines += ["", "| ratio | measured | aim, at most |", "|---|---|---|"]
    for name, (a, b), (c, d), aim in RATIOS:
        over, under = parts.get(a, {}).get(b), parts.get(c, {}).get(d)
        if over and under:
            lines.append(f"| {name} | {over / under:.2f} | {aim} |")
    return "\n" + "\n".join(lines) + "\n"


def main() -> None:
    """Measure one part or all, if any is named, and write the table."""
    parts = json.loads(FILE.read_text()) if FILE.exists() else {}
    for what, backend, *checkout in asked(*sys.argv[1:]):
        for name, times in measured(what, backend, *checkout).items():
            parts[name] = {**parts.get(name, {}), **{on: round(value, 3) for on, value in times.items()}}
        FILE.write_text(json.dumps(parts, indent=1) + "\n")
    readme = FOLDER / "README.md"
    readme.write_text(readme.read_text().split(START)[0] + START + table(parts))


def asked(*words: str) -> list[tuple[str, ...]]:
    """Return the parts that the words of the command line name."""
    if words[:1] != ("all",):
        return [words] if words else []
    return [(*part, words[1]) if part[0] == "before" else part for part in PARTS]


if __name__ == "__main__":
    main()
