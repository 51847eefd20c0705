"""One recurrent layer of a config as a Keras layer: ours, or the built-in one."""

from typing import Any

import keras

from rnnlab.layers import GRU, LSTM, Bidirectional
from rnnlab.models.builtin import BuiltinGRU, BuiltinLSTM
from rnnlab.models.initial import drawn
from rnnlab.models.model_config import OPTIONS, RecurrentConfig
from rnnlab.seeds import derive

BUILTIN = {"lstm": BuiltinLSTM, "gru": BuiltinGRU}
OURS = {"lstm": LSTM, "gru": GRU}
WAYS = ("forward", "backward")


def recurrent(config: RecurrentConfig, name: str, seed: int, **arguments: Any) -> keras.layers.Layer:
    """Return the layer; `arguments` (return_sequences, stateful) are handed on to it."""
    if not config.bidirectional:
        return _one_way(config, name, seed, arguments)
    ways = [_one_way(config, f"{name}_{way}", seed, arguments | {"go_backwards": way == "backward"}) for way in WAYS]
    return Bidirectional(ways[0], backward_layer=ways[1], name=name)


def _one_way(config: RecurrentConfig, name: str, seed: int, arguments: dict[str, Any]) -> keras.layers.Layer:
    builtin = config.implementation == "keras"
    options = {option: getattr(config, option) for option in OPTIONS[config.cell] if option == "reset_after" or not builtin}
    return (BUILTIN if builtin else OURS)[config.cell](
        config.units,
        dropout=config.dropout,
        recurrent_dropout=config.recurrent_dropout,
        seed=derive(seed, name, "noise"),
        name=name,
        **drawn(seed, name, "kernel", "recurrent_kernel"),
        **options,
        **({} if builtin else {"implementation": config.implementation}),
        **arguments,
    )
