"""Pretrained vectors for an embedding: the rows of the words in their file."""

from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from rnnlab.data import word_vectors
from rnnlab.data.build_dataset import build, ready
from rnnlab.data.data_config import DataConfig
from rnnlab.data.dataset import Dataset
from rnnlab.data.prepared import ABOUT, Prepared, hash_of, place, prepared
from rnnlab.data.tokenizer import Codec
from rnnlab.documents import Record
from rnnlab.errors import UserError
from rnnlab.models.model_config import EmbeddingConfig

if TYPE_CHECKING:
    import keras

NAME = "vectors"
"""The name of prepared tables in the data folder."""


def fingerprint(config: EmbeddingConfig) -> str | None:
    """Return the sha256 of the bytes of the vectors and their words, None where there are none or their file is missing."""
    hashes = [_hash(path, path.stat().st_size, path.stat().st_mtime_ns) for path in _paths(config) if path.is_file()]
    if not hashes or len(hashes) < len(_paths(config)):
        return None
    return hashes[0] if len(hashes) == 1 else sha256("".join(hashes).encode()).hexdigest()


@cache
def _hash(path: Path, size: int, changed: int) -> str:
    return hash_of(path)


def _paths(config: EmbeddingConfig) -> list[Path]:
    return [Path(path).expanduser() for path in (config.vectors, config.words) if path]


def check(config: EmbeddingConfig | None) -> None:
    """Raise UserError where the vectors are missing, or are not those that the config names by their sha256."""
    if config is None or not config.vectors:
        return
    for path in _paths(config):
        if not path.is_file():
            raise UserError(f"there is no file {str(path)!r} (looked for from {Path.cwd()})")
    if config.vectors_sha256 not in (None, now := fingerprint(config)):
        raise UserError(f"{config.vectors} has the sha256 {now}, the config asks for {config.vectors_sha256}")


def put(model: "keras.Model", config: EmbeddingConfig | None, dataset: Dataset) -> Record | None:
    """Give the embedding of a model the vectors of the words that their file has; return how many these are.

    The rows of other words, `<unk>` among them unless the file has it, stay as they were drawn.
    """
    if config is None or not config.vectors:
        return None
    check(config)
    vectors = table(config, dataset.codec)
    weight = model.get_layer("embedding").embeddings
    drawn = weight.numpy()
    weight.assign(np.where(vectors["known"][:, None], vectors["rows"], drawn))
    return coverage(vectors, dataset)


def table(config: EmbeddingConfig, codec: Codec) -> Prepared:
    """Return `rows` and `known` of a vocabulary, read once and then kept with the prepared data."""
    vectors, *words = _paths(config)
    tokens = codec.vocabulary.tokens if codec.vocabulary else ()

    def make(folder: Path) -> Record:
        of_tokens = word_vectors.read(vectors, words[0] if words else None, tokens)
        np.save(folder / "rows.npy", of_tokens.rows)
        np.save(folder / "known.npy", of_tokens.known)
        return {"codec": Codec(vocabulary=codec.vocabulary, level=codec.level).document(), "splits": {}}

    return prepared(NAME, _key(config, codec), make)


def is_prepared(config: EmbeddingConfig, codec: Codec) -> bool:
    """Return whether the table of a vocabulary is available at once."""
    return fingerprint(config) is not None and (place(NAME, _key(config, codec)) / ABOUT).exists()


def _key(config: EmbeddingConfig, codec: Codec) -> Record:
    tokens = repr(codec.vocabulary.tokens if codec.vocabulary else ())
    return {"vectors": fingerprint(config), "width": config.width, "tokens": sha256(tokens.encode()).hexdigest()}


def coverage(vectors: Prepared, dataset: Dataset) -> Record:
    """Return how many words of the vocabulary have a vector, and which share of the tokens to train on."""
    known = np.asarray(vectors["known"])
    tokens = np.asarray(dataset.train.arrays()[0]).ravel()
    return {"words": len(known), "with_vectors": int(known.sum()), "token_share": float(known[tokens[tokens >= 0]].mean())}


def covered(config: EmbeddingConfig | None, data: DataConfig, reading: bool) -> str:
    """Return how far vectors cover the words of a data set, in words; nothing where there are none.

    Without `reading` it is reported only if data and vectors are prepared, and nothing is written.
    """
    if config is None or not config.vectors or not (reading or ready(data)):
        return ""
    dataset = build(data)
    if not reading and not is_prepared(config, dataset.codec):
        return ""
    share = coverage(table(config, dataset.codec), dataset)
    words = f"{share['with_vectors']:,} of {share['words']:,} words of {data.name} have a vector in {config.vectors}"
    return f"{words}, {100 * share['token_share']:.1f} % of the tokens to train on"
