"""Every command and every piece of code in the README and the documents is run."""

import re
import shlex
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"), key=lambda page: (page.stem != "layers", page.stem))]
DOCUMENTS = "\n".join(page.read_text() for page in PAGES)
SMALL = ["training.epochs=1", "compare.seeds=2", "executor.name=in_process"]  # an ensemble needs two seeds
NARROW = ["data.vocabulary=100", "model.embedding.width=8", "model.recurrent.0.units=8"]
SHORT = {"quickstart": ["data.limit_tokens=4000", *NARROW], "adding": ["data.length=5", "data.examples.train=100"]}


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", DOCUMENTS, re.DOTALL)


def commands() -> list[str]:
    return [line for block in blocks("console") for line in block.splitlines()]


FIRST = next(line for line in commands() if line.startswith("rnnlab run"))


def arguments(command: str) -> list[str]:
    """The words behind `rnnlab`; what is to be trained is made small, one short epoch each."""
    _, verb, *words = shlex.split(command)
    if verb == "tensorboard":
        words += ["--", "--inspect"]
    if verb == "run":
        words += [*SMALL, *SHORT[Path(words[0]).stem]]
    if verb == "bench":
        words += ["--steps", "3", "--repeats", "2"]
    return [verb, *words]


def tried(command: str) -> bool:
    """Whether a command is run below: not the first, which makes the place, nor those of tests/bench/test_whole.py."""
    return command.startswith("rnnlab") and command != FIRST and "bench --whole" not in command


@pytest.fixture(scope="module")
def place(forker, tmp_path_factory) -> Path:
    """A folder with the configs and what the first `rnnlab run`, of the quickstart, makes there."""
    folder = tmp_path_factory.mktemp("readme")
    for name in ("configs", "experiments"):
        (folder / name).symlink_to(ROOT / name)
    forker.ends_well(arguments(FIRST), folder)
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("command", [*filter(tried, commands())])
def test_commands_run(command, forker, place):
    forker.ends_well(arguments(command), place)


@pytest.mark.process
def test_make_demo_runs(tmp_path):
    if not (ROOT / ".venv" / ".complete").exists():
        pytest.skip("not set up by make, which make demo would do first")
    options = " ".join([*SMALL, *SHORT["quickstart"], "--runs", str(tmp_path)])
    done = subprocess.run(["make", "demo", f"OPTIONS={options}"], cwd=ROOT, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    for name in ("report.html", "comparison.json"):
        assert (tmp_path / "quickstart" / name).stat().st_size > 0
    assert "report.html" in done.stdout
    assert "tensorboard" in done.stdout


def test_make_commands_are_the_makefiles():
    targets = {line.split()[1] for line in commands() if line.startswith("make")}
    assert targets == {"demo", "test"}
    assert all(re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.MULTILINE) for target in targets)


@pytest.mark.process
def test_code_runs(tmp_path, monkeypatch, in_this_process):
    (tmp_path / "configs").symlink_to(ROOT / "configs")
    monkeypatch.chdir(tmp_path)
    scope: dict = {}
    for block in blocks("python"):
        exec(block, scope)
    assert scope["probabilities"].shape == (8, 2)
    assert scope["probabilities"].sum(axis=1) == pytest.approx(1)
    assert list(scope["study"].runs().status) == ["done"] * 5
    assert (tmp_path / "model.keras").exists()


def test_the_configs_shown_are_the_quickstart_and_one_that_loads(tmp_path):
    from rnnlab.config import load

    mine, quickstart = (text for text in blocks("yaml") if "\nname:" in f"\n{text}")
    assert quickstart == (ROOT / "configs" / "quickstart.yaml").read_text()
    (tmp_path / "mine.yaml").write_text(mine)
    assert len(load(tmp_path / "mine.yaml").runs()) == 18


def test_the_search_shown_fits_the_quickstart(tmp_path):
    from rnnlab.config import load

    file = tmp_path / "searched.yaml"
    file.write_text("\n".join(text for text in blocks("yaml") if not text.startswith("name: mine")))
    search = load(file).config.search
    assert search is not None
    assert set(search.of("zoneout")) == {"training.optimizer.learning_rate", "model.recurrent.0.recurrent_dropout.cell"}


def test_links_and_pictures_exist():
    for page in [*PAGES, *(ROOT / "docs").rglob("*/*.md")]:
        targets = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)|src(?:set)?=\"([^\"]+)\"", page.read_text())
        paths = [one or other for one, other in targets]
        assert all((page.parent / path).exists() for path in paths if "://" not in path), paths


def test_the_readme_is_a_front_page():
    assert len(PAGES[0].read_text().splitlines()) <= 150
