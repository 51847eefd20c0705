"""The record of an epoch: one line of events.jsonl as a typed, frozen record."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from rnnlab.documents import Fields, Record

BESIDE = ("learning_rate", "gradient_norm", "update_norm", "throughput", "seconds")
"""The logs of an epoch that belong to neither split; so do the rates of noise, `noise_rate/<layer>/<site>`."""


@dataclass(frozen=True)
class EpochRecord:
    """The metrics of an epoch by name, sorted by split; None where a metric was no finite number.

    >>> EpochRecord.of_logs(1, {"loss": 2.0, "val_loss": 2.5, "seconds": 9.0})
    EpochRecord(epoch=1, train={'loss': 2.0}, validation={'loss': 2.5}, beside={'seconds': 9.0})
    """

    epoch: int
    """Counted from 1."""
    train: Mapping[str, float | None]
    validation: Mapping[str, float | None]
    beside: Mapping[str, float | None]
    """Learning rate, norms, throughput, seconds, rates of noise."""

    @classmethod
    def of_logs(cls, epoch: int, logs: Mapping[str, float | None]) -> Self:
        """Return the record of the logs that Keras gives its callbacks at the end of an epoch."""
        beside = {name: value for name, value in logs.items() if name in BESIDE or name.startswith("noise_rate/")}
        splits = {name: value for name, value in logs.items() if name not in beside}
        validation = {name.removeprefix("val_"): value for name, value in splits.items() if name.startswith("val_")}
        return cls(epoch, {name: value for name, value in splits.items() if not name.startswith("val_")}, validation, beside)

    @classmethod
    def of(cls, event: Fields) -> Self:
        """Return the record of a line of events.jsonl."""
        beside = {name: value for name, value in event.items() if name not in ("event", "epoch", "train", "validation")}
        return cls(event["epoch"], event.get("train", {}), event.get("validation", {}), beside)

    @property
    def splits(self) -> dict[str, Mapping[str, float | None]]:
        """The metrics of both splits, by `train` and `validation`."""
        return {"train": self.train, "validation": self.validation}

    def document(self) -> Record:
        """Return the line of events.jsonl."""
        return {"event": "epoch", "epoch": self.epoch, **self.splits, **self.beside}
