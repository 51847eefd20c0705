"""The weights of a finished run are put into a new model, layer by layer, by name."""

from dataclasses import replace

import keras
import numpy as np

from rnnlab.data.dataset import Dataset
from rnnlab.errors import UserError
from rnnlab.layers.noise_rates import is_rate
from rnnlab.models.build_model import build
from rnnlab.models.model_config import ModelConfig
from rnnlab.models.start_weights import StartingRun, check, check_tokens, fingerprint, source, taken, weights_of
from rnnlab.training import weights_file


def put(model: keras.Model, config: ModelConfig, dataset: Dataset) -> dict[str, list[str]] | None:
    """Give the layers of a model the weights of the run that it starts from; return which have them and which start fresh.

    Rates of noise that are learnt stay as the config begins them. Raises UserError where the run is none, its weights are other
    ones than the config names or no finite numbers, its tokens are not those of the data, or shapes differ; then no weight has
    changed.
    """
    if not config.start_from:
        return None
    check(config)
    check_tokens(config, dataset.codec)
    its = source(config)
    names = taken(config, its)
    theirs = _model(config, its)
    pairs = [pair for name in names for pair in _pairs(config, name, theirs.get_layer(name), model.get_layer(name))]
    for mine, value in pairs:
        mine.assign(value)
    return {"layers": names, "fresh": [layer.name for layer in model.layers if _weights(layer) and layer.name not in names]}


def _model(config: ModelConfig, its: StartingRun) -> keras.Model:
    task = replace(its.task, batch_shape=(None, None, *its.task.batch_shape[2:]), carried=False)
    model, path = build(its.config, task, 0), weights_of(config)
    assert path is not None
    try:
        weights_file.load(path, model, str(fingerprint(config)))
    except (OSError, ValueError) as error:
        raise UserError(f"model.start_from: {str(error).splitlines()[0]}") from None
    if not all(np.isfinite(weight).all() for weight in model.get_weights()):
        raise UserError(f"model.start_from: {config.start_from} has diverged: its weights are not finite")
    return model


def _weights(layer: keras.layers.Layer) -> list[keras.Variable]:
    return [weight for weight in layer.weights if not is_rate(weight)]


def _pairs(
    config: ModelConfig, name: str, there: keras.layers.Layer, here: keras.layers.Layer
) -> list[tuple[keras.Variable, np.ndarray]]:
    theirs, ours = _weights(there), _weights(here)
    shapes = [{f"{weight.name} {tuple(weight.shape)}": None for weight in of} for of in (theirs, ours)]
    if [(weight.name, weight.shape) for weight in theirs] != [(weight.name, weight.shape) for weight in ours]:
        has, wants = (", ".join(of) for of in shapes)
        raise UserError(
            f"model.start_from: the layer {name} has {has} in {config.start_from} and {wants} here; "
            "model.start_layers names the layers to take"
        )
    return [(mine, keras.ops.convert_to_numpy(its)) for mine, its in zip(ours, theirs, strict=True)]
