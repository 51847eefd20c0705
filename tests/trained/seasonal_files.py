"""A file with a seasonal series, and the section that reads it."""

import csv
from typing import Any

import numpy as np

from rnnlab.data.data_config import DataConfig

HEIGHT, SLOPE, SEASON, STEPS = 3.0, 0.01, 12, 600


def section(**settings: Any) -> DataConfig:
    from pydantic import TypeAdapter

    return TypeAdapter(DataConfig).validate_python({"name": "series", "train": "a.csv", **settings})


def write(**columns: Any) -> None:
    with open("a.csv", "w", newline="") as file:
        csv.writer(file).writerows([columns, *zip(*columns.values(), strict=True)])


def seasonal(noise: float = 0.0) -> np.ndarray:
    t = np.arange(STEPS)
    return HEIGHT * np.sin(2 * np.pi * t / SEASON) + SLOPE * t + np.random.default_rng(0).normal(0, noise, STEPS)
