"""The masks that a model's recurrent layers draw in one training pass."""

from collections.abc import Callable
from contextlib import ExitStack

import keras
import numpy as np

from rnnlab.inspection.compiled_call import Inputs
from rnnlab.inspection.montecarlo import drawing
from rnnlab.inspection.recording import changed, recordable
from rnnlab.layers import RNN
from rnnlab.noise.sites import Noise
from rnnlab.tensors import Mask

Masks = dict[str, dict[str, tuple[Noise, np.ndarray]]]
"""By layer and site the noise and its masks: (gates, steps, batch, width), an axis of length 1 where one draw serves all."""


def masks(model: keras.Model, x: Inputs, seed: int) -> Masks:
    """Return the masks that our layers draw from `seed` for inputs x: the masks of `gates` with the same seed.

    The model is unchanged. Weight masks, whose last two axes are those of the kernel, are left out.

    >>> from rnnlab.layers import LSTM
    >>> model = keras.Sequential([keras.Input((5, 3)), LSTM(8, recurrent_dropout=0.25, name="memory")])
    >>> noise, drawn = masks(model, np.ones((2, 5, 3), "float32"), seed=1)["memory"]["recurrent"]
    >>> noise.lifetime, drawn.shape
    ('sequence', (1, 1, 2, 8))
    """
    layers = [layer for layer in recordable(model) if isinstance(layer, RNN) and layer.noise]
    taken: dict[str, Mask] = {}

    def keeping(name: str, draw: Callable[..., Mask]) -> Callable[..., Mask]:
        return lambda *inputs: taken.setdefault(name, draw(*inputs))

    with drawing(model, seed), keras.StatelessScope(), ExitStack() as stack:
        for layer in layers:
            stack.enter_context(changed(layer, _masks=keeping(layer.name, layer._masks)))
        model(keras.ops.convert_to_tensor(x), training=True)
    return {
        layer.name: {
            site: (noise, _whole(noise, taken[layer.name][site]))
            for site, noise in layer.noise.items()
            if noise.lifetime != "batch" and site in taken[layer.name]
        }
        for layer in layers
    }


def _whole(noise: Noise, mask: Mask) -> np.ndarray:
    gates = mask if isinstance(mask, list | tuple) else [mask]
    arrays = np.stack([keras.ops.convert_to_numpy(gate) for gate in gates])
    return arrays if noise.lifetime == "step" else arrays[:, None]
