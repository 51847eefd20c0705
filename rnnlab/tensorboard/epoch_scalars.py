"""The metrics of an epoch by tag."""

from collections.abc import Mapping
from typing import Any

from rnnlab.tensorboard.values import scalars


def ours(event: Mapping[str, Any]) -> list[Any]:
    """Return the figures of an epoch event: `train/loss`, `validation/loss`, `gradient_norm`.

    >>> [value.tag for value in ours({"train": {"loss": 2.0}, "validation": {"loss": 2.5}, "seconds": 9.0})]
    ['train/loss', 'validation/loss', 'seconds']
    """
    return scalars(tagged(event))


def tagged(event: Mapping[str, Any]) -> dict[str, float]:
    """Return the figures of an epoch event by tag; what is no number (there was none, or it was not finite) is left out."""
    splits = {f"{split}/{name}": figure for split in ("train", "validation") for name, figure in event.get(split, {}).items()}
    beside = {name: figure for name, figure in event.items() if name not in ("event", "epoch")}
    return {tag: figure for tag, figure in {**splits, **beside}.items() if isinstance(figure, int | float)}
