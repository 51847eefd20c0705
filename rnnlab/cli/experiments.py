"""Verbs on an experiment file: run, plan, validate."""

from dataclasses import asdict
from pathlib import Path

import click

from rnnlab.cli.command import FILE, JSON, NO_PLUGINS, ONLY, OVERRIDES, RUNS, SHARD, main
from rnnlab.cli.output import show_rows
from rnnlab.cli.results import compare, load_all, report
from rnnlab.errors import UserError


@main.command()
@FILE
@OVERRIDES
@RUNS
@ONLY
@SHARD
@NO_PLUGINS
@click.option("--retry-failed", is_flag=True, help="Retry failed runs; otherwise a failure counts as a result.")
@click.option("--fail-fast", is_flag=True, help="Stop at the first run that fails or diverges; otherwise the others continue.")
@click.option(
    "--replace", is_flag=True, help="Move conflicting runs of another config aside; otherwise the command refuses to start."
)
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
    replace: bool,
) -> None:
    """Train every variant with every seed, then compare.

    Again after an interruption, it makes what is missing; more seeds or variants are added. Any value of the config can be
    set by its path. Runs of another config are never overwritten: take another name, or --replace. The exit status is 0
    where all runs are done, 1 where one failed or diverged, 2 where the input is wrong, 130 after Ctrl-C.

    \b
    Example: rnnlab run configs/quickstart.yaml compare.seeds=5
             rnnlab run configs/quickstart.yaml training.epochs=2 name=short
             rnnlab run configs/quickstart.yaml --shard 2/5
    """
    from rnnlab.config import load
    from rnnlab.search import tuning
    from rnnlab.sweep import tracking
    from rnnlab.sweep.selection import Selection

    selection, experiment = Selection.of(only, shard), load(file, overrides)
    beside = {"retry_failed": retry_failed, "fail_fast": fail_fast, "before_last": load_all}
    made = tuning.run(experiment, runs, click.echo, selection, replace, **beside)
    try:
        ctx.invoke(compare, folders=(made.folder,))
        page = made.folder / "report.html"
        ctx.invoke(report, folders=(made.folder,), to=page)
        if made.made:
            tracking.report(experiment, made.folder, page, click.echo)
    except UserError as error:
        if selection.whole and not fail_fast:
            raise
        click.echo(f"Nothing to compare yet: {error}")
    click.echo(f"Curves: rnnlab tensorboard {made.folder}")
    ctx.exit(made.exit_status)


@main.command()
@FILE
@OVERRIDES
@RUNS
@ONLY
@SHARD
@NO_PLUGINS
@JSON
@click.option(
    "--detect", type=click.FloatRange(min=0, min_open=True), help="Add the number of seeds that detect a difference this large."
)
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
    from rnnlab.search import tuning
    from rnnlab.sweep.executors.choose import workers
    from rnnlab.sweep.plan import in_the_way, plan, remarks, standing, summary, unprepared
    from rnnlab.sweep.selection import Selection

    experiment, selection = load(file, overrides), Selection.of(only, shard)
    for line in tuning.outlook(experiment, runs):
        click.echo(line, err=True)
    varied, best = tuning.paths(experiment), tuning.finished(experiment, runs)
    experiment, beside = best or experiment, () if best else varied
    for name in unprepared(experiment, selection):
        click.echo(f"{name} is not prepared, so steps and parameters are unknown: rnnlab data prepare {file}", err=True)
    results = standing(experiment, runs, selection)
    for line in (*remarks(experiment, selection), *in_the_way(experiment, runs, results, beside, varied)):
        click.echo(line, err=True)
    planned = plan(experiment, runs, selection, results)
    rows = [asdict(row) for row in planned]
    if detect:
        from rnnlab.comparison.seeds_needed import seeds_to_detect

        needed = seeds_to_detect(detect, runs / experiment.name)
        rows = [{**row, "seeds_needed": needed.get(row["variant"])} for row in rows]
    if as_json:
        show_rows(rows, as_json)
    else:
        hidden = {"backend"} if any(row.unknown for row in planned) else {"backend", "unknown"}
        show_rows([{name: value for name, value in row.items() if name not in hidden} for row in rows], as_json)
        click.echo(f"backend: {', '.join(dict.fromkeys(row.backend for row in planned))}")
        click.echo(summary(planned, workers(experiment.config.executor, selection.runs(experiment))))


@main.command()
@NO_PLUGINS
@click.argument("words", nargs=-1, required=True, metavar="FILE... [PATH=VALUE]...")
def validate(words: tuple[str, ...]) -> None:
    """Check experiment files, with values set by their paths as `run` does, and tell everything that is wrong with each.

    \b
    Example: rnnlab validate configs/*.yaml
    """
    from rnnlab.config import load

    errors = []
    overrides = [word for word in words if "=" in word and not Path(word).exists()]
    for file in words:
        if file in overrides:
            continue
        try:
            experiment = load(file, overrides)
            variants, runs = len(experiment.variants), len(experiment.runs())
            click.echo(f"{file}: {variants} variant{'s' * (variants > 1)}, {runs} run{'s' * (runs > 1)}")
        except UserError as error:
            errors.append(str(error))
    if errors:
        raise UserError("\n".join(errors))
