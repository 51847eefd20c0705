"""The site of the documents builds without a warning, reads without a network, and has every key, verb and scheme."""

import re
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

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
    assert all(f"<code>{key}</code>" in reference["config"] for key in _keys(schema()))
    assert {
        cells for cells in re.findall(r"<tr>(.*?)</tr>", reference["config"], re.DOTALL) if cells.count("</td>") not in (0, 4)
    } == set()
    plugins = next(row for row in re.findall(r"<tr>(.*?)</tr>", reference["config"], re.DOTALL) if "<code>plugins<" in row)
    assert "needed" not in plugins
    assert all(f"rnnlab {verb}" in reference["commands"] for verb in main.commands)
    measured = {metric for kind in KINDS.values() for metric in kind.metrics}
    assert all(f"<code>{metric}</code>" in reference["metrics"] for metric in measured)
    assert all(f'id="{name}"' in reference["drawings"] for name in table())


def _keys(part: Any) -> set[str]:
    """Every key of every object in a schema, however deep."""
    if isinstance(part, list):
        return set().union(*map(_keys, part))
    if not isinstance(part, dict):
        return set()
    own = part.get("properties", {})
    return set(own if isinstance(own, dict) else ()).union(*map(_keys, part.values()))


PAGES = ("index", "docs/lesson", "docs/reference/config", "docs/reference/drawings", "docs/explanation/dropout")


@pytest.fixture(params=[(width, scheme) for width in (1300, 400) for scheme in ("light", "dark")], ids=str)
def screen(request, chromium):
    """A width and a colour scheme, which the browser has until the test ends."""
    width, scheme = request.param
    metrics = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}
    chromium.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    chromium.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    chromium.get_log("browser")
    yield request.param
    chromium.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    chromium.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


@pytest.mark.process
@pytest.mark.browser
def test_pages_fit_the_screen_follow_its_colours_and_ask_no_other_host(site, screen, chromium):
    width, scheme = screen
    for page in PAGES:
        chromium.get((site / f"{page}.html").as_uri())
        assert chromium.execute_script("return document.documentElement.scrollWidth") <= width, page
        paper = chromium.execute_script("return getComputedStyle(document.body).backgroundColor")
        assert (sum(map(int, re.findall(r"\d+", paper)[:3])) > 700) == (scheme == "light"), (page, paper)
        asked = chromium.execute_script("return performance.getEntriesByType('resource').map((one) => one.name)")
        assert [one for one in asked if not one.startswith(("data:", "file:"))] == []
        assert chromium.execute_script("return [...document.images].filter((one) => !one.naturalWidth).length") == 0, page
    assert [line for line in chromium.get_log("browser") if line["level"] == "SEVERE"] == []


def test_the_makefile_builds_the_same_pages():
    made = (ROOT / "Makefile").read_text()
    assert all(f"../../{name}" in made for name in ("docs", "experiments", "README.md", "CONTRIBUTING.md"))
