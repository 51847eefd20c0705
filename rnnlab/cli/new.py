"""The verb that writes a template for your own part: new."""

from pathlib import Path

import click

from rnnlab.cli.command import main
from rnnlab.templates.write import KINDS, write


@main.command()
@click.argument("kind", type=click.Choice(KINDS))
@click.argument("name")
@click.option(
    "--to", type=click.Path(path_type=Path, file_okay=False), default=".", help="The folder to write to; by default this one."
)
def new(kind: str, name: str, to: Path) -> None:
    """Write a file with a working part of this NAME, an experiment that uses it, and its test.

    \b
    Example: rnnlab new cell mgu
    """
    part, test, experiment = write(kind, name, to)
    click.echo(f"Part: {part}\nTest: {test}, run by: pytest {test}\nExperiment: {experiment}, run by: rnnlab run {experiment}")
