"""`rnnlab new` writes a part that works, an experiment that uses it and a test that passes, and never over a file."""

from inspect import signature

import pytest
from click.testing import CliRunner
from thinning import kept

from rnnlab.cli import main
from rnnlab.config import load
from rnnlab.templates.write import KINDS


@pytest.mark.parametrize("kind", kept(KINDS, "cell", "scheme", "dataset", "task", "metric", "schedule", "tracker"))
def test_it_writes_a_part_that_passes_its_test(kind, own, monkeypatch):
    monkeypatch.chdir(own)
    done = CliRunner().invoke(main, ["new", kind, "fresh_one"])
    assert done.exit_code == 0, done.output
    assert load("fresh_one.yaml").config.plugins == [str(own / "fresh_one.py")]
    scope: dict = {"__file__": str(own / "test_fresh_one.py"), "__name__": "test_fresh_one"}
    exec((own / "test_fresh_one.py").read_text(), scope)
    tests = [value for name, value in scope.items() if name.startswith("test_")]
    assert tests
    for n, test in enumerate(tests):
        (own / str(n)).mkdir()
        test(**({"tmp_path": own / str(n)} if signature(test).parameters else {}))


def test_it_refuses_to_overwrite_and_bad_names_and_then_writes_nothing(own, monkeypatch):
    monkeypatch.chdir(own)
    (own / "mine.yaml").write_text("kept")
    done = CliRunner().invoke(main, ["new", "cell", "mine"])
    assert (done.exit_code, "mine.yaml is there already" in done.output) == (2, True)
    assert (own / "mine.yaml").read_text() == "kept"
    assert not (own / "mine.py").exists()
    for name in ("Mine", "a-b", "class", "../x"):
        assert CliRunner().invoke(main, ["new", "cell", name]).exit_code == 2
