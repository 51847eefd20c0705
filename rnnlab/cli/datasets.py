"""Verbs on data: list, prepare, describe."""

import sys
from contextlib import redirect_stdout
from pathlib import Path

import click

from rnnlab.cli.command import JSON, NO_PLUGINS, OVERRIDES, main
from rnnlab.cli.output import show_rows


@main.group()
def data() -> None:
    """Prepare and inspect data sets.

    \b
    Example: rnnlab data prepare ptb --from ~/ptb
    """


@data.command("list")
@JSON
def data_list(as_json: bool) -> None:
    """List what is prepared in the data folder, $RNNLAB_DATA or data.

    \b
    Example: rnnlab data list
    """
    from rnnlab.data.describe import known

    show_rows(known(), as_json)


@data.command()
@click.argument("name")
@OVERRIDES
@click.option("--from", "given", type=click.Path(path_type=Path), help="A folder or file to use instead of the network.")
@NO_PLUGINS
@JSON
def prepare(name: str, overrides: tuple[str, ...], given: Path | None, as_json: bool) -> None:
    """Prepare a data set by its NAME, or the one of an experiment file, and describe it.

    \b
    Example: rnnlab data prepare ptb --from ~/ptb
             rnnlab data prepare tfds/imdb_reviews data.level=subword
    """
    from rnnlab.config import data_section, load
    from rnnlab.data.build_dataset import build
    from rnnlab.data.describe import describe
    from rnnlab.data.forecast import too_short
    from rnnlab.data.sources.build_source import keep_files, prepared_for
    from rnnlab.sweep.plan import beginnings_told

    section = data_section(name, overrides)
    if given:
        keep_files(section, given)
    with redirect_stdout(sys.stderr):  # what builders say
        prepared = prepared_for(section)
    show_rows(describe(prepared), as_json)
    remarks = too_short(build(section)) if section.name == "series" else []
    if name.endswith((".yaml", ".yml")):
        remarks += beginnings_told(load(name, overrides), reading=True)
    for line in remarks:
        click.echo(line, err=True)


@data.command("describe")
@click.argument("name")
@OVERRIDES
@NO_PLUGINS
@JSON
@click.pass_context
def data_describe(ctx: click.Context, name: str, overrides: tuple[str, ...], as_json: bool) -> None:
    """Show sizes, lengths, unknown words, labels, examples, licence and citation of a data set.

    \b
    Example: rnnlab data describe configs/ptb.yaml
    """
    ctx.invoke(prepare, name=name, overrides=overrides, given=None, as_json=as_json)
