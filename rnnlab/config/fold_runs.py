"""Folds of an experiment: each seed of the comparison becomes one run for each fold of the data."""

from rnnlab.config.experiment import RunConfig
from rnnlab.data.sources.folds import Fold
from rnnlab.documents import Record


def in_fold(config: RunConfig, run: int, folds: int | None) -> RunConfig:
    """Return the config of a run, counted from 0, with its fold in the data section: the folds of one repeat, then the next.

    Without `folds` it is the config as it stands.
    """
    if folds is None:
        return config
    fold = Fold(number=run % folds + 1, of=folds, repeat=run // folds + 1)
    return config.model_copy(update={"data": config.data.model_copy(update={"fold": fold})})


def overlap(data: Record) -> float:
    """Return test rows over training rows of a data section, as a run has it, whose rows are divided into folds; else 0.

    >>> round(overlap({"fold": {"number": 1, "of": 5, "repeat": 1}, "validation": 0.1}), 3)
    0.286
    """
    if not data.get("fold"):
        return 0.0
    test, validation = 1 / data["fold"]["of"], data.get("validation")
    return test / (1 - test - (validation if isinstance(validation, float) else 0.0))
