"""A run is used from another working directory than it was made in: relative paths lead where they led then."""

import glob
import os
from pathlib import Path

from rnnlab.config import RunConfig
from rnnlab.documents import Record

Files = str | list[str]


def from_here(config: RunConfig, directory: str | None) -> RunConfig:
    """Return a run's config whose relative paths of data, vectors and weights, where nothing is here, lead from `directory`."""
    if not directory:
        return config
    data = {name: _from(of, Path(directory)) for name, of in getattr(config.data, "files", {}).items()}
    changes: Record = {"data": config.data.model_copy(update=data)}
    model = Record()
    if (embedding := config.model.embedding) and embedding.vectors:
        named = {name: path for name in ("vectors", "words") if (path := getattr(embedding, name))}
        moved = {name: _from(path, Path(directory)) for name, path in named.items()}
        model["embedding"] = embedding.model_copy(update=moved)
    if config.model.start_from:
        model["start_from"] = _from(config.model.start_from, Path(directory))
    if model:
        changes["model"] = config.model.model_copy(update=model)
    return config.model_copy(update=changes)


def _from(files: Files, directory: Path) -> Files:
    if isinstance(files, list):
        return [_path(pattern, directory) for pattern in files]
    return _path(files, directory)


def _path(pattern: str, directory: Path) -> str:
    here = os.path.expanduser(pattern)
    there = str(directory / here)
    is_missing = not glob.glob(here, recursive=True) and glob.glob(there, recursive=True)
    return there if is_missing else pattern
