"""The values of a config that decide the bits of a run, in one form however they are spelt.

Two configs with equal values are one run. What decides no bit is left out: the experiment's name, names of files (data,
pretrained vectors and weights to start from are known by their bytes), when a state is kept, when snapshots are taken. A
dropout setting is the noise that it stands for, so `0.3`, `{scheme: variational, rate: 0.3}` and the same with `tied: true` are
equal, and so are `0.0` and `{scheme: none}`. The backend is a value, for another one rounds otherwise. The cells, the noise and
the parts of plug-ins that a run uses are identified by their code, see `rnnlab.config.used`. Beside the config, data decide.
"""

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from rnnlab import backend
from rnnlab.config.experiment import RunConfig
from rnnlab.config.paths import flatten
from rnnlab.config.used import used
from rnnlab.data.task import KINDS
from rnnlab.documents import Fields, Record
from rnnlab.training.builtin_optimizers import OWN
from rnnlab.training.training_config import monitored

SCHEMA = 5
"""Rises when the same config begins to mean something else, so that no older result is taken for its result."""
FREE: Any = {
    "name": True,
    "plugins": True,
    "training": {"checkpoint", "inspect", "keep"},
    "model": {"embedding": {"vectors", "words"}, "start_from": True},
}
"""The fields that decide no bit."""


def values(config: RunConfig, computed_on: str | None = None, parts: Mapping[str, str] | None = None) -> Record:
    """Return the values of a config that decide the bits of a run on a backend, on the present one unless it is named.

    `parts` are the fingerprints of the code of its parts, where they are not those of the present code.
    """
    plain = config.model_dump(exclude=FREE)
    plain["backend"] = config.backend or computed_on or backend.current()
    for name in getattr(config.data, "files", ()):
        del plain["data"][name]
    plain["model"]["head"]["task"] = config.data.task
    if config.model.embedding:
        plain["model"]["embedding"]["dropout"] = config.model.embedding.dropout.canonical
    for section, layer in zip(plain["model"]["recurrent"], config.model.recurrent, strict=True):
        section |= {"dropout": layer.dropout.canonical, "recurrent_dropout": layer.recurrent_dropout.canonical}
    plain["training"]["optimizer"] = {**dict.fromkeys(OWN), **plain["training"]["optimizer"]}  # null where it has none
    _leave_out_unused(plain)
    plain["training"]["monitor"], plain["training"]["mode"] = monitored(config.training, KINDS[config.data.task])
    texts = dict(used(config) if parts is None else parts)
    for part in [part for part in texts if part.startswith("metric ")]:
        plain["evaluation"][part] = texts.pop(part)  # a metric decides no weights
    return {**plain, "parts": texts}


def _leave_out_unused(plain: Record) -> None:
    """Take out settings that came later and are not used, so that older runs stay what they are."""
    plain["training"]["freeze"] = sorted({*plain["training"]["freeze"]})
    for section, names in (
        (plain["model"], ("start_layers", "start_from_sha256")),
        (plain["training"], ("freeze", "callbacks")),
        (plain["data"], ("repeat_sign",)),
        *((layer, ("norm_stabiliser",)) for layer in plain["model"]["recurrent"]),
    ):
        for name in names:
            if not section.get(name, True):
                del section[name]


def fingerprint(decisive: Fields, seed: int, *without: str) -> str:
    """Return the sha256 of the values of a config, but for some sections of it, with a seed."""
    kept = {name: value for name, value in decisive.items() if name not in without}
    return sha256(json.dumps({"schema": SCHEMA, "seed": seed, **kept}, sort_keys=True).encode()).hexdigest()


MISSING = "not set"


def differences(then: Fields, now: Fields) -> dict[str, tuple[object, object]]:
    """Return where nested values differ, by dotted path: old and new, `MISSING` where a path is only in the other.

    >>> differences({"training": {"epochs": 1, "schedule": None}}, {"training": {"epochs": 2, "schedule": None}})
    {'training.epochs': (1, 2)}
    """
    old, new = flatten(dict(then)), flatten(dict(now))
    pairs = {path: (old.get(path, MISSING), new.get(path, MISSING)) for path in dict.fromkeys([*old, *new])}
    deeper = {path: any(other.startswith(f"{path}.") for other in pairs) for path in pairs}
    return {path: pair for path, pair in pairs.items() if pair[0] != pair[1] and not deeper[path]}
