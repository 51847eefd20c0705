"""One run of a study: its numbers, and its model at work."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rnnlab.documents import Record
from rnnlab.errors import UserError
from rnnlab.storage.run_result import RunResult
from rnnlab.storage.store import RunRecord

if TYPE_CHECKING:
    import keras
    import pandas as pd

    from rnnlab.data.dataset import Dataset
    from rnnlab.trained.verify import Verified


@dataclass(frozen=True)
class TrainedRun:
    """A run by variant and seed; its model is built when it is asked for."""

    record: RunRecord

    @property
    def variant(self) -> str:
        """Its variant."""
        return self.record.variant

    @property
    def seed(self) -> int:
        """Its seed."""
        return self.record.seed

    @property
    def folder(self) -> Path:
        """Where its files are."""
        return self.record.folder

    @property
    def status(self) -> str:
        """`done`, `diverged`, `failed`, or `unfinished`."""
        return self.record.result.status if self.record.result else "unfinished"

    @property
    def metrics(self) -> dict[str, float | None]:
        """Every metric by name, such as `test_perplexity`; None if it is not finite; empty until the run is done."""
        return dict(self.record.result.metrics) if self.record.result else {}

    @property
    def lower_is_better(self) -> bool:
        """Whether a lower value of the monitored metric is better."""
        return self._result.mode == "min"

    @property
    def monitor(self) -> str:
        """The monitored metric, such as `val_perplexity`."""
        return self._result.monitor

    @property
    def validation(self) -> float:
        """The monitored metric on validation data, at the epoch whose weights were kept."""
        value = self.metrics[self.monitor]
        return math.nan if value is None else value

    @property
    def _result(self) -> RunResult:
        if self.record.result is None:
            raise UserError(f"{self.folder} has not ended")
        return self.record.result

    def history(self) -> "pd.DataFrame":
        """Return a row for each epoch: `loss`, `val_loss`, every other metric likewise, learning rate, norms, seconds."""
        import pandas as pd

        rows = [
            {
                "epoch": record.epoch,
                **record.train,
                **{f"val_{name}": value for name, value in record.validation.items()},
                **record.beside,
            }
            for record in self.record.epochs
        ]
        return pd.DataFrame(rows).set_index("epoch") if rows else pd.DataFrame()

    def model(self) -> "keras.Model":
        """Return the compiled Keras model with the weights of the best epoch; raise UserError where they were lost."""
        from rnnlab.trained.loading import trained

        return trained(self.folder).model

    def dataset(self) -> "Dataset":
        """Return the data that it was trained on; raise UserError where they have changed since."""
        from rnnlab.trained.loading import trained

        return trained(self.folder).dataset

    def predict(
        self,
        texts: str | Iterable[str] = (),
        *,
        file: str | None = None,
        column: str | None = None,
        split: str | None = None,
        samples: int = 20,
        seed: int = 1,
        top: int = 10,
    ) -> list[Record]:
        """Return what is predicted for texts, a file or a split, as `rnnlab predict --json` prints it.

        0 `samples` predict without noise; see `rnnlab.trained.predict_run.predict`.
        """
        from rnnlab.trained.predict_run import predict

        texts = [texts] if isinstance(texts, str) else texts
        return list(predict(self.folder, texts, file, column, split, samples, seed, top))

    def generate(self, text: str = "", count: int = 50, temperature: float = 1.0, seed: int = 1) -> str:
        """Return a text continued by this many tokens that a language model generates; at temperature 0 nothing is drawn."""
        from rnnlab.trained.predict_run import write_on

        (said,) = write_on(self.folder, [text], None, count, temperature, seed)
        return str(said["text"])

    def verify(self, epochs: int | None = None) -> "Verified":
        """Train the run again, completely or for some epochs, and return whether all bits agree, as `rnnlab verify` does."""
        from rnnlab.trained.backend_of_run import require

        require(self.folder)  # before Keras is loaded, if it is not
        from rnnlab.trained.verify import verify

        return verify(self.folder, epochs)

    def inspect(self, seed: int | None = None) -> "pd.DataFrame":
        """Return how open the gates are, how long their memory lasts, and how much of a gradient is left ten steps later.

        With a `seed` the noise of training is on. Arrays go into the run's folder `inspection`.
        """
        import pandas as pd

        from rnnlab.trained.inspect_run import inspect

        return pd.DataFrame(row for one in inspect(self.folder, seed) for row in one.rows())

    def export(self, path: str | Path | None = None, to: str = "keras") -> Path:
        """Write the model as keras, builtin, savedmodel, onnx or tflite; see `rnnlab.trained.export.export`."""
        from rnnlab.trained.export import export

        return export(self.folder, to, path)

    def _repr_html_(self) -> str:
        from html import escape

        rows = "".join(f"<tr><td>{escape(name)}</td><td>{value:.5g}</td></tr>" for name, value in self.metrics.items())
        return f"<p>{escape(self.variant)} seed {self.seed}: {self.status}</p><table>{rows}</table>"
