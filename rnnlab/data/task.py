"""Tasks: their kinds, their metrics, and the shape of a batch."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from rnnlab.documents import Fields
from rnnlab.registry import Registry, file_of
from rnnlab.tensors import Tensor

MEANINGS = ("classes", "labels", "numbers")
"""The meanings of outputs that have a name; see `task`."""
Meaning = str | Callable[[Tensor], Tensor]
"""The meaning of outputs: one of these names, or a function."""


@dataclass(frozen=True)
class Kind:
    """A kind of task, as far as it is known before any data is read."""

    title: str
    """The kind in plain words, for messages."""
    per_step: bool
    """Whether every step has a prediction, or the sequence as a whole."""
    ahead: bool
    """Whether targets are inputs still to come, so that nothing may read backwards."""
    classes: bool
    """Whether a target is the number of a class, int32, or float32 values, as many as there are outputs."""
    metrics: Mapping[str, str]
    """The metrics of every split, and whether less (min) or more (max) is better."""
    loss: Callable[..., Tensor] | None = None
    """For a task of one's own: (targets, outputs) -> the loss of every scored position; see `task`."""
    metric_functions: Mapping[str, Callable[..., Tensor]] = field(default_factory=dict)
    """For a user's task, by name: (targets, outputs) -> the value of every scored position."""
    heads: int = 1
    """The number of outputs of the head for each output of the data set."""
    predict: Meaning = "numbers"
    """For a user's task, the meaning of its outputs; see `task`."""
    inverse: Callable[[Tensor], Tensor] | None = None
    """For a user's task, the function from predictions back to outputs."""
    names: tuple[str, ...] = ()
    """For a user's task, the names of its predicted numbers."""

    @property
    def own(self) -> bool:
        """Whether it is a user's task."""
        return self.loss is not None

    @property
    def meaning(self) -> str:
        """For a user's task, whether it predicts `classes`, independent `labels`, or `numbers`."""
        return self.predict if isinstance(self.predict, str) else "classes" if self.classes else "numbers"


_LABELS = {"loss": "min", "accuracy": "max", "macro_f1": "max"}
_NUMBERS = {"loss": "min", "root_mean_squared_error": "min", "mean_absolute_error": "min"}

KINDS: Registry[Kind] = Registry("task")
"""Every kind of task; those of a plug-in have their own loss."""

_BUILT_IN = {
    "language_model": Kind(
        "language modelling", per_step=True, ahead=True, classes=True, metrics={"loss": "min", "perplexity": "min"}
    ),
    "character_model": Kind(
        "language modelling by characters",
        per_step=True,
        ahead=True,
        classes=True,
        metrics={"loss": "min", "bits_per_character": "min", "perplexity": "min"},
    ),
    "classification": Kind("sequence classification", per_step=False, ahead=False, classes=True, metrics=_LABELS),
    "labelling": Kind(
        "classification with several labels",
        per_step=False,
        ahead=False,
        classes=False,
        metrics={"loss": "min", "micro_f1": "max", "macro_f1": "max", "average_precision": "max"},
    ),
    "tagging": Kind("sequence tagging", per_step=True, ahead=False, classes=True, metrics=_LABELS),
    "regression": Kind("regression", per_step=False, ahead=False, classes=False, metrics=_NUMBERS),
    "forecasting": Kind("forecasting", per_step=True, ahead=True, classes=False, metrics=_NUMBERS),
    "quantile_forecasting": Kind(
        "forecasting of quantiles", per_step=True, ahead=True, classes=False, metrics={**_NUMBERS, "pinball_loss": "min"}
    ),
    "multilabel": Kind(
        "multi-label sequence prediction",
        per_step=True,
        ahead=True,
        classes=False,
        metrics={"loss": "min", "frame_negative_log_likelihood": "min", "micro_f1": "max"},
    ),
}
"""The kinds that come with rnnlab. Targets: [rows, steps] of token numbers (language and character models) or of labels
(tagging), [rows] of labels (classification), [rows, labels] of zeros and ones (labelling), [rows, outputs] of numbers
(regression), [rows, steps, outputs] of the numbers `horizon` steps later (forecasting; a model of quantile_forecasting has
as many outputs for each of the numbers as there are quantiles) or of zeros and ones (multilabel, the next frame of
polyphonic music)."""

for _name, _kind in _BUILT_IN.items():
    KINDS.add(_name, _kind)


