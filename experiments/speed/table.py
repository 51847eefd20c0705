"""Write the tables of README.md from the JSON files beside it: python experiments/speed/table.py"""

import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
SHAPES = {"650": "20, 35, 650, 650", "128": "32, 100, 128, 128"}
OURS, BUILTIN, TIED = "rnnlab", "keras.layers, same rates", "variational, tied"
QUIET, BUILTIN_QUIET = "rnnlab, no noise", "keras.layers, no noise"
AIMS = {  # least speedup over keras.layers at the same rates; greatest ratio to the bare products
    "tensorflow-lstm-650": (5, 1.5),
    "tensorflow-lstm-128": (3, 3),
    "tensorflow-gru-650": (5, 1.7),
    "tensorflow-gru-128": (3, 3.5),
    "jax-lstm-650": (1.5, None),
    "jax-lstm-128": (1.5, None),
    "jax-gru-650": (1.5, None),
    "jax-gru-128": (1.5, None),
}
START = "<!-- written by table.py from here on -->\n"


def measured(name: str) -> dict[str, dict[str, Any]]:
    """Return the rows of a file by what was timed; none if there is no such file."""
    path = FOLDER / f"{name}.json"
    return {row["what"]: row for row in json.loads(path.read_text())} if path.exists() else {}


def titled(name: str) -> list[str]:
    """Return backend, and cell with its shape, as entries of a table."""
    backend, cell, units = name.split("-")[:3]
    return [backend, f"{cell.upper()} {SHAPES[units]}"]


def aims() -> list[list[str]]:
    """Return the aims and what was reached."""
    titles = [
        "backend",
        "cell, batch, steps, inputs, units",
        "times faster than keras.layers",
        "aim",
        "times the bare products",
    ]
    lines = [[*titles, "aim", "without noise, times faster than keras.layers without noise"]]
    for name, (faster, products) in AIMS.items():
        rows = measured(name)
        ratio = rows[BUILTIN_QUIET]["least"] / rows[QUIET]["least"]
        reached = f"{rows[OURS]['times_faster']:.2f}", f"{rows[OURS]['times_products']:.2f}"
        least, most = f"at least {faster}", f"at most {products}" if products else ""
        lines.append([*titled(name), reached[0], least, reached[1], most, f"{ratio:.2f}"])
    return lines


def timings() -> list[list[str]]:
    """Return every implementation of every file."""
    titles = ["what", "least, ms", "median, ms", "times faster than keras.layers, same rates", "times the bare products"]
    lines = [["backend", "cell, batch, steps, inputs, units", *titles, "peak, MiB"]]
    for name in AIMS:
        for what, row in measured(name).items():
            times = [f"{row['least']:.1f}", f"{row['median']:.1f}"]
            ratios = [f"{row['times_faster']:.2f}", f"{row['times_products']:.2f}"]
            peak = "" if row.get("peak_mib") is None else f"{row['peak_mib']:.0f}"
            lines.append([*titled(name), what, *times, *ratios, peak])
    return lines


def schemes() -> list[list[str]]:
    """Return every scheme relative to the tied variational one."""
    lines = [["backend", "cell, batch, steps, inputs, units", "scheme", "least, ms", "median, ms", "times variational, tied"]]
    for name in AIMS:
        rows = measured(f"{name}-schemes")
        for what in rows:
            if what in (BUILTIN, "bare products"):
                continue
            least, median = rows[what]["least"], rows[what]["median"]
            lines.append([*titled(name), what, f"{least:.1f}", f"{median:.1f}", f"{least / rows[TIED]['least']:.2f}"])
    return lines


def workers() -> list[list[str]]:
    """Return the times of the grid with one worker and with two, and of runs without training; empty if not measured."""
    files = [FOLDER / "workers" / f"{name}.json" for name in ("grid", "empty", "empty-jax")]
    if not all(file.exists() for file in files):
        return []
    found, *empty = (json.loads(file.read_text()) for file in files)
    one, two = (", ".join(f"{second:.0f}" for second in found["seconds"][count]) for count in ("1", "2"))
    titles = [
        "one worker, s",
        "two workers, s",
        "times sooner",
        "aim",
        "an empty run of a warm worker on TensorFlow, on JAX, s",
        "aim",
    ]
    warm = ", ".join(f"{file['an empty run, median']:.2f}" for file in empty)
    return [titles, [one, two, f"{found['times sooner']:.2f}", "at least 1.6", warm, "at most 0.3"]]


