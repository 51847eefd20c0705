"""The report as a file: self-contained, escaped, repeatable, complete; the pictures in it as data."""

import json
import re
from html.parser import HTMLParser

import numpy as np
import pytest

from rnnlab import sealed
from rnnlab.comparison.compare import compare
from rnnlab.comparison.load import gather
from rnnlab.plots import learning_curves
from rnnlab.plots.comparison_plots import NARROW, pictures
from rnnlab.plots.learning_curves import Curves, curves_of
from rnnlab.plots.style import inks
from rnnlab.plots.svg import PALETTE, css, standalone
from rnnlab.report import html
from rnnlab.report.tables import columns, further_columns
from rnnlab.storage import store

HOSTILE = "<img src=x onerror=alert(1)>&\"'$\\frac{"


class Page(HTMLParser):
    """Counts tags, collects text, classes and ids, and remembers what would be fetched."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.text, self.fetched, self.ids, self.handlers = [], [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        for name, value in attributes:
            if name in ("src", "href", "xlink:href", "action", "srcset", "data"):
                self.fetched.append(value)
            if name == "id":
                self.ids.append(value)
            if name.startswith("on"):
                self.handlers.append(value)

    def handle_data(self, data):
        self.text.append(data)


def page(folder):
    return html.write(folder).read_text(encoding="utf-8")


def test_the_report_needs_nothing_but_itself(make):
    text = page(make.experiment({"none": 0, "variational": -9}, seeds=3))
    found = Page(text)
    outside = [address for address in found.fetched if not address.startswith(("#", "data:"))]
    assert outside == []
    assert "url(http" not in text
    assert "@import" not in text
    assert "default-src 'none'" in text
    assert len(found.ids) == len(set(found.ids)), "ids are unique, those inside the pictures too"


def test_it_answers_first_and_then_shows_everything(make):
    folder = make.experiment({"none": 0, "variational": -9, "zoneout": -1})
    make.change(folder, "zoneout", 3, status="diverged", error="the loss became nan in epoch 2, step 70")
    comparison, text = compare(folder), " ".join(Page(page(folder)).text)
    text = re.sub(r"\s+", " ", text)
    heads = ["Answer", "Comparison", "Learning curves", "Every seed", "Difference from the baseline", "Generalisation gap"]
    heads += ["Speed and quality", "Every number", "How it was decided", "Configuration"]
    places = [text.index(head, text.index("Answer")) for head in heads]  # behind the contents
    assert places == sorted(places)
    for one in comparison.variants.values():
        if one.against:
            assert re.sub(r"\W", "", one.against.words) in re.sub(r"\W", "", text)
    assert "zoneout, seed 3: diverged, the loss became nan in epoch 2, step 70" in text
    assert "versions.keras" in text
    assert "abc123" in text
    assert "training.epochs" in text
    for outcome in comparison.variants["variational"].seeds.values():
        assert f"{outcome.value:.1f}" in text


def test_the_same_runs_give_the_same_bytes(make):
    folder = make.experiment({"none": 0, "variational": -9}, seeds=3)
    assert page(folder) == page(folder)


def test_every_text_from_a_file_is_escaped(make):
    folder = make.experiment({"none": 0, "tested": -9}, seeds=2)
    (folder / "tested").rename(folder / HOSTILE.replace("/", ""))
    document = (folder / "experiment.yaml").read_text().replace("name: made", f"name: |-\n  {HOSTILE}\nlater_key: 1")
    (folder / "experiment.yaml").write_text(document)
    make.change(folder, "none", 2, status="failed", error=HOSTILE, unit=HOSTILE)
    text = page(folder)
    found = Page(text)
    assert HOSTILE in " ".join(found.text)
    assert "img" not in found.tags
    assert found.handlers == []
    assert found.tags.count("script") == 1


@pytest.mark.parametrize(
    "numbers",
    [
        {"none": [150.0]},
        pytest.param({"none": [150.0], "tested": [140.0]}, marks=pytest.mark.slow),
        {"none": ["diverged"] * 3, "tested": ["diverged"] * 3},
        pytest.param({"none": [150.0, None, "failed"], "tested": [None, "diverged", 140.0]}, marks=pytest.mark.slow),
        pytest.param({"none": [150.0] * 6, "tested": [150.0] * 6}, marks=pytest.mark.slow),
    ],
)
def test_poor_results_make_a_report_too(make, numbers):
    text = page(make.metrics(**numbers))
    assert "nan" not in " ".join(Page(text).text).lower().replace("tenant", "")


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
    folder, figure = make.experiment({"none": 0, "tested": -9}, seeds=2), "root_mean_squared_error"
    for spec in make.specs.values():
        place = store.run_folder(folder, spec.variant, spec.seed)
        told = {split: {figure: 0.5 + spec.seed} for split in ("train", "validation")}
        lines = [json.dumps(sealed.seal({"event": "epoch", "epoch": epoch, **told})) for epoch in (1, 2)]
        make.run(folder, spec, 1.0, monitor=f"val_{figure}", metrics={f"test_{figure}": 1.0 + spec.seed})
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
def test_the_contents_lead_to_every_section(make):
    text = page(make.experiment({"none": 0, "tested": -9}, seeds=2))
    anchors = re.findall(r'<li><a href="#([^"]+)">', text)
    assert len(anchors) == len(set(anchors)) > 8
    assert all(f'<section class="plot" id="{one}"' in text or f'<section id="{one}"' in text for one in anchors)
    assert "data python_reference" in text
    assert 'id="filter"' not in text
    many = {f"v{number}": {"training.epochs": number + 1} for number in range(9)}
    folder = make.experiment({name: -place for place, name in enumerate(many)}, patches=many, seeds=2, name="many")
    assert 'id="filter"' in page(folder)


def test_no_column_repeats_another(make):
    comparison = compare(make.experiment({"none": 0, "tested": -9}, seeds=3))
    for table in (columns(comparison), further_columns(comparison)):
        texts = [tuple(cell.text for cell in column.cells) for column in table]
        assert len(texts) == len(set(texts))


@pytest.mark.slow
def test_pictures_for_a_paper_are_pdf_in_the_width_of_a_column_and_repeat(make):
    drawn = pictures(compare(make.experiment({"none": 0, "tested": -9}, seeds=3)), {})
    for picture in drawn:
        content = picture.column()
        assert content.startswith(b"%PDF")
        (box,) = re.findall(rb"/MediaBox \[ ?0 0 ([\d.]+)", content)
        assert float(box) == pytest.approx(72 * NARROW, abs=1)
        assert content == picture.column()


def test_explorers_are_linked_from_where_the_report_lies(make):
    folder = make.experiment({"none": 0, "tested": -9}, seeds=2)
    place = store.run_folder(folder, "tested", 2) / store.INSPECTION
    place.mkdir()
    (place / "explorer.html").write_text("")
    html.write(folder)
    text = (folder / "report.html").read_text()
    assert '<a href="tested/seed-2/inspection/explorer.html">tested, seed 2</a>' in text
    assert 'href="#inside"' in text


def test_one_seed_is_counted_as_one(make):
    assert "2 variants, 1 seed, test perplexity (lower is better)" in page(make.experiment({"none": 0, "tested": -9}, seeds=1))


def test_only_variants_with_metrics_are_named_in_speed_and_quality(make):
    comparison = compare(make.metrics(none=[150.0], tested=[140.0], waiting=[None]))
    speed = next(picture for picture in pictures(comparison, {}) if picture.name == "speed").wide
    assert ">tested<" in speed
    assert ">waiting<" not in speed


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
