"""The command line: every verb explained, every failure told in words and by its exit status."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from rnnlab.cli import main
from rnnlab.noise import catalogue
from rnnlab.noise.scheme import SCHEMES

pytestmark = pytest.mark.usefixtures("lasting_models")
TINY = """\
name: tiny
data: {name: adding, length: 4, examples: {train: 64, validation: 16, test: 16}, batch_size: 16}
model: {recurrent: [{units: 4}]}
training: {epochs: 2}
compare: {variants: {plain: {}, noisy: {dropout: 0.5}}, seeds: 2}
executor: {name: in_process}
"""


def call(*arguments: object) -> Result:
    """Call `rnnlab` in this process."""
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    """The file of an experiment that takes seconds."""
    (tmp_path / "tiny.yaml").write_text(TINY)
    return tmp_path / "tiny.yaml"


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of runs after the tiny experiment, interrupted once and taken up again by the same command."""
    folder = tmp_path_factory.mktemp("done")
    (folder / "tiny.yaml").write_text(TINY)
    command = [sys.executable, "-m", "rnnlab", "run", "tiny.yaml"]
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout
    assert "tiny plain seed 1" in process.stdout.readline()
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 130
    assert "the same command continues from there:\n  rnnlab run tiny.yaml" in errors
    assert "Traceback" not in errors
    assert not list(folder.glob("runs/tiny/noisy/seed-2/result.json"))
    with pytest.MonkeyPatch.context() as there:
        there.chdir(folder)
        assert call("run", "tiny.yaml").exit_code == 0
    return folder / "runs"


@pytest.mark.parametrize("verb", main.commands)
def test_every_verb_has_an_example_and_explains_its_options(verb):
    text = call(verb, "--help").output
    assert f"Example: rnnlab {verb}" in text
    for option in main.commands[verb].params:
        assert isinstance(option, click.Argument) or option.help, option.name


def test_help_and_version():
    assert set(main.commands) <= set(call("--help").output.split())
    assert call("--version").output.startswith("rnnlab, version")
    assert "Did you mean 'validate'?" in call("valdate").output


def test_validate_tells_all_that_is_wrong_with_all_files(root, tmp_path, tiny):
    (tmp_path / "bad.yaml").write_text(TINY.replace("epochs: 2", "epochs: x"))
    result = call("validate", tiny, tmp_path / "bad.yaml", tmp_path / "none.yaml")
    assert result.exit_code == 2
    assert f"{tiny}: 2 variants, 4 runs" in result.stdout
    assert "bad.yaml:4:20: training.epochs: must be a whole number, got the text 'x'" in result.stderr
    assert "there is no file" in result.stderr
    assert call("validate", *(root / "configs").glob("*.yaml")).exit_code == 0


@pytest.mark.parametrize("verb", ["run", "plan"])
def test_wrong_input_is_told_before_anything_heavy_is_imported(tiny, verb):
    code = "import sys; from rnnlab.cli import main\n"
    code += "try: main(prog_name='rnnlab')\nfinally: print(*sys.modules)"
    command = [sys.executable, "-c", code, verb, str(tiny), "training.epoch=3"]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    assert answer.returncode == 2
    assert answer.stderr.startswith("command line: training.epoch: unknown key 'epoch' (did you mean epochs?)")
    assert "Traceback" not in answer.stderr
    assert not {"keras", "tensorflow", "jax"} & set(answer.stdout.split())


