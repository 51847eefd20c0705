"""Where in the state is the number of the subject?   python experiments/agreement/measure.py [RUNS]

With RUNS, the folder of the finished runs of configs/agreement.yaml, it writes agreement.json and the pictures beside
this file. It prints the tables of README.md from agreement.json.
"""

import json
import runpy
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import rnnlab
from rnnlab.data.generators.agreement import END, Grammar
from rnnlab.inspection.gates import gates
from rnnlab.statistics.intervals import mean_interval
from rnnlab.statistics.permutation import max_t
from rnnlab.statistics.rounding import bare_p, with_interval

FILE = Path(__file__).with_name("agreement.json")
Forward = runpy.run_path(str(FILE.with_name("forward.py")))["Forward"]
GRAMMAR = Grammar(nouns=20, verbs=10, attractors=3, adverbs=2)
PLACES = ("subject", "attractor", "verb", "end")
ENOUGH = 0.75
"""Below this accuracy at verbs, halfway between guessing and knowing, the number counts as lost."""


def places(x: np.ndarray) -> dict[str, np.ndarray]:
    """Return masks [rows, steps] of subjects, attractors, verbs and ends, and the number of attractors at verbs, -1 elsewhere.

    An attractor is a noun between subject and verb whose number is not the subject's.
    """
    number = GRAMMAR.number(x)
    found = {name: np.zeros(x.shape, bool) for name in PLACES}
    count = np.full(x.shape, -1)
    for row, tokens in enumerate(x):
        subject, between = -1, 0
        for step, token in enumerate(tokens):
            if number[row, step] >= 0:
                name = "subject" if subject < 0 else "attractor"
                subject = number[row, step] if subject < 0 else subject
                between += number[row, step] != subject
                found[name][row, step] = name == "subject" or number[row, step] != subject
            elif GRAMMAR.first_verb <= token < GRAMMAR.first_noun:
                found["verb"][row, step], count[row, step] = True, between
            elif token == END:
                found["end"][row, step] = True
                subject, between = -1, 0
    return {**found, "attractors": count}


def probe(states: np.ndarray, plural: np.ndarray) -> tuple[float, list[float]]:
    """Return the accuracies of a linear least-squares probe and of a threshold on each unit, fitted on the other half."""
    half = len(states) // 2
    design = np.column_stack([states, np.ones(len(states))])
    weights = np.linalg.lstsq(design[:half], 2.0 * plural[:half] - 1, rcond=None)[0]
    linear = float(((design[half:] @ weights > 0) == plural[half:]).mean())
    low, high = (states[:half][plural[:half] == value].mean(axis=0) for value in (0, 1))
    said = (states[half:] > (low + high) / 2) == (high > low)
    return linear, (said == plural[half:, None].astype(bool)).mean(axis=0).tolist()


def apart(states: np.ndarray, plural: np.ndarray) -> np.ndarray:
    """Return for each unit the distance between its means over plural and over singular subjects."""
    return np.abs(states[plural].mean(axis=0) - states[~plural].mean(axis=0))


def measure(model: Any, x: np.ndarray, y: np.ndarray) -> dict[str, Any]:
    """Return the measures of one run."""
    net = Forward(model)
    logits, memories = net.run(x)
    assert np.allclose(logits[:64], np.asarray(model.predict(x[:64], verbose=0)), atol=1e-4), (
        "the pass in NumPy is not the model's"
    )
    where = places(x)
    verb = where["verb"]
    verb[:, 0] = False
    rows, steps = np.nonzero(verb)
    plural = y[verb] == 2
    before = memories[rows, steps - 1]
    linear, single = probe(before, plural)
    order = np.argsort(single)[::-1]
    unit = int(order[0])
    means = memories.reshape(-1, net.units).mean(axis=0)

    def accuracy(units: Any) -> float:
        return float((net.run(x, {int(unit): means[unit] for unit in units})[0].argmax(-1)[verb] == y[verb]).mean())

    after = memories[rows, np.minimum(steps + 1, x.shape[1] - 1)][steps + 1 < x.shape[1]]
    right = logits.argmax(-1) == y
    values = next(iter(gates(model, x[:200]).values()))
    return {
        "accuracy": {str(k): float(right[where["attractors"] == k].mean()) for k in range(4)},
        "probe": linear,
        "probe_shuffled": probe(before, np.random.default_rng(0).permutation(plural))[0],
        "left_after_the_end": float(apart(after, plural[steps + 1 < x.shape[1]])[unit] / apart(before, plural)[unit]),
        "units": single,
        "best_unit": unit,
        "accuracy_without_units": [accuracy(order[:k]) for k in range(9)],
        "accuracy_without_another": accuracy(order[-1:]),
        "gates": {
            name: {place: float(values[name][where[place][:200]][:, unit].mean()) for place in PLACES}
            for name in values
            if name not in ("hidden", "cell", "retained")
        },
    }


def carriers(row: dict[str, Any]) -> int:
    """Return how many of the best units must be held at their means before the number is lost; 9 if eight are not enough.

    >>> carriers({"accuracy_without_units": [1.0, 0.9, 0.6]})
    2
    """
    lost = [k for k, accuracy in enumerate(row["accuracy_without_units"]) if accuracy < ENOUGH]
    return lost[0] if lost else len(row["accuracy_without_units"])


