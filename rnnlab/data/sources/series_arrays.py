"""The files of prepared series: their numbers, and what is known of every step."""

from pathlib import Path

import numpy as np

from rnnlab.data.sources.series_config import NumberSeries
from rnnlab.data.sources.source_config import SPLITS
from rnnlab.data.sources.tracks import Track
from rnnlab.data.tokenizer import Scale


def parts_of(tracks: list[Track], spans: list[tuple[int, str, int, int]]) -> list[list[int]]:
    """Return for each part of a split: the split, the first step and the length of its series, and its bounds in it."""
    origins = np.cumsum([0, *(track.steps for track in tracks)])
    return [[SPLITS.index(name), origins[number], tracks[number].steps, begin, end] for number, name, begin, end in spans]


def write_numbers(folder: Path, given: tuple[list[np.ndarray], ...], scales: list[Scale | None]) -> None:
    """Write the values, and the numbers known ahead, of all series end to end and standardised."""
    for name, parts, scale in zip(("series.values", "series.known"), given, scales, strict=True):
        numbers = np.concatenate(parts)
        np.save(folder / f"{name}.npy", (scale.standardised(numbers) if scale else numbers).astype(np.float32))


def write_steps(config: NumberSeries, folder: Path, tracks: list[Track], parts: list[list[int]], real: np.ndarray) -> None:
    """Write which steps have all targets (`real`), the parts of the splits, and the times."""
    if config.missing == "mask":
        np.save(folder / "series.real.npy", real)
    np.save(folder / "series.parts.npy", np.array(parts, np.int64))
    if config.time:
        np.save(folder / "series.times.npy", np.concatenate([track.times for track in tracks]).astype(np.int64))
