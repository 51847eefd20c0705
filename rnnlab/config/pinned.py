"""A config whose files beside the data are known by their bytes, as a run keeps it."""

from rnnlab.config.experiment import RunConfig
from rnnlab.models.pretrained import fingerprint


def pinned(config: RunConfig) -> RunConfig:
    """Return the config with the sha256 of its pretrained vectors filled in, where it has some and their file is there."""
    embedding = config.model.embedding
    if embedding is None or not embedding.vectors or embedding.vectors_sha256:
        return config
    known = embedding.model_copy(update={"vectors_sha256": fingerprint(embedding)})
    return config.model_copy(update={"model": config.model.model_copy(update={"embedding": known})})
