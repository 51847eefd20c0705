"""The parts of a run: compile, fit with callbacks, evaluate."""

from collections.abc import Iterable

import keras
import numpy as np

from rnnlab import compat
from rnnlab.data.dataset import Dataset
from rnnlab.data.keras_adapter import Feed
from rnnlab.data.task import Task
from rnnlab.models.build_model import build
from rnnlab.models.model_config import ModelConfig
from rnnlab.models.objective import objective
from rnnlab.models.two_passes import two_passes
from rnnlab.training import own_callbacks
from rnnlab.training.callback_state import BestEpoch, History
from rnnlab.training.callbacks import Meter
from rnnlab.training.checkpoint import Checkpoint, Slot
from rnnlab.training.class_weights import weighted
from rnnlab.training.isolate_evaluation import SeparatePasses
from rnnlab.training.loop import Loop
from rnnlab.training.optimizers import optimizer
from rnnlab.training.program import program
from rnnlab.training.rates import Averaging, rate_callbacks
from rnnlab.training.training_config import TrainingConfig, monitored

NEVER = 1_000_000
"""A patience that no run exhausts; it stays in the state of a run, which may go on with more epochs."""
Callbacks = Iterable[keras.callbacks.Callback]


def compiled(model_config: ModelConfig, dataset: Dataset, config: TrainingConfig, seed: int) -> keras.Model:
    """Return the model of a config with its loss, metrics and optimizer, all their variables made."""
    model = untraced(model_config, dataset, config, seed)
    compat.make_variables(model, Feed(dataset.train)[0])
    model.program = program(model, dataset, config)
    return model


def untraced(model_config: ModelConfig, dataset: Dataset, config: TrainingConfig, seed: int) -> keras.Model:
    """Return the model of a config with its loss, metrics and optimizer, with the variables of layers and optimizer alone."""
    model = build(model_config, dataset.task, seed)
    for name in config.freeze:
        model.get_layer(name).trainable = False
    if passes := config.consistency:
        model = two_passes(model, passes.name, passes.weight, dataset.task.kind.classes)
    wanted = objective(dataset.task)
    scale = dataset.train.density if config.loss == "sum" else 1.0
    metrics = wanted.metrics(dataset.task.outputs)
    model.compile(optimizer(config.optimizer, dataset.train.paced, seed), wanted.loss(scale), weighted_metrics=metrics)
    model.optimizer.build(model.trainable_variables)
    return model


def best_epoch(config: TrainingConfig, task: Task) -> BestEpoch:
    """Return the callback that keeps the weights of the best epoch, and stops early where the config says so."""
    monitor, mode = monitored(config, task.kind)
    return BestEpoch(
        monitor,
        mode=mode,
        patience=config.early_stopping.patience if config.early_stopping else NEVER,
        min_delta=config.early_stopping.min_delta if config.early_stopping else 0,
        restore_best_weights=True,
    )


class OneTraining(keras.callbacks.CallbackList):
    """Callbacks for whom several calls of `fit` are one training, which `begin` and `end` mark."""

    def on_train_begin(self, logs: dict | None = None) -> None:
        """A call of `fit` begins, but not the training."""

    def on_train_end(self, logs: dict | None = None) -> None:
        """A call of `fit` ends, but not the training."""

    def begin(self) -> None:
        """Begin the training."""
        super().on_train_begin()

    def end(self) -> None:
        """End the training."""
        super().on_train_end()


def fit(
    model: keras.Model, dataset: Dataset, config: TrainingConfig, seed: int, callbacks: Callbacks = (), slot: Slot | None = None
) -> dict[str, list[float]]:
    """Fit a compiled model, from the state in `slot` on if there is one; return the logs of all its epochs."""
    feed, epoch, batch = Feed(weighted(dataset, config.class_weights), seed), *(slot.position if slot else (0, 0))
    history = History()
    kind, words = dataset.task.kind, dataset.train.size / len(feed)
    rates = rate_callbacks(config, kind, feed)
    watch = [feed.follow((epoch, batch)), SeparatePasses(), *rates, Meter(words), *own_callbacks.made(config.callbacks)]
    watch += [history, *callbacks]
    if averaging := config.optimizer.averaging:
        watch.append(Averaging(averaging, *monitored(config, kind)))
    if slot:
        watch.append(Checkpoint(slot, watch[:], config.checkpoint.every_minutes))
    training = OneTraining(watch, model=model, epochs=config.epochs, steps=len(feed))
    training.begin()
    stopped = slot is not None and slot.state is not None and slot.state["stopped"]
    # Keras counts the batches of an epoch once a call, so the rest of an epoch that was begun before needs a separate call.
    for first, last in ((epoch, epoch + 1), (epoch + 1, config.epochs)) if batch else ((epoch, config.epochs),):
        if first < last and not stopped:
            feed.turn_to(first, batch if first == epoch else 0)
            _epochs(model, feed, Feed(dataset.validation), first, last, training)
            stopped = model.stop_training
    training.end()
    return history.history


def _epochs(
    model: keras.Model, feed: Feed, validation: Feed, first: int, last: int, callbacks: keras.callbacks.CallbackList
) -> None:
    """Train from one epoch on until the one before `last`: by our program, or where there is none by Keras's."""
    if model.program:
        return Loop(model, model.program, callbacks).train(feed, validation, first, last)
    model.fit(feed, validation_data=validation, initial_epoch=first, epochs=last, shuffle=False, verbose=0, callbacks=callbacks)
    return None


def evaluate(model: keras.Model, dataset: Dataset) -> dict[str, float]:
    """Return the metrics of all three splits, noise off, every token or example counted once."""
    splits = {"train": dataset.train, "val": dataset.validation, "test": dataset.test}
    return {
        f"{name}_{metric}": value for name, split in splits.items() for metric, value in _evaluated(model, Feed(split)).items()
    }


def _evaluated(model: keras.Model, feed: Feed) -> dict[str, float]:
    callbacks = keras.callbacks.CallbackList([SeparatePasses()], model=model)
    if model.program:
        return Loop(model, model.program, callbacks).evaluate(feed)
    return model.evaluate(feed, verbose=0, return_dict=True, callbacks=callbacks)


def last(history: dict[str, list[float]]) -> dict[str, float]:
    """Return the validation metrics of the last epoch."""
    return {f"last_{name}": values[-1] for name, values in history.items() if name.startswith("val_")}


def weights_count(model: keras.Model) -> int:
    """Return how many numbers are trained."""
    return sum(int(np.prod(weight.shape)) for weight in model.trainable_weights)
