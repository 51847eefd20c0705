"""The verb ensemble: the seeds of a variant as one model."""

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import click

from rnnlab.cli.command import FOLDER, JSON, NO_PLUGINS, main
from rnnlab.cli.output import show_rows
from rnnlab.cli.predictions import show_answers
from rnnlab.documents import Record
from rnnlab.errors import UserError

if TYPE_CHECKING:
    from rnnlab.study.study import Study


@main.command()
@FOLDER
@click.option("--variant", help="Only the ensemble of this variant.")
@click.option("--output", type=click.Path(path_type=Path), help="Write its predictions to this file: .csv, .jsonl or .parquet.")
@click.option(
    "--split", type=click.Choice(["train", "validation", "test"]), default="test", show_default=True, help="Of --output."
)
@NO_PLUGINS
@JSON
def ensemble(folder: Path, variant: str | None, output: Path | None, split: str, as_json: bool) -> None:
    """Evaluate the mean of what the seeds of each variant predict, on the test split, with the noise off.

    Probabilities are averaged, or predicted numbers. The single seeds are shown beside it; an ensemble is one model, so no
    significance is claimed for it. Nothing is written but --output, which has the rows that predict --split writes.

    \b
    Example: rnnlab ensemble runs/quickstart
             rnnlab ensemble runs/quickstart --variant variational --output test.csv
    """
    if output and not variant:
        raise UserError("--output has the predictions of one ensemble: name its --variant")
    if output:
        from rnnlab.trained.writing import writer_of

        writer_of(output)
    from rnnlab.trained import backend_of_run

    backend_of_run.prefer(backend_of_run.made_on(folder))
    from rnnlab.study.public import open_study

    study = open_study(folder)
    if output and variant:
        show_answers(study.ensemble(variant).predictions(split), output, as_json)
        return
    done = Counter(run.variant for run in study if run.status == "done")
    names = [variant] if variant else [name for name in done if done[name] > 1] or list(done)
    show_rows([row for name in names for row in _rows(study, name)], as_json)


def _rows(study: "Study", variant: str) -> list[Record]:
    """A row for each metric: of the ensemble, and of its seeds alone."""
    its = study.ensemble(variant)
    alone = [run.result.metrics for run in its.runs]
    rows = []
    for name, value in its.evaluated.metrics.items():
        of = [known for metrics in alone if (known := metrics.get(name)) is not None]
        mean = sum(of) / len(of) if of else None
        rows.append({"variant": variant, "seeds": len(alone), "metric": name, "ensemble": value, "mean of the seeds": mean})
    return rows
