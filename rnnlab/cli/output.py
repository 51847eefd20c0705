"""The output of rows: a table on the terminal, or JSON."""

import json
import sys

import click

from rnnlab.documents import Record


def show_rows(rows: list[Record] | Record, as_json: bool) -> None:
    """Print a list of rows as a table, one document as YAML, or either as JSON."""
    if as_json:
        click.echo(json.dumps(rows, indent=2))
    elif isinstance(rows, list):
        _table(rows)
    else:
        from rnnlab.config import dump

        click.echo(dump(rows), nl=False)


def _table(rows: list[Record]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    columns = dict.fromkeys(key for row in rows for key in row)
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for column in columns:
        numbers = all(isinstance(row.get(column), int | float | None) for row in rows)
        table.add_column(Text(column), justify="right" if numbers else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(_cell(row.get(column))) for column in columns))
    Console(width=None if sys.stdout.isatty() else 200).print(table)


def _cell(value: object) -> str:
    return "" if value is None else f"{value:.4g}" if isinstance(value, float) else str(value)
