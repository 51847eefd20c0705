"""The verbs: each a few lines over one library call. Nothing heavy is imported before a verb needs it."""

import json
import os
import shlex
import sys
from contextlib import redirect_stdout
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from rnnlab import __version__
from rnnlab.errors import StorageError, UserError
from rnnlab.names import nearest

_FILE = click.argument("file", type=click.Path(path_type=Path))
_OVERRIDES = click.argument("overrides", nargs=-1, metavar="[PATH=VALUE]...")
_RUNS = click.option(
    "--runs", type=click.Path(path_type=Path), default="runs", show_default=True, help="The folder of results."
)
_FOLDERS = click.argument("folders", nargs=-1, required=True, metavar="FOLDER...", type=click.Path(path_type=Path))
_FOLDER = click.argument("folder", type=click.Path(path_type=Path))
_ONLY = click.option("--only", multiple=True, metavar="VARIANT", help="Only this variant; may be given again for another.")
_SHARD = click.option("--shard", default="1/1", metavar="I/N", help="The I-th of N shares of the runs, for N machines or jobs.")
_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")


class _Verbs(click.Group):
    """Wrong input ends with its message and status 2, a full disk with 1, Ctrl-C with the way on and 130; no traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except UserError as error:
            click.echo(error, err=True)
            ctx.exit(1 if isinstance(error, StorageError) else 2)
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
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # TensorFlow speaks of processors and plugins before it works


@main.command()
@_FILE
@_OVERRIDES
@_RUNS
@_ONLY
@_SHARD
@click.option("--retry-failed", is_flag=True, help="Make failed runs again; otherwise a failure is a result too.")
@click.option("--fail-fast", is_flag=True, help="Stop at the first run that fails or diverges; otherwise the others go on.")
@click.pass_context
def run(
    ctx: click.Context,
    file: Path,
    overrides: tuple[str, ...],
    runs: Path,
    only: tuple[str, ...],
    shard: str,
    retry_failed: bool,
    fail_fast: bool,
) -> None:
    """Train every variant with every seed, then compare.

    Again after an interruption, it makes what is missing. Any value of the config can be set by its path. The exit status
    is 0 where all runs are done, 1 where one failed or diverged, 2 where the input is wrong, 130 after Ctrl-C.

    \b
    Example: rnnlab run configs/quickstart.yaml training.epochs=2 compare.seeds=5
             rnnlab run configs/quickstart.yaml --shard 2/5
    """
    from rnnlab.config import load
    from rnnlab.runs import search, sweep
    from rnnlab.runs.selection import Selection

    selection = Selection.of(only, shard)
    experiment = search.searched(load(file, overrides), runs, click.echo)
    made = sweep.run(experiment, runs, retry_failed, selection=selection, fail_fast=fail_fast)
    try:
        ctx.invoke(compare, folders=(made.folder,))
        ctx.invoke(report, folders=(made.folder,))
    except UserError as error:
        if selection.whole and not fail_fast:
            raise
        click.echo(f"Nothing to compare yet: {error}")
    click.echo(f"Curves: rnnlab tensorboard {made.folder}")
    ctx.exit(made.exit_status)


@main.command()
@_FILE
@_OVERRIDES
@_RUNS
@_ONLY
@_SHARD
@_JSON
@click.option("--detect", type=click.FloatRange(min=0, min_open=True), help="Add the seeds that find a difference this large.")
def plan(
    file: Path,
    overrides: tuple[str, ...],
    runs: Path,
    only: tuple[str, ...],
    shard: str,
    as_json: bool,
    detect: float | None,
) -> None:
    """Show what `run` would do: what is done, running and missing, how large it is, and how long it will take.

    \b
    Example: rnnlab plan configs/quickstart.yaml compare.seeds=8
             rnnlab plan configs/quickstart.yaml --detect 2.0
    """
    from rnnlab.config import load
    from rnnlab.runs import search
    from rnnlab.runs.executors.choose import workers
    from rnnlab.runs.plan import plan, summary, unprepared
    from rnnlab.runs.selection import Selection

    experiment, selection = load(file, overrides), Selection.of(only, shard)
    for line in search.outlook(experiment, runs):
        click.echo(line, err=True)
    experiment = search.finished(experiment, runs) or experiment
    for name in unprepared(experiment):
        click.echo(f"{name} is not prepared, so steps and parameters are unknown: rnnlab data prepare {file}", err=True)
    planned = plan(experiment, runs, selection)
    rows = [asdict(row) for row in planned]
    if detect:
        from rnnlab.analysis.planning import seeds_to_detect

        needed = seeds_to_detect(detect, runs / experiment.name)
        rows = [{**row, "seeds_needed": needed.get(row["variant"])} for row in rows]
    _show(rows, as_json)
    if not as_json:
        click.echo(summary(planned, workers(experiment.config.executor, selection.runs(experiment))))


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
    """Explain every dropout scheme, or draw where the one called NAME acts.

    \b
    Example: rnnlab schemes zoneout
    """
    from rnnlab.noise import catalogue

    if name is not None and name not in catalogue.SCHEMES:
        known = ", ".join(catalogue.SCHEMES)
        raise UserError(f"there is no scheme {name!r}{nearest(name, catalogue.SCHEMES)}; the schemes are {known}")
    table = catalogue.table(name)
    if as_json:
        click.echo(json.dumps(table, indent=2))
    for key, about in table.items() if not as_json else ():
        click.echo(
            click.style(key, bold=True) + "\n" + "".join(f"  {field:<12}{_flat(value)}\n" for field, value in about.items())
        )
    if name and not as_json:
        click.echo(catalogue.drawing(name), nl=False)


def _flat(value: Any) -> str:
    return ", ".join(value) if isinstance(value, list) else json.dumps(value) if isinstance(value, dict) else value


@main.command()
@_FOLDERS
@click.option("--metric", help="Another figure than the monitored one, such as loss or words_per_second.")
@click.option("--baseline", metavar="VARIANT", help="Another variant to compare with.")
@click.option("--group-by", metavar="PATH", help="Compare the values of a config path, such as model.recurrent.0.cell.")
@click.option("--margin", type=click.FloatRange(min=0, min_open=True), help="Differences up to this count as none.")
@click.option("--all-pairs", is_flag=True, help="Compare every variant with every other one, not only with the baseline.")
@click.option("--json", "form", flag_value="json", help="Print comparison.json instead of a table.")
@click.option("--csv", "form", flag_value="spreadsheet", help="Print every number, a row a variant.")
@click.option("--latex", "form", flag_value="latex", help="Print a table for the package booktabs.")
@click.option("--markdown", "form", flag_value="markdown", help="Print a table for a README.")
def compare(folders: tuple[Path, ...], form: str | None = None, **question: Any) -> None:
    """Say which variants are better than the baseline, by how much, and how sure that is.

    \b
    Example: rnnlab compare runs/quickstart
             rnnlab compare runs/adding --group-by model.recurrent.0.cell --latex
    """
    from rnnlab.analysis import comparison, forms, record

    found = comparison.compare(*folders, **question)
    record.write(found, folders)
    if form:
        click.echo(getattr(forms, form)(found), nl=False)
    else:
        forms.show(found)


@main.command()
@_FOLDERS
@click.option("--to", type=click.Path(path_type=Path), help="The file to write instead of FOLDER/report.html.")
@click.option("--svg", type=click.Path(path_type=Path), help="A folder for the plots as files, for a README or a paper.")
def report(folders: tuple[Path, ...], to: Path | None = None, svg: Path | None = None) -> None:
    """Write the comparison with its plots as one HTML file that needs nothing else.

    \b
    Example: rnnlab report runs/quickstart
    """
    from rnnlab.analysis import report

    click.echo(f"Report: {report.write(*folders, to=to, svg=svg)}")


@main.command("list")
@_RUNS
@_JSON
@click.option("--rebuild", is_flag=True, help="Read every file again, states too, and tell what is damaged.")
@click.pass_context
def list_(ctx: click.Context, runs: Path, as_json: bool, rebuild: bool) -> None:
    """List the experiments that have been run.

    The folders are the truth and always read; there is no index that could be wrong.

    \b
    Example: rnnlab list --runs runs
    """
    from rnnlab.runs.overview import experiments

    _show(experiments(runs), as_json)
    if rebuild:
        from rnnlab.runs.check import damaged

        found = damaged(runs)
        for path in found:
            click.echo(f"{path} is damaged; rnnlab run makes it good", err=True)
        ctx.exit(bool(found))


@main.command()
@_FOLDER
@_JSON
def show(folder: Path, as_json: bool) -> None:
    """Show the runs of an experiment, or everything about one run.

    \b
    Example: rnnlab show runs/quickstart
             rnnlab show runs/quickstart/none/seed-1 --json
    """
    from rnnlab.runs import overview

    _show(overview.run(folder) if (folder / "run.yaml").exists() else overview.runs(folder), as_json)


@main.command()
@click.argument("folder", metavar="RUN", type=click.Path(path_type=Path))
@click.option("--epochs", type=click.IntRange(min=1), help="Train only so many epochs, and compare those.")
@_JSON
@click.pass_context
def verify(ctx: click.Context, folder: Path, epochs: int | None, as_json: bool) -> None:
    """Train a finished run again, and say whether all bits agree; where not, the exit status is 1.

    \b
    Example: rnnlab verify runs/quickstart/none/seed-1 --epochs 1
    """
    from rnnlab.runs.verify import verify

    with redirect_stdout(sys.stderr if as_json else sys.stdout):  # the progress
        found = verify(folder, epochs)
    if as_json:
        click.echo(json.dumps(asdict(found), indent=2))
    else:
        click.echo("\n".join(found.sentences()))
    ctx.exit(found.exit_status)


@main.command()
@click.argument("folder", metavar="RUN", type=click.Path(path_type=Path))
@click.option("--text", "texts", multiple=True, help="A text; may be given several times.")
@click.option(
    "--file",
    type=click.File(encoding="utf-8", errors="replace"),
    help="A text on every line; - reads what is piped in.",
)
@click.option("--samples", type=click.IntRange(min=0), default=20, show_default=True, help="Passes; 0 predicts as usual.")
@click.option("--seed", type=click.IntRange(min=0), default=1, show_default=True, help="What masks and draws follow from.")
@click.option("--top", type=click.IntRange(min=1), default=10, show_default=True, help="Most labels or next tokens shown.")
@click.option("--generate", type=click.IntRange(min=1), help="Language models: write so many tokens after the text.")
@click.option(
    "--temperature", type=click.FloatRange(min=0), default=1.0, show_default=True, help="Of --generate; 0 draws nothing."
)
@_JSON
def predict(
    folder: Path, texts: tuple[str, ...], file: Any, generate: int | None, temperature: float, as_json: bool, **settings: int
) -> None:
    """Predict from texts by the model of a finished run, with the spread over Monte Carlo samples.

    Labels, tags, numbers or next words, whatever the run has learnt; a language model also writes on. No data set is needed.

    \b
    Example: rnnlab predict runs/imdb/variational/seed-1 --samples 50 --text "a great film"
             rnnlab predict runs/quickstart/none/seed-1 --text "The value of" --generate 50 --temperature 0.8
    """
    from rnnlab.runs import answers
    from rnnlab.runs.generate import generate as written
    from rnnlab.runs.predictor import predictor

    given = [*texts, *(line.rstrip("\r\n") for line in file or ())]
    if not given and not generate:
        raise UserError("there is no text to predict from: give --text, or --file with a text on every line")
    model = predictor(folder)
    if generate:
        prompts = given or [""]
        said = [
            {**model.about(text), "text": written(model, text, generate, temperature, settings["seed"])} for text in prompts
        ]
    else:
        said = [model(text, **settings) for text in given]
    if as_json:
        click.echo(json.dumps(said, indent=2, ensure_ascii=False))
    for one in said if not as_json else ():
        click.echo("\n".join(answers.lines(one)))


@main.command()
@click.argument("folder", metavar="RUN", type=click.Path(path_type=Path))
@click.option("--noise", type=int, metavar="SEED", help="Look under the noise of training, drawn from this seed.")
@_JSON
def inspect(folder: Path, noise: int | None, as_json: bool) -> None:
    """Look inside the cells of a finished run, or of every finished run of an experiment.

    Prints how open the gates are, how long a memory they make, and what is left of gradients and of a changed token ten
    steps later; writes arrays and pictures into the run's folder `inspection`.

    \b
    Example: rnnlab inspect runs/quickstart/none/seed-1
    """
    from rnnlab.analysis.inside import inspect

    found = inspect(folder, noise)
    _show([row for one in found for row in one.rows()], as_json)
    for one in found if not as_json else ():
        click.echo(f"Arrays and pictures: {one.file.parent}")


@main.group()
def data() -> None:
    """Prepare data sets ahead, and look at them.

    \b
    Example: rnnlab data prepare ptb --from ~/ptb
    """


@data.command("list")
@_JSON
def data_list(as_json: bool) -> None:
    """List what is prepared in the data folder, $RNNLAB_DATA or data.

    \b
    Example: rnnlab data list
    """
    from rnnlab.data.describe import known

    _show(known(), as_json)


@data.command()
@click.argument("name")
@click.option("--from", "given", type=click.Path(path_type=Path), help="A folder or file to take instead of the network.")
@_JSON
def prepare(name: str, given: Path | None, as_json: bool) -> None:
    """Prepare a data set by its NAME, or the one of an experiment file, and describe it.

    \b
    Example: rnnlab data prepare ptb --from ~/ptb
             rnnlab data prepare tfds/imdb_reviews
    """
    from rnnlab.config import data_section
    from rnnlab.data.describe import describe
    from rnnlab.data.sources.build import keep_files, prepared_for

    section = data_section(name)
    if given:
        keep_files(section, given)
    with redirect_stdout(sys.stderr):  # what builders say
        found = prepared_for(section)
    _show(describe(found), as_json)


@data.command("describe")
@click.argument("name")
@_JSON
@click.pass_context
def data_describe(ctx: click.Context, name: str, as_json: bool) -> None:
    """Show sizes, lengths, unknown words, labels, examples, licence and citation of a data set.

    \b
    Example: rnnlab data describe configs/ptb.yaml
    """
    ctx.invoke(prepare, name=name, given=None, as_json=as_json)


_SIZE = click.IntRange(min=1)


@main.command()
@click.option("--cell", type=click.Choice(["lstm", "gru"]), default="lstm", show_default=True, help="The kind of step.")
@click.option("--batch", type=_SIZE, default=20, show_default=True, help="Sequences in a batch.")
@click.option("--steps", type=_SIZE, default=35, show_default=True, help="Time steps of a sequence.")
@click.option("--inputs", type=_SIZE, default=650, show_default=True, help="Features of a step.")
@click.option("--units", type=_SIZE, default=650, show_default=True, help="Units of the layer.")
@click.option("--rate", type=click.FloatRange(0, 1, max_open=True), default=0.5, show_default=True, help="Both dropouts.")
@click.option("--repeats", type=_SIZE, default=10, show_default=True, help="Rounds; the candidates take turns.")
@click.option("--jit", is_flag=True, help="Compile by XLA on TensorFlow too.")
@click.option("--schemes", is_flag=True, help="Time our layer with every scheme instead of the rivals.")
@click.option("--memory", is_flag=True, help="Measure the peak memory of a step, each candidate in a process of its own.")
@_JSON
def bench(repeats: int, jit: bool, schemes: bool, memory: bool, as_json: bool, **shape: Any) -> None:
    """Time a training step of our layer, the built-in one, torch's, and the bare matrix products.

    KERAS_BACKEND=jax times JAX.

    \b
    Example: rnnlab bench --cell gru --batch 32 --steps 100 --inputs 128 --units 128
    """
    from rnnlab.bench import Shape
    from rnnlab.bench import bench as timed

    _show(timed(Shape(**shape), repeats, jit, schemes, memory), as_json)


@main.command()
@click.argument("folder", type=click.Path(path_type=Path), default="runs")
@click.argument("options", nargs=-1)
def tensorboard(folder: Path, options: tuple[str, ...]) -> None:
    """Serve all runs in FOLDER by TensorBoard, on this machine only, also while they go on; OPTIONS are its own.

    \b
    Example: rnnlab tensorboard runs/quickstart -- --port 6007
    """
    if not folder.is_dir():
        raise UserError(f"there is no folder {str(folder)!r}; rnnlab run makes one")
    click.echo(
        "TensorBoard says below where it listens; behind that, /#custom_scalars&regexInput=mean$ shows the mean and its\n"
        "band over seeds, /#hparams the settings against the figures, /#scalars every run (tick some at the left)."
    )
    sys.stdout.flush()
    own = ["--logdir", str(folder), "--host", "127.0.0.1", "--reload_interval", "5", "--samples_per_plugin", SAMPLES]
    os.execv(sys.executable, [sys.executable, "-m", "tensorboard.main", *own, *options])


SAMPLES = "scalars=10000,histograms=200,images=200,text=200"
"""How many steps of a tag TensorBoard keeps."""


def _show(rows: Any, as_json: bool) -> None:
    """Print a list of rows as a table, one document as YAML, or either as JSON."""
    if as_json:
        click.echo(json.dumps(rows, indent=2))
    elif isinstance(rows, list):
        _table(rows)
    else:
        from rnnlab.config import dump

        click.echo(dump(rows), nl=False)


def _table(rows: list[dict[str, Any]]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    columns = dict.fromkeys(key for row in rows for key in row)
    table = Table(*columns)
    for row in rows:
        table.add_row(*(Text(_cell(row.get(column))) for column in columns))
    Console(width=None if sys.stdout.isatty() else 200).print(table)


def _cell(value: Any) -> str:
    return "" if value is None else f"{value:.4g}" if isinstance(value, float) else str(value)
