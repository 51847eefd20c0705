"""The number of weights that a model trains, counted from its config without building it."""

from collections.abc import Collection

from rnnlab.cells.builtin_cells import CELLS
from rnnlab.data.task import Task
from rnnlab.models.model_config import ModelConfig
from rnnlab.models.recurrent_config import RecurrentConfig


def parameters(config: ModelConfig, task: Task, frozen: Collection[str] = ()) -> int:
    """Return the trained weights of the model that `rnnlab.models.build_model.build` makes of a config for a task.

    Those of the layers with the names `frozen` don't count.

    >>> medium = ModelConfig.model_validate({"embedding": {"width": 650}, "recurrent": [{"units": 650}, {"units": 650}]})
    >>> parameters(medium, Task("language_model", (20, 35), 10_000, "words", vocabulary=10_000))
    19775200
    """
    return sum(size for name, size in _sizes(config, task).items() if name not in frozen)


def weighted_layers(config: ModelConfig) -> list[str]:
    """Return the names of the layers of a model that have weights, from the input up.

    >>> weighted_layers(ModelConfig.model_validate({"embedding": {"width": 8}, "recurrent": [{"units": 4}, {"units": 4}]}))
    ['embedding', 'recurrent_0', 'recurrent_1', 'head']
    """
    return list(_sizes(config, Task("classification", (1, 1, 1), 1, "examples")))


def _sizes(config: ModelConfig, task: Task) -> dict[str, int]:
    """The trained weights of every layer that has some."""
    sizes, width = dict[str, int](), 1 if len(task.batch_shape) < 3 else int(task.batch_shape[2] or 0)
    if config.embedding:
        width = config.embedding.width
        sizes["embedding"] = task.vocabulary * width * config.embedding.trainable
    for index, layer in enumerate(config.recurrent):
        if layer.initial_state == "learned":
            sizes[f"recurrent_{index}_begins"] = sum(CELLS[layer.cell].state_sizes(layer.units, layer.options).values())
        size = CELLS[layer.cell].weights(width, layer.units, layer.options) + _learnt(layer)
        sizes[f"recurrent_{index}"] = size * (2 if layer.bidirectional else 1)
        width = layer.outputs
    return sizes | _head(config, task)


def _learnt(config: RecurrentConfig) -> int:
    """The rates of noise that are learnt."""
    return sum(noise.learned for setting in (config.dropout, config.recurrent_dropout) for noise in setting.noise)


def _head(config: ModelConfig, task: Task) -> dict[str, int]:
    head, width, sizes = config.head, config.outputs, dict[str, int]()
    if head.pooling == "attention":
        sizes["pooling"] = width * (width + 2)
    width += task.beside
    for index, wider in enumerate(head.dense):
        sizes[f"dense_{index}"], width = (width + 1) * wider, wider
    if head.projection:
        sizes["projection"], width = (width + 1) * head.projection, head.projection
    if not head.tie_embedding:
        sizes["head"] = (width + 1) * task.outputs
    elif head.bias:
        sizes["head_bias"] = task.outputs
    return sizes
