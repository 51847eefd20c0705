"""The Mackey-Glass series: a delayed feedback whose future is determined by its past, but soon unpredictable."""

import numpy as np

from rnnlab.data.dataset import Dataset
from rnnlab.data.forecast import forecast_of
from rnnlab.data.generators.generator_config import MackeyGlass
from rnnlab.data.splits.series_windows import Ahead, Series
from rnnlab.data.task import Task
from rnnlab.data.tokenizer import Codec, Scale
from rnnlab.seeds import derive

GAIN, DECAY, POWER = 0.2, 0.1, 10
FINE = 10
"""Steps of the integration between two points."""
SETTLING = 300
"""Points that are left out at the beginning, until the series is on its attractor."""


def step(now: float, delayed: float, between: float, ahead: float) -> float:
    """Return x one fine step later, by the classical Runge-Kutta rule.

    dx/dt = GAIN x(t - tau) / (1 + x(t - tau)^POWER) - DECAY x(t); the delayed values are those at the beginning, in the middle
    and at the end of the step (Mackey & Glass 1977, Science 197; parameters as in Jaeger 2001).
    """
    size = 1 / FINE
    push = [GAIN * x / (1 + x**POWER) for x in (delayed, between, ahead)]
    k1 = push[0] - DECAY * now
    k2 = push[1] - DECAY * (now + size / 2 * k1)
    k3 = push[1] - DECAY * (now + size / 2 * k2)
    k4 = push[2] - DECAY * (now + size * k3)
    return now + size / 6 * (k1 + 2 * k2 + 2 * k3 + k4)


def continued(past: list[float], tau: int, points: int) -> list[float]:
    """Return a fine series continued for this many points; `past` are its last `tau` * FINE + 1 fine values or more."""
    delay, x = tau * FINE, list(past)
    for _ in range(points * FINE):
        delayed, ahead = x[-delay - 1], x[-delay]
        x.append(step(x[-1], delayed, (delayed + ahead) / 2, ahead))
    return x


def draw(tau: int, points: int, seed: int) -> np.ndarray:
    """Return a series of this many points, one per unit of time, from a past of 1.2 and noise up to 0.1 either way.

    >>> draw(tau=17, points=3, seed=1).round(3).tolist()
    [1.162, 1.105, 1.045]
    """
    past = np.random.default_rng(seed).uniform(1.1, 1.3, tau * FINE + 1)
    return np.array(continued(past.tolist(), tau, SETTLING + points)[len(past) - 1 :: FINE][SETTLING + 1 :])


KNOWN = {name: {"perfect": 0.0, "guessing": 1.0} for name in ("loss", "root_mean_squared_error")}
"""The metrics of the true future, and of always predicting the mean: the variance of the standardised values. They hold on the
training part; the others are drawn from the same attractor, with nearly the same mean and variance."""


def build(config: MackeyGlass) -> Dataset:
    """Return the series as a forecast at every point; its error is relative to the standard deviation (NRMSE)."""

    def series(name: str) -> np.ndarray:
        points = min(getattr(config.points, name), config.limit_examples or 2**31)
        return draw(config.tau, points, derive(config.seed, config.name, name))

    raw = {name: series(name) for name in ("train", "validation", "test")}
    mean, deviation = raw["train"].mean(), raw["train"].std()
    scale = Scale((float(mean),), (float(deviation),))

    def split(name: str) -> Series:
        values = ((raw[name] - mean) / deviation).astype(np.float32)[:, None]
        return Series(values, config.batch_size, config.window, Ahead.of(config.horizon), shuffled=name == "train")

    train, validation, test = split("train"), split("validation"), split("test")
    steps = {split.width for split in (train, validation, test)}
    return Dataset(
        name=config.name,
        task=Task(config.task, (config.batch_size, steps.pop() if len(steps) == 1 else None, 1), 1, "points", padded=True),
        train=train,
        validation=validation,
        test=test,
        codec=Codec(inputs=scale, targets=scale),
        forecast=forecast_of(train, ("x",), None, scale=scale),
        known_scores=KNOWN,
    )
