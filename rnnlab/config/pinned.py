"""A config with the fingerprints of the files that it reads in addition to the data, as a run stores it."""

from rnnlab.config.experiment import RunConfig
from rnnlab.documents import Record
from rnnlab.models import start_weights
from rnnlab.models.pretrained import fingerprint


def pinned(config: RunConfig) -> RunConfig:
    """Return the config with the sha256 of its pretrained vectors, and of the weights that it starts from, filled in.

    They stay null if there are none, or if their file is missing.
    """
    model, known = config.model, Record()
    if (embedding := model.embedding) and embedding.vectors and not embedding.vectors_sha256:
        known["embedding"] = embedding.model_copy(update={"vectors_sha256": fingerprint(embedding)})
    if model.start_from and not model.start_from_sha256:
        known["start_from_sha256"] = start_weights.fingerprint(model)
    return config.model_copy(update={"model": model.model_copy(update=known)}) if known else config


def whole(config: RunConfig) -> bool:
    """Return whether a pinned config has the fingerprints of all files that it reads in addition to the data."""
    model = config.model
    vectors = not (model.embedding and model.embedding.vectors) or model.embedding.vectors_sha256
    return bool(vectors and (not model.start_from or model.start_from_sha256))
