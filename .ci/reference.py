"""A hook of MkDocs: reference pages are written from the code, so that no key, verb or scheme can be missing or out of date."""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

import click
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from rnnlab.cli import main
from rnnlab.config import schema
from rnnlab.config.experiment import ExperimentConfig
from rnnlab.data.task import KINDS
from rnnlab.layers import __all__ as layers
from rnnlab.noise.catalogue import drawing, table, unrolled

PUBLIC = (
    "rnnlab.study.public.load",
    "rnnlab.study.public.run",
    "rnnlab.study.public.open_study",
    "rnnlab.study.study.Study",
    "rnnlab.study.answer.Answer",
    "rnnlab.study.drawing.Plot",
    "rnnlab.study.trained_run.TrainedRun",
)

MEASURED = ("Accuracy", "Perplexity", "BitsPerCharacter", "FrameNegativeLogLikelihood", "RootMeanSquaredError")
METRICS = (
    *(f"rnnlab.models.metrics.{name}" for name in (*MEASURED, "MeanAbsoluteError", "PinballLoss")),
    "rnnlab.models.f1.F1",
    "rnnlab.models.average_precision.AveragePrecision",
    "rnnlab.inspection.forecasts.forecast_metrics",
)
FUNCTIONS = ("rnnlab.inspection.scores", "rnnlab.inspection.calibration", "rnnlab.inspection.prediction_intervals")
"""Modules of metrics as functions of arrays."""


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the generated pages."""
    for name, text in pages().items():
        files.append(File.generated(config, f"docs/reference/{name}.md", content=text))
    return files


def pages() -> dict[str, str]:
    """Return every generated page by its name."""
    drawings = (f"## {name}\n\n```text\n{drawing(name)}```\n\n```text\n{unrolled(name)}```\n" for name in table())
    return {
        "config": "# Config\n\n" + "\n".join(_config()),
        "commands": "# Commands\n\n" + "\n".join(_verbs(main, "rnnlab")),
        "drawings": _WIDE
        + "# Drawings of the schemes\n\nWhat `rnnlab schemes NAME` draws: one step of an LSTM, then three.\n\n"
        + ", ".join(f"[{name}](#{name})" for name in table())
        + "\n\n"
        + "\n".join(drawings),
        "layers": "# Layers\n\n" + "\n".join(f"::: rnnlab.layers.{name}\n" for name in layers),
        "metrics": "# Metrics\n\n" + "\n".join(_metrics()),
        "python": "# Python interface\n\n" + "\n".join(f"::: {name}\n" for name in PUBLIC),
    }


_WIDE = "---\nhide: [toc]\n---\n"
"""A drawing is 100 letters wide; the contents beside it would cut it off."""


@dataclass
class _Section:
    """An object of the schema, at the first place that takes it; several names share their keys."""

    path: str
    schema: dict[str, Any]
    names: list[str] = field(default_factory=list)

    @property
    def title(self) -> str:
        """Where it stands, and the names that choose it."""
        return self.path + (f": {', '.join(self.names)}" if self.names else "")

    @property
    def anchor(self) -> str:
        """The address of its heading."""
        return re.sub(r"\W+", "-", " ".join([self.path, *self.names[:1]]))


def _config() -> Iterator[str]:
    yield "What `rnnlab schema` says, as tables. Every key that is not listed is refused.\n"
    document = ExperimentConfig.model_json_schema()
    document["properties"]["extends"] = {**schema()["properties"]["extends"], "default": None}
    sections: dict[str, _Section] = {}
    for key, about in document["properties"].items():
        _collect(key, about, document["$defs"], sections)
    yield from _table(document, sections)
    for root, parts in groupby(sections.values(), lambda section: section.path.partition(".")[0]):
        yield f"## {root}\n"
        for section in parts:
            yield from [] if section.title == root else [f"### {section.title} {{#{section.anchor}}}\n"]
            yield f"{section.schema.get('description', '')}\n"
            yield from _table(section.schema, sections)


def _collect(path: str, about: dict[str, Any], definitions: dict[str, Any], into: dict[str, _Section]) -> None:
    """Add every object that stands at the path or below it."""
    for key, section in _objects(about, definitions):
        named = section["properties"].get("name", section["properties"].get("cell", {}))
        names = [str(name) for name in named.get("enum", [named.get("const")]) if name]
        if key in into:
            into[key].names += [name for name in names if name not in into[key].names]
            continue
        into[key] = _Section(path, section, names)
        for name, its in section["properties"].items():
            _collect(f"{path}.{name}", its, definitions, into)


def _objects(about: dict[str, Any], definitions: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every object that a value may be, or hold as an item, with its class's name."""
    if "$ref" in about:
        yield from _objects(definitions[about["$ref"].rpartition("/")[2]], definitions)
    elif "properties" in about:
        yield about["title"], about
    for inner in (*about.get("anyOf", []), *about.get("oneOf", []), about.get("items"), about.get("additionalProperties")):
        if isinstance(inner, dict):
            yield from _objects(inner, definitions)


def _table(section: dict[str, Any], sections: dict[str, _Section]) -> Iterator[str]:
    yield "| key | type | default | meaning |\n|---|---|---|---|"
    for key, about in section["properties"].items():
        default = "needed" if key in section.get("required", []) else _default(about.get("default", ""))
        meaning = " ".join(about.get("description", "").replace("|", "&#124;").split())
        yield f"| `{key}` | {_type(about, sections)} | {default} | {meaning} |"
    yield ""


def _type(about: dict[str, Any], sections: dict[str, _Section]) -> str:
    for several in ("anyOf", "oneOf"):
        if several in about:
            return " or ".join(dict.fromkeys(_type(one, sections) for one in about[several]))
    name = about["$ref"].rpartition("/")[2] if "$ref" in about else about.get("title") if "properties" in about else None
    if name:
        section = sections.get(name)
        return f"[{section.title}](#{section.anchor})" if section else "section"
    if "enum" in about or "const" in about:
        return ", ".join(_code(value) for value in about.get("enum", [about.get("const")]))
    kind = about.get("type", "any")
    if kind == "array" and "items" in about:
        return f"list of {_type(about['items'], sections)}"
    return " or ".join(kind) if isinstance(kind, list) else str(kind)


def _default(value: Any) -> str:
    return "as in its section" if isinstance(value, dict) and value else _code(value)


def _code(value: Any) -> str:
    shown = "null" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
    return f"`{shown.replace('|', '&#124;')}`" if shown else "empty"


def _metrics() -> Iterator[str]:
    yield "The metrics of each kind of task, over a whole split, every scored position counted once, and how each is defined.\n"
    yield "| kind of task | what it is | a prediction for | metrics |\n|---|---|---|---|"
    better = {"min": "less", "max": "more"}
    for name, kind in KINDS.items():
        measured = ", ".join(f"`{metric}` ({better[mode]} is better)" for metric, mode in kind.metrics.items())
        yield f"| `{name}` | {kind.title} | {'every step' if kind.per_step else 'the sequence'} | {measured} |"
    yield from (
        "",
        *(f"::: {name}\n    options: {{members: false}}\n" for name in METRICS),
        *(f"::: {name}\n" for name in FUNCTIONS),
    )


def _verbs(command: click.Command, path: str) -> Iterator[str]:
    context = click.Context(command, info_name=path)
    if not isinstance(command, click.Group):
        yield f"## {path}\n\n```text\n{command.get_help(context)}\n```\n"
        return
    for name in command.list_commands(context):
        yield from _verbs(command.commands[name], f"{path} {name}")
