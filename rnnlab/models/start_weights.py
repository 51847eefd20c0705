"""A model starts from the weights of a finished run, layer by layer, by name: which ones, and whether they fit."""

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

import yaml
from pydantic import ValidationError

from rnnlab import files, sealed
from rnnlab.data.task import Task
from rnnlab.data.tokenizer import Codec
from rnnlab.errors import UserError
from rnnlab.models.model_config import ModelConfig
from rnnlab.models.size import weighted_layers

RUN, TOKENS, WEIGHTS = "run.yaml", "tokens.json", "best.weights.h5"
"""The files of a run that are read; `rnnlab.storage` writes them."""
BY_TOKEN = {"embedding", "head", "head_bias"}
"""The layers whose weights belong to tokens or labels by their numbers."""


class StartingRun(NamedTuple):
    """The model, task and tokenizer of a finished run."""

    config: ModelConfig
    task: Task
    codec: Codec


def fingerprint(config: ModelConfig) -> str | None:
    """Return the sha256 of the weights that a model starts from; None where there are none, or their file is missing."""
    path = weights_of(config)
    return _hash(path, path.stat().st_size, path.stat().st_mtime_ns) if path and path.is_file() else None


@cache
def _hash(path: Path, size: int, changed: int) -> str:
    return files.sha256(path)


def weights_of(config: ModelConfig) -> Path | None:
    """Return the file of the weights that a model starts from."""
    return Path(config.start_from).expanduser() / WEIGHTS if config.start_from else None


def check(config: ModelConfig) -> None:
    """Raise UserError where a model starts from a folder that is not a finished run, or from other weights than it names."""
    path = weights_of(config)
    if path is None:
        return
    for name in (RUN, TOKENS, WEIGHTS):
        if not path.with_name(name).is_file():
            raise UserError(
                f"model.start_from: {config.start_from} is not the folder of a finished run: it has no {name} "
                f"(looked for from {Path.cwd()})"
            )
    if config.start_from_sha256 not in (None, now := fingerprint(config)):
        raise UserError(f"model.start_from: {path} has the sha256 {now}, the run was made for {config.start_from_sha256}")


def source(config: ModelConfig) -> StartingRun:
    """Return what the run says that a model starts from; raise UserError where it cannot be read."""
    folder = Path(str(config.start_from)).expanduser()
    try:
        tokens = sealed.unseal((folder / TOKENS).read_text(encoding="utf-8"))
        own = yaml.safe_load((folder / RUN).read_text(encoding="utf-8"))["config"]["model"]
        return StartingRun(ModelConfig.model_validate(own), Task.of(tokens["task"]), Codec.of(tokens["codec"]))
    except (OSError, ValueError, LookupError, TypeError, yaml.YAMLError, ValidationError) as error:
        raise UserError(f"model.start_from: {folder} cannot be read: {str(error).splitlines()[0]}") from None


def taken(config: ModelConfig, its: StartingRun) -> list[str]:
    """Return the layers that take weights from a source; raise UserError where it lacks one that is requested."""
    known, asked = weighted_layers(its.config), config.start_layers
    for name in asked or ():
        if name not in known:
            raise UserError(f"model.start_layers: {config.start_from} has no layer {name!r}; it has {', '.join(known)}")
    return [name for name in weighted_layers(config) if name in (known if asked is None else asked)]


def check_tokens(config: ModelConfig, codec: Codec) -> None:
    """Raise UserError where weights are taken over that belong to other tokens or labels than the data have."""
    if not config.start_from:
        return
    its = source(config)
    layers = sorted(BY_TOKEN & set(taken(config, its)))
    if its.codec.vocabulary and codec.vocabulary and layers:
        _refuse("vocabulary", its.codec.vocabulary.tokens, codec.vocabulary.tokens, config, layers)
    if its.codec.labels and codec.labels and "head" in layers:
        _refuse("labels", its.codec.labels, codec.labels, config, ["head"])


def _refuse(what: str, theirs: Sequence[str], ours: Sequence[str], config: ModelConfig, layers: list[str]) -> None:
    if tuple(theirs) == tuple(ours):
        return
    place = next(
        (n for n, pair in enumerate(zip(theirs, ours, strict=False)) if pair[0] != pair[1]), min(len(theirs), len(ours))
    )
    shown = [json.dumps(of[place], ensure_ascii=False) if place < len(of) else "nothing" for of in (theirs, ours)]
    raise UserError(
        f"model.start_from: the {what} of {config.start_from} is not that of the data: number {place} is {shown[0]} there and "
        f"{shown[1]} here ({len(theirs):,} and {len(ours):,} in all), so the weights of {', '.join(layers)} would belong to "
        "others; model.start_layers names the layers to take"
    )


def told(config: ModelConfig) -> str:
    """Return in words which layers start from weights and which start fresh; nothing where all start fresh."""
    if not config.start_from:
        return ""
    names = taken(config, source(config))
    fresh = [name for name in weighted_layers(config) if name not in names]
    return f"{', '.join(names) or 'no layer'} from {config.start_from}; fresh: {', '.join(fresh) or 'none'}"
