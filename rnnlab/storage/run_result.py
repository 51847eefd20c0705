"""How a run ended: the contents of its result.json as one typed, frozen record."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cache
from typing import ClassVar, Literal, Self

from pydantic import ConfigDict, TypeAdapter, ValidationError

from rnnlab.config.identity import SCHEMA
from rnnlab.documents import Fields, Record

NULLS = ("error", "traceback", "vectors", "classes")
"""The fields that are written even where they are None."""


@dataclass(frozen=True, kw_only=True)
class RunResult:
    """How a run ended; what a run of its kind, or one that failed early, does not know is None.

    >>> RunResult(status="diverged", error="the loss became nan in epoch 1, step 3").metrics
    {}
    """

    __pydantic_config__: ClassVar = ConfigDict(extra="forbid")

    status: Literal["done", "diverged", "failed"]
    experiment: str | None = None
    variant: str | None = None
    seed: int | None = None
    schema: int = SCHEMA
    """The schema of the config that `fingerprint` is of."""
    fingerprint: str = ""
    """SHA-256 of all that decides the run's bits in its config."""
    data: str | None = None
    """SHA-256 of the data."""
    dropped_rows: dict[str, int] | None = None
    """Rows of a table that were left out, by reason."""
    parts: dict[str, str] | None = None
    """SHA-256 of the code of the parts that the run uses, see `rnnlab.config.used`."""
    modes: dict[str, str] | None = None
    """Whether less (min) or more (max) of a registered metric is better."""
    trained: str | None = None
    """SHA-256 of the part of the config that decides the training."""
    monitor: str = ""
    """The metric that chose the best epoch, by its Keras name."""
    mode: str = "min"
    """Whether less (min) or more (max) of it is better."""
    epochs: int | None = None
    """Epochs trained."""
    best_epoch: int | None = None
    """Counted from 1; 0 where none was trained."""
    metrics: Mapping[str, float | None] = field(default_factory=dict)
    """By name; None where a metric was no finite number."""
    classes: Record | None = None
    """The metrics of each class of the test split, see `rnnlab.inspection.classes`."""
    initial_weights: str | None = None
    """SHA-256 of the weights before training."""
    data_order: str | None = None
    """SHA-256 of the order of the training data."""
    parameters: int | None = None
    """Trained numbers in the model."""
    rates: Mapping[str, float | None] | None = None
    """The rates of noise that change, at the best epoch: `noise_rate/<layer>/<site>`."""
    vectors: Record | None = None
    """How many words have a pretrained vector."""
    started: dict[str, list[str]] | None = None
    """Which layers started from the weights of another run, and which fresh."""
    unit: str | None = None
    """The unit of the throughput: words, characters, examples."""
    deterministic: bool | None = None
    """Whether operations were made to repeat exactly."""
    xla: bool | None = None
    """Whether the steps were one program of XLA."""
    error: str | None = None
    """In one line, what went wrong."""
    traceback: str | None = None
    weights: Record | None = None
    """`sha256` and `bytes` of the file of the best epoch's weights."""
    makers: dict[str, str] | None = None
    """What made the run, see `rnnlab.storage.run_origin.Provenance.makers`."""
    events: str | None = None
    """SHA-256 of a file of the run; empty where there was none. So are the four below."""
    origin: str | None = None
    tokens: str | None = None
    calibration: str | None = None
    forecast: str | None = None

    @classmethod
    def of(cls, document: Fields) -> Self:
        """Return the record of a document; raise ValueError, naming the key, where it is none that this version writes.

        >>> RunResult.of({"status": "done", "epochs": "3"})
        Traceback (most recent call last):
        ValueError: epochs: Input should be a valid integer, got '3'
        """
        try:
            _checker().validate_json(json.dumps(document), strict=True)  # as Python, strict takes no mapping for a class
        except ValidationError as error:
            first = error.errors()[0]
            key = ".".join(str(part) for part in first["loc"])
            raise ValueError(f"{key}: {first['msg']}, got {first['input']!r}"[:300]) from None
        return cls(**document)

    def document(self) -> Record:
        """Return what the file says."""
        told = {one.name: getattr(self, one.name) for one in fields(self)}
        return {name: value for name, value in told.items() if value is not None or name in NULLS}


@cache
def _checker() -> TypeAdapter[RunResult]:
    return TypeAdapter(RunResult)
