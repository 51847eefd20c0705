"""The curves of a variant over its seeds: mean and band, in the report and in TensorBoard."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rnnlab import files
from rnnlab.storage import store
from rnnlab.tensorboard.custom_scalars import BAND, high, layout, low
from rnnlab.tensorboard.epoch_scalars import tagged
from rnnlab.tensorboard.event_files import replace
from rnnlab.tensorboard.values import scalars

if TYPE_CHECKING:
    from tensorboard.compat.proto.summary_pb2 import Summary

FOLDER = "mean"
"""Where the mean curves of a variant are, beside its seeds."""

Array = NDArray[np.float64]


class Band(NamedTuple):
    """A mean over seeds with its interval, each (epochs,)."""

    mean: Array
    low: Array
    """NaN where one seed or none is left: one value says nothing about the spread."""
    high: Array
    seeds: Array
    """How many seeds the others are from."""


def band(values: Array, confidence: float = 0.95) -> Band:
    r"""Return the mean of curves (seeds, epochs) at every epoch with Student's t interval; NaN marks a seed that has stopped.

    mean ± t_{n-1, (1 + confidence) / 2} sd / sqrt(n), n being the seeds that have a value at the epoch.

    >>> band(np.array([[5.1, 4.0], [4.9, np.nan], [5.6, np.nan], [4.7, np.nan]])).low.round(3)
    array([4.46,  nan])
    """
    from scipy.special import stdtrit

    present = np.isfinite(values)
    n = present.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(present, values, 0).sum(axis=0) / n
        variance = np.where(present, (values - mean) ** 2, 0).sum(axis=0) / (n - 1)
        half = np.where(n > 1, stdtrit(n - 1, (1 + confidence) / 2) * np.sqrt(variance / n), np.nan)
    return Band(mean, mean - half, mean + half, n.astype(float))


def table(curves: Sequence[Sequence[float | None]]) -> Array:
    """Return curves of unequal lengths as (seeds, epochs), NaN where there is no value.

    >>> table([[1.0, 2.0], [3.0]])
    array([[ 1.,  2.],
           [ 3., nan]])
    """
    values = np.full((len(curves), max(map(len, curves), default=0)), np.nan)
    for row, curve in zip(values, curves, strict=True):
        row[: len(curve)] = [np.nan if value is None else value for value in curve]
    return values


def due(variant: Path) -> bool:
    """Return whether the mean curves of a variant are to be written again after the run that ended last.

    They are after each of the first 8 runs, then four times per doubling of the number of runs, since every
    time all are read; a comparison writes those of all runs.
    """
    runs = len([*variant.glob(f"seed-*/{store.RESULT}")])
    return runs < 8 or runs % (1 << runs.bit_length() - 3) == 0


def write(variant: Path) -> None:
    """Write the mean curves of a variant's runs, as far as they have come, into its folder `mean`, with their layout.

    A mean has the tag of its metric, so that it lies over the seeds in every chart; the ends of its band and the number of
    seeds stand in the section `interval`. Raises UserError where the folder is a symbolic link, StorageError where it cannot
    be written.
    """
    files.refuse_links(variant, variant / FOLDER)
    runs = [store.read_run(path) for path in store.run_folders(variant.parent, variant.name)]
    by_tag = bands([[tagged(epoch) for epoch in run.epochs] for run in runs])
    steps: dict[int, list[Summary.Value]] = {}
    for tag, one in by_tag.items():
        for epoch, values in enumerate(zip(*one, strict=True)):
            names = [tag, low(tag), high(tag), f"{BAND}/{tag}/seeds"]
            steps.setdefault(epoch, []).extend(scalars(dict(zip(names, map(float, values), strict=True))))
    if steps:
        steps[0].append(layout(by_tag))
        replace(variant / FOLDER, dict(sorted(steps.items())))


def bands(runs: Sequence[Sequence[Mapping[str, float]]]) -> dict[str, Band]:
    """Return the band of every metric that the epochs of runs have, by tag, up to the last epoch at which a seed has it."""
    tags = dict.fromkeys(tag for run in runs for epoch in run for tag in epoch)
    tables = {tag: table([[epoch.get(tag) for epoch in run] for run in runs if run]) for tag in tags}
    return {tag: band(values[:, : np.flatnonzero(np.isfinite(values).any(axis=0))[-1] + 1]) for tag, values in tables.items()}
