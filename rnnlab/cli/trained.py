"""Verbs on one trained run: verify, predict, inspect."""

import json
import sys
from contextlib import redirect_stdout
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from rnnlab.cli.base import JSON, main
from rnnlab.cli.output import show_rows
from rnnlab.errors import UserError


@main.command()
@click.argument("folder", metavar="RUN", type=click.Path(path_type=Path))
@click.option("--epochs", type=click.IntRange(min=1), help="Train only so many epochs, and compare those.")
@JSON
@click.pass_context
def verify(ctx: click.Context, folder: Path, epochs: int | None, as_json: bool) -> None:
    """Train a finished run again, and say whether all bits agree; where not, the exit status is 1.

    \b
    Example: rnnlab verify runs/quickstart/none/seed-1 --epochs 1
    """
    from rnnlab.trained.verify import verify

    with redirect_stdout(sys.stderr if as_json else sys.stdout):  # the progress
        found = verify(folder, epochs)
    if as_json:
        click.echo(json.dumps(asdict(found), indent=2))
    else:
        click.echo("\n".join(found.sentences()))
    ctx.exit(found.exit_status)


@main.command()
@click.argument("folder", metavar="RUN", type=click.Path(path_type=Path))
@click.option("--text", "texts", multiple=True, help="A text; may be given several times.")
@click.option(
    "--file",
    type=click.File(encoding="utf-8", errors="replace"),
    help="A text on every line; - reads what is piped in.",
)
@click.option("--samples", type=click.IntRange(min=0), default=20, show_default=True, help="Passes; 0 predicts as usual.")
@click.option("--seed", type=click.IntRange(min=0), default=1, show_default=True, help="What masks and draws follow from.")
@click.option("--top", type=click.IntRange(min=1), default=10, show_default=True, help="Most labels or next tokens shown.")
@click.option("--generate", type=click.IntRange(min=1), help="Language models: write so many tokens after the text.")
@click.option(
    "--temperature", type=click.FloatRange(min=0), default=1.0, show_default=True, help="Of --generate; 0 draws nothing."
)
@JSON
def predict(
    folder: Path, texts: tuple[str, ...], file: Any, generate: int | None, temperature: float, as_json: bool, **settings: int
) -> None:
    """Predict from texts by the model of a finished run, with the spread over Monte Carlo samples.

    Labels, tags, numbers or next words, whatever the run has learnt; a language model also writes on. No data set is needed.

    \b
    Example: rnnlab predict runs/imdb/variational/seed-1 --samples 50 --text "a great film"
             rnnlab predict runs/quickstart/none/seed-1 --text "The value of" --generate 50 --temperature 0.8
    """
    from rnnlab.trained import formatting
    from rnnlab.trained.generate import generate as written
    from rnnlab.trained.predictor import predictor

    given = [*texts, *(line.rstrip("\r\n") for line in file or ())]
    if not given and not generate:
        raise UserError("there is no text to predict from: give --text, or --file with a text on every line")
    model = predictor(folder)
    if generate:
        prompts = given or [""]
        said = [
            {**model.about(text), "text": written(model, text, generate, temperature, settings["seed"])} for text in prompts
        ]
    else:
        said = [model(text, **settings) for text in given]
    if as_json:
        click.echo(json.dumps(said, indent=2, ensure_ascii=False))
    for one in said if not as_json else ():
        click.echo("\n".join(formatting.lines(one)))


@main.command()
@click.argument("folder", metavar="RUN", type=click.Path(path_type=Path))
@click.option("--noise", type=int, metavar="SEED", help="Look under the noise of training, drawn from this seed.")
@JSON
def inspect(folder: Path, noise: int | None, as_json: bool) -> None:
    """Look inside the cells of a finished run, or of every finished run of an experiment.

    Prints how open the gates are, how long a memory they make, and what is left of gradients and of a changed token ten
    steps later; writes arrays and pictures into the run's folder `inspection`.

    \b
    Example: rnnlab inspect runs/quickstart/none/seed-1
    """
    from rnnlab.plots.inspection import inspect

    found = inspect(folder, noise)
    show_rows([row for one in found for row in one.rows()], as_json)
    for one in found if not as_json else ():
        click.echo(f"Arrays and pictures: {one.file.parent}")
