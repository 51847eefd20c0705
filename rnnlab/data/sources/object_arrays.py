"""Arrays of Python objects in .npz files, as pandas writes texts: read without running anything, made arrays of one type."""

import pickle
import zipfile
from pathlib import Path

import numpy as np

from rnnlab.errors import UserError

HARMLESS = {
    *((f"numpy.{core}.multiarray", name) for core in ("core", "_core") for name in ("_reconstruct", "scalar")),
    *((f"numpy.{core}.numeric", "_frombuffer") for core in ("core", "_core")),
    ("numpy", "ndarray"),
    ("numpy", "dtype"),
    ("_codecs", "encode"),
}
"""The names that a pickled array of texts or numbers may contain; anything else could run code."""


class _Reader(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> object:
        if (module, name) not in HARMLESS:
            raise pickle.UnpicklingError(f"it holds {module}.{name}")
        return super().find_class(module, name)


def objects(path: Path, name: str) -> np.ndarray:
    """Return an array of Python objects as one of texts or numbers; raise UserError where they are anything else."""
    hint = "texts or numbers of one kind are; join examples of unequal lengths by numpy.concatenate, and name their sizes:"
    try:
        with zipfile.ZipFile(path) as archive, archive.open(f"{name}.npy") as file:
            version = np.lib.format.read_magic(file)
            read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
            read(file)
            loaded = _Reader(file).load()
    except (pickle.UnpicklingError, EOFError, AttributeError, ValueError, KeyError) as error:
        raise UserError(f"{path}: {name!r} holds Python objects, which are not read ({error}); {hint}") from None
    cells = np.asarray(loaded, dtype=object)
    flat = cells.ravel().tolist()
    if all(cell is None or (isinstance(cell, int | float | np.number) and not isinstance(cell, bool)) for cell in flat):
        return np.array([np.nan if cell is None else cell for cell in flat]).reshape(cells.shape)
    empty = [place for place, cell in enumerate(flat) if cell is None or (isinstance(cell, float) and cell != cell)]
    if empty:
        raise UserError(f"{path}: {len(empty)} of {len(flat)} values of {name!r} are missing (the first at {empty[0]}, from 0)")
    for kinds in (str, bool | np.bool_, int | np.integer, int | float | np.number):
        if all(isinstance(cell, kinds) for cell in flat):
            return np.array(flat).reshape(cells.shape)
    kinds_there = ", ".join(sorted({type(cell).__name__ for cell in flat}))
    raise UserError(f"{path}: {name!r} holds Python objects ({kinds_there}), which are not read; {hint}")
