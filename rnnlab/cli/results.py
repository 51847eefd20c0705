"""Verbs on result folders: compare, ranks, report, list, show, tensorboard."""

import os
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import click

from rnnlab.cli.command import FOLDER, FOLDERS, JSON, NO_PLUGINS, ONLY, RUNS, main
from rnnlab.cli.output import show_rows
from rnnlab.errors import StorageError, UserError


def load_all() -> None:
    """Import what `compare` and `report` need; it takes about a second."""
    ours = ("rnnlab.comparison.compare", "rnnlab.report.html", "rnnlab.plots.comparison_plots")
    for name in (*ours, "matplotlib.figure", "matplotlib.backends.backend_svg"):
        import_module(name)


@main.command()
@FOLDERS
@click.option("--metric", help="A metric other than the monitored one, such as loss or throughput.")
@click.option("--baseline", metavar="VARIANT", help="The variant to compare with, if not the baseline of the config.")
@click.option("--group-by", metavar="PATH", help="Compare the values of a config path, such as model.recurrent.0.cell.")
@click.option("--margin", type=click.FloatRange(min=0, min_open=True), help="Differences up to this size count as equivalence.")
@click.option("--all-pairs", is_flag=True, help="Compare every variant with every other one, not only with the baseline.")
@click.option("--ensembles", is_flag=True, help="Also evaluate the mean prediction of each variant's seeds.")
@NO_PLUGINS
@click.option("--json", "form", flag_value="json", help="Print comparison.json instead of a table.")
@click.option("--csv", "form", flag_value="spreadsheet", help="Print every number, one row per variant.")
@click.option("--latex", "form", flag_value="latex", help="Print a table for the package booktabs.")
@click.option("--markdown", "form", flag_value="markdown", help="Print a table for a README.")
def compare(folders: tuple[Path, ...], form: str | None = None, **question: Any) -> None:
    """Say which variants are better than the baseline, by how much, and how sure that is.

    \b
    Example: rnnlab compare runs/quickstart
             rnnlab compare runs/adding --group-by model.recurrent.0.cell --latex
    """
    if question["ensembles"]:
        from rnnlab.trained import backend_of_run

        backend_of_run.prefer(backend_of_run.made_on(folders[0]))
    from rnnlab.comparison import compare, json_file
    from rnnlab.report import comparison_text, terminal

    comparison = compare.compare(*folders, **question)
    if form:
        click.echo(getattr(comparison_text, form)(comparison), nl=False)
    else:
        terminal.show(comparison)
    for line in json_file.keep(comparison, folders):
        click.echo(line, err=bool(form))


@main.command()
@click.argument("studies", nargs=-1, required=True, metavar="STUDY...", type=click.Path(path_type=Path))
@ONLY
@click.option("--svg", type=click.Path(path_type=Path), help="A file for the picture of the mean ranks.")
@click.option("--json", "form", flag_value="json", help="Print every number as JSON instead of a table.")
@click.option("--markdown", "form", flag_value="markdown", help="Print the table for a README.")
def ranks(studies: tuple[Path, ...], only: tuple[str, ...], svg: Path | None = None, form: str | None = None) -> None:
    """Rank the variants of several studies, each a task: which come first everywhere, and is that more than luck?

    STUDY is the folder of an experiment or its comparison.json; all have the same variants and baseline. Friedman's test, the
    critical difference of mean ranks (Nemenyi), p of each variant against the baseline (Holm).

    \b
    Example: rnnlab ranks runs/which-dropout-jsb runs/which-dropout-tagging --svg ranks.svg
    """
    from rnnlab.study.ranks import Ranks

    answer = Ranks.of(studies, only)
    if form:
        click.echo({"json": answer.to_json, "markdown": answer.to_markdown}[form](), nl=False)
    else:
        show_rows(answer.rows(), as_json=False)
        click.echo(f"\n{answer}")
    if svg:
        click.echo(f"Picture: {answer.draw(svg)}", err=bool(form))


@main.command()
@FOLDERS
@click.option("--to", type=click.Path(path_type=Path), help="The file to write instead of FOLDER/report.html.")
@click.option("--svg", type=click.Path(path_type=Path), help="A folder for the plots as files, for a README or a paper.")
@click.option("--pdf", type=click.Path(path_type=Path), help="A folder for the plots as PDF, as wide as a paper's column.")
@NO_PLUGINS
@click.option(
    "--examples", type=click.IntRange(min=0), default=0, help="Show this many correct predictions, and as many wrong ones."
)
def report(
    folders: tuple[Path, ...], to: Path | None = None, svg: Path | None = None, pdf: Path | None = None, examples: int = 0
) -> None:
    """Write the comparison with its plots as one HTML file that needs nothing else.

    Where the folder cannot be written and no other place is named, the comparison is printed.

    \b
    Example: rnnlab report runs/quickstart
             rnnlab report /archive/quickstart --to quickstart.html
    """
    from rnnlab.comparison import compare
    from rnnlab.report import html, terminal

    try:
        click.echo(f"Report: {html.write(*folders, to=to, svg=svg, pdf=pdf, examples=examples, say=click.echo)}")
    except StorageError as error:
        if to or svg or pdf:
            raise
        terminal.show(compare.compare(*folders))
        click.echo(f"No HTML file is written: {error}; --to FILE names another place.")