def task(
    name: str,
    *,
    per_step: bool = False,
    ahead: bool = False,
    classes: bool = False,
    heads: int = 1,
    metrics: Mapping[str, tuple[Callable[..., Tensor], str]] | None = None,
    predict: Meaning = "",
    inverse: Callable[[Tensor], Tensor] | None = None,
    names: Sequence[str] = (),
) -> Callable[[Callable[..., Tensor]], Callable[..., Tensor]]:
    """Register a loss as a kind of task by name, for data sets that `register.dataset(..., task=NAME)` declares.

    The loss is a function in keras.ops: (targets, outputs) -> the loss of every scored position, [rows] or where the task is
    `per_step` [rows, steps]; it is averaged over them. The head is a dense layer without activation, with `heads` outputs for
    each output of the data set. `metrics` are by name a function of the same form, averaged alike, and whether less (min) or
    more (max) is better. `ahead` says that targets are inputs still to come, `classes` that they are numbers of classes.

    `predict` says what outputs become: `"classes"`, their softmax; `"labels"`, the sigmoid of each; `"numbers"`, themselves; or
    a function of outputs [..., outputs] that returns the probabilities of the classes where targets are `classes`, else numbers
    [..., n], whose `names` are told. Monte Carlo samples and ensembles average what it returns; where `inverse` leads back to
    outputs, loss and metrics of the average are measured too. Without a word from you outputs are logits where targets are
    `classes`, else numbers. Raises ValueError for a name that is taken, for another word than these, for an `inverse` of a
    word, and where `heads` leaves open what logits are.
    """
    known = {"loss": "min", **{metric: mode for metric, (_, mode) in (metrics or {}).items()}}
    if wrong := [f"{metric}: {mode!r}" for metric, mode in known.items() if mode not in ("min", "max")]:
        raise ValueError(f"a metric of the task {name} is better by min or max, got {', '.join(wrong)}")
    predict = predict or ("classes" if classes else "numbers")
    if isinstance(predict, str) and predict not in MEANINGS:
        raise ValueError(f"predict of the task {name} is {', '.join(MEANINGS)} or a function, got {predict!r}")
    if isinstance(predict, str) and inverse:
        raise ValueError(f"inverse= of the task {name} needs a function as predict=; the inverse of {predict!r} is known")
    if predict == "classes" and heads != 1:
        raise ValueError(f"the task {name} has {heads} outputs for each class: predict= has to say what they mean")

    def register(loss: Callable[..., Tensor]) -> Callable[..., Tensor]:
        of = {metric: function for metric, (function, _) in (metrics or {}).items()}
        kind = Kind(name.replace("_", " "), per_step, ahead, classes, known, loss, of, heads, predict, inverse, tuple(names))
        KINDS.add(name, kind, file_of(loss))
        return loss

    return register


@dataclass(frozen=True)
class Task:
    """A kind of task with the sizes that a model is built for."""

    name: str
    """Its kind: a key of `KINDS`."""
    batch_shape: tuple[int | None, ...]
    """The shape of an input batch: [rows, steps] of token numbers or [rows, steps, features]; None where steps vary."""
    outputs: int
    """The number of words, labels or numbers that are predicted."""
    unit: str
    """The unit of throughput: words, characters, examples."""
    vocabulary: int = 0
    """The number of different input tokens; 0 for numbers."""
    carried: bool = False
    """Whether a batch continues the one before it, so that the recurrent state is carried over."""
    padded: bool = False
    """Whether inputs hold padding, which the model has to mask; see `rnnlab.data.dataset.Batch`."""

    beside: int = 0
    """Features beside a text: the last ones of every step of `batch_shape`, the same at all, after the token's number."""
    quantiles: tuple[float, ...] = ()
    """The predicted quantiles of every number, side by side; empty where its mean is predicted."""

    @classmethod
    def of(cls, document: Fields) -> "Task":
        """Return the task from the plain values of `dataclasses.asdict`."""
        lists = {name: tuple(document.get(name, ())) for name in ("batch_shape", "quantiles")}
        return cls(**{**document, **lists})

    @property
    def dtype(self) -> str:
        """The type of a batch: whole numbers where it has tokens alone."""
        return "int32" if self.vocabulary and not self.beside else "float32"

    @property
    def kind(self) -> Kind:
        """The kind of the task, which is known before any data is read."""
        return KINDS[self.name]
