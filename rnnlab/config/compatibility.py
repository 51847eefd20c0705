"""Whether data, model and training fit together: each check names both sides of a conflict."""

from collections.abc import Callable

from rnnlab.data.data_config import DataConfig
from rnnlab.data.sources.folds import objection
from rnnlab.data.task import KINDS
from rnnlab.models.model_config import ModelConfig
from rnnlab.models.size import weighted_layers
from rnnlab.names import nearest
from rnnlab.section import conflict
from rnnlab.training.evaluation_config import EvaluationConfig
from rnnlab.training.training_config import TrainingConfig


def _asks(data: DataConfig) -> str:
    return f"{data.name} asks for {KINDS[data.task].title} ({data.task})"


def head(data: DataConfig, model: ModelConfig, training: TrainingConfig) -> None:
    """The head is for the data's kind of task."""
    if model.head.task not in (None, data.task):
        raise conflict(("model", "head", "task"), f"{_asks(data)}, the head is for {model.head.task}", model.head.task)


def embedding(data: DataConfig, model: ModelConfig, training: TrainingConfig) -> None:
    """Tokens have an embedding, and numbers none."""
    if data.tokens != (model.embedding is not None):
        need = "are tokens and need an embedding: {width: ...}" if data.tokens else "are numbers: leave the embedding out"
        raise conflict(("model", "embedding"), f"the inputs of {data.name} {need}", model.embedding)


def vectors(data: DataConfig, model: ModelConfig, training: TrainingConfig) -> None:
    """Pretrained vectors belong to words, and generated tokens are not words."""
    if model.embedding and model.embedding.vectors and not hasattr(data, "level"):
        message = f"the tokens of {data.name} are numbers without a text, and no file has vectors of them"
        raise conflict(("model", "embedding", "vectors"), message, model.embedding.vectors)


def tied(data: DataConfig, model: ModelConfig, training: TrainingConfig) -> None:
    """Only what predicts its own tokens ties its output to them."""
    if model.head.tie_embedding and "perplexity" not in KINDS[data.task].metrics:
        message = f"{_asks(data)}, and only a language model predicts the tokens that it embeds"
        raise conflict(("model", "head", "tie_embedding"), message, True)


def pooling(data: DataConfig, model: ModelConfig, training: TrainingConfig) -> None:
    """Steps are pooled where the sequence as a whole is scored."""
    if model.head.pooling != "last" and KINDS[data.task].per_step:
        message = f"{_asks(data)}, a prediction at every step, which leaves the head nothing to pool"
        raise conflict(("model", "head", "pooling"), message, model.head.pooling)


def monitor(data: DataConfig, model: ModelConfig, training: TrainingConfig) -> None:
    """The monitored metric is measured."""
    metrics = KINDS[data.task].metrics
    if training.monitor.removeprefix("val_") not in metrics:
        allowed = f"allowed: {', '.join(metrics)}{nearest(training.monitor, metrics)}"
        message = f"{data.name} has no metric {training.monitor!r}; {allowed}"
        raise conflict(("training", "monitor"), message, training.monitor)


def begun(data: DataConfig, model: ModelConfig, training: TrainingConfig) -> None:
    """A state is carried or learned."""
    for index, layer in enumerate(model.recurrent):
        if layer.initial_state == "learned" and KINDS[data.task].ahead and getattr(data, "carry", False):
            path = ("model", "recurrent", index, "initial_state")
            raise conflict(path, f"{data.name} carries the state from window to window unless data.carry is false", "learned")


def loss(data: DataConfig, model: ModelConfig, training: TrainingConfig) -> None:
    """Losses are summed over time where there is one at every step."""
    if training.loss == "sum" and not KINDS[data.task].per_step:
        message = f"{_asks(data)}, one loss per sequence, which leaves nothing to sum over time"
        raise conflict(("training", "loss"), message, "sum")


def class_weights(data: DataConfig, model: ModelConfig, training: TrainingConfig) -> None:
    """Class weights need labels of examples or steps that are not tokens."""
    if training.class_weights and data.task not in ("classification", "labelling", "tagging"):
        message = f"{_asks(data)}; only classification, with one label or several, and tagging have classes to weigh"
        raise conflict(("training", "class_weights"), message, training.class_weights)


def consistency(data: DataConfig, model: ModelConfig, training: TrainingConfig) -> None:
    """A divergence needs predicted probabilities, and two passes need one device."""
    passes, kind = training.consistency, KINDS[data.task]
    numbers = kind.predict not in ("classes", "labels") if kind.own else "root_mean_squared_error" in kind.metrics
    if passes and passes.name == "rdrop" and numbers:
        message = f"{_asks(data)}: numbers have no probabilities that diverge; fraternal compares them"
        raise conflict(("training", "consistency"), message, "rdrop")
    if passes and training.distribution:
        raise conflict(("training", "consistency"), "two passes are made on one device; leave distribution out", passes.name)


def layers(data: DataConfig, model: ModelConfig, training: TrainingConfig) -> None:
    """Layers that are frozen, or start from weights, are there, and one is left to train."""
    known = weighted_layers(model)
    for path, names in ((("training", "freeze"), training.freeze), (("model", "start_layers"), model.start_layers or ())):
        for name in names:
            if name not in known:
                raise conflict(
                    path, f"there is no layer {name!r}{nearest(name, known)}; the layers are {', '.join(known)}", name
                )
    if {*training.freeze} == {*known}:
        raise conflict(("training", "freeze"), "all layers are frozen, which leaves nothing to train", training.freeze)


def directions(data: DataConfig, model: ModelConfig, training: TrainingConfig) -> None:
    """Nothing reads what it has to predict."""
    for index, layer in enumerate(model.recurrent):
        if layer.bidirectional and KINDS[data.task].ahead:
            path = ("model", "recurrent", index, "bidirectional")
            message = f"{_asks(data)}: a model that reads backwards has seen what it predicts"
            raise conflict(path, message, True)


def reset(data: DataConfig, model: ModelConfig, training: TrainingConfig) -> None:
    """Carried states are reset where there are some."""
    for index, layer in enumerate(model.recurrent):
        sites = [noise.site for noise in layer.recurrent_dropout.noise]
        if "carried" in sites and not getattr(data, "carry", False):
            message = f"{data.name} carries no state from batch to batch here, so there is none to reset"
            raise conflict(("model", "recurrent", index, "recurrent_dropout"), message, layer.recurrent_dropout.spelling)


def evaluated(data: DataConfig, evaluation: EvaluationConfig) -> None:
    """A precision of noise is for predicted numbers."""
    if evaluation.noise_precision and "root_mean_squared_error" not in KINDS[data.task].metrics:
        message = f"{_asks(data)}, and only predicted numbers have noise about them"
        raise conflict(("evaluation", "noise_precision"), message, evaluation.noise_precision)


def foldable(data: DataConfig, folds: int) -> None:
    """Folds are for rows that are dealt out into splits."""
    message: str | None = f"{data.name} has fixed splits, published, by time or generated; only table and npz have folds"
    if "fold" in type(data).model_fields:
        message = objection(folds, getattr(data, "validation", None), getattr(data, "test", None))
    if message:
        raise conflict(("compare", "folds"), message, folds)


CHECKS: list[Callable[[DataConfig, ModelConfig, TrainingConfig], None]] = [
    head,
    embedding,
    vectors,
    tied,
    pooling,
    monitor,
    loss,
    class_weights,
    begun,
    consistency,
    layers,
    directions,
    reset,
]
"""Every check; each raises a `pydantic.ValidationError` at the path of the value that doesn't fit."""
