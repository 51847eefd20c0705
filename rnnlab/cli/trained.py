"""Verbs on one trained run: verify, predict, inspect."""

import json
import sys
import webbrowser
from contextlib import redirect_stdout
from dataclasses import asdict
from pathlib import Path

import click

from rnnlab.cli.command import JSON, NO_PLUGINS, main
from rnnlab.cli.output import show_rows
from rnnlab.errors import UserError


@main.command()
@click.argument("folder", metavar="RUN", type=click.Path(path_type=Path))
@click.option("--epochs", type=click.IntRange(min=1), help="Train and compare only this many epochs.")
@NO_PLUGINS
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
        verified = verify(folder, epochs)
    if as_json:
        click.echo(json.dumps(asdict(verified), indent=2))
    else:
        click.echo("\n".join(verified.sentences()))
    ctx.exit(verified.exit_status)


@main.command()
@click.argument("folder", metavar="RUN", type=click.Path(path_type=Path))
@click.argument("other", metavar="[OTHER]", required=False, type=click.Path(path_type=Path))
@click.option("--noise", type=int, metavar="SEED", help="Record the snapshot with training noise, drawn from this seed.")
@click.option("--open", "opens", is_flag=True, help="Write an interactive HTML file, and open it in the browser.")
@click.option("--text", help="With --open, the sequence to show instead of those of the run's data.")
@NO_PLUGINS
@JSON
def inspect(folder: Path, other: Path | None, noise: int | None, opens: bool, text: str | None, as_json: bool) -> None:
    """Look inside the cells of a finished run, or of every finished run of an experiment.

    Prints how open the gates are, how long a memory they make, and what is left of gradients and of a changed token ten
    steps later; writes arrays and pictures into the run's folder `inspection`. With --open it writes explorer.html there
    instead: every gate and state of every unit at every step, beside those of an OTHER run where one is named.

    \b
    Example: rnnlab inspect runs/quickstart/none/seed-1
             rnnlab inspect runs/quickstart/none/seed-1 runs/quickstart/zoneout/seed-1 --open
    """
    if not opens and (other or text):
        raise UserError(f"{'another run' if other else '--text'} needs --open")
    from rnnlab.trained import backend_of_run

    backend_of_run.prefer(backend_of_run.made_on(folder))
    if opens:
        _explore(folder, other, text)
    else:
        _measure(folder, noise, as_json)


def _explore(folder: Path, other: Path | None, text: str | None) -> None:
    from rnnlab.report import explorer

    path = explorer.write(folder, other, text)
    click.echo(f"Explorer: {path}")
    webbrowser.open(path.resolve().as_uri())


def _measure(folder: Path, noise: int | None, as_json: bool) -> None:
    from rnnlab.inspection.archive import COLUMNS
    from rnnlab.plots.inspection import inspect

    inspected = inspect(folder, noise)
    rows = [row for one in inspected for row in one.rows()]
    show_rows(rows, as_json)
    if as_json:
        return
    shown = {column for row in rows for column in row}
    click.echo("\n" + "\n".join(f"{name:<15}{meaning}" for name, meaning in COLUMNS.items() if name in shown) + "\n")
    for one in inspected:
        click.echo(f"Arrays and pictures: {one.file.parent}")
