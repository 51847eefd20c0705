"""Verbs that need no experiment: schema, schemes, bench."""

import json
from pathlib import Path
from typing import Any

import click

from rnnlab.cli.command import JSON, NO_PLUGINS, OVERRIDES, PLUGINS, main
from rnnlab.cli.output import show_rows
from rnnlab.documents import Record
from rnnlab.errors import UserError
from rnnlab.names import nearest


@main.command("schema")
@NO_PLUGINS
@PLUGINS
def schema_() -> None:
    """Print the JSON schema of experiment files, with which an editor completes keys and marks errors.

    \b
    Example: rnnlab schema > schema.json
             rnnlab schema --plugin my_parts.py > schema.json
    """
    from rnnlab.config import schema

    click.echo(json.dumps(schema(), indent=2))


@main.command()
@click.argument("name", required=False)
@NO_PLUGINS
@PLUGINS
@JSON
def schemes(name: str | None, as_json: bool) -> None:
    """Explain every dropout scheme; draw where and when the one called NAME acts, or explain the argument of that name.

    \b
    Example: rnnlab schemes zoneout
             rnnlab schemes dropout
    """
    from rnnlab.noise import catalogue

    if name in catalogue.ARGUMENTS:
        _show_argument(name, as_json)
        return
    if name is not None and name not in catalogue.SCHEMES:
        known = ", ".join((*catalogue.SCHEMES, *catalogue.ARGUMENTS))
        raise UserError(f"there is no scheme {name!r}{nearest(name, catalogue.SCHEMES)}; the names are {known}")
    table = catalogue.table(name)
    if as_json:
        click.echo(json.dumps(table, indent=2))
    for key, about in table.items() if not as_json else ():
        click.echo(
            click.style(key, bold=True) + "\n" + "".join(f"  {field:<14}{_flat(value)}\n" for field, value in about.items())
        )
    if name and not as_json:
        click.echo(catalogue.drawing(name))
        click.echo(catalogue.unrolled(name), nl=False)


def _show_argument(name: str, as_json: bool) -> None:
    from rnnlab.noise import catalogue

    takes = {key: catalogue.does(key) for key, scheme in catalogue.SCHEMES.items() if name in scheme.arguments}
    if as_json:
        click.echo(json.dumps({"does": catalogue.ARGUMENTS[name], "schemes": takes}, indent=2))
        return
    click.echo(click.wrap_text(catalogue.ARGUMENTS[name], 100) + "\n\nIt takes a rate, or {scheme: NAME, ...} with one of")
    for key, does in takes.items():
        click.echo(click.wrap_text(does, 100, f"  {key:<22}", " " * 24))


def _flat(value: str | list[str] | Record) -> str:
    return ", ".join(value) if isinstance(value, list) else json.dumps(value) if isinstance(value, dict) else value


_SIZE = click.IntRange(min=1)


@main.command()
@click.option("--cell", type=click.Choice(["lstm", "gru"]), default="lstm", show_default=True, help="The cell.")
@click.option("--batch", type=_SIZE, default=20, show_default=True, help="Sequences in a batch.")
@click.option("--steps", type=_SIZE, default=35, show_default=True, help="Time steps of a sequence.")
@click.option("--inputs", type=_SIZE, default=650, show_default=True, help="Features per step.")
@click.option("--units", type=_SIZE, default=650, show_default=True, help="Units of the layer.")
@click.option("--rate", type=click.FloatRange(0, 1, max_open=True), default=0.5, show_default=True, help="Both dropouts.")
@click.option("--repeats", type=_SIZE, help="Rounds; the candidates take turns.  [default: 10; 1 with --whole]")
@click.option("--jit", is_flag=True, help="Also compile with XLA on TensorFlow.")
@click.option("--schemes", is_flag=True, help="Time our layer with every scheme instead of the rivals.")
@click.option("--memory", is_flag=True, help="Measure the peak memory of a step, each candidate in its own process.")
@click.option("--whole", type=click.Path(path_type=Path), metavar="FILE", help="Time the parts of the sweep of a config.")
@OVERRIDES
@JSON
def bench(
    repeats: int | None,
    jit: bool,
    schemes: bool,
    memory: bool,
    whole: Path | None,
    overrides: tuple[str, ...],
    as_json: bool,
    **shape: Any,
) -> None:
    """Time a training step of our layer, the built-in one, torch's, and the bare matrix products.

    With --whole FILE it makes all runs of a config instead, one after the other in one process, alternating with a loop in
    plain Keras: built-in layers, Keras's fit, an evaluation after every epoch. It tells how long start, data, compiling, steps,
    evaluation, records and pictures take, and what a step takes beside its bare products. KERAS_BACKEND=jax times JAX.

    \b
    Example: rnnlab bench --cell gru --batch 32 --steps 100 --inputs 128 --units 128
             rnnlab bench --whole configs/quickstart.yaml compare.seeds=1
    """
    if whole:
        return _whole(whole, overrides, repeats or 1, as_json)
    if overrides:
        raise UserError(f"{overrides[0]} sets a value of a config, which needs --whole FILE")
    from rnnlab.bench import TimedLayer
    from rnnlab.bench import bench as timed

    return show_rows(timed(TimedLayer(**shape), repeats or 10, jit, schemes, memory), as_json)


def _whole(file: Path, overrides: tuple[str, ...], repeats: int, as_json: bool) -> None:
    from rnnlab.bench.whole import whole

    tables = whole(file, overrides, repeats)
    for rows in [tables] if as_json else tables.values():
        show_rows(rows, as_json)
