"""The pictures of the report as data: what they show, in which scale and colours, and what is left out."""

import json
import re

import numpy as np
import pytest
from report.test_report import page

from rnnlab import sealed
from rnnlab.comparison.compare import compare
from rnnlab.comparison.load import gather
from rnnlab.plots import learning_curves
from rnnlab.plots.comparison_plots import NARROW, pictures
from rnnlab.plots.learning_curves import Curves, curves_of
from rnnlab.plots.style import inks, legend
from rnnlab.plots.svg import PALETTE, css, standalone
from rnnlab.storage import store


def test_metric_of_one_split_only_has_no_gap_and_no_curves(make):
    comparison = compare(make.experiment({"none": 0, "tested": -9}, seeds=3), metric="throughput")
    assert [picture.name for picture in pictures(comparison, {})] == ["seeds", "differences", "speed"]


def test_curves_keep_unequal_lengths(make):
    folder = make.experiment({"none": 0}, seeds=3)
    make.change(folder, "none", 2, 150.0, epochs=4)
    make.change(folder, "none", 3, 150.0, epochs=9)
    runs = gather([folder]).runs["none"]
    curves = curves_of(runs, "perplexity")
    assert curves.validation.shape == (3, 9)
    assert np.isfinite(curves.validation).sum(axis=1).tolist() == [6, 4, 9]
    assert curves.train[1, 3] == runs[2].epochs[3].train["perplexity"]
    drawn = pictures(compare(folder), {"none": curves})[0]
    assert drawn.name == "curves"


def test_a_metric_of_several_words_has_its_curves(make):
    folder, metric = make.experiment({"none": 0, "tested": -9}, seeds=2), "root_mean_squared_error"
    for spec in make.specs.values():
        place = store.run_folder(folder, spec.variant, spec.seed)
        told = {split: {metric: 0.5 + spec.seed} for split in ("train", "validation")}
        lines = [json.dumps(sealed.seal({"event": "epoch", "epoch": epoch, **told})) for epoch in (1, 2)]
        make.run(folder, spec, 1.0, monitor=f"val_{metric}", metrics={f"test_{metric}": 1.0 + spec.seed})
        (place / store.EVENTS).write_text("\n".join(lines) + "\n")
    curves = re.search(r'id="curves".*?</section>', page(folder), re.DOTALL).group()
    assert ">root mean squared error<" in curves
    assert 'class="series-1"' in curves


def test_curves_are_scaled_to_what_comes_after_the_first_epoch_and_set_against_the_baseline(make):
    from matplotlib.figure import Figure

    base = np.array([[900.0, 100.0, 90.0], [905.0, 101.0, 92.0]])
    of = {"none": Curves(base, base), "tested": Curves(base, base - [[5.0, 4.0, 3.0], [5.0, 4.0, 3.0]])}
    shown = inks(compare(make.experiment({"none": 0, "tested": -9}, seeds=2)))
    zoomed, against = Figure().subplots(1, 2)
    learning_curves.draw(zoomed, of, shown, "perplexity", False)
    assert zoomed.get_ylim()[1] < 110
    learning_curves.differences(against, of, shown, "none", "perplexity")
    lines = [np.asarray(line.get_ydata()).tolist() for line in against.get_lines()]
    assert [-5.0, -4.0, -3.0] in lines
    assert against.get_ylabel() == "perplexity minus none"


@pytest.mark.parametrize("others", [2, 6])
def test_a_variant_that_explodes_leaves_the_axis_to_the_others(make, others):
    from matplotlib.figure import Figure

    calm = np.array([[0.3, 0.2, 0.1, 0.1], [0.3, 0.2, 0.15, 0.1]])
    names = [f"calm{number}" for number in range(others)]
    wild = np.array([[0.3, 1e12, 5.0, 0.2], [0.3, np.nan, np.nan, np.nan]])
    shown = inks(compare(make.experiment({**dict.fromkeys(names, 0), "wild": 9}, seeds=2)))
    axes = Figure().subplots()
    learning_curves.draw(
        axes, {name: Curves(calm, calm) for name in names} | {"wild": Curves(wild, wild)}, shown, "loss", False
    )
    assert axes.get_ylim()[1] < 0.3


