"""Callbacks that change the size of steps while a run is fitted: schedules, window lengths, averaging."""

from collections.abc import Iterable

import keras

from rnnlab import compat
from rnnlab.data.keras_adapter import Feed
from rnnlab.data.task import Kind
from rnnlab.layers.noise_rates import ChangingRates
from rnnlab.training.callback_state import Remembering
from rnnlab.training.own_callbacks import named
from rnnlab.training.schedules import SCHEDULES, ScheduleConfig, factor
from rnnlab.training.training_config import AveragingConfig, TrainingConfig, monitored


class LearningRateSchedule(keras.callbacks.Callback):
    """Sets the learning rate of every epoch to the full one times `rnnlab.training.schedules.factor`."""

    def __init__(self, schedule: ScheduleConfig, full: float, epochs: int):
        super().__init__()
        self._schedule, self._full, self._epochs = schedule, full, epochs

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        """Set the rate of the epoch."""
        self.model.optimizer.learning_rate = self._full * factor(self._schedule, epoch + 1, self._epochs)


class Pace(keras.callbacks.Callback):
    """Tells the optimizer how long the window of each batch is."""

    def __init__(self, feed: Feed):
        super().__init__()
        self._feed = feed

    def on_train_batch_begin(self, batch: int, logs: dict | None = None) -> None:
        """Set the relative length of the batch's window."""
        self.model.optimizer.pace.assign(self._feed.pace(batch))


class NoiseRates(Remembering, keras.callbacks.Callback):
    """Sets the rates of noise that have a schedule, at every epoch or step, and logs all that change, in any `model.fit`.

    An epoch's logs gain `noise_rate/<layer>/<site>`, the rate at its end.
    """

    state_name = "noise_rates"
    remembered = ("step",)
    step = 0
    """Batches trained so far."""
    several = True
    """Whether several steps may be run at once: where no rate goes by steps."""

    def on_train_begin(self, logs: dict | None = None) -> None:
        """Note which layers have a rate that changes."""
        self.step = 0
        self._layers = changing_layers(self.model)
        schedules = [one.schedule for layer in self._layers for one in layer.changing().values() if one.schedule]
        self.several = not any(schedule.by == "step" for schedule in schedules)

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        """Set the rates of the epoch."""
        self._epoch, self._before = epoch, self.step
        self._set()

    def on_train_batch_begin(self, batch: int, logs: dict | None = None) -> None:
        """Set the rates of the step, where one goes by steps."""
        if not self.several:
            self._set()

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        """Count the steps."""
        self.step = self._before + batch + 1

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        """Log the rates."""
        if logs is not None:
            logs |= rates_now(self._layers)

    def _set(self) -> None:
        if self._layers:
            _ = self.model  # on JAX this brings the variables up to date
        for layer in self._layers:
            layer.set_rates(self._epoch, self.step)


def changing_layers(model: keras.Model) -> list[keras.layers.Layer]:
    """Return the layers whose noise changes from epoch to epoch or from step to step."""
    return [layer for layer in compat.every_layer(model) if isinstance(layer, ChangingRates) and layer.dated]


def rates_now(layers: Iterable[keras.layers.Layer]) -> dict[str, float]:
    """Return the rates that change, as they are, by `noise_rate/<layer>/<site>`.

    >>> rates_now([])
    {}
    """
    rates = {f"noise_rate/{layer.name}/{site}": rate for layer in layers for site, rate in layer.rates().items()}
    return {name: float(keras.ops.convert_to_numpy(rate)) for name, rate in rates.items()}


class Averaging(Remembering, keras.callbacks.Callback):
    """Begins to average the weights at its trigger, and puts the mean in their place in validation.

    The mean stays in the model until the callbacks before this one have seen the end of the epoch, so that they keep, log and
    evaluate what was validated; then the weights themselves are restored, and training continues with them.
    """

    state_name = "averaging"
    remembered = ("metrics",)

    def __init__(self, section: AveragingConfig, monitor: str, mode: str):
        super().__init__()
        self._section, self._monitor, self._sign = section, monitor, -1 if mode == "max" else 1
        self.metrics: list[float] = []
        """The monitored metric of every epoch, negated where more is better."""

    def on_train_begin(self, logs: dict | None = None) -> None:
        """Check the trigger before the first step."""
        self._check(0)

    def on_test_begin(self, logs: dict | None = None) -> None:
        """Replace the weights by the mean."""
        optimizer, weights = self.model.optimizer, self.model.trainable_variables
        self._kept = [keras.ops.convert_to_numpy(weight) for weight in weights] if optimizer.averaged > 0 else []
        for weight, mean, _ in zip(weights, optimizer.means, self._kept, strict=False):
            weight.assign(keras.ops.copy(mean))  # a step on JAX consumes the arrays of both

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        """Put the weights back, and check the trigger."""
        for weight, value in zip(self.model.trainable_variables, self._kept, strict=False):
            weight.assign(value)
        self.metrics.append(self._sign * (logs or {})[self._monitor])
        self._check(epoch + 1)

    def _check(self, epochs: int) -> None:
        if self._section.after == epochs or self._got_worse():
            self.model.optimizer.begun.assign(1.0)

    def _got_worse(self) -> bool:
        """Whether the last metric is worse than the best one of more than `nonmonotone` epochs before it."""
        span = self._section.nonmonotone
        return span is not None and len(self.metrics) > span + 1 and self.metrics[-1] > min(self.metrics[: -span - 1])


def rate_callbacks(config: TrainingConfig, kind: Kind, feed: Feed) -> list[keras.callbacks.Callback]:
    """Return the callbacks of schedule and window lengths; they stand before those that log."""
    watch: list[keras.callbacks.Callback] = [NoiseRates(), *([Pace(feed)] if feed.split.paced else [])]
    if schedule := config.schedule:
        known = SCHEDULES[schedule.name]
        watch.append(
            named(f"schedule {schedule.name}", known.part(schedule, *monitored(config, kind)))
            if known.reached
            else LearningRateSchedule(schedule, config.optimizer.learning_rate, config.epochs)
        )
    return watch
