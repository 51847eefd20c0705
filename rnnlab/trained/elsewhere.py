"""A run is used from another working directory than it was made in, or its project was moved: where its relative paths lead."""

import glob
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from rnnlab.config import RunConfig
from rnnlab.data.prepared import FOLDER
from rnnlab.documents import Record
from rnnlab.errors import UserError

Files = str | list[str]


def places(folder: Path, directory: str | None) -> list[Path]:
    """Return the folders from which the relative paths of the run in `folder` may lead, in the order in which they are tried.

    These are the working directory, the one where the run was made, and those above the run, the nearest first.
    """
    made = [Path(directory)] if directory else []
    return list(dict.fromkeys([Path.cwd(), *made, *folder.parents[:-1]]))


def from_places(config: RunConfig, places: Sequence[Path]) -> RunConfig:
    """Return a run's config whose paths of data, vectors and weights lead from the first place that has them."""
    data = {name: _from(of, places) for name, of in _data(config).items()}
    changes: Record = {"data": config.data.model_copy(update=data)}
    model = Record()
    if embedding := config.model.embedding:
        moved = {name: _from(path, places) for name, path in _vectors(config).items()}
        model["embedding"] = embedding.model_copy(update=moved)
    if config.model.start_from:
        model["start_from"] = _from(config.model.start_from, places)
    return config.model_copy(update={**changes, "model": config.model.model_copy(update=model)})


def candidates(config: RunConfig, places: Sequence[Path]) -> list[RunConfig]:
    """Return the configs that paths may lead to, since several places can have a file of the same name."""
    configs: list[RunConfig] = []
    for n in range(len(places)):
        moved = from_places(config, [*places[n:], *places[:n]])
        if moved not in configs:
            configs.append(moved)
    return configs


def paths_of_data(config: RunConfig) -> list[str]:
    """Return the paths of a run's data, as its config has them."""
    return [path for of in _data(config).values() for path in (of if isinstance(of, list) else [of])]


def paths_of_model(config: RunConfig) -> list[str]:
    """Return the paths of what a run's model starts from: vectors and weights."""
    return [*_vectors(config).values(), *([config.model.start_from] if config.model.start_from else [])]


def refuse_missing(paths: Iterable[str], places: Sequence[Path], folder: Path) -> None:
    """Raise UserError at a path of the run in `folder` that no place has."""
    for path in paths:
        if not any(_has(place, path) for place in places):
            beside = [f"{place} and " for place in places if place not in folder.parents[:-1]]
            raise UserError(f"there is no file {path!r} (looked for from {''.join(beside)}every folder above {folder})")


@contextmanager
def data_folder(places: Sequence[Path]) -> Iterator[None]:
    """Look inside for prepared data in the `data` of the first place that has any, unless RNNLAB_DATA names a folder."""
    home = next((place / "data" for place in places if (place / "data" / "prepared").is_dir()), None)
    if FOLDER in os.environ or not home:
        yield
        return
    os.environ[FOLDER] = str(home)
    try:
        yield
    finally:
        del os.environ[FOLDER]


def _data(config: RunConfig) -> dict[str, Files]:
    return getattr(config.data, "files", {})


def _vectors(config: RunConfig) -> dict[str, str]:
    embedding = config.model.embedding
    if not embedding or not embedding.vectors:
        return {}
    return {name: path for name in ("vectors", "words") if (path := getattr(embedding, name))}


def _from(files: Files, places: Sequence[Path]) -> Files:
    if isinstance(files, list):
        return [_path(pattern, places) for pattern in files]
    return _path(files, places)


def _path(pattern: str, places: Sequence[Path]) -> str:
    """The path from the first place that has it; as it is from the working directory, and where no place has it."""
    place = next((place for place in places if _has(place, pattern)), Path.cwd())
    return pattern if place == Path.cwd() else _from_place(place, pattern)


def _has(place: Path, pattern: str) -> bool:
    path = _from_place(place, pattern)
    return os.path.exists(path) or next(glob.iglob(path, recursive=True), None) is not None


def _from_place(place: Path, pattern: str) -> str:
    name = os.path.expanduser(pattern)
    return str(place / name) if (place / name).exists() else os.path.join(glob.escape(str(place)), name)