Measures = dict[str, Callable[[dict[str, Any]], float]]
"""The measures of a run, by their names in the table."""
MEASURES: Measures = {
    "accuracy, no attractor": lambda row: row["accuracy"]["0"],
    "accuracy, 3 attractors": lambda row: row["accuracy"]["3"],
    "linear probe before the verb": lambda row: row["probe"],
    "probe of shuffled labels": lambda row: row["probe_shuffled"],
    "difference left in the best unit after the end": lambda row: row["left_after_the_end"],
    "best single unit": lambda row: max(row["units"]),
    "accuracy without that unit": lambda row: row["accuracy_without_units"][1],
    "accuracy without the least telling unit": lambda row: row["accuracy_without_another"],
    "units that carry the number": carriers,
}


def of(rows: list[dict[str, Any]], variant: str) -> list[dict[str, Any]]:
    """Return the rows of a variant by seed."""
    return sorted((row for row in rows if row["variant"] == variant), key=lambda row: row["seed"])


def tables(
    rows: list[dict[str, Any]], measures: Measures | None = None, effects: int = 4, where: tuple[str, ...] = PLACES
) -> str:
    """Return the tables: means over seeds, effects of dropout paired by seed, gates of the best unit by position.

    The effects are those on the measures from number `effects` on.
    """
    measures = measures or MEASURES
    variants = list(dict.fromkeys(row["variant"] for row in rows))
    lines = ["| | " + " | ".join(variants) + " |", "| --- |" + " ---: |" * len(variants)]
    for name, measure_of in measures.items():
        means = [f"{np.mean([measure_of(row) for row in of(rows, variant)]):.3g}" for variant in variants]
        lines.append(f"| {name} | " + " | ".join(means) + " |")
    lines += ["", "| effect of dropout, paired by seed | LSTM | p | GRU | p |", "| --- | ---: | ---: | ---: | ---: |"]
    for name, measure_of in list(measures.items())[effects:]:
        line = f"| {name} |"
        for cell in ("lstm", "gru"):
            pair = ([measure_of(row) for row in of(rows, variant)] for variant in (f"{cell}_variational", cell))
            shift = np.subtract(*pair).astype(float)
            p = max_t(shift[:, None])[0] if shift.any() else None
            line += f" {with_interval(mean_interval(shift), plus=True)} | {bare_p(p) if p else ''} |"
        lines.append(line)
    for cell in ("lstm", "gru"):
        for variant in (cell, f"{cell}_variational"):
            found = of(rows, variant)
            lines += ["", f"| {variant}: best unit at the | " + " | ".join(where) + " |", "| --- |" + " ---: |" * len(where)]
            for gate in found[0]["gates"]:
                means = [f"{np.mean([np.abs(row['gates'][gate][place]) for row in found]):.2f}" for place in where]
                lines.append(f"| {gate} | " + " | ".join(means) + " |")
    return "\n".join(lines).replace("[", r"\[").replace("]", r"\]") + "\n"


def picture(name: str, model: Any, row: dict[str, Any], x: np.ndarray, steps: int = 18) -> None:
    """Draw the best unit of a run over the first sentences of the first row with an attractor near its beginning."""
    import matplotlib.pyplot as plt

    misled = next(n for n in range(len(x)) if places(x[n : n + 1, :steps])["attractor"][0, :8].any())
    inside = {
        key: value[0, :steps, row["best_unit"]]
        for key, value in next(iter(gates(model, x[misled : misled + 1]).values())).items()
    }
    inside.pop("retained")
    figure, axes = plt.subplots(figsize=(9, 0.42 * len(inside) + 1.3), layout="constrained")
    values = np.stack(list(inside.values()))
    axes.imshow(values, cmap="RdBu_r", vmin=-1, vmax=1, aspect="auto")
    axes.set_xticks(range(steps), [GRAMMAR.words()[token] for token in x[misled, :steps]], rotation=60, ha="right")
    axes.set_yticks(range(len(inside)), list(inside))
    for (line, step), value in np.ndenumerate(values):
        axes.text(
            step, line, f"{value:.1f}", ha="center", va="center", fontsize=7, color="white" if abs(value) > 0.7 else "black"
        )
    axes.set_title(f"{name}, seed {row['seed']}, unit {row['best_unit']}", fontsize=10)
    figure.savefig(FILE.with_name(f"{name}.svg"), metadata={"Date": None})
    plt.close(figure)


def main(runs: Path) -> None:
    """Measure every finished run."""
    study = rnnlab.open(runs / "agreement")
    x, y = study["lstm", 1].dataset().test.arrays()[:2]
    rows = []
    for variant, seed in study.runs()[["variant", "seed"]].itertuples(index=False):
        rows.append({"variant": variant, "seed": int(seed), **measure(study[variant, int(seed)].model(), x, y)})
        print(variant, seed, flush=True)
    for variant in ("lstm", "gru"):
        best = max(of(rows, variant), key=lambda row: max(row["units"]))
        picture(variant, study[variant, best["seed"]].model(), best, x)
    FILE.write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        main(Path(sys.argv[1]))
    print(tables(json.loads(FILE.read_text())), end="")
