"""A small sweep that can be started quickly and often, and all its bits."""

import contextlib
import json
import random
import re
import time
from pathlib import Path
from typing import Any

import tensorboards
import yaml

from rnnlab.storage.integrity import damaged_in
from rnnlab.storage.store import CHECKPOINT, RESULT, TENSORBOARD, WEIGHTS, read
from rnnlab.training import weights_file

DOCUMENT: dict[str, Any] = {
    "name": "small",
    "data": {"name": "python_reference", "vocabulary": 40, "window": 6, "batch_size": 4, "limit_tokens": 300},
    "model": {"embedding": {"width": 4}, "recurrent": [{"units": 4, "dropout": 0.3, "recurrent_dropout": 0.3}]},
    "training": {"epochs": 4, "monitor": "perplexity", "checkpoint": {"every_minutes": 0.0}, "early_stopping": {"patience": 3}},
    "compare": {"variants": {"ours": {}, "builtin": {"implementation": "keras"}}, "seeds": 1},
    "executor": {"name": "in_process"},
}


def config(folder: Path, **sections: dict[str, Any]) -> Path:
    """The file of the small sweep, with changes in its sections."""
    folder.mkdir(parents=True, exist_ok=True)
    document = {**DOCUMENT, **{name: {**DOCUMENT[name], **section} for name, section in sections.items()}}
    document |= {"executor": sections["executor"]} if "executor" in sections else {}
    (folder / "small.yaml").write_text(yaml.safe_dump(document))
    return folder / "small.yaml"


def command(folder: Path) -> list[str]:
    """What makes the sweep in a folder that has its config."""
    return ["run", str(folder / "small.yaml"), "--runs", str(folder / "runs")]


def untimed(record: Any) -> Any:
    """A record without what the clock says and where it was made."""
    if isinstance(record, dict):
        return {
            key: untimed(value)
            for key, value in record.items()
            if "second" not in key and "throughput" not in key and key not in ("origin", "events")
        }
    if isinstance(record, str):
        return re.sub(r", about .+? one after the other", "", record)
    return [untimed(part) for part in record] if isinstance(record, list) else record


def bits(folder: Path) -> list[Any]:
    """Results, curves and weights of every run, without what the clock says; nothing is damaged, nothing half-written."""
    rows = []
    for run in read(folder / "runs" / "small").runs:
        assert run.result is not None, run.folder
        assert run.damaged == []
        assert not [*run.folder.rglob("*.partial")]
        curves = [(epoch.epoch, epoch.train, epoch.validation) for epoch in run.epochs]
        assert not (run.folder / CHECKPOINT).exists()
        assert damaged_in(run.folder) == []
        rows.append(
            (run.variant, untimed(run.result.document()), curves, shown(run.folder), weights_file.arrays(run.folder / WEIGHTS))
        )
    return rows


def answer(folder: Path) -> Any:
    """What the sweep's comparison says, which is written anew whenever one ends, without what the clock says."""
    return untimed(json.loads((folder / "runs" / "small" / "comparison.json").read_text()))


def shown(folder: Path) -> list[Any]:
    """What TensorBoard shows of a run, and of the mean over its variant's seeds, without what the clock says."""
    board, mean = folder / TENSORBOARD, folder.parent / "mean"
    numbers = [untimed({tag: [*map(repr, points)] for tag, points in tensorboards.shown(one).items()}) for one in (board, mean)]
    configs = [text.item() for text in tensorboards.tensors(board, "text")["config"]]
    others = {**tensorboards.histograms(board), **tensorboards.images(board)}
    return [numbers, configs, {tag: [step.tobytes() for step in steps] for tag, steps in others.items()}]


def alive(process: int) -> bool:
    """Whether a process still runs."""
    return Path(f"/proc/{process}/exe").exists()


def workers(parent: int) -> list[int]:
    """The processes that a process has started and that live."""
    try:
        return [int(one) for one in Path(f"/proc/{parent}/task/{parent}/children").read_text().split()]
    except FileNotFoundError:
        return []


def unfinished(folder: Path) -> list[tuple[Path, int]]:
    """The states of runs that have not ended, and when they were written."""
    states = []
    for state in folder.glob("runs/small/*/*/checkpoint/state"):
        with contextlib.suppress(FileNotFoundError):
            states += [] if (state.parents[1] / RESULT).exists() else [(state, state.stat().st_mtime_ns)]
    return states


def later(folder: Path, rng: random.Random, process: int) -> bool:
    """Wait until a random instant: before anything is saved, between two saves, or in one, however slow the machine is.

    A process that has ended is not waited for. Return whether it was to save something.
    """
    saves, before = rng.choice([0, 0, 1, 2, 5, 20]), unfinished(folder)
    seconds, left = rng.uniform(0, 0.05 if saves else 2), saves
    while left and alive(process):
        time.sleep(0.005)
        if (now := unfinished(folder)) != before:
            left, before = left - 1, now
    time.sleep(seconds)
    return saves > 0
