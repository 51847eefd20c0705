"""Initial weights that depend on (seed, layer, weight) alone, and their fingerprint."""

from hashlib import sha256

import keras
import numpy as np

from rnnlab.documents import Record
from rnnlab.layers.noise_rates import is_rate
from rnnlab.models.model_config import InitialConfig
from rnnlab.seeds import derive

INITIALIZERS = {
    "embeddings": keras.initializers.RandomUniform,
    "kernel": keras.initializers.GlorotUniform,
    "recurrent_kernel": keras.initializers.Orthogonal,
}
"""The distribution of each drawn weight; the ones that Keras takes by itself."""


def drawn(seed: int, layer: str, *weights: str) -> Record:
    """Return the initializer arguments of a layer, each with the seed of its path: no variant shifts another's weights.

    >>> list(drawn(1, "recurrent_0", "kernel", "recurrent_kernel"))
    ['kernel_initializer', 'recurrent_initializer']
    """
    return {
        f"{weight.replace('recurrent_kernel', 'recurrent')}_initializer": INITIALIZERS[weight](seed=derive(seed, layer, weight))
        for weight in weights
    }


def draw_all(model: keras.Model, config: InitialConfig, seed: int) -> None:
    """Draw every weight of a model anew, uniformly, each from the seed of its layer, place and name."""
    for layer in model.layers:
        bound = config.embedding if layer.name == "embedding" and config.embedding else config.uniform
        for place, weight in enumerate(_drawn_weights(layer)):
            random = keras.initializers.RandomUniform(-bound, bound, seed=derive(seed, layer.name, place, weight.name))
            weight.assign(random(weight.shape, weight.dtype))


def _drawn_weights(layer: keras.layers.Layer) -> list[keras.Variable]:
    """The weights of a layer but for rates of noise, which variants differ in."""
    return [weight for weight in layer.weights if not is_rate(weight)]


def weights_sha256(model: keras.Model) -> str:
    """Return the fingerprint of a model's weights, rates of noise left out: layer and weight names, shapes and bytes."""
    digest = sha256()
    for layer in model.layers:
        for weight in _drawn_weights(layer):
            value = np.ascontiguousarray(keras.ops.convert_to_numpy(weight))
            digest.update(f"{layer.name}/{weight.name}{value.shape}{value.dtype.str}".encode())
            digest.update(value.tobytes())
    return digest.hexdigest()
