"""What is in a prepared data set: sizes, lengths, unknown words, labels, examples."""

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from rnnlab.data.cache import ABOUT, Prepared, home
from rnnlab.data.sources.prepare import SPLITS

SHOWN = 20
"""Tokens of an example that are shown."""


def known() -> list[dict[str, Any]]:
    """Return a row for everything that is prepared in the data folder."""
    found = sorted((home() / "prepared").glob(f"[!.]*/{ABOUT}"))
    return [_row(path.parent, json.loads(path.read_text(encoding="utf-8"))) for path in found]


def _row(folder: Path, about: dict[str, Any]) -> dict[str, Any]:
    steps = {name: split["steps"] for name, split in about["splits"].items()}
    return {
        "name": about["key"]["name"],
        "level": about["codec"]["level"],
        **steps,
        "vocabulary": len(about["codec"]["vocabulary"]),
        "folder": folder.name,
    }


def describe(found: Prepared) -> dict[str, Any]:
    """Return what is known of a prepared data set."""
    about = found.about
    kept: dict[str, Any] = {key: about[key] for key in ("version", "licence", "citation", "url") if key in about}
    splits = {name: _split(found, name) for name in SPLITS}
    return {"name": about["key"]["name"], "vocabulary": len(about["codec"]["vocabulary"]), "splits": splits, **kept}


def _split(found: Prepared, name: str) -> dict[str, Any]:
    """Counts of a split; lengths and labels where it has examples."""
    about, values = found.about["splits"][name], found[f"{name}.values"]
    told: dict[str, Any] = {"steps": about["steps"], "unknown_rate": about["unknown"] / about["steps"]}
    if f"{name}.offsets" not in found:
        return {**told, "begins": _decoded(found, values)}
    offsets, targets = found[f"{name}.offsets"], found[f"{name}.targets"]
    lengths = np.diff(offsets)
    quartiles = [int(value) for value in np.quantile(lengths, [0, 0.25, 0.5, 0.75, 1])]
    begins = [_decoded(found, values[begin:end]) for begin, end in pairwise(offsets[:4])]
    return {**told, "examples": len(lengths), "length_quartiles": quartiles, **_targets(found, targets), "begin": begins}


def _targets(found: Prepared, targets: np.ndarray) -> dict[str, Any]:
    if labels := found.about["codec"]["labels"]:
        counts = np.bincount(targets, minlength=len(labels))
        return {"labels": {label: int(count) for label, count in zip(labels, counts, strict=True)}}
    return {"targets": {"mean": float(targets.mean()), "deviation": float(targets.std())}}


def _decoded(found: Prepared, values: np.ndarray) -> str:
    return " ".join(found.about["codec"]["vocabulary"][number] for number in values[:SHOWN])
