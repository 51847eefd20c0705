"""report.html: the whole comparison in one self-contained file."""

import json
import os
from base64 import b64encode
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from rnnlab import __version__, files
from rnnlab.comparison.compare import Comparison, compared
from rnnlab.comparison.json_file import keep
from rnnlab.comparison.load import Gathered, gather
from rnnlab.config import dump
from rnnlab.config.paths import flatten
from rnnlab.errors import UserError
from rnnlab.plots import inspection
from rnnlab.plots.comparison_plots import Picture, pictures
from rnnlab.plots.learning_curves import curves_of
from rnnlab.plots.style import inks
from rnnlab.plots.svg import css, standalone
from rnnlab.report import calibration_section, comparison_text, examples_section, explorer, forecast_section
from rnnlab.report.tables import columns, effect_columns, further_columns
from rnnlab.statistics.rounding import count, decimals, fixed, typeset
from rnnlab.storage.run_origin import read_origin
from rnnlab.storage.store import INSPECTION

FILE = "report.html"
_TEMPLATES = Path(__file__).parent / "templates"


def write(
    *folders: str | Path,
    to: str | Path | None = None,
    svg: str | Path | None = None,
    pdf: str | Path | None = None,
    examples: int = 0,
    say: Callable[[str], None] = lambda line: None,
) -> Path:
    """Compare the experiments in `folders` and write the report to `to`, or into the first folder; return where it is.

    Writes comparison.json too where it can, since reading the report is an analysis of the data, and lets `say` tell what that
    spends; each picture as a separate file into the folder `svg` where one is named, and in the width of a column, with the
    letters of a paper, into the folder `pdf`. With `examples`, so many predictions right and wrong of the baseline and of the
    variant that leads are shown, for which their models are loaded. Raises UserError where the folder that `to` names a file in
    is missing.
    """
    if to and not Path(to).parent.is_dir():
        raise UserError(f"{to} cannot be written: there is no folder {Path(to).parent}")
    gathered = gather(folders)
    comparison = compared(gathered)
    for line in keep(comparison, folders):
        say(line)
    metric = comparison.stem.replace(" ", "_")
    drawn = pictures(comparison, {name: curves_of(of, metric) for name, of in gathered.runs.items()})
    drawn += calibration_section.pictures(calibration_section.calibration_of(gathered.runs), inks(comparison))
    drawn += inspection.pictures(inspection.snapshots_of(gathered.runs), inks(comparison))
    drawn += forecast_section.pictures(forecast_section.forecasts_of(gathered.runs), inks(comparison))
    for picture in drawn if svg else ():
        files.write(files.make(Path(svg or "")) / f"{picture.name}.svg", standalone(picture.wide))
    for picture in drawn if pdf else ():
        files.write(files.make(Path(pdf or "")) / f"{picture.name}.pdf", picture.column())
    path = Path(to) if to else Path(folders[0]) / FILE
    shown = examples_section.examples_of(comparison, gathered.runs, examples) if examples else {}
    files.write(path, html(comparison, gathered, drawn, shown, path.parent))
    return path


def html(
    comparison: Comparison,
    gathered: Gathered,
    drawn: Sequence[Picture],
    examples: Mapping[str, Sequence[object]] = MappingProxyType({}),
    place: Path | None = None,
) -> str:
    """Return the report with the pictures `drawn`, to be written to the folder `place`.

    Every text from a file is escaped, and nothing is fetched.
    """
    environment = Environment(loader=FileSystemLoader(_TEMPLATES), autoescape=True, undefined=StrictUndefined)
    environment.filters |= {"typeset": typeset, "fixed": fixed, "counted": count}
    script = (_TEMPLATES / "report.js").read_text(encoding="utf-8")
    explorers = _explorers(gathered, place) if place else []
    return environment.get_template("report.html").render(
        data=", ".join(dict.fromkeys(config["data"]["name"] for config in gathered.configs.values())),
        explorers=explorers,
        examples=examples,
        contents=_contents(comparison, drawn, bool(explorers), bool(examples)),
        comparison=comparison,
        title=" and ".join(comparison.experiments),
        columns=columns(comparison),
        further=further_columns(comparison),
        effects=effect_columns(comparison),
        trust=calibration_section.columns(gathered.runs, calibration_section.calibration_of(gathered.runs)),
        pictures=drawn,
        notes=comparison_text.notes(comparison),
        seeds=sorted({seed for one in comparison.variants.values() for seed in one.seeds}),
        places=max(decimals(one.value.sd) for one in comparison.variants.values()),
        changes=_changes(gathered),
        documents={record.name: dump(record.document) for record in gathered.records},
        origins=_origins(gathered),
        errors=_errors(gathered),
        version=__version__,
        style=css() + (_TEMPLATES / "report.css").read_text(encoding="utf-8"),
        script=script,
        script_hash=b64encode(sha256(script.encode()).digest()).decode(),
    )


