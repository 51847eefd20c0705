"""The contents of a run's folder: its own result or state, nothing, or the work of another run."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from pydantic import ValidationError

from rnnlab.config import RunConfig, RunSpec
from rnnlab.config.identity import MISSING, SCHEMA, differences, values
from rnnlab.config.paths import flatten
from rnnlab.config.paths import parts as by_path
from rnnlab.data.dataset import Dataset
from rnnlab.documents import Record
from rnnlab.storage import store
from rnnlab.storage.run_origin import Provenance, RunOrigin, known_origin
from rnnlab.storage.run_result import RunResult
from rnnlab.sweep import makers

WIDTH = 60
"""Most characters of a value that are shown."""
CODE = "the code of "
"""The beginning of a line that says that code differs."""

DATA = "the data's bytes (sha256)"
"""The beginning of a line that says that data differ."""


def kept(spec: RunSpec, folder: Path, dataset: Dataset, fingerprint: str | None = None) -> RunResult | None:
    """Return the result that a run, whose `fingerprint` may be known, has already, or None where it has to be made."""
    record = store.read_run(folder)
    result = record.result
    if not result or record.damaged or (result.fingerprint, result.data) != (fingerprint or spec.fingerprint, dataset.sha256):
        return None
    return result


def foreign(spec: RunSpec, folder: Path, dataset: Dataset | None) -> list[str]:
    """Return what differs, `path: old -> new`, where the folder of a run without a result of its own holds other work.

    Work that is only evaluated otherwise is not foreign: the run goes on from it. What can't be read, as the data are where
    there is no `dataset`, can't be compared.
    """
    if not store.holds_work(folder) or store.RUN in store.read_run(folder).damaged:
        return []
    origin = known_origin(folder)
    return [] if origin is None else unlike(spec, origin, dataset, folder)


def unlike(spec: RunSpec, origin: RunOrigin, dataset: Dataset | None, folder: Path | None = None) -> list[str]:
    """Return what differs, `path: old -> new`, between work of an origin and a run as it would be trained now.

    A run with more epochs is not unlike the state that it goes on from, where the work's `folder` holds one.
    """
    if origin.schema != SCHEMA:
        return [f"schema: {origin.schema} -> {SCHEMA} (another version of rnnlab made what is there)"]
    seed = {"seed": (origin.seed, spec.seed)} if origin.seed != spec.seed else {}
    changed = {**seed, **_changed(origin, spec.config)}
    if dataset and origin.data != dataset.sha256:
        changed[DATA] = str(origin.data)[:12], dataset.sha256[:12]
    if not changed and origin.trained != spec.training_fingerprint:  # the same settings stand for something else
        changed[f"{CODE}rnnlab"] = str(origin.code)[:12], makers.code()[:12]
    reasons = {}
    if "training.epochs" in changed:
        from rnnlab.sweep.going_on import goes_on, needs_all_epochs

        if folder and len(changed) == 1 and goes_on(spec, folder, dataset):
            return []
        reason = needs_all_epochs(spec.config.training)
        reasons = {"training.epochs": f" ({reason})"} if reason else {}
    return in_words(changed, reasons)


def unfit(folder: Path, where: Provenance, damaged: bool) -> str:
    """Return why a run that is made now, `where`, cannot resume from its folder, whose state may be `damaged`."""
    origin = known_origin(folder)
    changed = differences(origin.makers, where.makers) if origin else {}
    if damaged or not changed:
        return "its state is damaged, or of another config or other data"
    return f"other code or versions made it ({'; '.join(in_words(changed))})"


def in_words(changed: Mapping[str, tuple[object, object]], reasons: Mapping[str, str] = MappingProxyType({})) -> list[str]:
    """Return old and new values as lines, `path: old -> new`, with the reason that a path may have."""
    return [f"{path}: {_shown(old)} -> {_shown(new)}{reasons.get(path, '')}" for path, (old, new) in changed.items()]


def _changed(origin: RunOrigin, config: RunConfig) -> dict[str, tuple[object, object]]:
    """Where the config of a run was different, by dotted path, as it was written."""
    try:
        then = RunConfig.model_validate(origin.config)
    except ValidationError:  # made by a version whose settings had other names
        return differences(_training(flatten(origin.config)), _training(flatten(config.model_dump())))
    was, now = values(then, origin.backend, origin.parts or {}), values(config)
    old, new = _written(then, was), _written(config, now)
    paths = differences(_training(was), _training(now))
    return {re.sub("^parts[.]", CODE, path): (old.get(path, MISSING), new.get(path, MISSING)) for path in paths}


def _written(config: RunConfig, decisive: Record) -> Record:
    """The values of a config by dotted path, as they were written, with those that no config writes."""
    return by_path({**config.model_dump(), "backend": decisive["backend"], "parts": decisive["parts"]})


def _training(decisive: Record) -> Record:
    return {path: value for path, value in decisive.items() if path.partition(".")[0] not in ("name", "evaluation")}


def _shown(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return text if len(text) <= WIDTH else f"{text[: WIDTH - 3]}..."
