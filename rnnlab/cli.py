"""The verbs: each a few lines over one library call. Nothing heavy is imported before a verb needs it."""

import json
import shlex
import sys
from pathlib import Path
from typing import Any

import click

from rnnlab import __version__
from rnnlab.errors import UserError
from rnnlab.names import nearest

_FILE = click.argument("file", type=click.Path(path_type=Path))
_OVERRIDES = click.argument("overrides", nargs=-1, metavar="[PATH=VALUE]...")
_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")


class _Verbs(click.Group):
    """Wrong input ends with its message and status 2, Ctrl-C with the way on and status 130; neither with a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except UserError as error:
            click.echo(error, err=True)
            ctx.exit(2)
        except KeyboardInterrupt:
            command = shlex.join(["rnnlab", *sys.argv[1:]])
            click.echo(f"\nStopped. What is done is kept; the same command goes on from there:\n  {command}", err=True)
            ctx.exit(130)


@click.group(cls=_Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="rnnlab")
def main() -> None:
    """Which recurrent dropout helps, by how much, and how sure is that?

    One YAML file declares a model, a data set and the variants to compare.

    \b
    Example: rnnlab run configs/quickstart.yaml
    """


@main.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
def validate(files: tuple[Path, ...]) -> None:
    """Check experiment files, and tell everything that is wrong with each.

    \b
    Example: rnnlab validate configs/*.yaml
    """
    from rnnlab.config import load

    errors = []
    for file in files:
        try:
            experiment = load(file)
            click.echo(f"{file}: {len(experiment.variants)} variants, {len(experiment.runs())} runs")
        except UserError as error:
            errors.append(str(error))
    if errors:
        raise UserError("\n".join(errors))


@main.command("schema")
def schema_() -> None:
    """Print the JSON schema of experiment files, with which an editor completes keys and marks errors.

    \b
    Example: rnnlab schema > schema.json
    """
    from rnnlab.config import schema

    click.echo(json.dumps(schema(), indent=2))


@main.command()
@click.argument("name", required=False)
@_JSON
def schemes(name: str | None, as_json: bool) -> None:
    """Explain every dropout scheme, or the one called NAME: equation, placement, lifetime, paper, settings.

    \b
    Example: rnnlab schemes zoneout
    """
    from rnnlab.noise.schemes import SCHEMES

    if name is not None and name not in SCHEMES:
        raise UserError(f"there is no scheme {name!r}{nearest(name, SCHEMES)}; the schemes are {', '.join(SCHEMES)}")
    chosen = {key: vars(scheme) for key, scheme in SCHEMES.items() if name in (None, key)}
    table = {key: {field: value for field, value in about.items() if field != "build"} for key, about in chosen.items()}
    if as_json:
        click.echo(json.dumps(table, indent=2))
    for key, about in table.items() if not as_json else ():
        click.echo(f"{click.style(key, bold=True)}  {' or '.join(about.pop('arguments'))}")
        click.echo("".join(f"  {field:<12}{value}\n" for field, value in about.items()))
