"""The site of the documents builds without a warning, reads without a network, and has every key, verb and scheme."""

import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    pytest.importorskip("mkdocs", reason="the extra `docs` is not installed")
    folder = tmp_path_factory.mktemp("site")
    (folder / ".ci").mkdir()
    for name in ("mkdocs.yml", "reference.py"):
        (folder / ".ci" / name).write_text((ROOT / ".ci" / name).read_text())
    pages = folder / "build" / "pages"
    pages.mkdir(parents=True)
    for name in ("docs", "experiments", "README.md", "CONTRIBUTING.md"):
        (pages / name).symlink_to(ROOT / name)
    command = [sys.executable, "-m", "mkdocs", "--quiet", "build", "--config-file", str(folder / ".ci" / "mkdocs.yml")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return folder / "build" / "site"


@pytest.mark.process
def test_nothing_is_fetched_from_another_host(site):
    for page in site.rglob("*.html"):
        fetched = re.findall(
            r'<(?:script|img|iframe)[^>]+src="(https?:[^"]+)|<link[^>]+rel="(?:stylesheet|preload)"[^>]+href="(https?:[^"]+)',
            page.read_text(),
        )
        assert not fetched, (page, fetched)


@pytest.mark.slow
def test_the_picture_of_masks_is_what_the_layers_draw(tmp_path):
    folder = ROOT / "docs" / "explanation"
    runpy.run_path(str(folder / "draw_masks.py"))["main"](tmp_path / "masks.svg")
    assert (tmp_path / "masks.svg").read_text() == (folder / "masks.svg").read_text()


@pytest.mark.process
def test_every_key_verb_and_scheme_has_its_place(site):
    from rnnlab.cli import main
    from rnnlab.config import schema
    from rnnlab.data.task import KINDS
    from rnnlab.noise.catalogue import table

    reference = {
        name: (site / "docs" / "reference" / f"{name}.html").read_text()
        for name in ("config", "commands", "drawings", "metrics")
    }
    keys = {key for section in (schema(), *schema()["$defs"].values()) for key in section.get("properties", {})}
    assert all(f"<code>{key}</code>" in reference["config"] for key in keys)
    assert all(f"rnnlab {verb}" in reference["commands"] for verb in main.commands)
    measured = {metric for kind in KINDS.values() for metric in kind.metrics}
    assert all(f"<code>{metric}</code>" in reference["metrics"] for metric in measured)
    assert all(f'id="{name}"' in reference["drawings"] for name in table())


def test_the_makefile_builds_the_same_pages():
    made = (ROOT / "Makefile").read_text()
    assert all(f"../../{name}" in made for name in ("docs", "experiments", "README.md", "CONTRIBUTING.md"))
