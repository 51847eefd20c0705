"""The command `rnnlab`: how it begins, how it ends on an error, and the arguments that several verbs share."""

import shlex
import sys
from pathlib import Path

import click

from rnnlab import __version__
from rnnlab.errors import StorageError, UserError
from rnnlab.quiet import start_quietly

FILE = click.argument("file", type=click.Path(path_type=Path))
OVERRIDES = click.argument("overrides", nargs=-1, metavar="[PATH=VALUE]...")
RUNS = click.option("--runs", type=click.Path(path_type=Path), default="runs", show_default=True, help="The folder of results.")
FOLDERS = click.argument("folders", nargs=-1, required=True, metavar="FOLDER...", type=click.Path(path_type=Path))
FOLDER = click.argument("folder", type=click.Path(path_type=Path))
ONLY = click.option("--only", multiple=True, metavar="VARIANT", help="Only this variant; repeat the option for several.")
SHARD = click.option("--shard", default="1/1", metavar="I/N", help="The I-th of N shares of the runs, for N machines or jobs.")
JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")


class Verbs(click.Group):
    """Wrong input ends with its message and status 2, a full disk with 1, Ctrl-C with the way on and 130; no traceback."""

    def invoke(self, ctx: click.Context) -> object:
        """Run a verb, and end as its error says."""
        try:
            return super().invoke(ctx)
        except UserError as error:
            click.echo(error, err=True)
            ctx.exit(1 if isinstance(error, StorageError) else 2)
        except KeyboardInterrupt:
            command = shlex.join(["rnnlab", *sys.argv[1:]])
            click.echo(f"\nStopped. Finished work is kept; the same command continues from there:\n  {command}", err=True)
            ctx.exit(130)


def _forbid(ctx: click.Context, option: click.Parameter, value: bool) -> None:
    if value:
        from rnnlab import plugins

        plugins.forbid()


NO_PLUGINS = click.option(
    "--no-plugins",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_forbid,
    help="Import no plug-ins; refuse a config that names one.",
)


def _import(ctx: click.Context, option: click.Parameter, names: tuple[str, ...]) -> None:
    from rnnlab import plugins

    plugins.load(plugins.resolved(name, Path()) for name in names)


PLUGINS = click.option(
    "--plugin", multiple=True, metavar="FILE", expose_value=False, callback=_import, help="Include the parts of this plug-in."
)


@click.group(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="rnnlab")
def main() -> None:
    """Which recurrent dropout helps, by how much, and how sure is that?

    One YAML file declares a model, a data set and the variants to compare.

    \b
    Example: rnnlab run configs/quickstart.yaml
    """
    start_quietly()
