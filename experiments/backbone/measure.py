"""Through how many steps does a gradient flow back, and how does a mask affect a memory?

python experiments/backbone/measure.py [RUNS]

With RUNS, the folder of the runs of backbone.yaml, it writes backbone.json and flow.svg. It writes the tables at the
end of README.md from backbone.json.
"""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import yaml

HERE = Path(__file__).parent
START = "<!-- written by measure.py -->\n"
LAGS = (1, 50, 100, 199)
LEARNT = 1 / 60
"""A tenth of the squared error of a network that always answers 1."""
RATE, STEPS, ROWS, UNITS = 0.1, (1, 10, 50), 2000, 500


def measured(runs: Path) -> dict[str, Any]:
    """Return every run's gradient by lag, before and after training, and its test loss; and the memory of linear units."""
    files = sorted((runs / "backbone").glob("*/seed-*/result.json"))
    results = {file.parent: json.loads(file.read_text()) for file in files}
    return {
        "runs": [flow(*run) for run in results.items()],
        "memory": [memory(name, steps) for name in MASKS for steps in STEPS],
    }


def flow(folder: Path, result: dict[str, Any]) -> dict[str, Any]:
    """Return the norm of d loss / d state by the steps from the state to the end; the state is c in an LSTM, else h."""
    from rnnlab.config import RunConfig
    from rnnlab.data.build_dataset import build
    from rnnlab.data.keras_adapter import Feed
    from rnnlab.inspection.flow import gradient_flow
    from rnnlab.trained.loading import trained
    from rnnlab.training.fit import compiled

    config = RunConfig.model_validate(yaml.safe_load((folder / "run.yaml").read_text())["config"])
    data = build(config.data)
    models = {"start": compiled(config.model, data, config.training, result["seed"])}
    if result["status"] == "done":
        models["trained"] = trained(folder).model
    x, y = Feed(data.validation)[0][:2]
    norms = {}
    for name, model in models.items():
        states = gradient_flow(model, x, y)["recurrent_0"]
        norms[name] = [float(f"{value:.4g}") for value in states.get("cell", states["hidden"])]
    return {"variant": result["variant"], "seed": result["seed"], "test": result["metrics"].get("test_loss"), **norms}


MASKS = {"a mask a step": "naive", "one mask a sequence": "variational"}


def memory(mask: str, steps: int) -> dict[str, Any]:
    """Return what is left of h_0 = 1 in linear units, h_t = m_t h_{t-1} / (1 - p), and the closed form."""
    from rnnlab.cells.step_cell import StepCell
    from rnnlab.layers import RNN

    cell = StepCell("simple_rnn", UNITS, relu=True, identity_start=True)  # the identity for nonnegative values
    layer = RNN(cell, recurrent_dropout={"scheme": MASKS[mask], "rate": RATE}, seed=1)
    left = np.asarray(layer(np.zeros((ROWS, steps, 1)), initial_state=np.ones((ROWS, UNITS)), training=True))
    keep = (1 - RATE) ** (steps if MASKS[mask] == "naive" else 1)
    exact = {"alive": keep, "mean": keep / (1 - RATE) ** steps}
    here = {"alive": float((left > 0).mean()), "mean": float(left.mean())}
    return {"mask": mask, "steps": steps, **{f"{key}, exact": exact[key] for key in exact}, **here}


def of(rows: list[dict[str, Any]], variant: str, when: str) -> list[dict[str, Any]]:
    """Return the runs of a variant; after training without those that diverged."""
    return [row for row in rows if row["variant"] == variant and (when == "start" or row["test"] is not None)]


def tables(kept: dict[str, Any]) -> str:
    """Return the tables: gradients and losses by network, memories by mask."""
    rows = kept["runs"]
    lags = " | ".join(f"{when}, {lag}" for when in ("start", "trained") for lag in LAGS[1:])
    lines = [f"| network | {lags} | test loss, median | learnt |", "| --- |" + " ---: |" * 8]
    for variant in dict.fromkeys(row["variant"] for row in rows):
        cells = [ratio(of(rows, variant, when), when, lag) for when in ("start", "trained") for lag in LAGS[1:]]
        losses = [row["test"] for row in of(rows, variant, "trained")]
        learnt = sum(loss < LEARNT for loss in losses)
        cells += [f"{np.median(losses):.4f}", f"{learnt} of {len(of(rows, variant, 'start'))}"]
        lines.append(f"| {variant} | " + " | ".join(cells) + " |")
    lines += ["", "| mask | steps | alive, exact | alive | mean, exact | mean |", "| --- |" + " ---: |" * 5]
    for row in kept["memory"]:
        numbers = (row[key] for key in ("alive, exact", "alive", "mean, exact", "mean"))
        lines.append(f"| {row['mask']} | {row['steps']} | " + " | ".join(f"{number:.4g}" for number in numbers) + " |")
    return "\n".join(lines) + "\n"


def ratio(seeds: list[dict[str, Any]], when: str, lag: int) -> str:
    """Return the median over seeds of the gradient at a lag, relative to lag 1."""
    return f"{np.median([row[when][lag] / row[when][LAGS[0]] for row in seeds]):.1e}"


def draw(kept: dict[str, Any]) -> None:
    """Draw the median gradient against the lag, relative to lag 1, before and after training."""
    import matplotlib

    matplotlib.use("Agg")
    matplotlib.rcParams["svg.hashsalt"] = "backbone"
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(1, 2, figsize=(10, 4), sharey=True, layout="constrained")
    for axis, when in zip(axes, ("start", "trained"), strict=True):
        for variant in dict.fromkeys(row["variant"] for row in kept["runs"]):
            curves = np.array([row[when] for row in of(kept["runs"], variant, when)])
            axis.plot(np.median(np.maximum(curves, 1e-30) / curves[:, 1:2], axis=0)[1:], label=variant)
        axis.set(title={"start": "at the start", "trained": "after training"}[when], xlabel="steps back")
        axis.set(yscale="log", ylim=(1e-12, 1e3))
    axes[0].set_ylabel("gradient norm, relative to one step back")
    axes[1].legend(loc="lower left", fontsize="small")
    figure.savefig(HERE / "flow.svg", metadata={"Date": None})


if __name__ == "__main__":
    file = HERE / "backbone.json"
    if sys.argv[1:]:
        file.write_text(json.dumps(measured(Path(sys.argv[1]))) + "\n")
        draw(json.loads(file.read_text()))
    text = (HERE / "README.md").read_text().partition(START)[0]
    (HERE / "README.md").write_text(text + START + tables(json.loads(file.read_text())))
