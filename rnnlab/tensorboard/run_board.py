"""A run in TensorBoard: config and settings from its beginning on, curves while it is trained, metrics when it has ended."""

from collections.abc import Mapping
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

from rnnlab.config import RunConfig, RunSpec, dump
from rnnlab.data.dataset import Dataset
from rnnlab.data.keras_adapter import Feed
from rnnlab.documents import Fields
from rnnlab.errors import UserError
from rnnlab.storage import store
from rnnlab.storage.run_result import RunResult
from rnnlab.tensorboard import Callback, append, event_files, scalars, session_end, session_start, text
from rnnlab.tensorboard.hparams import RESULT, settings


class Board(Callback):
    """Writes a run's folder `tensorboard`, in any `model.fit`; `begin` and `end` tell it what an epoch does not."""

    def __init__(self, spec: RunSpec, folder: Path, dataset: Dataset):
        super().__init__(folder / store.TENSORBOARD, Feed(dataset.validation)[0][0])
        self._spec, self._experiment = spec, folder.parent.parent

    def begin(self) -> None:
        """Write config and settings; TensorBoard shows the run as running until `end`."""
        spec = self._spec
        if event_files.begun(self.folder):
            return
        start = session_start(f"{spec.experiment}/{spec.variant}", settings(spec, self._compare()))
        append(self.folder, 0, [start, text("config", _block(spec.config))])

    def forget(self) -> None:
        """Remove what `begin` and `end` wrote when the run had another config."""
        event_files.forget(self.folder)

    def _compare(self) -> Fields:
        """The compare section of the experiment, where the folder holds one: a run may be made alone."""
        with suppress(UserError):
            return dict(store.read_experiment(self._experiment)["compare"])
        return {}

    def end(self, result: RunResult) -> None:
        """Write how it ended: the metrics, or what went wrong."""
        told = [] if result.error is None else [text("error", f"{result.status}: {result.error}")]
        step = max(1, len(self.epochs))
        metrics = {name: value for name, value in result.metrics.items() if value is not None and not name.startswith("last_")}
        event_files.forget(self.folder, f"{RESULT}/")  # an end that was written before is written anew
        append(self.folder, step, [*scalars(results(metrics)), *told, session_end(result.status == "done")])


def results(metrics: Mapping[str, float]) -> dict[str, float]:
    """Return the metrics of a result by tag, in a separate section.

    >>> results({"test_loss": 2.0})
    {'result/test_loss': 2.0}
    """
    return {f"{RESULT}/{name}": value for name, value in metrics.items()}


@lru_cache(maxsize=1)
def _block(config: RunConfig) -> str:
    """A config as Markdown; that of a variant is the same for all seeds."""
    return f"```yaml\n{dump(config.model_dump())}```"
