"""The report as a file: self-contained, escaped, repeatable, complete."""

import re
from html.parser import HTMLParser

import pytest

from rnnlab.comparison.compare import compare
from rnnlab.plots.comparison_plots import pictures
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
    parsed = Page(text)
    outside = [address for address in parsed.fetched if not address.startswith(("#", "data:"))]
    assert outside == []
    assert "url(http" not in text
    assert "@import" not in text
    assert "default-src 'none'" in text
    assert len(parsed.ids) == len(set(parsed.ids)), "ids are unique, those inside the pictures too"


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
    parsed = Page(text)
    assert HOSTILE in " ".join(parsed.text)
    assert "img" not in parsed.tags
    assert parsed.handlers == []
    assert parsed.tags.count("script") == 1


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
