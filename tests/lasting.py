"""Sweeps of one file of tests share their compiled models: most of the time of a tiny run goes into tracing its steps."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rnnlab import plugins
from rnnlab.training.kept import Kept


def lasting(models: dict[str, Any]) -> type[Kept]:
    """A `Kept` that keeps the model of every recipe in `models`, after a kill too; a run gives all its variables new values."""

    class Lasting(Kept):
        @contextmanager
        def serving(self, model: Any, dataset: Any, training: Any) -> Iterator[None]:
            recipe = repr((model, training, plugins.loaded(), dataset.sha256, dataset.task))
            self._of_recipe, self._known = models.setdefault(recipe, (Kept(), dataset))
            with self._of_recipe.serving(model, self._known, training):
                pass
            yield

        def compiled(self, model: Any, dataset: Any, training: Any, seed: int) -> Any:
            return self._of_recipe.compiled(model, self._known, training, seed)

        def close(self) -> None:
            pass

    return Lasting
