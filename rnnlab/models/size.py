"""How many numbers a model trains, counted from its config without building it."""

from rnnlab.data.task import Task
from rnnlab.models.model_config import HeadConfig, ModelConfig, RecurrentConfig


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
        ways = 2 if layer.bidirectional else 1
        total, width = total + ways * _layer(layer, width), ways * layer.units
    return total + _head(config.head, width + task.beside, task.outputs)


def _layer(config: RecurrentConfig, inputs: int) -> int:
    """Kernels and biases of the gates, then peepholes (p_f only where there is an f), then gains and offset."""
    units = config.units
    gates = 3 if config.cell == "gru" or config.coupled else 4
    biases = 2 if config.cell == "gru" and config.reset_after else 1
    peepholes = (2 if config.coupled else 3) * units * config.peephole
    norms = (2 * gates + 2) * units * config.layer_norm
    return gates * units * (inputs + units + biases) + peepholes + norms


def _head(config: HeadConfig, width: int, outputs: int) -> int:
    projection = (width + 1) * config.projection if config.projection else 0
    if config.tie_embedding:
        return projection + outputs * config.bias
    return projection + ((config.projection or width) + 1) * outputs
