"""The config, data, code and machine of a run: the contents of its run.yaml as typed, frozen records."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from functools import cache, lru_cache
from pathlib import Path
from typing import ClassVar, Self

import yaml
from pydantic import ConfigDict, TypeAdapter, ValidationError

from rnnlab import files
from rnnlab.config import dump, reader
from rnnlab.config.identity import SCHEMA
from rnnlab.documents import Fields, Record
from rnnlab.errors import UserError
from rnnlab.storage import place

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The safe loader in C, for there are many runs."""
NAMES = ("config", "schema", "experiment", "variant", "seed")
"""The fields that are read from a run of another version."""
NULLS = ("git",)
"""The fields that are written even where they are None."""


@dataclass(frozen=True, kw_only=True)
class Provenance:
    """The circumstances that a result may depend on beside its config."""

    python: str | None = None
    versions: dict[str, str] = field(default_factory=dict)
    """The versions of the libraries that a run uses."""
    code: str | None = None
    """SHA-256 of the modules that decide bits."""
    backend: str | None = None
    numbers: dict[str, str] = field(default_factory=dict)
    """The settings that decide how numbers are rounded."""
    machine: dict[str, str | int | None] = field(default_factory=dict)
    git: dict[str, str | bool] | None = None
    """The commit of the user's own repository and whether anything is changed; None where there is no repository."""
    command: list[str] | None = None
    directory: str | None = None
    """The working directory, from which relative paths of the config lead."""

    @property
    def makers(self) -> dict[str, str]:
        """The values that decide bits on one machine beside config, data and code of the parts, the same for all who ask.

        Of the package the code counts and not its version, of Python the minor version.

        >>> Provenance(python="3.11.2", versions={"rnnlab": "0.2.0", "keras": "3.15.1"}, backend="jax").makers
        {'python': '3.11', 'backend': 'jax', 'keras': '3.15.1'}
        """
        own = {"code": (self.code or "")[:12], "python": ".".join((self.python or "").split(".")[:2]), "backend": self.backend}
        libraries = {name: known for name, known in self.versions.items() if name != "rnnlab"}
        return {**{name: known for name, known in own.items() if known}, **libraries, **self.numbers}


@dataclass(frozen=True, kw_only=True)
class RunOrigin(Provenance):
    """Which run it is, what it is made of, where it is made, and why earlier tries were lost."""

    __pydantic_config__: ClassVar = ConfigDict(extra="ignore")

    experiment: str | None = None
    variant: str | None = None
    seed: int | None = None
    config: Record
    schema: int = 1
    """That of the config; runs of version 0.1 do not say it."""
    fingerprint: str | None = None
    trained: str | None = None
    """SHA-256 of what decides the training in config, seed and code of the parts."""
    data: str | None = None
    """SHA-256 of the data."""
    dropped_rows: dict[str, int] | None = None
    parts: dict[str, str] | None = None
    """SHA-256 of the code of the parts that the run uses."""
    modes: dict[str, str] | None = None
    retried: list[str] | None = None

    @classmethod
    def of(cls, document: Fields) -> Self:
        """Return the record of a document; of a run of another version only the schema and what it is called.

        Raises ValueError, naming the key, where the document is none that this version writes.

        >>> RunOrigin.of({"schema": 2, "config": {}, "seed": "one"})
        Traceback (most recent call last):
        ValueError: seed: Input should be a valid integer, got 'one'
        """
        if not isinstance(document, Mapping) or not isinstance(document.get("config"), Mapping):
            raise ValueError("config: a run has one")
        if document.get("schema", 1) != SCHEMA:
            document = {name: document[name] for name in NAMES if name in document}
        try:
            _checker().validate_json(json.dumps(document), strict=True)  # as Python, strict takes no mapping for a class
        except TypeError:
            raise ValueError("it holds a value that no run writes") from None
        except ValidationError as error:
            first = error.errors()[0]
            key = ".".join(str(part) for part in first["loc"])
            raise ValueError(f"{key}: {first['msg']}, got {first['input']!r}"[:300]) from None
        return cls(**{one.name: document[one.name] for one in fields(cls) if one.name in document})

    def document(self) -> Record:
        """Return what the file says."""
        where = [one.name for one in fields(Provenance)]
        told = asdict(self)
        names = [*(name for name in told if name not in (*where, "retried")), *where, "retried"]
        return {name: told[name] for name in names if told[name] is not None or name in NULLS}


@cache
def _checker() -> TypeAdapter[RunOrigin]:
    return TypeAdapter(RunOrigin)


def read_origin(folder: Path) -> RunOrigin:
    """Return what a run was made of and where: the contents of its run.yaml; raise UserError where that is damaged."""
    path = folder / place.RUN
    try:
        with path.open("rb") as file:
            text = file.read(reader.MAX_BYTES + 1)
        if len(text) > reader.MAX_BYTES or any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text, Loader=LOADER)):
            raise ValueError("no run writes so much, or an alias")
        return RunOrigin.of(yaml.load(text, Loader=LOADER))
    except (OSError, ValueError, RecursionError, yaml.YAMLError):
        raise UserError(f"{path} is damaged; rnnlab run repairs it") from None


def write_origin(folder: Path, origin: RunOrigin) -> None:
    """Write run.yaml."""
    files.write(folder / place.RUN, "".join(_entry(name, json.dumps(value)) for name, value in origin.document().items()))


@lru_cache(maxsize=64)
def _entry(name: str, value: str) -> str:
    """An entry of the file and its value, given as JSON; the runs of a variant share almost all."""
    return dump({name: json.loads(value)})


def known_origin(folder: Path) -> RunOrigin | None:
    """Return the same; None where there is none that can be read."""
    try:
        return read_origin(folder)
    except UserError:
        return None
