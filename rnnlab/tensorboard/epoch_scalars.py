"""The metrics of an epoch by tag."""

from typing import TYPE_CHECKING

from rnnlab.tensorboard.values import scalars
from rnnlab.training.epoch_record import EpochRecord

if TYPE_CHECKING:
    from tensorboard.compat.proto.summary_pb2 import Summary


def ours(epoch: EpochRecord) -> list["Summary.Value"]:
    """Return the metrics of an epoch: `train/loss`, `validation/loss`, `gradient_norm`.

    >>> [value.tag for value in ours(EpochRecord(1, {"loss": 2.0}, {"loss": 2.5}, {"seconds": 9.0}))]
    ['train/loss', 'validation/loss', 'seconds']
    """
    return scalars(tagged(epoch))


def tagged(epoch: EpochRecord) -> dict[str, float]:
    """Return the metrics of an epoch by tag; values that are missing or not finite are left out."""
    splits = {f"{split}/{name}": value for split, metrics in epoch.splits.items() for name, value in metrics.items()}
    return {tag: value for tag, value in {**splits, **epoch.beside}.items() if isinstance(value, int | float)}