def _explorers(gathered: Gathered, place: Path) -> list[tuple[str, str]]:
    """Return the explorers that `rnnlab inspect --open` has written: the run, and the path of its explorer from the report."""
    runs = [(name, seed, run) for name, of in gathered.runs.items() for seed, run in of.items() if run]
    files = [(f"{name}, seed {seed}", run.folder / INSPECTION / explorer.FILE) for name, seed, run in runs]
    return [(name, os.path.relpath(path, place)) for name, path in files if path.exists()]


def _contents(comparison: Comparison, drawn: Sequence[Picture], explorers: bool, examples: bool) -> list[tuple[str, str]]:
    """Return the sections, in their order: the anchor and the words."""
    parts = [
        ("inside", "Inside the cells", explorers),
        ("examples", "Predictions", examples),
        ("classes", "Classes", bool(comparison.classes)),
        ("effects", "Factors", bool(comparison.effects)),
    ]
    last = [("further", "For the reviewer"), ("numbers", "Every number"), ("method", "How it was decided")]
    last += [("config", "Configuration"), ("origin", "Where it comes from")]
    plots = [(picture.name, picture.title) for picture in drawn]
    return [("table", "Comparison"), *plots, *((anchor, words) for anchor, words, there in parts if there), *last]


def _changes(gathered: Gathered) -> dict[str, list[tuple[str, str, str]]]:
    """Return for every variant where its config differs from the baseline's: path, the baseline's value, its own."""
    base = gathered.configs.get(gathered.baseline, {})
    return {name: list(_differ(base, own)) for name, own in gathered.configs.items() if name != gathered.baseline}


def _differ(before: object, after: object, path: str = "") -> Iterator[tuple[str, str, str]]:
    match before, after:
        case dict(), dict():
            for key in {**before, **after}:
                yield from _differ(before.get(key), after.get(key), f"{path}.{key}".lstrip("."))
        case list(), list() if len(before) == len(after):
            for index, (one, other) in enumerate(zip(before, after, strict=True)):
                yield from _differ(one, other, f"{path}.{index}")
        case _ if before != after:
            yield path, _flow(before), _flow(after)


def _flow(value: object) -> str:
    """Return a value on one line, much as YAML has it."""
    return json.dumps(value, ensure_ascii=False).replace('"', "")


def _origins(gathered: Gathered) -> dict[str, str]:
    """Return where the runs were made, by dotted key; values that differ are listed with the number of their runs."""
    origins = [read_origin(run.folder).document() for of in gathered.runs.values() for run in of.values() if run]
    kept = [flatten({key: value for key, value in one.items() if key not in _OF_ONE_RUN}) for one in origins]
    counts = {key: Counter(str(one.get(key)) for one in kept) for key in dict.fromkeys(key for one in kept for key in one)}
    return {
        key: next(iter(values)) if len(values) == 1 else ", ".join(f"{value} ({n} runs)" for value, n in values.items())
        for key, values in counts.items()
    }


_OF_ONE_RUN = ("experiment", "variant", "seed", "config", "fingerprint", "command", "retried")


def _errors(gathered: Gathered) -> list[tuple[str, int, str, str]]:
    """Return every run without a value of the metric: variant, seed, status, what went wrong."""
    return [
        (name, seed, run.result.status, run.result.error or "no reason recorded")
        for name, of in gathered.runs.items()
        for seed, run in of.items()
        if run and run.result and run.result.status != "done"
    ]
