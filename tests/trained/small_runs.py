"""Tiny finished runs on numbers."""

from pathlib import Path

import numpy as np
import yaml

from rnnlab.config import load
from rnnlab.sweep.sweep import run


def numbers_run(folder: Path) -> tuple[np.ndarray, Path]:
    """A finished run that tells rising from falling sequences of 5 steps and 2 features, and new.npz [7, 5, 2] to predict."""
    random = np.random.default_rng(0)
    x, new = random.normal(3, 2, (60, 5, 2)), random.normal(3, 2, (7, 5, 2))
    np.savez(folder / "a.npz", x=x, y=np.where(x[:, -1, 0] > x[:, 0, 0], "up", "down"))
    np.savez(folder / "new.npz", x=new)
    document = {
        "name": "numbers",
        "data": {"name": "npz", "train": "a.npz", "input": "x", "label": "y", "batch_size": 8},
        "model": {"recurrent": [{"units": 4}]},
        "training": {"epochs": 1},
        "compare": {"variants": {"none": {}}, "seeds": 1},
    }
    (folder / "numbers.yaml").write_text(yaml.safe_dump(document))
    sweep = run(load(folder / "numbers.yaml"), folder / "runs")
    assert sweep.exit_status == 0
    return new, sweep.folder / "none" / "seed-1"