def test_a_baseline_alone_has_no_empty_view_of_differences(make):
    folder = make.experiment({"none": 0}, seeds=2)
    curves = {"none": curves_of(gather([folder]).runs["none"], "perplexity")}
    (drawn,) = (one for one in pictures(compare(folder), curves) if one.name == "curves")
    assert "minus none" not in drawn.wide
    assert drawn.wide.count(">epoch<") == 1


@pytest.mark.slow
def test_pictures_for_a_paper_are_pdf_in_the_width_of_a_column_and_repeat(make):
    drawn = pictures(compare(make.experiment({"none": 0, "tested": -9}, seeds=3)), {})
    for picture in drawn:
        content = picture.column()
        assert content.startswith(b"%PDF")
        (box,) = re.findall(rb"/MediaBox \[ ?0 0 ([\d.]+)", content)
        assert float(box) == pytest.approx(72 * NARROW, abs=1)
        assert content == picture.column()


def test_pictures_tell_their_numbers_to_those_who_do_not_see_them(make):
    comparison = compare(make.experiment({"none": 0, "variational": -9}))
    for picture in pictures(comparison, {}):
        for svg in (picture.wide, picture.narrow):
            assert 'role="img"' in svg
            assert "<title" in svg
            assert "variational: " in re.search(r"<desc[^>]*>(.*?)</desc>", svg).group(1)
            assert not re.search(r"#0000[01][0-9a-f]", svg), "every colour is a variable of the page"
            assert "var(--series-1)" in svg


@pytest.mark.slow
def test_many_variants_keep_their_names_and_the_best_their_colours(make):
    patches = {f"v{number}": {"training.epochs": number + 1} for number in range(60)}
    comparison = compare(make.experiment({name: -place for place, name in enumerate(patches)}, patches=patches, seeds=2))
    differences = next(picture for picture in pictures(comparison, {}) if picture.name == "differences").wide
    assert ">v59<" in differences
    assert ">v3<" not in differences, "the best 40 are shown"
    assert differences.count("var(--series-7)") > 0


@pytest.mark.parametrize(("beyond", "entry"), [(0, None), (1, "v0"), (3, "3 others")])
def test_the_legend_has_an_entry_for_variants_beyond_the_colours(make, beyond, entry):
    from matplotlib.figure import Figure

    colored = sum(role.startswith("series") for role in PALETTE)
    effects = {"none": 0, **{f"v{number}": -number for number in range(colored - 1 + beyond)}}
    figure = Figure(layout="constrained")
    legend(figure, inks(compare(make.experiment(effects, seeds=2))), True, "-")
    said = [text.get_text() for text in figure.legends[0].get_texts()]
    assert len(said) == colored + (entry is not None)
    assert said[-1] == (entry or f"v{colored - 2}")


@pytest.mark.parametrize("on", [0, 1], ids=["light", "dark"])
def test_every_colour_stands_out_from_its_page(on):
    paper = PALETTE["paper"][on]
    for role, pair in PALETTE.items():
        if role not in ("paper", "grid"):
            assert contrast(pair[on], paper) >= (4.5 if role in ("ink", "muted") else 3.0), role


def contrast(one, other):
    """Contrast ratio of WCAG 2.2."""

    def luminance(color):
        parts = [int(color[place : place + 2], 16) / 255 for place in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def test_a_picture_alone_is_a_whole_svg_file(make):
    comparison = compare(make.experiment({"none": 0, "variational": -9}))
    from xml.etree import ElementTree

    text = standalone(pictures(comparison, {})[0].wide)
    assert ElementTree.fromstring(text).tag == "{http://www.w3.org/2000/svg}svg"
    assert css() in text


def test_empty_curves_are_not_drawn(make):
    comparison = compare(make.experiment({"none": 0}, seeds=2))
    nothing = {"none": Curves(np.empty((0, 0)), np.empty((0, 0)))}
    assert "curves" not in [picture.name for picture in pictures(comparison, nothing)]
