"""One trial of a search: a model is fitted, its metric on validation reported after every epoch, and test data not read."""

from typing import TYPE_CHECKING

import keras

from rnnlab.config import RunConfig
from rnnlab.data.dataset import Dataset
from rnnlab.models.pretrained import put
from rnnlab.training import start_from
from rnnlab.training.callback_state import Remembering
from rnnlab.training.callbacks import Divergence
from rnnlab.training.checkpoint import Slot
from rnnlab.training.cleanup import Released
from rnnlab.training.fit import best_epoch, compiled, fit
from rnnlab.training.repeatable import repeatable
from rnnlab.training.threads import use

if TYPE_CHECKING:
    import optuna


class Report(Remembering, keras.callbacks.Callback):
    """Reports the monitored metric of every epoch to a trial of Optuna, and stops training where the trial is to be pruned."""

    state_name = "report"
    remembered = ("pruned",)

    def __init__(self, trial: "optuna.Trial", monitor: str):
        super().__init__()
        self._trial, self._monitor = trial, monitor
        self.pruned = False
        """Whether the trial was pruned."""

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        """Report the metric of the epoch."""
        self._trial.report((logs or {})[self._monitor], epoch)
        if self._trial.should_prune():
            self.pruned = self.model.stop_training = True


def monitored_value(
    config: RunConfig, dataset: Dataset, seed: int, trial: "optuna.Trial", slot: Slot
) -> tuple[float | None, bool]:
    """Return the best monitored value of a trial on validation, None where it diverged, and whether it was pruned.

    It resumes from the state in its slot if it was killed there.
    """
    training = config.training
    use(training.threads)
    with Released():
        repeatable(seed, training.deterministic)
        model = compiled(config.model, dataset, training, seed)
        put(model, config.model.embedding, dataset)
        start_from.put(model, config.model, dataset)
        best, divergence = best_epoch(training, dataset.task), Divergence()
        report = Report(trial, best.monitor)
        try:
            logs = fit(model, dataset, training, seed, [divergence, best, report], slot)
        finally:
            if model.program:
                model.program.close()
    if divergence.epoch is not None or not logs:
        return None, False
    return float((max if best.mode == "max" else min)(logs[best.monitor])), report.pruned
