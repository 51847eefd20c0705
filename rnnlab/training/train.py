"""One run: build, fit with callbacks, evaluate at the best epoch."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median
from time import perf_counter

import keras

from rnnlab.data.dataset import Dataset
from rnnlab.data.feed import Feed
from rnnlab.data.task import Task
from rnnlab.models.build import build
from rnnlab.models.config import ModelConfig
from rnnlab.models.initial import weights_sha256
from rnnlab.models.objective import OBJECTIVES
from rnnlab.training.callbacks import Divergence, Meter
from rnnlab.training.config import TrainingConfig, monitored
from rnnlab.training.optimizers import optimizer
from rnnlab.training.passes import SeparatePasses
from rnnlab.training.repeatable import repeatable

Callbacks = Iterable[keras.callbacks.Callback]


@dataclass(frozen=True)
class Outcome:
    """How a run ended, and its figures."""

    status: str
    """done or diverged."""
    monitor: str
    """The figure that chose the best epoch, by its Keras name."""
    mode: str
    """Whether less (min) or more (max) of it is better."""
    epochs: int
    """Epochs trained."""
    best_epoch: int
    """The epoch with the best monitored figure, counted from 1; 0 where none was trained."""
    metrics: dict[str, float]
    """Figures of all splits with the weights of the best epoch, noise off; `last_val_...` are those of the last epoch."""
    initial_weights: str
    """Fingerprint of the weights before training."""
    data_order: str
    """Fingerprint of the order of the training data."""
    parameters: int
    """Trained numbers in the model."""
    unit: str
    """What `words_per_second` counts: words, characters, examples."""
    error: str | None
    """Where a diverged run diverged."""


def train(
    model_config: ModelConfig, dataset: Dataset, config: TrainingConfig, seed: int, callbacks: Callbacks = ()
) -> tuple[keras.Model, Outcome]:
    """Train a model; return it with the weights of its best epoch, and what came out.

    `callbacks` see the logs of Keras with `learning_rate`, `seconds` and `words_per_second` added.
    """
    begin = perf_counter()
    repeatable(seed, config.deterministic)
    model = compiled(model_config, dataset.task, config, seed)
    initial = weights_sha256(model)
    best, divergence = best_epoch(config, dataset.task), Divergence()
    history = fit(model, dataset, config.epochs, seed, [divergence, best, *callbacks])
    diverged = divergence.epoch is not None
    metrics = {} if diverged else {**evaluate(model, dataset), **last(history)}
    if speeds := history.get("words_per_second"):
        metrics["words_per_second"] = median(speeds)
    return model, Outcome(
        status="diverged" if diverged else "done",
        monitor=best.monitor,
        mode=best.mode,
        epochs=len(history.get("loss", ())),
        best_epoch=best.best_epoch + 1 if best.best is not None else 0,
        metrics={**metrics, "seconds": perf_counter() - begin},
        initial_weights=initial,
        data_order=dataset.order_sha256(seed),
        parameters=sum(math.prod(weight.shape) for weight in model.trainable_weights),
        unit=dataset.task.unit,
        error=f"the loss became {divergence.loss} in epoch {divergence.epoch}, step {divergence.step}" if diverged else None,
    )


def compiled(model_config: ModelConfig, task: Task, config: TrainingConfig, seed: int) -> keras.Model:
    """Return the model of a config with its loss, metrics and optimizer."""
    model = build(model_config, task, seed)
    objective = OBJECTIVES[task.name]
    model.compile(optimizer(config.optimizer), objective.loss(), weighted_metrics=objective.metrics())
    return model


def best_epoch(config: TrainingConfig, task: Task) -> keras.callbacks.EarlyStopping:
    """Return the callback that keeps the weights of the best epoch, and stops early where the config says so."""
    monitor, mode = monitored(config, task.kind)
    return keras.callbacks.EarlyStopping(
        monitor,
        mode=mode,
        patience=config.early_stopping.patience if config.early_stopping else max(config.epochs, 1),
        restore_best_weights=True,
    )


def fit(model: keras.Model, dataset: Dataset, epochs: int, seed: int, callbacks: Callbacks) -> dict[str, list[float]]:
    """Fit a compiled model; return the logs of its epochs."""
    feed = Feed(dataset.train, seed)
    watch = [feed.follow(), SeparatePasses(), Meter(dataset.train.size / len(feed)), *callbacks]
    validation = Feed(dataset.validation)
    return model.fit(feed, validation_data=validation, epochs=epochs, shuffle=False, verbose=0, callbacks=watch).history


def evaluate(model: keras.Model, dataset: Dataset) -> dict[str, float]:
    """Return the figures of all three splits, noise off, every token or example counted once."""
    splits = {"train": dataset.train, "val": dataset.validation, "test": dataset.test}
    return {
        f"{name}_{figure}": value
        for name, split in splits.items()
        for figure, value in model.evaluate(Feed(split), verbose=0, return_dict=True, callbacks=[SeparatePasses()]).items()
    }


def last(history: dict[str, list[float]]) -> dict[str, float]:
    """Return the validation figures of the last epoch."""
    return {f"last_{name}": values[-1] for name, values in history.items() if name.startswith("val_")}