def programs() -> list[list[str]]:
    """Return a step of TensorFlow as a graph and as one program of XLA; empty if not measured."""
    file = FOLDER / "program" / "program.json"
    models = json.loads(file.read_text())["models"] if file.exists() else {}
    lines = [["model", "weights", "graph, ms", "XLA, ms", "XLA compiles longer by, s", "steps that win this back"]]
    for name, row in models.items():
        (graph, xla), first = row["ms"].values(), row["first call, s"]
        longer = f"{first['xla'] - first['graph']:.1f}"
        lines.append(
            [name, f"{row['weights']:,}", f"{graph:.2f}", f"{xla:.2f}", longer, str(row.get("steps that win it back", "none"))]
        )
    return lines


def many() -> list[list[str]]:
    """Return what many runs take beside their training; empty if not measured."""
    file = FOLDER / "many" / "many.json"
    if not file.exists():
        return []
    found = json.loads(file.read_text())
    ended, parents = zip(*found["parent"].items(), strict=True)
    titles = [
        "runs",
        "whole, s",
        "training a run, s",
        "share beside training",
        f"memory of the parent after {', '.join(ended)} runs, MiB",
    ]
    rows = [f"{found['runs']:,}", f"{found['whole, s']:.0f}", f"{found['training, s'] / found['runs']:.2f}"]
    rows += [f"{100 * found['share beside training']:.0f} %", ", ".join(str(parent["memory, MiB"]) for parent in parents)]
    return [[*titles, "`plan`, s", "`list`, s"], [*rows, f"{found['plan, s']:.1f}", f"{found['list, s']:.1f}"]]


def two_passes() -> list[list[str]]:
    """Return what two passes over a batch cost compared with one; empty if not measured."""
    file = FOLDER / "two_passes" / "two_passes.json"
    rows = json.loads(file.read_text()) if file.exists() else {}
    lines = [[name, f"{row['seconds']:.2f}", f"{row['times one pass']:.2f}"] for name, row in rows.items()]
    return [["a step of", "an epoch, s", "times one pass (aim: at most 2.1)"], *lines]


def parallel_scan() -> list[list[str]]:
    """Return the parallel scan of cells compared with their loop; empty if not measured."""
    file = FOLDER / "parallel_scan" / "parallel_scan.json"
    lines = [["backend", "cell, 1,000 steps", "parallel scan, ms", "loop, ms", "times faster"]]
    for backend, cells in (json.loads(file.read_text()) if file.exists() else {}).items():
        for cell, ways in cells.items():
            quick, slow = (ways[way]["least"] for way in ("parallel scan", "loop"))
            lines.append([backend, cell, f"{quick:.1f}", f"{slow:.1f}", f"{slow / quick:.2f}"])
    return lines


def freed_memory() -> list[list[str]]:
    """Return what it saves that a worker keeps the memory that a step has freed; empty if not measured."""
    file = FOLDER / "freed_memory" / "freed_memory.json"
    rows = json.loads(file.read_text())["schemes"] if file.exists() else {}
    titles = ["examples/s, kept", "given back", "ratio", "thousand pages cleared, kept", "given back"]
    lines = [["recurrent dropout", *titles, "peak, kept, MiB", "given back"]]
    for scheme, ways in rows.items():
        kept, back = ways["kept"], ways["given back"]
        rates = f"{kept['examples/s']:,}", f"{back['examples/s']:,}", f"{kept['examples/s'] / back['examples/s']:.2f}"
        pages = [f"{way['pages'] / 1000:,.0f}" for way in (kept, back)]
        lines.append([scheme, *rates, *pages, *(str(way["peak, MiB"]) for way in (kept, back))])
    return lines


def batches() -> list[list[str]]:
    """Return what a batch costs in Python in addition to its step."""
    lines = [["backend", "what", "ms of the processor a batch", "aim"]]
    for backend in ("tensorflow", "jax"):
        rows = json.loads((FOLDER / "batch" / f"{backend}.json").read_text())
        lines += [[backend, what, f"{value:.4f}", "at most 0.2"] for what, value in rows.items()]
    return lines


def markdown(lines: list[list[str]]) -> str:
    """Return lines of entries as a table; the first line is the titles."""
    first, *rest = (f"| {' | '.join(line)} |" for line in lines)
    return "\n".join([first, "|---" * len(lines[0]) + "|", *rest])


def written() -> str:
    """Return all tables that are written from the files."""
    tables = {
        "## The aims": aims(),
        "## All times": timings(),
        "## The schemes": schemes(),
        "## Two passes": two_passes(),
        "## Steps side by side": parallel_scan(),
        "## Workers": workers(),
        "## A thousand runs": many(),
        "## Memory that is kept": freed_memory(),
        "## Graph or XLA": programs(),
        "## A batch in Python": batches(),
    }
    return "\n".join(f"\n{title}\n\n{markdown(lines)}\n" for title, lines in tables.items() if len(lines) > 1)


if __name__ == "__main__":
    readme = FOLDER / "README.md"
    readme.write_text(readme.read_text().split(START)[0] + START + written())
