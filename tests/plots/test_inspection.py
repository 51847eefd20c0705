"""Snapshots in the report: side by side, described in words, and nothing where no run has one."""

import numpy as np
import pytest
from report.test_browser import OUTSIDE, OVERLAPS, opened

from rnnlab.comparison.compare import compare
from rnnlab.comparison.load import gather
from rnnlab.inspection.archive import END, write
from rnnlab.plots import inspection
from rnnlab.plots.style import inks
from rnnlab.report import html
from rnnlab.storage import store

PICTURES = ["flow", "memory", "states", "constants", "saturation", "histograms", "gates"]


def snapshot(seed, gates, steps=12, units=6):
    """A snapshot of one layer, as `rnnlab.inspection.snapshot.SnapshotTaker` takes it."""
    rng, states = np.random.default_rng(seed), ["hidden", "cell"][: 2 if "forget" in gates else 1]
    arrays = {"tokens": np.array([f"word<{n}>" for n in range(steps)])}
    for gate in gates:
        values = rng.uniform(0, 1, (steps, units))
        heat = {"heat": values, "histogram": np.histogram(values, 40, (0, 1))[0], "mean": values.mean(0)}
        arrays |= {f"layer/{gate}/{what}": value for what, value in heat.items()}
        arrays |= {f"layer/{gate}/below": (values < 0.1).mean(0), f"layer/{gate}/above": (values > 0.9).mean(0)}
    arrays["layer/retained/time_constant"] = rng.uniform(1, 20, units)
    for state in states:
        fall = 0.7 ** np.arange(steps)
        arrays |= {f"layer/{state}/{what}": fall * rng.uniform(0.9, 1.1) for what in ("flow", "relative", "distance", "size")}
        arrays[f"layer/{state}/heat"] = rng.normal(size=(steps, units))
    return arrays


@pytest.fixture
def looked(make):
    folder = make.experiment({"none": 0, "variational": -9, "gru": 4}, seeds=3)
    for place, run in enumerate(store.read(folder).runs):
        inner = run.folder / store.INSPECTION
        inner.mkdir()
        gates = ["update", "reset"] if run.variant == "gru" else ["input", "forget", "output"]
        write(inner / END, snapshot(place, gates))
    return folder


def test_every_picture_is_there_and_tells_its_numbers(looked):
    drawn = inspection.pictures(inspection.snapshots_of(gather([looked]).runs), inks(compare(looked)))
    assert [picture.name for picture in drawn] == [f"inside-{name}" for name in PICTURES]
    flow = drawn[0].wide
    for name in ("none", "variational", "gru"):
        assert f"{name}: layer hidden" in flow
    seeds = [snapshot(place, ["update", "reset"]) for place in range(3)]  # gru is the first by name
    means = {key: np.mean([one[f"layer/{key}"] for one in seeds], 0) for key in ("hidden/flow", "update/mean")}
    assert f"layer hidden {means['hidden/flow'][0]:.2g} at 0 and {means['hidden/flow'][-1]:.2g} at 11" in flow
    assert f"layer update {means['update/mean'].mean():.2f}" in drawn[PICTURES.index("histograms")].wide
    assert f"layer update {seeds[0]['layer/update/mean'].mean():.2f}" in drawn[PICTURES.index("gates")].wide  # of one seed
    assert "mathdefault" not in "".join(picture.wide for picture in drawn)
    assert "word<3>" not in drawn[-1].wide
    assert "word&lt;3&gt;" in drawn[-1].wide


def test_where_there_is_no_snapshot_or_a_file_is_damaged_nothing_is_drawn(make, looked):
    for run in store.read(looked).runs:
        (run.folder / store.INSPECTION / END).write_bytes(b"damaged")
    assert inspection.snapshots_of(gather([looked]).runs) == {}
    text = html.write(looked).read_text()
    assert "Gradient flow" not in text


@pytest.mark.parametrize("width", [1200, 360])
def test_a_reader_sees_them_wide_and_narrow(chromium, looked, width):
    opened(chromium, html.write(looked), width, "dark")
    assert chromium.get_log("browser") == []
    plots = [plot for plot in chromium.find_elements("css selector", "svg[role=img]") if plot.is_displayed()]
    assert (
        sum("Gates over the tokens" in plot.accessible_name or "Gradient flow" in plot.accessible_name for plot in plots) == 2
    )
    assert chromium.execute_script(OVERLAPS) == []
    assert chromium.execute_script(OUTSIDE) == []
    assert chromium.execute_script("return document.documentElement.scrollWidth") <= width
    ids = chromium.execute_script("return [...document.querySelectorAll('[id]')].map((one) => one.id)")
    assert len(ids) == len(set(ids))
