"""What decides the bits of a run beside its config: the code that trains and evaluates, and the libraries that compute."""

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner
from made_runs import Maker

from rnnlab.cli import main
from rnnlab.comparison.compare import compare
from rnnlab.report import comparison_text, html
from rnnlab.sweep import makers


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the package, to change."""
    shutil.copytree(makers.HOME, tmp_path / "rnnlab", ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(makers, "HOME", tmp_path / "rnnlab")
    return tmp_path / "rnnlab"


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


def test_what_trains_is_among_the_modules_and_what_prints_is_not() -> None:
    rooms = {path.relative_to(makers.HOME).parts[0] for path in makers.modules()}
    assert {"cells", "noise", "recurrence", "layers", "models", "data", "training"} <= rooms
    assert not rooms & {"cli", "report", "plots", "comparison", "statistics", "storage", "progress", "sweep"}


def test_versions_are_those_of_the_backend_that_computes() -> None:
    assert "jax" not in makers.versions("tensorflow")
    assert set(makers.versions("jax")) == {"rnnlab", "keras", "numpy", "jax", "jaxlib"}


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
    for variant, value, backend in (("none", 150.0, "tensorflow"), ("tested", 140.0, "jax")):
        for seed in (1, 2):
            make.change(folder, variant, seed, value + seed, makers={"backend": backend, "keras": "3.15.1"})
    told = "made by different code or versions, which may round otherwise: backend jax and tensorflow."
    assert told in " ".join(CliRunner().invoke(main, ["compare", str(folder)]).output.split())
    printed = CliRunner().invoke(main, ["compare", str(folder), "--json"]).stdout
    assert json.loads(printed)["makers"] == {"backend": ["jax", "tensorflow"]}
    assert told in " ".join(html.write(folder).read_text().split())
