"""The training section of a config."""

from typing import Annotated, Any, Literal

from pydantic import Field, field_validator

from rnnlab.data.task import Kind
from rnnlab.section import Section
from rnnlab.training.builtin_optimizers import OPTIMIZERS
from rnnlab.training.optimizer_config import NAME, AnyOptimizer, AveragingConfig, Epochs, OptimizerConfig, Positive
from rnnlab.training.own_callbacks import AnyCallback
from rnnlab.training.schedules import AnySchedule

__all__ = ["AveragingConfig", "OptimizerConfig"]


class EarlyStopping(Section):
    """Stop when the monitored metric no longer improves."""

    patience: Annotated[int, Field(ge=1)]
    """Epochs without improvement before training stops."""
    min_delta: Annotated[float, Field(ge=0)] = 0.0
    """The least improvement over the best epoch so far that counts, both for `patience` and as a new best epoch."""


class ConsistencyConfig(Section):
    """Two passes of every training batch, with a penalty on their difference; see `rnnlab.models.two_passes`."""

    name: Literal["fraternal", "rdrop", "expectation_linear"]
    """fraternal: two noisy passes, squared difference of logits (0.15 in the paper); rdrop: two noisy passes, divergence of
    probabilities; expectation_linear: a noisy pass and one without noise, squared difference."""
    weight: Annotated[float, Field(ge=0)]
    """The weight of the penalty."""


class CheckpointConfig(Section):
    """How often the state of a run is saved, so that a killed run resumes from there; it does not change the result."""

    every_minutes: Annotated[float, Field(ge=0)] = 10.0
    """Minutes between checkpoints within an epoch, 0 for every batch; there is also one at the end of an epoch, unless it lasts
    less than two seconds and others follow."""


class InspectConfig(Section):
    """How often gates, memory and gradient flow are recorded during training; it does not change the result."""

    every_epochs: Annotated[int, Field(ge=1)]
    """Epochs between snapshots, on the first batch of the validation split; there is always one at the end."""


class TrainingConfig(Section):
    """How long and how the model is trained, and which metric selects the best epoch."""

    optimizer: AnyOptimizer = OPTIMIZERS[NAME].section()
    """The optimizer."""
    schedule: AnySchedule | None = None
    """How the learning rate changes from epoch to epoch; null keeps it constant."""
    epochs: Epochs
    """Passes over the training data."""
    monitor: str = "loss"
    """The validation metric that selects the best epoch, and on which variants are compared; `loss` means `val_loss`."""
    mode: Literal["auto", "min", "max"] = "auto"
    """Whether lower or higher values of the monitored metric are better; auto knows the metrics of the task."""
    loss: Literal["mean", "sum"] = "mean"
    """How the losses of the steps are reduced: mean averages over all steps; sum adds up the steps of a window and averages
    over the rows, as in Zaremba et al. 2014. With sum, gradients are larger by the number of steps in a window, which changes
    sgd and clip_norm but adam only through its epsilon. A published learning rate of 1 and clip_norm of 5 at 20 steps belong to
    sum; with mean they become 20 and 0.25."""
    class_weights: Literal["balanced"] | dict[str, Positive] | None = None
    """The weight of an example (in tagging, of a step) in the training loss, by its class: balanced gives every class the same
    total weight, examples / (classes * examples of the class); with several labels per text, having a label weighs as much as
    not having it. `{label: weight}` gives 1 to labels that it does not name; null weighs all alike. Metrics of validation and
    test are not weighted, those of training are weighted like the loss."""
    freeze: list[str] = Field(default_factory=list)
    """The layers whose weights are not trained, by name: embedding, recurrent_0, head, ..."""
    consistency: ConsistencyConfig | None = None
    """Two passes of every batch, with a penalty on their difference; null makes one pass."""
    early_stopping: EarlyStopping | None = None
    """When to stop before the last epoch; null never stops early."""
    checkpoint: CheckpointConfig = CheckpointConfig()
    """How often the state of a run is saved."""
    keep: Literal["weights", "resumable"] = "weights"
    """What is kept of a finished run in addition to its records: the weights of its best epoch, or with resumable also its last
    state. A resumable run continues with more `epochs` to the same bits as one long training, unless its schedule depends on
    `epochs`, as cosine does."""
    inspect: InspectConfig | None = None
    """How often a snapshot of gates and states is recorded; null records none: `rnnlab inspect` takes one afterwards."""
    deterministic: bool = True
    """Use operations that repeat exactly, where others could differ from run to run."""
    distribution: Literal["data_parallel"] | None = None
    """How one run is distributed over the devices of a machine: data_parallel gives each device a part of the rows of every
    batch, on TensorFlow only if no state is carried from batch to batch and no built-in layer has noise; null uses one
    device."""
    threads: Annotated[int, Field(ge=1, le=1024)] = 1
    """CPU threads per operation. The rounding of large sums depends on it, so it belongs to the run and not to the machine.
    Several parallel runs fill the cores with one thread each; a single large run should have as many threads as there are
    cores."""
    callbacks: list[AnyCallback] = Field(default_factory=list)
    """Your own callbacks, registered by a plug-in, in the order in which they are called."""

    @field_validator("callbacks")
    @classmethod
    def _once(cls, callbacks: list[Any]) -> list[Any]:
        names = [one.name for one in callbacks]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"the callback {name} is given {names.count(name)} times: its state is kept by its name")
        return callbacks


def monitored(config: TrainingConfig, kind: Kind) -> tuple[str, str]:
    """Return the Keras name of the monitored metric, and whether its minimum (min) or maximum (max) is best.

    >>> from rnnlab.data.task import KINDS
    >>> monitored(TrainingConfig(epochs=1, monitor="perplexity"), KINDS["language_model"])
    ('val_perplexity', 'min')
    """
    metric = config.monitor.removeprefix("val_")
    return f"val_{metric}", kind.metrics[metric] if config.mode == "auto" else config.mode
