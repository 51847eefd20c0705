"""The catalogue says where each scheme acts, and the documents hold the same table."""

from pathlib import Path

import pytest

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
