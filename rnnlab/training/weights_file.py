"""The weights of a trained model as a file that Keras's `load_weights` takes, with a checksum that its reader demands."""

import hashlib
from pathlib import Path

import h5py
import keras

from rnnlab import compat, files
from rnnlab.documents import Record


def write(path: Path, model: keras.Model) -> Record:
    """Write the weights of a model's layers atomically; return the file's `sha256` and its `bytes`.

    The optimizer stays outside. Raises StorageError where the folder cannot be written.
    """
    content = compat.weights_h5(_layers(model))
    files.write(path, content)
    return {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}


def load(path: Path, model: keras.Model, wanted: str) -> None:
    """Give a model the weights in a file with the SHA-256 `wanted`; its random generators and optimizer stay as they are.

    Raises OSError where there is no such file, ValueError where it is a different file or does not fit the model. Nothing in
    the file is executed, and Keras follows no link out of it.
    """
    if files.sha256(path) != wanted:
        raise ValueError(f"{path} is damaged: its checksum is wrong")
    weights = {id(weight) for weight in model.weights}
    others = [(one, keras.ops.convert_to_numpy(one)) for one in model.variables if id(one) not in weights]
    _layers(model).load_weights(path)
    for variable, value in others:
        variable.assign(value)


def arrays(path: Path) -> dict[str, bytes]:
    """Return every array in a file by its name there, as bytes; links are not followed."""
    contents: dict[str, bytes] = {}

    def keep(name: str, item: h5py.Dataset | h5py.Group) -> None:
        if isinstance(item, h5py.Dataset) and not item.external and not item.is_virtual:
            contents[name] = item[()].tobytes()

    with h5py.File(path, "r") as file:
        file.visititems(keep)
    return contents


def _layers(model: keras.Model) -> keras.Model:
    """The same layers without optimizer, loss and metrics, which Keras would keep too, under one name, which it keeps."""
    return keras.Model(model.inputs, model.outputs, name="model")
