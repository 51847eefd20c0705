"""Write the data of the search for rates, which come from a task's training split alone.

    python experiments/which-dropout/prepare.py jsb|nottingham|cornell
    python experiments/which-dropout/prepare.py tagging FOLDER

Every fourth training piece, review or sentence becomes the validation split of the search, the others its training split, in
data/which-dropout/. First: rnnlab data prepare polyphonic (or cornell) --from FOLDER. For tagging, FOLDER holds the treebank.
"""

import json
import sys
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

import numpy as np

from rnnlab.data.sources import cornell, polyphonic

FOLDER = Path("data/which-dropout")
EVERY = 4
TREEBANK = "en_ewt-ud-train.conllu"


def parts(total: int) -> dict[str, np.ndarray]:
    """Return which examples of the training split are in each split of the search."""
    held = np.arange(total) % EVERY == EVERY - 1
    return {"train": ~held, "validation": held}


def music(name: str) -> None:
    """Write the frames of both splits, and the number of frames of each piece."""
    pieces = polyphonic.read(polyphonic.Polyphonic(name="polyphonic", set=name))["train"]
    split = {part: pieces.chosen(which) for part, which in parts(len(pieces.sizes)).items()}
    frames = {part: of.values.astype(np.uint8) for part, of in split.items()}
    np.savez_compressed(FOLDER / f"{name}.npz", **frames, **{f"{part}_sizes": of.sizes for part, of in split.items()})


def reviews() -> None:
    """Write the pieces of both splits with their ratings; all pieces of a review are in the same split."""
    rows = cornell.read(cornell.Cornell(name="cornell")).splits["train"]()
    whole = [list(pieces) for _, pieces in groupby(rows, key=lambda row: row.place)]
    lines = [
        "".join(json.dumps({"text": " ".join(row.input), "rating": row.target}) + "\n" for row in pieces) for pieces in whole
    ]
    write("cornell", "jsonl", lines)


def sentences(folder: str) -> None:
    """Write the sentences of both splits."""
    write("tagging", "conllu", [f"{one}\n\n" for one in (Path(folder) / TREEBANK).read_text().strip().split("\n\n")])


def write(name: str, ending: str, texts: Sequence[str]) -> None:
    """Write the texts of each split to a file."""
    for part, which in parts(len(texts)).items():
        (FOLDER / f"{name}-{part}.{ending}").write_text("".join(text for text, mine in zip(texts, which, strict=True) if mine))


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    match sys.argv[1:]:
        case ["jsb" | "nottingham" as name]:
            music(name)
        case ["cornell"]:
            reviews()
        case ["tagging", folder]:
            sentences(folder)
        case _:
            sys.exit(__doc__)
