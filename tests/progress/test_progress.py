"""What a person sees while runs are made."""

import io
import os
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from rich.console import Console

from rnnlab.config import RunSpec, load
from rnnlab.progress import base
from rnnlab.progress.bars import BAR, Live
from rnnlab.progress.base import watch
from rnnlab.progress.display import display, sys
from rnnlab.progress.lines import Lines
from rnnlab.storage.run_result import RunResult


@pytest.fixture
def specs(tmp_path: Path) -> list[RunSpec]:
    document: dict[str, Any] = {
        "name": "bold",
        "data": {"name": "adding", "length": 4, "examples": {"train": 40, "validation": 10, "test": 10}, "batch_size": 10},
        "model": {"recurrent": [{"units": 2}]},
        "training": {"epochs": 4, "monitor": "loss"},
        "compare": {"seeds": 2},
    }
    (tmp_path / "bold.yaml").write_text(yaml.safe_dump(document))
    return load(tmp_path / "bold.yaml").runs()


LOGS = {"loss": 0.5, "val_loss": 0.25, "throughput": 1234.5}
DONE = RunResult(status="done", monitor="val_loss", best_epoch=2, metrics={"val_loss": 0.25})


def make(shown: Lines, specs: list[RunSpec], seconds: list[float]) -> None:
    """Show two runs of 4 epochs; the first stops after 2."""
    for spec, epochs in zip(specs, (2, 4), strict=True):
        line = shown.begin(spec, "examples")
        callback = watch(line, 4)
        for epoch in range(epochs):
            for batch in range(4):
                seconds[0] += 1
                callback.on_train_batch_end(batch, LOGS)
            callback.on_epoch_end(epoch, LOGS)
        line.end(DONE)


def test_lines_tell_run_epoch_metrics_speed_and_the_time_left(
    specs: list[RunSpec], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    seconds = [0.0]
    monkeypatch.setattr(base.time, "monotonic", lambda: seconds[0])
    make(Lines(runs=2, epochs=8), specs, seconds)
    told = capsys.readouterr().out.splitlines()
    # An epoch takes 4 seconds: after the first one 7 are left; the first run stops early, so that its last two are not owed.
    assert told[0] == "[1/2] bold base seed 1  epoch 1/4  loss 0.5  val_loss 0.25  1,234 examples/s  0:28 left"
    assert [line.split("  ")[-1] for line in told] == [
        "0:28 left",
        "0:24 left",
        "0:12 left",
        "0:08 left",
        "0:04 left",
        "0:00 left",
    ]


def test_runs_go_on_where_nobody_reads_the_output_any_more(specs: list[RunSpec], monkeypatch: pytest.MonkeyPatch) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as output:
        monkeypatch.setattr(sys, "stdout", output)
        make(Lines(runs=2, epochs=8), specs, [0.0])
        monkeypatch.undo()


def test_the_terminal_shows_bars_and_keeps_a_line_of_every_run(specs: list[RunSpec]) -> None:
    screen = Console(file=io.StringIO(), force_terminal=True, width=120, color_system=None)
    with Live(runs=2, epochs=8, console=screen) as shown:
        make(shown, specs, [0.0])
    shown = [line.strip() for line in screen.file.getvalue().splitlines()]
    assert any(line.endswith("[1/2] bold base seed 1  val_loss 0.25 at epoch 2") for line in shown)
    assert re.search("all runs .*━ 0:00 left", shown[-2])
    told = "\n".join(shown)
    assert re.search(r"\[2/2\] bold base seed 2 .*━ epoch 4/4  loss 0.5  val_loss 0.25  1,234 examples/s", told)


PERPLEXITY = {"perplexity": 1187.25, "val_perplexity": 1210.5, "throughput": 123456.0}
WIDE = "epoch 2/12  perplexity 1187  val_perplexity 1210"


@pytest.mark.parametrize(
    ("width", "names", "title", "text"),
    [
        (120, ("quickstart", "none"), "[1/10] quickstart none seed 1", f"{WIDE}  123,456 words/s"),
        (100, ("quickstart", "none"), "[1/10] quickstart none seed 1", WIDE),
        (80, ("quickstart", "none"), "[1/10] quickstart none seed 1", "epoch 2/12  val_perplexity 1210"),
        (80, ("quickstart", "variational"), "[1/10] variational seed 1", "epoch 2/12  val_perplexity 1210"),
        (80, ("which_site", "weight_drop_and_zoneout"), "[1/10] weight_drop_and_… seed 1", "epoch 2/12  val_perplexity 1210"),
        (60, ("which_site", "weight_drop_and_zoneout"), "[1/10] weight_… seed 1", "val_perplexity 1210"),
        (60, ("quick", "gal"), "[1/10] gal seed 1", "epoch 2/12  val_perplexity 1210"),
    ],
)
def test_bars_fit_the_width_of_the_terminal(
    specs: list[RunSpec], width: int, names: tuple[str, str], title: str, text: str
) -> None:
    training = specs[0].config.training.model_copy(update={"epochs": 12, "monitor": "val_perplexity"})
    config = specs[0].config.model_copy(update={"training": training})
    spec = replace(specs[0], experiment=names[0], variant=names[1], config=config)
    screen = Console(file=io.StringIO(), force_terminal=True, width=width, color_system="standard")
    with Live(runs=10, epochs=120, console=screen) as shown:
        run = shown.begin(spec, "words")
        run.end_epoch(PERPLEXITY)
        run.end_epoch(PERPLEXITY)
    drawn = [line for line in re.sub(r"\x1b\[[\d;?]*\w", "", screen.file.getvalue()).splitlines() if "━" in line]
    assert all(len(line) <= width and line.count("━") >= BAR for line in drawn)
    assert re.fullmatch(rf"{re.escape(title)} +━+ {text}", drawn[-1].strip())
    assert drawn[-2].startswith("all runs ")


def test_runs_made_at_once_are_shown_side_by_side(specs: list[RunSpec], monkeypatch: pytest.MonkeyPatch) -> None:
    """Two runs of 4 epochs, one of which is cut off after an epoch and a half and goes on: all that was done counts."""
    seconds = [0.0]
    monkeypatch.setattr(base.time, "monotonic", lambda: seconds[0])
    screen = Console(file=io.StringIO(), force_terminal=True, width=120, color_system=None)
    with Live(runs=2, epochs=8, console=screen) as shown:
        one, two = (shown.begin(spec, "examples") for spec in specs)
        seconds[0] = 10.0
        one.end_epoch(LOGS)
        one.batch(0.5)
        two.batch(0.5)
        assert (shown.done, shown.left) == (2.0, "0:30")
        assert [task.description for task in shown.bars.tasks] == ["all runs", one.title, two.title]
        again = shown.begin(specs[0], "examples")
        assert again.title == one.title
        assert len(shown.bars.tasks) == 3
        again.begin_epoch(1)
        again.batch(0.5)
        assert shown.done == 2.5
        shown.before += 9
        assert shown.left == "0:00"


def test_a_failed_run_is_told(specs: list[RunSpec], capsys: pytest.CaptureFixture[str]) -> None:
    shown = Lines(runs=2, epochs=8)
    shown.begin(specs[0], "examples").end(RunResult(status="failed", error="RuntimeError: no such luck"))
    assert capsys.readouterr().out == "[1/2] bold base seed 1  failed: RuntimeError: no such luck\n"


def test_the_live_display_is_for_terminals_only(monkeypatch: pytest.MonkeyPatch) -> None:
    assert type(display(1, 1)) is Lines
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    assert type(display(1, 1)) is Live
