"""What decides the bits of a run beside its config and data: the code, the libraries that compute, the settings of rounding."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner
from made_runs import Maker

from rnnlab import source
from rnnlab.cli import main
from rnnlab.comparison.compare import compare
from rnnlab.comparison.load import gather, mixed_makers
from rnnlab.config import load, used
from rnnlab.config.identity import SCHEMA
from rnnlab.report import comparison_text, html
from rnnlab.storage import store
from rnnlab.storage.run_origin import RunOrigin, write_origin
from rnnlab.storage.run_result import RunResult
from rnnlab.sweep import going_on, makers
from rnnlab.sweep.provenance import machine
from rnnlab.sweep.standing import unfit
from rnnlab.trained import verify

CELLS = [f"cells/{name}.py" for name in ("lstm_step", "gru_step", "min_steps", "simple_step", "slstm_step", "wide_steps")]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the package, to change."""
    monkeypatch.setattr(source, "HOME", copied(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "rnnlab"


def copied(folder: Path) -> Path:
    return Path(shutil.copytree(source.HOME, folder / "rnnlab", ignore=shutil.ignore_patterns("__pycache__")))


def change(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def test_only_code_that_decides_bits_changes_the_fingerprint(home: Path) -> None:
    before = makers.code.__wrapped__()
    decisive, verb = home / "training" / "rates.py", home / "cli" / "results.py"
    verb.write_text(f"{verb.read_text()}\nX = 1\n")
    text = decisive.read_text()
    decisive.write_text(f'"""Another docstring."""\n{text.partition(chr(10))[2]}\n# a comment\n\n')
    assert makers.code.__wrapped__() == before
    for path in (decisive, home / "noise" / "schemes.py", home / "data" / "tokenizer.py"):
        text = path.read_text()
        path.write_text(f"{text}\nX = 1\n")
        assert makers.code.__wrapped__() != before, path
        path.write_text(text)


@pytest.mark.parametrize(
    ("file", "old", "new", "cells"),
    [
        ("cells/lstm_step.py", "o * tanh(", "0.5 * o * tanh(", {"lstm_step", "wide_steps"}),
        ("cells/gru_step.py", "sigmoid(", "0.5 * sigmoid(", {"gru_step"}),
        ("cells/steps.py", "from rnnlab.backend", "X = 1\nfrom rnnlab.backend", {Path(file).stem for file in CELLS}),
        ("cells/kinds.py", '"""The description', 'X = 1\n"""The description', set()),
        ("noise/sampling.py", "import math", "import math\nX = 1", set()),
        ("cells/lstm_step.py", "h, c = states", "h, c = states  # both", set()),
        ("cells/lstm_step.py", '"""Long short-term memory', '"""The long short-term memory', set()),
        ("cells/lstm_step.py", "noise: SiteMasks,", "noise: dict,", set()),
    ],
)
def test_a_cell_is_known_by_the_code_of_its_equation(file: str, old: str, new: str, cells: set[str], home: Path) -> None:
    def prints() -> dict[str, str]:
        return {Path(cell).stem: source.fingerprint(used.equation.__wrapped__(cell)) for cell in CELLS}

    before = prints()
    change(home / file, old, new)
    after = prints()
    assert {cell for cell in before if before[cell] != after[cell]} == cells


def parts(**layer: Any) -> set[str]:
    """The parts whose code is of the identity of a run with such a layer."""
    document = {
        "name": "x",
        "data": {"name": "adding", "length": 5},
        "model": {"recurrent": [{"cell": "lstm", "units": 4, **layer}]},
        "training": {"epochs": 1},
    }
    (spec, *_) = load_document(document).runs()
    return set(used.used(spec.config))


def load_document(document: Mapping[str, Any]) -> Any:
    from rnnlab.config import Experiment

    return Experiment.from_dict(document)


def test_a_run_is_known_by_the_code_of_its_own_cells_and_noise() -> None:
    late = {"scheme": "variational", "rate": 0.2, "schedule": {"name": "late", "after": 1}}
    assert parts(dropout=0.0) == {"cell lstm"}
    assert parts(cell="gru", recurrent_dropout=0.2) == {"cell gru", "noise"}
    assert parts(recurrent_dropout=late) == {"cell lstm", "noise", "schedule of noise"}
    assert parts(implementation="keras", dropout=0.2) == set()


@pytest.mark.process
def test_a_changed_equation_makes_the_runs_that_use_it_again(tmp_path: Path) -> None:
    home = copied(tmp_path)
    (tmp_path / "c.yaml").write_text(
        "name: x\ndata: {name: adding, length: 5, examples: {train: 32, validation: 16, test: 16}}\n"
        "model: {recurrent: [{cell: lstm, units: 3}]}\ntraining: {epochs: 1}\n"
        "compare: {variants: {lstm: {}, gru: {cell: gru}}, seeds: 1}\nexecutor: {name: in_process}\n"
    )
    environment = {**os.environ, "KERAS_BACKEND": "jax", "PYTHONPATH": str(tmp_path)}

    def rnnlab(verb: str) -> str:
        command = [sys.executable, "-m", "rnnlab", verb, "c.yaml"]
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    def losses() -> dict[str, float | None]:
        runs = store.read(tmp_path / "runs" / "x").runs
        return {run.variant: run.result.metrics["test_loss"] for run in runs if run.result}

    rnnlab("run")
    before = losses()
    change(home / "cells" / "lstm_step.py", "h, c = states", "h, c = states  # both")
    assert "nothing is left to make" in rnnlab("plan")
    change(home / "cells" / "lstm_step.py", "o * tanh(", "0.5 * o * tanh(")
    told = rnnlab("plan")
    assert "the code of cell lstm: " in told
    assert "1 of 2 runs are left" in told
    assert "the code of cell lstm: " in rnnlab("run")
    after = losses()
    assert (after["lstm"] != before["lstm"], after["gru"] == before["gru"]) == (True, True)
    (aside,) = (tmp_path / "runs" / "x" / "_replaced").iterdir()
    assert [run.variant for run in store.read(aside).runs] == ["lstm"]


def test_what_trains_is_among_the_modules_and_what_prints_is_not() -> None:
    rooms = {path.relative_to(source.HOME).parts[0] for path in source.reached(*makers.ROOTS)}
    assert {"cells", "noise", "recurrence", "layers", "models", "data", "training"} <= rooms
    assert not rooms & {"cli", "report", "plots", "comparison", "statistics", "storage", "progress", "sweep"}


def test_versions_are_those_of_the_backend_that_computes() -> None:
    assert "jax" not in makers.versions("tensorflow")
    assert set(makers.versions("jax")) == {"rnnlab", "keras", "numpy", "jax", "jaxlib"}


@pytest.mark.parametrize(
    ("change", "differs"),
    [
        ({"python": "3.11.99"}, False),
        ({"machine": {"processor": "another"}}, False),
        ({"versions": {"rnnlab": "9"}}, False),
        ({"python": "3.99.1"}, True),
        ({"versions": {"keras": "9"}}, True),
        ({"code": "0" * 64}, True),
        ({"backend": "another"}, True),
        ({"numbers": {"XLA_FLAGS": "--fast"}}, True),
        ({"numbers": {"policy": "mixed_float16"}}, True),
    ],
)
def test_resume_keep_compare_and_verify_agree_on_what_made_a_run(change: dict[str, Any], differs: bool, make: Maker) -> None:
    now = replace(makers.present(), python="3.11.7", machine=machine())
    then = replace(now, **{name: {**vars(now)[name], **of} if isinstance(of, dict) else of for name, of in change.items()})
    spec: Any = make.metrics(none=[150.0]) and next(iter(make.specs.values()))
    data: Any = SimpleNamespace(sha256="0" * 64)
    results = [RunResult(status="done", makers=one.makers) for one in (then, now)]
    origin = RunOrigin(config={}, **vars(then))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(makers, "present", lambda on=None: now)
        patch.setattr("rnnlab.sweep.provenance.present", lambda: now)
        told = {
            "resume": going_on.slot(spec, Path("nowhere"), data, then).identity
            != going_on.slot(spec, Path("nowhere"), data, now).identity,
            "keep": bool(makers.others(results[:1])),
            "compare": bool(mixed_makers(results)),
            "verify": bool(verify._versions(origin).keys() - {"processor"}),
        }
    assert set(told.values()) == {differs}, told


def test_a_run_says_why_it_does_not_resume(tmp_path: Path) -> None:
    now = replace(makers.present(), code="1" * 64)
    write_origin(tmp_path, RunOrigin(config={}, schema=SCHEMA, **{**vars(now), "code": "0" * 64}))
    assert unfit(tmp_path, now, damaged=False) == "other code or versions made it (code: 000000000000 -> 111111111111)"
    write_origin(tmp_path, RunOrigin(config={}, schema=SCHEMA, **vars(now)))
    assert unfit(tmp_path, now, damaged=False) == "its state is damaged, or of another config or other data"


def test_a_setting_that_is_gone_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XLA_FLAGS", raising=False)
    before = {**makers.present().makers, "XLA_FLAGS": "--fast"}
    (told,) = makers.others([RunResult(status="done", makers=before)])
    assert told.endswith("is kept: XLA_FLAGS --fast, now not set")


def test_a_comparison_tells_of_runs_made_by_different_versions(tmp_path: Path) -> None:
    make = Maker(tmp_path)
    folder = make.metrics(none=[150.0, 151.0], tested=[140.0, 141.0])
    for seed, value in ((1, 140.0), (2, 141.0)):
        make.change(folder, "tested", seed, value, makers={"keras": "3.14.0", "numpy": "2.4"})
        make.change(folder, "none", seed, value + 10, makers={"keras": "3.15.1", "numpy": "2.4"})
    comparison = compare(folder)
    assert comparison.makers == {"keras": ["3.14.0", "3.15.1"]}
    told = comparison_text.notes(comparison)
    assert any("in all variants, but not the same code or versions." in line for line in told)
    assert any("different code or versions, which may round otherwise: keras 3.14.0 and 3.15.1." in line for line in told)


def test_two_backends_in_one_experiment_are_told_in_terminal_json_and_report(tmp_path: Path) -> None:
    make = Maker(tmp_path)
    folder = make.metrics(none=[150.0, 151.0], tested=[140.0, 141.0])
    for variant, value, on in (("none", 150.0, "tensorflow"), ("tested", 140.0, "jax")):
        for seed in (1, 2):
            known = make.specs[variant, seed].fingerprint_on(on)
            make.change(folder, variant, seed, value + seed, fingerprint=known, makers={"backend": on, "keras": "3.15.1"})
    told = "made by different code or versions, which may round otherwise: backend jax and tensorflow."
    assert told in " ".join(CliRunner().invoke(main, ["compare", str(folder)]).output.split())
    printed = CliRunner().invoke(main, ["compare", str(folder), "--json"]).stdout
    assert json.loads(printed)["makers"] == {"backend": ["jax", "tensorflow"]}
    assert told in " ".join(html.write(folder).read_text().split())


def test_a_comparison_reads_runs_whose_cell_has_changed_since(make: Maker) -> None:
    folder = make.metrics(none=[150.0, 151.0])
    then = {"cell lstm": "0" * 16}
    for (variant, seed), spec in make.specs.items():
        make.change(folder, variant, seed, fingerprint=spec.fingerprint_on(None, then), parts=then)
    assert len(gather([folder]).results) == 2
    assert load(folder / store.EXPERIMENT).runs()[0].fingerprint != spec.fingerprint_on(None, then)