@main.command("list")
@RUNS
@JSON
@click.option("--check", is_flag=True, help="Read every file, including weights and states, and report damage.")
@click.pass_context
def list_(ctx: click.Context, runs: Path, as_json: bool, check: bool) -> None:
    """List the experiments that have been run.

    The folders are the truth and always read; there is no index that could be wrong.

    \b
    Example: rnnlab list --runs runs
    """
    from rnnlab.storage.listing import experiments

    show_rows(experiments(runs), as_json)
    if check:
        from rnnlab.storage.integrity import damaged

        paths = damaged(runs)
        for path in paths:
            click.echo(f"{path} is damaged; rnnlab run repairs it", err=True)
        ctx.exit(bool(paths))


@main.command()
@FOLDER
@JSON
@click.option("--dry-run", is_flag=True, help="Only list what would be removed.")
@click.option("--yes", is_flag=True, help="Remove without asking.")
def clean(folder: Path, as_json: bool, dry_run: bool, yes: bool) -> None:
    """List and remove what is no longer needed in an experiment, or in all experiments below FOLDER.

    Runs of seeds and variants that the config no longer plans, runs that were moved aside, half-written files, and the states
    of finished runs that are not kept resumable. Results and weights of planned runs stay.

    \b
    Example: rnnlab clean runs/quickstart --dry-run
    """
    from rnnlab.storage import stale

    old = stale.stale(folder)
    rows = [{"what": one.why, "megabytes": round(one.bytes / 1e6, 3), "path": str(one.path)} for one in old]
    if as_json or rows:
        show_rows(rows, as_json)
    total = f"{len(old)} {'thing' if len(old) == 1 else 'things'}, {sum(one.bytes for one in old) / 1e6:.1f} MB"
    if not old or dry_run:
        click.echo(f"{total} to remove" if old else "There is nothing to remove.", err=as_json)
        return
    if not yes:
        click.confirm(f"Remove {total}?", abort=True, err=as_json)
    busy = [one for one in old if not stale.remove(one)]
    for one in busy:
        click.echo(f"{one.path} stays: a process is working on it", err=True)
    click.echo(f"Removed {len(old) - len(busy)} of {total}", err=as_json)


@main.command()
@FOLDER
@JSON
def show(folder: Path, as_json: bool) -> None:
    """Show the runs of an experiment, or everything about one run.

    \b
    Example: rnnlab show runs/quickstart
             rnnlab show runs/quickstart/none/seed-1 --json
    """
    from rnnlab.storage import listing

    show_rows(listing.run(folder) if (folder / "run.yaml").exists() else listing.runs(folder), as_json)


@main.command()
@click.argument("folder", type=click.Path(path_type=Path), default="runs")
@click.argument("options", nargs=-1)
def tensorboard(folder: Path, options: tuple[str, ...]) -> None:
    """Serve all runs in FOLDER with TensorBoard, on this machine only, even during training; OPTIONS are its own.

    \b
    Example: rnnlab tensorboard runs/quickstart -- --port 6007
    """
    from rnnlab.tensorboard.readable_names import MOST_TICKED, runs

    if not folder.is_dir():
        raise UserError(f"there is no folder {str(folder)!r}; rnnlab run makes one")
    click.echo(
        "TensorBoard prints its address below. Append /#custom_scalars&regexInput=mean to it for the means over seeds with\n"
        "their bands, /#hparams for the settings of the variants beside their results, /#scalars for every run."
    )
    if (number := sum(1 for _ in runs(folder))) > MOST_TICKED:
        click.echo(
            f"There are {number} runs: Scalars, Images, Histograms and Distributions tick none of more than {MOST_TICKED}.\n"
            "Append /#images&regexInput=seed.1$ for the first seed of every variant, and the like for the other tabs."
        )
    sys.stdout.flush()
    own = ["--logdir", str(folder), "--host", "127.0.0.1", "--reload_interval", "5", "--samples_per_plugin", SAMPLES]
    os.execv(sys.executable, [sys.executable, "-m", "rnnlab.tensorboard.serve", *own, *options])


SAMPLES = "scalars=10000,histograms=200,images=200,text=200"
"""The number of steps that TensorBoard keeps of a tag."""
