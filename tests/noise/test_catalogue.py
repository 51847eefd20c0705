"""The catalogue says where each scheme acts, and the documents hold the same table."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from rnnlab.cli import main
from rnnlab.noise import catalogue
from rnnlab.noise.scheme import SCHEMES
from rnnlab.noise.sites import SITES

DOCUMENT = Path(__file__).parents[2] / "docs" / "schemes.md"


@pytest.mark.parametrize("name", SCHEMES)
def test_the_drawing_marks_exactly_the_sites_of_the_scheme(name):
    marked = [site for site in SITES if f"[{site}]" in catalogue.drawing(name)]
    assert sorted(marked) == sorted(set(catalogue.sites(name)))


def test_the_drawing_has_a_place_for_every_site_and_keeps_its_shape():
    assert all(f"<{site}>" in catalogue.CELL for site in SITES)
    shapes = {tuple(len(line) for line in catalogue.drawing(name).splitlines()) for name in SCHEMES}
    assert len(shapes) == 1


@pytest.mark.parametrize(
    ("name", "sites"),
    [
        ("none", []),
        ("variational", ["input", "recurrent"]),
        ("zoneout", ["hold_cell", "hold_hidden"]),
        ("weight_drop", ["recurrent_kernel"]),
        ("word", ["word"]),
    ],
)
def test_sites_of_known_schemes(name, sites):
    assert catalogue.sites(name) == sites


def test_the_documentation_shows_the_table_of_the_code():
    assert catalogue.markdown() in DOCUMENT.read_text()


@pytest.mark.parametrize("name", SCHEMES)
def test_three_steps_have_the_masks_by_their_lifetimes(name):
    text = catalogue.unrolled(name)
    assert max(map(len, text.splitlines())) <= 140
    for noise in catalogue.composition(name):
        masks = re.findall(rf"\[{noise.site} (\w+)\]", text)
        expected = {"step": ["m1", "m2", "m3"], "sequence": ["m"] * 3, "batch": ["M"] * 3}[noise.lifetime]
        assert masks == (expected[:1] * 2 if noise.site == "carried" else expected)
    assert len(re.findall(r"\[\w+ \w+\]", text)) == sum(2 if one == "carried" else 3 for one in set(catalogue.sites(name)))


@pytest.mark.parametrize("name", SCHEMES)
def test_every_scheme_is_explained_and_drawn_by_its_name(name):
    done = CliRunner().invoke(main, ["schemes", name])
    assert done.exit_code == 0
    shown = " ".join(done.output.split())
    assert all(part in shown for part in (SCHEMES[name].equation, SCHEMES[name].source, catalogue.does(name)))
    assert done.output.endswith(catalogue.drawing(name) + "\n" + catalogue.unrolled(name))


@pytest.mark.parametrize("name", catalogue.ARGUMENTS)
def test_an_argument_is_explained_with_the_schemes_that_it_takes(name):
    done = CliRunner().invoke(main, ["schemes", name])
    assert done.exit_code == 0
    given = [line.split()[0] for line in done.output.splitlines() if re.match(r"  \S", line)]
    assert given == [key for key, scheme in SCHEMES.items() if name in scheme.arguments]
