"""The bench measures what it says: real gradients, real products, candidates in turns."""

import json

import keras
import numpy as np
import pytest
from click.testing import CliRunner

from rnnlab.bench.rivals import BUILTIN, OURS, PRODUCTS, TimedLayer, bench, candidates, peaks, settings
from rnnlab.bench.timing import interleaved
from rnnlab.cli import main
from rnnlab.noise.scheme import SCHEMES

SMALL = TimedLayer(batch=2, steps=3, inputs=4, units=5)


def test_candidates_take_turns():
    seen = []
    interleaved({"a": lambda: seen.append("a"), "b": lambda: seen.append("b")}, repeats=3)
    assert seen == ["a", "a", "b", "b"] + ["a", "b"] * 3


def test_least_is_no_more_than_median():
    ticks = iter([0.0, 0.003, 0.0, 0.001, 0.0, 0.002, 0.0, 0.009])
    timing = interleaved({"a": lambda: None}, repeats=4, clock=lambda: next(ticks))["a"]
    assert (timing.least, timing.median) == pytest.approx((1.0, 2.5))


@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_every_row_is_measured_and_related(cell):
    rows = {row["what"]: row for row in bench(TimedLayer(cell, 2, 3, 4, 5), repeats=2)}
    assert {PRODUCTS, BUILTIN, OURS} <= set(rows)
    assert rows[BUILTIN]["times_faster"] == 1
    assert rows[PRODUCTS]["times_products"] == 1
    for row in rows.values():
        assert 0 < row["least"] <= row["median"]
        assert row["times_faster"] == pytest.approx(rows[BUILTIN]["least"] / row["least"])


def test_schemes_are_all_of_the_catalogue_that_act_in_the_layer():
    names = {name.split(",")[0].replace(" ", "_") for name in settings(TimedLayer())}
    assert names == {name for name, scheme in SCHEMES.items() if "recurrent_dropout" in scheme.arguments} - {"none"}
    assert "rnndrop" not in settings(TimedLayer("gru"))
    assert set(candidates(SMALL, jit=False, schemes=True)) == {PRODUCTS, BUILTIN, *settings(SMALL)}


def test_the_step_takes_the_gradient_it_claims():
    from rnnlab.bench.training_step import training_step

    x, seen = np.ones((2, 3, 4), np.float32), np.ones((2, 3, 5), np.float32)
    layer = keras.layers.LSTM(5, return_sequences=True)
    *_, gradient = training_step(layer, x, seen, jit=False)()
    step = 1e-2
    *others, bias = layer.get_weights()
    ends = []
    for sign in (1, -1):
        layer.set_weights([*others, bias + sign * step])
        ends.append(float(keras.ops.sum(layer(x))))
    assert float(keras.ops.sum(gradient)) == pytest.approx((ends[0] - ends[1]) / (2 * step), rel=1e-2)


@pytest.mark.slow
def test_memory_of_a_longer_sequence_is_larger(monkeypatch):
    """By far more than the few MiB by which an allocator makes the peak of a small step uncertain, on a user's threads."""
    for name in ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "NPROC", "OMP_NUM_THREADS", "XLA_FLAGS"):
        monkeypatch.delenv(name, raising=False)
    shapes = (TimedLayer(batch=64, steps=steps, inputs=64, units=64) for steps in (4, 400))
    small, large = (peaks(shape, [OURS], False, False)[OURS] for shape in shapes)
    assert large > small + 6


def test_verb_prints_json():
    options = ["--batch", "2", "--steps", "3", "--inputs", "4", "--units", "5", "--repeats", "2", "--json"]
    rows = json.loads(CliRunner().invoke(main, ["bench", *options], catch_exceptions=False).stdout)
    assert rows[0]["what"] == PRODUCTS
