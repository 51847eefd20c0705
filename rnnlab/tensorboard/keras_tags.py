"""Where Keras puts the figures of an epoch, so that a user's saved filters and pins work."""

from collections.abc import Mapping
from pathlib import Path

from rnnlab.tensorboard.events import append
from rnnlab.tensorboard.values import scalars


def append_epoch(folder: Path, epoch: int, logs: Mapping[str, float]) -> None:
    """Append the logs of a Keras epoch (counted from 0) under Keras's own tags to the sub-runs `train` and `validation`."""
    for split, prefix in (("train", ""), ("validation", "val_")):
        own = {name: value for name, value in logs.items() if name.startswith("val_") == bool(prefix)}
        if own:
            append(folder / split, epoch, scalars({f"epoch_{name.removeprefix(prefix)}": own[name] for name in own}))
