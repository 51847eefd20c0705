"""One run: build, fit with callbacks, evaluate at the best epoch."""

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from time import perf_counter

import keras

from rnnlab.data.dataset import Dataset
from rnnlab.documents import Record
from rnnlab.models.initial import weights_sha256
from rnnlab.models.model_config import ModelConfig
from rnnlab.models.pretrained import put
from rnnlab.training import start_from
from rnnlab.training.callbacks import Divergence
from rnnlab.training.checkpoint import Slot
from rnnlab.training.distribution import distributed
from rnnlab.training.fit import Callbacks, best_epoch, compiled, evaluate, fit, last, weights_count
from rnnlab.training.program import xla
from rnnlab.training.rates import changing_layers, rates_now
from rnnlab.training.repeatable import repeatable
from rnnlab.training.training_config import TrainingConfig


@dataclass(frozen=True)
class TrainingOutcome:
    """How a run ended, and its metrics."""

    status: str
    """done or diverged."""
    monitor: str
    """The metric that chose the best epoch, by its Keras name."""
    mode: str
    """Whether less (min) or more (max) of it is better."""
    epochs: int
    """Epochs trained."""
    best_epoch: int
    """The epoch with the best monitored metric, counted from 1; 0 where none was trained."""
    metrics: dict[str, float]
    """Metrics of all splits with the weights of the best epoch, noise off; `last_val_...` are those of the last epoch."""
    rates: dict[str, float]
    """The rates of noise that change, by a schedule or learnt, at the best epoch: `noise_rate/<layer>/<site>`."""
    initial_weights: str
    """Fingerprint of the weights before training."""
    data_order: str
    """Fingerprint of the order of the training data."""
    parameters: int
    """Trained numbers in the model."""
    vectors: Record | None
    """The number of words with a pretrained vector, and their share of the training tokens; None without vectors."""
    started: dict[str, list[str]] | None
    """Which layers started from the weights of another run, and which fresh; None where all did."""
    unit: str
    """The unit of `throughput`: words, characters, examples."""
    deterministic: bool
    """Whether operations were made to repeat exactly."""
    xla: bool
    """Whether XLA compiled a training step as a whole."""
    error: str | None
    """Where a diverged run diverged."""


def train(
    model_config: ModelConfig,
    dataset: Dataset,
    config: TrainingConfig,
    seed: int,
    callbacks: Callbacks = (),
    slot: Slot | None = None,
    make: Callable[[ModelConfig, Dataset, TrainingConfig, int], keras.Model] = compiled,
) -> tuple[keras.Model, TrainingOutcome]:
    """Train a model; return it with the weights of its best epoch, and the outcome.

    `callbacks` see the logs of Keras with `learning_rate`, `seconds` and `throughput` added. With a `slot` the state is kept
    there, and a run that was killed resumes from it to the same bits. `make` returns the compiled model.
    """
    begin = perf_counter()
    repeatable(seed, config.deterministic)
    best, divergence = best_epoch(config, dataset.task), Divergence()
    with distributed(config, model_config, dataset):
        model = make(model_config, dataset, config, seed)
        vectors = put(model, model_config.embedding, dataset)
        started = start_from.put(model, model_config, dataset)
        initial = weights_sha256(model)
        history = fit(model, dataset, config, seed, [divergence, best, *callbacks], slot)
        diverged = divergence.epoch is not None
        metrics = {} if diverged else {**evaluate(model, dataset), **last(history)}
    before = sum(history.get("seconds", ())[: slot.position[0] if slot else 0])
    return model, TrainingOutcome(
        status="diverged" if diverged else "done",
        monitor=best.monitor,
        mode=best.mode,
        epochs=len(history.get("loss", ())),
        best_epoch=best.best_epoch + 1 if best.best is not None else 0,
        metrics={**metrics, **_throughput(history), "seconds": before + perf_counter() - begin},
        rates=rates_now(changing_layers(model)),
        initial_weights=initial,
        data_order=dataset.order_sha256(seed),
        parameters=weights_count(model),
        vectors=vectors,
        started=started,
        unit=dataset.task.unit,
        deterministic=config.deterministic,
        xla=xla(model, dataset, config),
        error=f"the loss became {divergence.loss} in epoch {divergence.epoch}, step {divergence.step}" if diverged else None,
    )


def _throughput(history: dict[str, list[float]]) -> dict[str, float]:
    speeds = history.get("throughput")
    return {"throughput": median(speeds)} if speeds else {}
