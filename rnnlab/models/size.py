"""How many numbers a model trains, counted from its config without building it."""

from rnnlab.cells.builtin import CELLS
from rnnlab.data.task import Task
from rnnlab.models.model_config import HeadConfig, ModelConfig


def parameters(config: ModelConfig, task: Task) -> int:
    """Return the trained weights of the model that `rnnlab.models.build_model.build` makes of a config for a task.

    >>> medium = ModelConfig.model_validate({"embedding": {"width": 650}, "recurrent": [{"units": 650}, {"units": 650}]})
    >>> parameters(medium, Task("language_model", (20, 35), 10_000, "words", vocabulary=10_000))
    19775200
    """
    total, width = 0, 1 if len(task.batch_shape) < 3 else int(task.batch_shape[2] or 0)
    if config.embedding:
        width = config.embedding.width
        total = task.vocabulary * width * config.embedding.trainable
    for layer in config.recurrent:
        size = CELLS[layer.cell].weights(width, layer.units, layer.options)
        total, width = total + size * (2 if layer.bidirectional else 1), layer.outputs
    return total + _head(config.head, width + task.beside, task.outputs)


def _head(config: HeadConfig, width: int, outputs: int) -> int:
    projection = (width + 1) * config.projection if config.projection else 0
    if config.tie_embedding:
        return projection + outputs * config.bias
    return projection + ((config.projection or width) + 1) * outputs
