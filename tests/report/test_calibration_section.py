"""Calibration in the report: seeds put together, the pictures and the table, and nothing where nothing was measured."""

import re

import numpy as np
import pytest
from report.test_browser import OUTSIDE, OVERLAPS, opened

from rnnlab.comparison.compare import compare
from rnnlab.comparison.load import gather
from rnnlab.plots.style import inks
from rnnlab.report import html
from rnnlab.report.calibration_section import calibration_of, columns, pictures
from rnnlab.storage import store
from rnnlab.storage.evaluation_files import write_calibration

BINS = {
    1: {"count": [0, 10, 30], "confidence": [0.0, 0.5, 0.9], "accuracy": [0.0, 0.3, 0.8]},
    2: {"count": [0, 30, 10], "confidence": [0.0, 0.6, 0.9], "accuracy": [0.0, 0.5, 0.6]},
}
COVERED = {1: {"level": [0.5, 0.9], "covered": [0.4, 0.8]}, 2: {"level": [0.5, 0.9], "covered": [0.6, 0.9]}}


def evaluated(make, diagrams, **metrics):
    """An experiment of two variants and two seeds, of which one variant was evaluated by samples."""
    folder = make.experiment({"none": 0, "variational": -9}, seeds=2)
    for seed, diagram in diagrams.items():
        place = store.run_folder(folder, "variational", seed)
        before = store.read_run(place).result.metrics
        write_calibration(place, {"usual": diagram, "mc": diagram})
        numbers = {name: value * seed for name, value in metrics.items()}
        make.change(folder, "variational", seed, metrics={**before, **numbers}, **store.digests(place))
    return folder


def test_bins_of_all_seeds_are_put_together_and_empty_ones_left_out(make):
    folder = evaluated(make, BINS)
    lines = calibration_of(gather([folder]).runs)
    assert list(lines) == ["variational"]
    line = lines["variational"]["mc"]
    np.testing.assert_array_equal(line.count, [40, 40])
    np.testing.assert_allclose(line.promised, [(10 * 0.5 + 30 * 0.6) / 40, 0.9])
    np.testing.assert_allclose(line.kept, [(10 * 0.3 + 30 * 0.5) / 40, (30 * 0.8 + 10 * 0.6) / 40])


def test_coverage_is_the_mean_over_seeds(make):
    line = calibration_of(gather([evaluated(make, COVERED)]).runs)["variational"]["usual"]
    np.testing.assert_allclose(line.promised, [0.5, 0.9])
    np.testing.assert_allclose(line.kept, [0.5, 0.85])


@pytest.mark.parametrize(("diagrams", "title"), [(BINS, "Are confident predictions right?"), (COVERED, "Do intervals cover")])
def test_the_picture_tells_its_numbers(make, diagrams, title):
    folder = evaluated(make, diagrams)
    (picture,) = pictures(calibration_of(gather([folder]).runs), inks(compare(folder)))
    assert picture.title.startswith(title)
    for svg in (picture.wide, picture.narrow):
        description = re.search(r"<desc[^>]*>(.*?)</desc>", svg).group(1)
        assert "variational: usual prediction largest gap -0.1" in description or "gap -0.05" in description
        assert re.search("Monte Carlo: (confidence 0.90, accuracy|level 0.90, coverage)", svg)
        assert not re.search(r"#0000[01][0-9a-f]", svg), "every colour is a variable of the page"


def test_the_table_has_the_means_of_both_ways(make):
    numbers = {"test_brier_score": 0.2, "test_mc_brier_score": 0.1, "test_mc_mutual_information": 0.01}
    runs = gather([evaluated(make, BINS, **numbers)]).runs
    table = {column.title: [cell.text for cell in column.cells] for column in columns(runs, calibration_of(runs))}
    assert table == {"variant": ["variational"], "Brier": ["0.300"], "Brier MC": ["0.150"], "BALD MC": ["0.0150"]}


@pytest.mark.slow
def test_the_report_shows_it_and_nothing_where_nothing_was_measured(make):
    with_it = html.write(evaluated(make, BINS, test_brier_score=0.2)).read_text()
    assert with_it.count('id="calibration"') == with_it.count('id="trust"') == 1
    without = html.write(make.experiment({"none": 0, "tested": -9}, seeds=2, name="plain")).read_text()
    assert 'id="calibration"' not in without
    assert 'id="trust"' not in without


@pytest.mark.parametrize("width", [1200, 360])
def test_a_reader_sees_the_diagram_and_the_table(chromium, make, width):
    opened(chromium, html.write(evaluated(make, BINS, test_brier_score=0.2, test_mc_brier_score=0.1)), width, "dark")
    assert chromium.get_log("browser") == []
    (plot,) = [one for one in chromium.find_elements("css selector", "#calibration svg[role=img]") if one.is_displayed()]
    assert "Are confident predictions right?" in plot.accessible_name
    assert plot.size["width"] > 0.8 * min(width, 800) - 40
    heads = [head.text for head in chromium.find_elements("css selector", "#trust thead th")]
    assert heads == ["variant", "Brier", "Brier MC"]
    assert chromium.execute_script(OVERLAPS) == []
    assert chromium.execute_script(OUTSIDE) == []
    assert chromium.execute_script("return document.documentElement.scrollWidth") <= width


def test_metrics_of_samples_are_named_in_words_and_know_what_is_better(make):
    folder = evaluated(make, BINS, test_mc_perplexity=100.0, test_mc_accuracy=0.5, test_coverage_90=0.8)
    comparison = compare(folder, metric="mc_perplexity")
    assert (comparison.label, comparison.mode, comparison.log) == ("test Monte Carlo perplexity", "min", True)
    assert compare(folder, metric="mc_accuracy").mode == "max"
    with pytest.raises(html.UserError, match="compare coverage_error"):
        compare(folder, metric="coverage_90")