def test_a_folder_that_cannot_be_written(tiny):
    result = call("run", tiny, "--runs", tiny)
    assert result.exit_code == 2
    assert f"{tiny}/tiny cannot be made: Not a directory" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["list", "--runs", "nowhere"], "there is no folder 'nowhere'"),
        (["show", "nowhere"], "nowhere is not the folder of an experiment"),
        (["tensorboard", "nowhere"], "there is no folder 'nowhere'"),
        (["schemes", "zonout"], "there is no scheme 'zonout' (did you mean zoneout?)"),
    ],
)
def test_names_that_lead_nowhere(arguments, message):
    result = call(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(message)


def test_schemes_tell_the_equation_of_every_scheme():
    assert json.loads(call("schemes", "--json").output).keys() == SCHEMES.keys()
    text = call("schemes", "zoneout").output
    for part in (SCHEMES["zoneout"].equation, SCHEMES["zoneout"].paper, catalogue.does("zoneout")):
        assert part in text
    assert "rnndrop" not in text


def test_schema_describes_what_validate_accepts():
    properties = json.loads(call("schema").output)["properties"]
    assert properties.keys() == {
        "name",
        "data",
        "model",
        "training",
        "compare",
        "evaluation",
        "executor",
        "search",
        "trackers",
        "backend",
        "plugins",
        "extends",
    }


def test_plan_before_and_after(tiny, done):
    before = json.loads(call("plan", tiny, "--runs", tiny.parent / "none", "--json").output)
    states = {"done": 0, "diverged": 0, "failed": 0, "running": 0, "missing": 2, "unknown": 0}
    sizes = {"parameters": 117, "epochs": 2, "steps": 8, "seconds": None}
    first = {"variant": "plain", "runs": 2, "backend": os.environ["KERAS_BACKEND"], **states, **sizes}
    assert before == [first, {**first, "variant": "noisy"}]
    more = json.loads(call("plan", tiny, "compare.seeds=3", "--runs", done, "--json").output)
    assert [(row["runs"], row["done"]) for row in more] == [(3, 2), (3, 2)]
    assert more[0]["seconds"] > 0
    changed = call("plan", tiny, "compare.variants.noisy.dropout=0.1", "--runs", done, "--json")
    assert [row["done"] for row in json.loads(changed.stdout)] == [2, 0]
    assert "model.recurrent.0.dropout: 0.5 -> 0.1" in changed.stderr
    table = call("plan", tiny, "--runs", done).output
    assert "plain" in table
    assert f"backend: {os.environ['KERAS_BACKEND']}\n" in table


def test_plan_says_how_many_seeds_a_difference_needs(tiny, done):
    rows = json.loads(call("plan", tiny, "--runs", done, "--detect", "0.5", "--json").output)
    seeds = {row["variant"]: row["seeds_needed"] for row in rows}
    assert seeds["plain"] is None, "the baseline needs none"
    assert seeds["noisy"] >= 6
    larger = json.loads(call("plan", tiny, "--runs", done, "--detect", "5", "--json").output)
    assert next(row["seeds_needed"] for row in larger if row["variant"] == "noisy") <= seeds["noisy"]


def test_what_is_inside_is_printed_kept_and_put_into_the_report(done):
    run = done / "tiny" / "plain" / "seed-1"
    answer = call("inspect", run)
    assert answer.exit_code == 0, answer.output
    assert "forget" in answer.output
    assert f"Arrays and pictures: {run / 'inspection'}" in answer.output
    kept = {path.suffix for path in (run / "inspection").iterdir()}
    assert kept == {".npz", ".svg", ".png"}
    assert "Gradient flow" not in (done / "tiny" / "report.html").read_text()
    assert call("report", done / "tiny").exit_code == 0
    assert "Gradient flow" in (done / "tiny" / "report.html").read_text()


def test_what_was_run_is_listed_and_shown(done):
    (row,) = json.loads(call("list", "--runs", done, "--json").output)
    assert (row["experiment"], row["variants"], row["done"], row["unfinished"]) == ("tiny", 2, 4, 0)
    rows = json.loads(call("show", done / "tiny", "--json").output)
    assert [(row["variant"], row["seed"], row["status"]) for row in rows] == [
        (variant, seed, "done") for variant in ("noisy", "plain") for seed in (1, 2)
    ]
    run = json.loads(call("show", done / "tiny" / "noisy" / "seed-2", "--json").output)
    assert run["result"]["metrics"]["test_loss"] == rows[1]["test_loss"] > 0
    assert run["config"]["model"]["recurrent"][0]["dropout"] == 0.5
    assert run["result"]["xla"] in (True, False)
    assert f"  xla: {json.dumps(run['result']['xla'])}\n" in call("show", done / "tiny" / "noisy" / "seed-2").output
    assert "noisy" in call("show", done / "tiny").output


def test_a_run_ends_with_its_answer(done):
    assert (done / "tiny" / "report.html").read_text().startswith("<!doctype html>")
    variants = json.loads((done / "tiny" / "comparison.json").read_text())["variants"]
    assert {name: sorted(one["seeds"]) for name, one in variants.items()} == {"plain": ["1", "2"], "noisy": ["1", "2"]}
    assert json.loads(call("compare", done / "tiny", "--json").output)["variants"] == variants


def test_diverged_runs_are_told_by_the_exit_status(tiny):
    arguments = ["compare.seeds=1", "training.optimizer={name: sgd, learning_rate: 1e30}", "--runs", tiny.parent / "runs"]
    result = call("run", tiny, *arguments)
    assert result.exit_code == 1
    assert "diverged" in result.output


def test_tensorboard_gets_the_folder_and_its_own_options(monkeypatch, tmp_path):
    called = []
    monkeypatch.setattr(os, "execv", lambda program, command: called.extend(command))
    assert call("tensorboard", tmp_path, "--", "--port", "6007").exit_code == 0
    assert called[:5] == [sys.executable, "-m", "rnnlab.tensorboard.serve", "--logdir", str(tmp_path)]
    assert called[5:7] == ["--host", "127.0.0.1"]
    assert called[-2:] == ["--port", "6007"]
