"""The complete schema: what makes up one run, and what an experiment compares."""

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
"""A name that is also the name of a folder."""
Patch = Record
"""Changes to the config: values by field of the recurrent layers, or by dotted path such as `training.epochs`."""


class CompareConfig(Section):
    """Which variants of the experiment are compared, each with the same seeds."""

    baseline: Name | None = None
    """The variant that the others are compared with; null takes the first."""
    variants: dict[Name, Patch | None] = Field(default_factory=dict)
    """Patches by variant name; null leaves a variant out. Without variants the config itself is compared, under the name
    base."""
    grid: dict[str, Annotated[list[Any], Field(min_length=1)]] = Field(default_factory=dict)
    """Lists of values by field of the recurrent layers or dotted path; every variant is crossed with every combination."""
    seeds: Annotated[int, Field(ge=1, le=10_000)] = 3
    """The number of seeds, counted from `first_seed`."""
    first_seed: Annotated[int, Field(ge=1, le=1_000_000_000)] = 1
    """The first seed; a study whose settings were chosen on some seeds should run on others."""
    folds: Annotated[int, Field(ge=2, le=1000)] | None = None
    """Cross-validation: every seed is crossed with this many folds of the training rows, and every row is tested in one of
    them. Folds are drawn anew for each seed, stratified by label, and keep the groups of `split_by` together; null makes
    none."""
    margin: Annotated[float, Field(gt=0)] | None = None
    """Differences within ± margin, in units of the compared metric, count as equivalence; null tests for no equivalence."""


class RunConfig(Section):
    """Everything that determines a run, except its seed."""

    name: Name
    """The name of the experiment and of the folder of its results."""
    data: DataConfig
    """The data that the model learns from."""
    model: ModelConfig
    """The model that is trained."""
    training: TrainingConfig
    """How the model is trained: optimizer, epochs, monitored metric."""
    evaluation: EvaluationConfig = EvaluationConfig()
    """What is measured after training, in addition to the metrics of the task."""
    backend: Literal["tensorflow", "jax"] | None = None
    """The backend; null uses the one that Keras is set to (KERAS_BACKEND, or ~/.keras/keras.json)."""

    plugins: list[str] = Field(default_factory=list)
    """Your own files (.py, relative to this file's folder) and modules that register parts; importing them runs their code."""

    @model_validator(mode="after")
    def _sections_agree(self) -> "RunConfig":
        for check in CHECKS:
            check(self.data, self.model, self.training)
        evaluated(self.data, self.evaluation)
        return self


class ExperimentConfig(RunConfig):
    """A whole experiment file."""

    compare: CompareConfig = CompareConfig()
    """Which variants are compared, and with which seeds."""
    executor: ExecutorConfig = LocalConfig()
    """Where the runs are executed."""
    trackers: list[AnyTracker] = Field(default_factory=list)
    """Experiment trackers that log the runs epoch by epoch; one that fails stops no run."""
    search: SearchConfig | None = None
    """The search for hyper-parameters before the comparison; null skips it. It needs `pip install 'rnnlab[search]'`."""

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
    """Return the JSON schema of an experiment file; it requires no key, since a file that is extended may have it."""
    whole = ExperimentConfig.model_json_schema()
    whole["properties"]["extends"] = {"type": "string", "description": "Another file, from this one's folder, to build upon."}
    for section in (whole, *whole["$defs"].values()):
        section.pop("required", None)
    return whole
