"""A hook of MkDocs: reference pages are written from the code, so that no key, verb or scheme can be missing or out of date."""

import os
from collections.abc import Iterator
from typing import Any

import click
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from rnnlab.cli import main
from rnnlab.config import schema
from rnnlab.data.task import KINDS
from rnnlab.layers import __all__ as layers
from rnnlab.noise.catalogue import drawing, table

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
    drawings = (f"## {name}\n\n```text\n{drawing(name)}```\n" for name in table())
    return {
        "config": "# Config\n\n" + "\n".join(_sections(schema())),
        "commands": "# Commands\n\n" + "\n".join(_verbs(main, "rnnlab")),
        "drawings": "# Drawings of the schemes\n\n" + "\n".join(drawings),
        "layers": "# Layers\n\n" + "\n".join(f"::: rnnlab.layers.{name}\n" for name in layers),
        "metrics": "# Metrics\n\n" + "\n".join(_metrics()),
        "python": "# Python interface\n\n" + "\n".join(f"::: {name}\n" for name in PUBLIC),
    }


def _sections(document: dict[str, Any]) -> Iterator[str]:
    definitions = document["$defs"]
    yield "What `rnnlab schema` says, as tables. Every key that is not listed is refused.\n"
    for name, section in {"Experiment": document, **dict(sorted(definitions.items()))}.items():
        yield f"## {name}\n\n{section.get('description', '')}\n"
        if not section.get("properties"):
            continue
        yield "| key | type | default | meaning |\n|---|---|---|---|"
        needed = section.get("required", [])
        for key, about in section["properties"].items():
            default = "needed" if key in needed or "default" not in about else _default(about["default"])
            yield f"| `{key}` | {_type(about)} | {default} | {about.get('description', '').replace('|', '&#124;')} |"
        yield ""


def _type(about: dict[str, Any]) -> str:
    if "$ref" in about:
        name = about["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    for several in ("anyOf", "oneOf"):
        if several in about:
            return " or ".join(dict.fromkeys(_type(one) for one in about[several]))
    if "enum" in about or "const" in about:
        return ", ".join(_code(value) for value in about.get("enum", [about.get("const")]))
    kind = about.get("type", "any")
    if kind == "array" and "items" in about:
        return f"list of {_type(about['items'])}"
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
