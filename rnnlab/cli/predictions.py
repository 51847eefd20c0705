"""The verb predict: the predictions of a finished run for texts, arrays, series, or a split of its own data."""

import json
import sys
import time
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path

import click

from rnnlab.cli.command import JSON, NO_PLUGINS, main
from rnnlab.documents import Record
from rnnlab.errors import UserError


@main.command()
@click.argument("folder", metavar="RUN", type=click.Path(path_type=Path))
@click.option("--text", "texts", multiple=True, help="A text; may be given several times.")
@click.option("--file", help="One text per line, a table, or an .npz file; - reads lines from standard input.")
@click.option("--column", help="The text column of a table; by default the one that the run was trained on.")
@click.option(
    "--split",
    type=click.Choice(["train", "validation", "test"]),
    help="Predict a split of the run's own data, with the true answers.",
)
@click.option("--output", type=click.Path(path_type=Path), help="Write rows to this file: .csv, .jsonl or .parquet.")
@click.option("--samples", type=click.IntRange(min=0), default=20, show_default=True, help="Passes; 0 predicts as usual.")
@click.option("--seed", type=click.IntRange(min=0), default=1, show_default=True, help="The seed of masks and draws.")
@click.option(
    "--top",
    type=click.IntRange(min=1),
    default=10,
    show_default=True,
    help="The largest number of labels or next tokens shown.",
)
@click.option("--generate", type=click.IntRange(min=1), help="Language models: generate this many tokens after the text.")
@click.option(
    "--temperature", type=click.FloatRange(min=0), default=1.0, show_default=True, help="Of --generate; 0 draws nothing."
)
@NO_PLUGINS
@JSON
def predict(
    folder: Path,
    texts: tuple[str, ...],
    file: str | None,
    column: str | None,
    split: str | None,
    output: Path | None,
    generate: int | None,
    temperature: float,
    as_json: bool,
    **settings: int,
) -> None:
    """Predict by the model of a finished run, with the spread over Monte Carlo samples.

    Labels, tags, numbers or next words, whatever the run has learnt; a language model also writes on; a series is forecast
    beyond the end of the file. Only --split needs the run's data. Predictions come in the order of the inputs, and do not
    depend on what else is predicted.

    \b
    Example: rnnlab predict runs/imdb/variational/seed-1 --samples 50 --text "a great film"
             rnnlab predict runs/imdb/variational/seed-1 --file reviews.csv --output predicted.csv
             rnnlab predict runs/imdb/variational/seed-1 --split test --output test.parquet
             rnnlab predict runs/load/none/seed-1 --file new.csv --output forecast.csv
             rnnlab predict runs/quickstart/none/seed-1 --text "The value of" --generate 50 --temperature 0.8
    """
    from rnnlab.trained import backend_of_run

    if not texts and not file and not split and not generate:
        raise UserError("there is nothing to predict from: give --text, --file, or --split test for the run's own data")
    if output:
        from rnnlab.trained.writing import writer_of

        writer_of(output)
        settings["top"] = 2**31 - 1  # a file has every label
    backend_of_run.prefer(backend_of_run.made_on(folder))
    from rnnlab.trained import predict_run

    if generate:
        said = predict_run.write_on(folder, texts, file, generate, temperature, settings["seed"])
    else:
        said = predict_run.predict(folder, texts, file, column, split, **settings)
    show_answers(said, output, as_json)


def show_answers(said: Iterable[Record], output: Path | None, as_json: bool) -> None:
    """Write answers, as rows into a file, as JSON, or as lines, as they come."""
    from rnnlab.trained import formatting
    from rnnlab.trained.flat import rows

    if output:
        from rnnlab.trained.writing import write

        count = write(output, chain.from_iterable(map(rows, _counted(said))))
        click.echo(f"{count:,} rows in {output}")
    elif as_json:
        click.echo(json.dumps(list(_counted(said)), indent=2, ensure_ascii=False))
    else:
        for one in said if sys.stdout.isatty() else _counted(said):
            click.echo("\n".join(formatting.lines(one)))


def _counted(said: Iterable[Record], seconds: float = 2.0) -> Iterator[Record]:
    """The same, with a line on standard error every so often that tells how far it is."""
    begin = told = time.monotonic()
    for count, one in enumerate(said, 1):
        yield one
        if (now := time.monotonic()) - told >= seconds:
            told = now
            speed = count / (now - begin)
            shown = f"{speed:,.0f}" if speed >= 10 else f"{speed:.2g}"
            click.echo(f"{count:,} predicted, {shown} a second", err=True)
