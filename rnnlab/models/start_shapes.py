"""Whether layers have the shapes of those that they start from, as both configs tell without building a model."""

from rnnlab.cells.builtin_cells import CELLS
from rnnlab.data.dataset import Dataset
from rnnlab.data.task import Task
from rnnlab.errors import UserError
from rnnlab.models.model_config import ModelConfig
from rnnlab.models.start_weights import check, check_tokens, source, taken


def check_start(config: ModelConfig, dataset: Dataset) -> None:
    """Raise UserError where a model cannot start from the run that it names: none, other weights, tokens or shapes."""
    if not config.start_from:
        return
    check(config)
    check_tokens(config, dataset.codec)
    its = source(config)
    theirs, ours = shapes(its.config, its.task), shapes(config, dataset.task)
    for name in taken(config, its):
        if theirs[name] != ours[name]:
            raise UserError(
                f"model.start_from: the layer {name} has {theirs[name]} in {config.start_from} and {ours[name]} here; "
                "model.start_layers names the layers to take"
            )


def shapes(config: ModelConfig, task: Task) -> dict[str, str]:
    """Return in words the shape of every layer that has weights.

    >>> shapes(ModelConfig.model_validate({"recurrent": [{"units": 4}]}), Task("regression", (8, 5, 2), 1, "examples"))
    {'recurrent_0': 'lstm, units 4, inputs 2, 112 weights', 'head': 'inputs 4, outputs 1'}
    """
    made, width = dict[str, str](), 1 if len(task.batch_shape) < 3 else int(task.batch_shape[2] or 0)
    if config.embedding:
        width = config.embedding.width
        made["embedding"] = f"tokens {task.vocabulary}, width {width}"
    for index, layer in enumerate(config.recurrent):
        if layer.initial_state == "learned":
            made[f"recurrent_{index}_begins"] = f"{layer.cell}, units {layer.units}"
        weights = CELLS[layer.cell].weights(width, layer.units, layer.options)
        both = ", both directions" if layer.bidirectional else ""
        made[f"recurrent_{index}"] = f"{layer.cell}, units {layer.units}, inputs {width}, {weights} weights{both}"
        width = layer.outputs
    return made | _head(config, task)


def _head(config: ModelConfig, task: Task) -> dict[str, str]:
    head, width, made = config.head, config.outputs, dict[str, str]()
    if head.pooling == "attention":
        made["pooling"] = f"inputs {width}"
    width += task.beside
    dense = {f"dense_{index}": wider for index, wider in enumerate(head.dense)}
    for name, wider in {**dense, **({"projection": head.projection} if head.projection else {})}.items():
        made[name], width = f"inputs {width}, outputs {wider}", wider
    if not head.tie_embedding:
        made["head"] = f"inputs {width}, outputs {task.outputs}"
    elif head.bias:
        made["head_bias"] = f"outputs {task.outputs}"
    return made
