"""Whether a registered optimizer, schedule or callback does what every one has to: above all that a killed run goes on."""

import math
from contextlib import closing, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import keras
import numpy as np

from rnnlab.data.build_dataset import build
from rnnlab.data.data_config import Adding, SplitSizes
from rnnlab.documents import Record
from rnnlab.models.model_config import ModelConfig
from rnnlab.testing.require import CheckError, require
from rnnlab.training.checkpoint import Slot
from rnnlab.training.kept import Kept
from rnnlab.training.optimizer_config import OPTIMIZER
from rnnlab.training.optimizers import optimizer
from rnnlab.training.own_callbacks import CALLBACKS
from rnnlab.training.schedules import SCHEDULES, factor
from rnnlab.training.train import train
from rnnlab.training.training_config import TrainingConfig

EPOCHS = 3
KILL = 5
"""The batch, of three in an epoch, before which a run is killed: inside the second epoch."""


def check_optimizer(name: str, **options: object) -> None:
    """Check a registered optimizer, with its `options`, on the backend in use; raise CheckError where it fails, which says why.

    It changes every weight that has a gradient and leaves numbers finite; made again from its config it takes the same steps; a
    run that is killed resumes to the same bits, so its variables must contain its whole state.

    >>> check_optimizer("sgd", momentum=0.9)
    """
    config = OPTIMIZER.validate({"name": name, "learning_rate": 0.01, **options})
    first = optimizer(config)
    paths = [_steps(made) for made in (first, type(first).from_config(first.get_config()))]
    require(all(np.isfinite(end).all() for end in paths[0]), f"{name} makes weights that are not finite numbers")
    require(not np.array_equal(paths[0][0], paths[0][-1]), f"{name} leaves a weight with a gradient as it is")
    same = all(map(np.array_equal, *paths))
    require(same, f"{name} takes other steps once it is made again from its config: give get_config every argument")
    _goes_on(f"the optimizer {name}", "keep what it remembers in variables of add_variable", optimizer=config.model_dump())


def check_schedule(name: str, **options: object) -> None:
    """Check a registered schedule, with its `options`; raise CheckError where it fails, which says why.

    Its factors are finite numbers from 0 up, and the same twice; one of what was reached goes on in a run that is killed.

    >>> check_schedule("cosine", warmup=2)
    """
    kind = SCHEDULES[name]
    config = kind.section(**options)
    if kind.reached:
        return _goes_on(f"the schedule {name}", STATE, schedule=config.model_dump())
    factors, again = ([factor(config, epoch, 20) for epoch in range(1, 21)] for _ in range(2))
    for epoch, value in enumerate(factors, 1):
        good = math.isfinite(value) and value >= 0
        require(good, f"the schedule {name} gives {value} in epoch {epoch} of 20: a factor is a number from 0 up")
    return require(factors == again, f"the schedule {name} is not the same twice: let it follow from config and epoch alone")


STATE = "give it save_state and load_state with all that it remembers"


def check_callback(name: str, **options: object) -> None:
    """Check a registered callback, with its `options`; raise CheckError where it fails, which says why.

    A run with it that is killed resumes to the same bits and logs.
    """
    _goes_on(f"the callback {name}", STATE, callbacks=[CALLBACKS[name].section(**options).model_dump()])


def _steps(made: keras.optimizers.Optimizer) -> list[np.ndarray]:
    """A weight at first and after each of three steps."""
    random = np.random.default_rng(0)
    weight = keras.Variable(random.normal(size=(3, 2)).astype("float32"))
    made.build([weight])
    path = [keras.ops.convert_to_numpy(weight).copy()]
    for _ in range(3):
        made.apply([keras.ops.convert_to_tensor(random.normal(size=(3, 2)).astype("float32"))], [weight])
        path.append(keras.ops.convert_to_numpy(weight).copy())
    return path


class _KillError(Exception):
    """A run ends here."""


class _Kill(keras.callbacks.Callback):
    def __init__(self, at: int):
        super().__init__()
        self._left = at

    def on_train_batch_begin(self, batch: int, logs: Record | None = None) -> None:
        self._left -= 1
        if self._left == 0:
            raise _KillError


class _SavedLogs(keras.callbacks.Callback):
    def __init__(self) -> None:
        super().__init__()
        self.epochs: dict[int, dict[str, float]] = {}

    def on_epoch_end(self, epoch: int, logs: Record | None = None) -> None:
        self.epochs[epoch] = {
            name: value for name, value in (logs or {}).items() if "second" not in name and "throughput" not in name
        }


def _goes_on(part: str, remedy: str, **settings: object) -> None:
    """Require that a run that is killed has the weights and logs of one that is not."""
    data = build(Adding(name="adding", length=4, examples=SplitSizes(train=24, validation=8, test=8), batch_size=8))
    model = ModelConfig.model_validate({"recurrent": [{"units": 2, "dropout": 0.2}]})
    config = TrainingConfig.model_validate({"epochs": EPOCHS, "checkpoint": {"every_minutes": 0.0}, **settings})

    def run(kept: Kept, folder: str, kill: int = 0) -> tuple[list[np.ndarray], dict[int, dict[str, float]]]:
        logs, slot = _SavedLogs(), Slot(Path(folder) / "state", "checked")
        with kept.serving(model, data, config):
            made, _ = train(model, data, config, 5, [logs, _Kill(kill)], slot, kept.compiled)
        return made.get_weights(), logs.epochs

    with TemporaryDirectory() as folder, TemporaryDirectory() as other, closing(Kept()) as kept, closing(Kept()) as fresh:
        weights, logs = run(kept, other)
        with suppress(_KillError):
            run(kept, folder, KILL)
            raise CheckError(f"{part} ended a run before its batch {KILL}: let it train longer")
        resumed, then = run(fresh, folder)
    same = all(map(np.array_equal, weights, resumed)) and all(logs[epoch] == then[epoch] for epoch in then)
    require(same, f"a run with {part} that is killed does not go on to the same bits: {remedy}")
