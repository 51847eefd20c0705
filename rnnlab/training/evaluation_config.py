"""The evaluation section of a config: what is measured after a run is trained."""

from typing import Annotated

from pydantic import Field, field_validator

from rnnlab.names import nearest
from rnnlab.section import Section
from rnnlab.training.own_metrics import METRICS


class MonteCarlo(Section):
    """Monte Carlo prediction: the training noise is drawn at test time, and the predictions are averaged."""

    samples: Annotated[int, Field(ge=1, le=100_000)] = 20
    """Passes through the test split, each with its own masks."""
    seed: Annotated[int, Field(ge=0, lt=2**31)] = 1
    """The seed of the masks, in addition to the seed of the run; training's masks do not depend on it."""
    word_dropout: bool = True
    """Include word dropout, if training has it; Gal & Ghahramani's language models do not at test time."""


class EvaluationConfig(Section):
    """What is measured at the best epoch in addition to the metrics of the task."""

    montecarlo: MonteCarlo | None = None
    """Evaluate averaged predictions too, and the calibration of both; null skips this."""
    bins: Annotated[int, Field(ge=1, le=1000)] = 15
    """Bins of equal width of the expected calibration error and its reliability diagram."""
    noise_precision: Annotated[float, Field(gt=0)] | None = None
    """In regression, the precision of the observation noise; null uses the most likely one on the validation split."""
    metrics: list[str] = Field(default_factory=list)
    """Your own metrics, registered by a plug-in and measured on the test split."""

    @field_validator("metrics")
    @classmethod
    def _registered(cls, names: list[str]) -> list[str]:
        for name in names:
            if name not in METRICS:
                known = (
                    f"registered: {', '.join(METRICS)}" if METRICS else "none is registered: name its file by plugins: [FILE]"
                )
                raise ValueError(f"there is no metric {name!r} of your own{nearest(name, METRICS)}; {known}")
        return names
