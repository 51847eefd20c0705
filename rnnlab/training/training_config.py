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
    """Stop when the monitored metric no longer gets better."""

    patience: Annotated[int, Field(ge=1)]
    """Epochs without a better metric before the end."""
    min_delta: Annotated[float, Field(ge=0)] = 0.0
    """How much better than the best epoch so far the monitored metric must be to count, for `patience` and as the best."""


class ConsistencyConfig(Section):
    """Two passes of every batch of training, and a penalty on how far apart they are; see `rnnlab.models.two_passes`."""

    name: Literal["fraternal", "rdrop", "expectation_linear"]
    """fraternal: two noisy passes, squared difference of logits (0.15 in the paper); rdrop: two noisy passes, divergence of
    probabilities; expectation_linear: a noisy pass and one without noise, squared difference."""
    weight: Annotated[float, Field(ge=0)]
    """The weight of the penalty."""


class CheckpointConfig(Section):
    """How often the state of a run is kept, so that a killed run goes on from there; it does not change the result."""

    every_minutes: Annotated[float, Field(ge=0)] = 10.0
    """Minutes between two checkpoints inside an epoch, 0 for every batch; the end of an epoch always is one."""


class InspectConfig(Section):
    """How often gates, memory and gradient flow are kept during training; it does not change the result."""

    every_epochs: Annotated[int, Field(ge=1)]
    """Epochs between two snapshots, on the first batch of the validation split; the end always has one."""


class TrainingConfig(Section):
    """How long to train, by what, and which metric decides."""

    optimizer: AnyOptimizer = OPTIMIZERS[NAME].section()
    """The optimizer."""
    schedule: AnySchedule | None = None
    """How the learning rate changes from epoch to epoch; null keeps it."""
    epochs: Epochs
    """Passes over the training data."""
    monitor: str = "loss"
    """The validation metric that chooses the best epoch and that variants are compared on; `loss` means `val_loss`."""
    mode: Literal["auto", "min", "max"] = "auto"
    """Whether less or more of the monitored metric is better; auto knows the metrics of the task."""
    loss: Literal["mean", "sum"] = "mean"
    """What is minimised where every step has a loss: its mean over all steps, or with sum its sum over the steps of a window,
    averaged over the rows, as in Zaremba et al. 2014. The gradient of sum is the window's steps times larger (a published
    learning rate of 1 and clip_norm of 5 at 20 steps are those of sum; with mean, 20 and 0.25), which sgd and clip_norm see and
    adam, but for its epsilon, does not."""
    class_weights: Literal["balanced"] | dict[str, Positive] | None = None
    """What an example (a step, in tagging) counts in the training loss by its class: balanced gives every class the same sum,
    examples / (classes * examples of the class), and of several labels an example having one as much as not having it;
    `{label: weight}` leaves labels that it does not name at 1; null counts all alike. Metrics of validation and test
    count all alike, those of the training epochs as the loss does."""
    freeze: list[str] = Field(default_factory=list)
    """The layers whose weights training leaves as they are, by name: embedding, recurrent_0, head, ..."""
    consistency: ConsistencyConfig | None = None
    """Two passes of every batch, and a penalty on how far apart they are; null makes one pass."""
    early_stopping: EarlyStopping | None = None
    """When to stop before the last epoch; null never does."""
    checkpoint: CheckpointConfig = CheckpointConfig()
    """How often the state of a run is kept."""
    keep: Literal["weights", "resumable"] = "weights"
    """What stays of a finished run beside its records: the weights of its best epoch, or with resumable also the last state, so
    that with more `epochs` it goes on to the bits of one long training; a cosine schedule depends on `epochs`, and can't."""
    inspect: InspectConfig | None = None
    """How often a snapshot of the gates and states is kept; null keeps none: `rnnlab inspect` takes one afterwards."""
    deterministic: bool = True
    """Make operations that could differ from run to run repeat exactly."""
    distribution: Literal["data_parallel"] | None = None
    """How one run is spread over the devices of a machine: data_parallel gives each a part of the rows of every batch, on
    TensorFlow only where no state is carried from batch to batch and no built-in layer draws noise; null takes one device."""
    threads: Annotated[int, Field(ge=1, le=1024)] = 1
    """Threads of the operations on processors. The bits of large sums depend on it, so it belongs to the run and not to the
    machine; several runs at once fill the cores without it, one large run alone wants as many as there are cores."""
    callbacks: list[AnyCallback] = Field(default_factory=list)
    """Callbacks of your own, registered by a plug-in, in the order in which they are called."""

    @field_validator("callbacks")
    @classmethod
    def _once(cls, callbacks: list[Any]) -> list[Any]:
        names = [one.name for one in callbacks]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"the callback {name} is given {names.count(name)} times: its state is kept by its name")
        return callbacks


def monitored(config: TrainingConfig, kind: Kind) -> tuple[str, str]:
    """Return the Keras name of the metric that decides, and whether the least (min) or the most (max) of it is best.

    >>> from rnnlab.data.task import KINDS
    >>> monitored(TrainingConfig(epochs=1, monitor="perplexity"), KINDS["language_model"])
    ('val_perplexity', 'min')
    """
    metric = config.monitor.removeprefix("val_")
    return f"val_{metric}", kind.metrics[metric] if config.mode == "auto" else config.mode
