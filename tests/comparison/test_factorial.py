"""Effects of a grid against contrasts written out by hand, and what is no full grid."""

import numpy as np
import pytest

from rnnlab.comparison.compare import compare
from rnnlab.comparison.factorial import effects
from rnnlab.comparison.outcomes import Outcome
from rnnlab.report import terminal
from rnnlab.statistics.paired import Question

GRID = {"cell": ["lstm", "gru"], "dropout": [0.0, 0.3]}
EFFECTS = {
    f"{width},cell={cell},dropout={rate}": -6 * (cell == "gru") - 3 * (rate > 0) + 4 * (cell == "gru" and rate > 0)
    for width in ("narrow", "wide")
    for cell in GRID["cell"]
    for rate in GRID["dropout"]
}
PATCHES = {"narrow": {}, "wide": {"units": 128}}


def test_main_effects_and_interactions_are_the_contrasts_by_hand(make):
    comparison = compare(make.experiment(EFFECTS, patches=PATCHES, grid=GRID))
    value = {name: np.array([one.value for one in of.seeds.values()]) for name, of in comparison.variants.items()}
    by_name = {effect.name: effect for effect in comparison.effects}
    assert list(by_name) == [
        "variant=wide instead of narrow",
        "cell=gru instead of lstm",
        "dropout=0.3 instead of 0.0",
        "variant=wide with cell=gru",
        "variant=wide with dropout=0.3",
        "cell=gru with dropout=0.3",
    ]
    gru = sum(values for name, values in value.items() if "gru" in name) / 4
    lstm = sum(values for name, values in value.items() if "lstm" in name) / 4
    assert by_name["cell=gru instead of lstm"].estimate.mean == pytest.approx((gru - lstm).mean())
    assert by_name["cell=gru instead of lstm"].estimate.sd == pytest.approx((gru - lstm).std(ddof=1))

    def corner(cell, rate):
        return (value[f"narrow,cell={cell},dropout={rate}"] + value[f"wide,cell={cell},dropout={rate}"]) / 2

    both = corner("gru", 0.3) - corner("gru", 0.0) - corner("lstm", 0.3) + corner("lstm", 0.0)
    assert by_name["cell=gru with dropout=0.3"].estimate.mean == pytest.approx(both.mean())
    assert by_name["cell=gru with dropout=0.3"].estimate.low > 0, "together they do less than their sum: an effect of 4"
    assert by_name["variant=wide instead of narrow"].p > 0.1
    assert "cell=gru with dropout=0.3" in forms_shown(comparison)


def forms_shown(comparison):
    import io

    from rich.console import Console

    text = io.StringIO()
    terminal.show(comparison, Console(file=text, width=100))
    return text.getvalue()


def test_variants_that_are_no_grid_have_no_effects(make):
    assert compare(make.experiment({"none": 0, "variational": -9})).effects == []
    one_factor = {"base,cell=lstm": 0, "base,cell=gru": -6}
    assert compare(make.experiment(one_factor, patches={"base": {}}, grid={"cell": ["lstm", "gru"]})).effects == []


def test_an_incomplete_crossing_has_no_effects():
    outcomes = {name: {1: Outcome("done", 1.0)} for name in "abc"}
    levels = {"a": {"x": "0", "y": "0"}, "b": {"x": "1", "y": "0"}, "c": {"x": "0", "y": "1"}}
    assert effects(outcomes, levels, Question()) == []


def test_a_lost_seed_leaves_only_the_effects_that_need_it():
    levels = {f"{x}{y}": {"x": x, "y": y} for x in "ab" for y in "cd"}
    outcomes = {name: {seed: Outcome("done", float(seed + len(name))) for seed in (1, 2, 3)} for name in levels}
    outcomes["bd"][2] = Outcome("diverged")
    assert {effect.estimate.n for effect in effects(outcomes, levels, Question())} == {2}
