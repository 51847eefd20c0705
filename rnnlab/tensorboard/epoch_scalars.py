"""The figures of an epoch: under our tags, and where Keras puts them, so that a user's saved filters and pins work."""

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


def of_keras(event: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Return the figures of an epoch event by Keras's sub-runs, `train` and `validation`, under Keras's tags.

    >>> of_keras({"train": {"loss": 2.0}, "validation": {}})["train"][0].tag
    'epoch_loss'
    """
    rate = {"learning_rate": event["learning_rate"]} if "learning_rate" in event else {}
    splits = {"train": {**event.get("train", {}), **rate}, "validation": event.get("validation", {})}
    return {
        split: scalars({f"epoch_{name}": figure for name, figure in figures.items()})
        for split, figures in splits.items()
        if figures
    }
