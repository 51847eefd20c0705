"""Pieces for the search of the rates, cut out of a task's training split alone: python experiments/which-dropout/prepare.py jsb

Every fourth training piece becomes the validation split of the search, the others its training split, in data/which-dropout/.
The validation and test splits of the study are not read. Before: rnnlab data prepare polyphonic --from FOLDER.
"""

import sys
from pathlib import Path

import numpy as np

from rnnlab.data.sources.arrays import Sequences
from rnnlab.data.sources.polyphonic import Polyphonic, read

FOLDER = Path("data/which-dropout")
EVERY = 4


def parts(pieces: Sequences) -> dict[str, Sequences]:
    """Return the training and the validation pieces of the search."""
    held = np.arange(len(pieces.sizes)) % EVERY == EVERY - 1
    return {"train": pieces.chosen(~held), "validation": pieces.chosen(held)}


def main(name: str) -> None:
    """Write the frames of both splits, and how many each piece has."""
    split = parts(read(Polyphonic(name="polyphonic", set=name))["train"])
    FOLDER.mkdir(parents=True, exist_ok=True)
    frames = {name: part.values.astype(np.uint8) for name, part in split.items()}
    sizes = {f"{name}_sizes": part.sizes for name, part in split.items()}
    np.savez_compressed(FOLDER / f"{name}.npz", **frames, **sizes)


if __name__ == "__main__":
    main(sys.argv[1])
