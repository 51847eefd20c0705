"""The same training step by torch's own layer, which has no recurrent dropout."""

from collections.abc import Callable
from importlib.util import find_spec

import numpy as np


def torch_step(cell: str, x: np.ndarray, seen: np.ndarray, units: int) -> Callable[[], None] | None:
    """A call that runs `torch.nn.LSTM` or `GRU` forward and backward, or None where torch is not installed."""
    if find_spec("torch") is None:
        return None
    import torch

    layer = {"lstm": torch.nn.LSTM, "gru": torch.nn.GRU}[cell](x.shape[-1], units, batch_first=True)
    inputs, weights = torch.tensor(x, requires_grad=True), torch.tensor(seen)

    def step() -> None:
        layer.zero_grad()
        inputs.grad = None
        (layer(inputs)[0] * weights).sum().backward()

    return step
