"""One compiled model serves all seeds of a variant: variables hold all that depends on the seed."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import keras

from rnnlab import compat, plugins
from rnnlab.data.dataset import Dataset
from rnnlab.models.model_config import ModelConfig
from rnnlab.training.checkpoint import seeded
from rnnlab.training.cleanup import Forgotten, Released
from rnnlab.training.fit import compiled, untraced
from rnnlab.training.training_config import TrainingConfig


class Kept:
    """The compiled model of the last run of a process, for a run that differs only in its seed."""

    def __init__(self) -> None:
        self._recipe: tuple[object, ...] = ()
        self._dataset: Dataset | None = None
        self._model: keras.Model | None = None
        self._taken = ExitStack()

    @contextmanager
    def serving(self, model: ModelConfig, dataset: Dataset, training: TrainingConfig) -> Iterator[None]:
        """Keep the model of a run that is made inside; one of another recipe is released before, with what it has taken. So
        is this one where the run fails, or is spread over several devices.
        """
        recipe = (model, training, plugins.loaded())
        if recipe != self._recipe or dataset is not self._dataset:
            self.close()
            self._taken.enter_context(Released())
            self._recipe, self._dataset = recipe, dataset
        try:
            yield
        except BaseException:
            self.close()
            raise
        if training.distribution:
            self.close()

    def compiled(self, model: ModelConfig, dataset: Dataset, training: TrainingConfig, seed: int) -> keras.Model:
        """Return what `rnnlab.training.fit.compiled` makes, every variable to the same bits."""
        if self._model is None:
            self._model = compiled(model, dataset, training, seed)
            self._generator = compat.global_generator()
            return self._model
        with Forgotten():
            values = [keras.ops.convert_to_numpy(variable) for variable in seeded(untraced(model, dataset, training, seed))]
        compat.set_global_generator(self._generator)  # the compiled steps draw from this one
        for variable, value in zip(seeded(self._model), values, strict=True):
            variable.assign(value)
        self._model.reset_metrics()
        return self._model

    def close(self) -> None:
        """Release the model and what it has taken."""
        for name in ("program", "gate_passes"):
            if compiled := getattr(self._model, name, None):
                compiled.close()
        self._recipe, self._dataset, self._model = (), None, None
        self._taken.close()
