"""Verbs that end a study: best, export."""

from pathlib import Path

import click

from rnnlab.cli.command import FOLDER, NO_PLUGINS, main


@main.command()
@click.argument("folder", metavar="RUN", type=click.Path(path_type=Path))
@click.option("--to", default="keras", show_default=True, help="keras, builtin, savedmodel, onnx or tflite.")
@NO_PLUGINS
@click.option("--output", type=click.Path(path_type=Path), help="The file or folder to write instead of RUN/export/FORM.")
def export(folder: Path, to: str, output: Path | None) -> None:
    """Write the model of a finished run for Keras, for Keras without rnnlab (builtin), or for a server.

    \b
    Example: rnnlab export runs/quickstart/none/seed-1 --to onnx
    """
    from rnnlab.trained import backend_of_run

    backend_of_run.prefer(backend_of_run.made_on(folder) if to in ("keras", "builtin") else "tensorflow")
    from rnnlab.trained.export import export

    click.echo(f"Model: {export(folder, to, output)}")


@main.command()
@FOLDER
@click.option("--variant", help="Only the runs of this variant.")
def best(folder: Path, variant: str | None) -> None:
    """Name the run to ship: the best monitored metric on validation data; test data take no part in the choice.

    \b
    Example: rnnlab best runs/quickstart
    """
    from rnnlab.study.public import open_study

    run = open_study(folder).best(variant)
    click.echo(f"{run.folder}: {run.monitor} {run.validation:.5g}, the {'lowest' if run.lower_is_better else 'highest'}")
