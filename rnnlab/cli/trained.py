"""Verbs on one trained run: verify, predict, inspect."""

import json
import sys
from contextlib import redirect_stdout
from dataclasses import asdict
from pathlib import Path

import click

from rnnlab.cli.base import JSON, main
from rnnlab.cli.output import show_rows


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
    from rnnlab.trained import backend_of_run

    backend_of_run.require(folder)
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
@click.option("--noise", type=int, metavar="SEED", help="Look under the noise of training, drawn from this seed.")
@JSON
def inspect(folder: Path, noise: int | None, as_json: bool) -> None:
    """Look inside the cells of a finished run, or of every finished run of an experiment.

    Prints how open the gates are, how long a memory they make, and what is left of gradients and of a changed token ten
    steps later; writes arrays and pictures into the run's folder `inspection`.

    \b
    Example: rnnlab inspect runs/quickstart/none/seed-1
    """
    from rnnlab.trained import backend_of_run

    backend_of_run.prefer(backend_of_run.made_on(folder))
    from rnnlab.plots.inspection import inspect

    found = inspect(folder, noise)
    show_rows([row for one in found for row in one.rows()], as_json)
    for one in found if not as_json else ():
        click.echo(f"Arrays and pictures: {one.file.parent}")
