"""Every tutorial and how-to is followed from an empty folder: files are written, commands and code run in their order."""

import re
import shlex
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[1] / "docs"
TUTORIALS = sorted((DOCS / "tutorials").glob("*.md"))
HOW_TO = sorted((DOCS / "how-to").glob("*.md"))
BLOCK = re.compile(r'^```(\w+)(?: title="([^"]+)")?\n(.*?)^```', re.MULTILINE | re.DOTALL)
SMALL = ["training.epochs=1", "compare.seeds=2", "executor.name=in_process"]


def blocks(page: Path) -> list[tuple[str, str, str]]:
    """Language, title and text of every block of code, in order."""
    return [(match[1], match[2] or "", match[3]) for match in BLOCK.finditer(page.read_text())]


@pytest.mark.slow
@pytest.mark.parametrize("page", TUTORIALS + HOW_TO, ids=lambda page: page.stem)
def test_a_tutorial_can_be_followed(page, forker, tmp_path, monkeypatch, in_this_process):
    monkeypatch.chdir(tmp_path)
    scope: dict = {}
    for language, title, text in blocks(page):
        if title:
            (tmp_path / title).write_text(text)
        elif language == "console":
            for line in text.splitlines():
                command(forker, tmp_path, line)
        elif language == "python":
            exec(text, scope)


def command(forker, folder, line):
    """A line that a reader types ends well; what it trains is made small."""
    program, *words = shlex.split(line)
    if program == "python":
        exec((folder / words[0]).read_text(), {})
        return
    assert program == "rnnlab"
    words += SMALL if words[0] in ("run", "plan") else []
    forker.ends_well(words, folder)


def test_every_tutorial_shows_something_to_do():
    assert len(TUTORIALS) >= 4
    assert all(any(title or language == "python" for language, title, _ in blocks(page)) for page in TUTORIALS)


def test_how_tos_are_short():
    assert HOW_TO
    assert all(len(page.read_text().splitlines()) <= 60 for page in HOW_TO)
