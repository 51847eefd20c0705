"""The schema put together: what one run is made of, and what an experiment compares."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from rnnlab.config.compatibility import CHECKS, evaluated, foldable
from rnnlab.config.executor_config import ExecutorConfig, LocalConfig
from rnnlab.config.search_config import SearchConfig
from rnnlab.data.data_config import DataConfig
from rnnlab.documents import Record
from rnnlab.models.model_config import ModelConfig
from rnnlab.names import folder, nearest
from rnnlab.section import Section, conflict
from rnnlab.trackers import builtin_trackers  # noqa: F401  they register
from rnnlab.trackers.tracker import AnyTracker
from rnnlab.training.evaluation_config import EvaluationConfig
from rnnlab.training.training_config import TrainingConfig

Name = Annotated[str, AfterValidator(folder)]
"""A name that becomes a folder."""
Patch = Record
"""What is laid upon the config: values by recurrent-layer field, or by dotted path such as `training.epochs`."""


class CompareConfig(Section):
    """Which variants of the experiment are compared, each with the same seeds."""

    baseline: Name | None = None
    """The variant that the others are compared with; null takes the first."""
    variants: dict[Name, Patch | None] = Field(default_factory=dict)
    """Patches by name; null leaves a variant out, and none at all is the experiment as it stands, called base."""
    grid: dict[str, Annotated[list[Any], Field(min_length=1)]] = Field(default_factory=dict)
    """Values by recurrent-layer field or dotted path; every variant is crossed with every combination."""
    seeds: Annotated[int, Field(ge=1, le=10_000)] = 3
    """How many seeds: n stands for the seeds 1 to n."""
    first_seed: Annotated[int, Field(ge=1, le=1_000_000_000)] = 1
    """The first of them; a study whose rates were chosen on some seeds is run on others."""
    folds: Annotated[int, Field(ge=2, le=1000)] | None = None
    """Cross-validation: each seed is crossed with so many folds of the training rows, every row being tested on in one of them.
    The rows are dealt out anew for each seed, by label, and whole groups where `split_by` names them; null makes none."""
    margin: Annotated[float, Field(gt=0)] | None = None
    """A difference inside ± margin, in units of the compared metric, is as good as none; null asks for no equivalence."""


class RunConfig(Section):
    """Everything that decides a run, except its seed."""

    name: Name
    """The experiment, and the folder of its results."""
    data: DataConfig
    """The data that the model learns from."""
    model: ModelConfig
    """The model that is trained."""
    training: TrainingConfig
    """How the model is trained: optimizer, epochs, what is monitored."""
    evaluation: EvaluationConfig = EvaluationConfig()
    """What is measured beside the task's own metrics after training."""
    backend: Literal["tensorflow", "jax"] | None = None
    """The backend that computes; null takes the backend that Keras is set to (KERAS_BACKEND, or ~/.keras/keras.json)."""

    plugins: list[str] = Field(default_factory=list)
    """Files (.py, from this file's folder) and modules of your own that register parts; they are imported, and run code."""

    @model_validator(mode="after")
    def _sections_agree(self) -> "RunConfig":
        for check in CHECKS:
            check(self.data, self.model, self.training)
        evaluated(self.data, self.evaluation)
        return self


class ExperimentConfig(RunConfig):
    """A whole experiment file."""

    compare: CompareConfig = CompareConfig()
    """Which variants are compared, with which seeds."""
    executor: ExecutorConfig = LocalConfig()
    """Where the runs are made."""
    trackers: list[AnyTracker] = Field(default_factory=list)
    """Trackers that follow the runs, epoch by epoch; one that fails stops no run."""
    search: SearchConfig | None = None
    """The search for settings before the comparison; null searches for nothing. It needs `pip install 'rnnlab[search]'`."""

    @model_validator(mode="after")
    def _has_folds(self) -> "ExperimentConfig":
        if self.compare.folds:
            foldable(self.data, self.compare.folds)
        return self

    @model_validator(mode="after")
    def _search_agrees(self) -> "ExperimentConfig":
        if not self.search:
            return self
        compare, seed = self.compare, self.search.train_seed
        if compare.grid:
            raise conflict(("search",), "values are crossed in compare.grid or searched for, not both", "grid")
        if seed in range(compare.first_seed, compare.first_seed + compare.seeds):
            raise conflict(("search", "train_seed"), "the comparison must run on seeds that the search never used", seed)
        for name in self.search.variants:
            if name not in (compare.variants or {"base": None}):
                raise conflict(("search", "variants", name), f"there is no such variant{nearest(name, compare.variants)}", name)
        return self


def schema() -> Record:
    """Return the JSON schema of an experiment file; no key is required in it, for what a file `extends` may have it."""
    whole = ExperimentConfig.model_json_schema()
    whole["properties"]["extends"] = {"type": "string", "description": "Another file, from this one's folder, to build upon."}
    for section in (whole, *whole["$defs"].values()):
        section.pop("required", None)
    return whole
