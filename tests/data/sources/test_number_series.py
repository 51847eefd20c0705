"""Series of numbers to forecast, from arrays and tables."""

from pathlib import Path

import numpy as np
import pytest

from rnnlab.data.build_dataset import build
from rnnlab.errors import UserError

VALUES = np.random.default_rng(0).normal(20, 4, (50, 3)).round(3)


def write_series(suffix):
    if suffix == ".npz":
        np.savez("s.npz", heat=VALUES[:, 0], wind=VALUES[:, 1:])
        return {"columns": ["wind", "heat"], "target": "heat"}
    lines = ["heat,wind,rain", *(",".join(map(str, row)) for row in VALUES.tolist())]
    Path("s.csv").write_text("\n".join(lines) + "\n")
    return {"columns": ["wind", "rain", "heat"], "target": "heat"}


@pytest.mark.parametrize("suffix", [".csv", ".npz"])
def test_a_series_is_split_in_its_order_and_its_target_comes_first(home, section, suffix):
    columns = write_series(suffix)
    section_ = {
        "name": "series",
        "train": f"s{suffix}",
        "validation": 0.2,
        "horizon": 2,
        "window": 4,
        "batch_size": 3,
        **columns,
    }
    data = build(section(section_))
    splits = (data.train, data.validation, data.test)
    assert [split.size for split in splits] == [33, 10, 5]
    restored = data.codec.inputs.restored(data.train.values)
    np.testing.assert_allclose(restored, VALUES, atol=1e-4)
    np.testing.assert_allclose(data.train.values[:35].std(axis=0), 1, atol=1e-5)
    for split, begin in zip(splits[1:], (35, 45), strict=True):
        real = np.concatenate([batch.y[batch.sample_weight > 0] for batch in split.batches(0, 0)])
        np.testing.assert_allclose(data.codec.targets.restored(real)[:, 0], VALUES[begin : begin + split.size, 0], atol=1e-4)
    real = [batch.y[batch.sample_weight > 0] for batch in data.train.batches(0, 0)]
    assert sorted(data.codec.targets.restored(np.concatenate(real)).ravel()) == pytest.approx(sorted(VALUES[2:35, 0]), abs=1e-4)


SERIES = {"name": "series", "train": "s.csv", "columns": "a"}
TEN = "a\n" + "1\n" * 10
SERIES_COMPLAINTS = [
    (SERIES, TEN + "nan\n", "s.csv:12: 1 of 11 rows has no value in the column 'a'"),
    (SERIES, TEN + "x\n", "s.csv:12: the column 'a' should be a number, got 'x'"),
    (SERIES, TEN + "1,2\n", "s.csv:12: 2 cells under 1 columns; a cell that contains the separator needs quotes"),
    ({**SERIES, "columns": ["a", "b"]}, TEN, "s.csv:1: there is no column 'b'; the columns are a"),
    (
        {**SERIES, "horizon": 9},
        TEN,
        "the train split of the series has 8 rows, none of them 9 steps ahead; it needs 10 rows",
    ),
]


@pytest.mark.parametrize(("config", "text", "message"), SERIES_COMPLAINTS)
def test_a_series_that_cannot_be_used_is_told_with_its_row(home, section, config, text, message):
    (home / "s.csv").write_text(text)
    with pytest.raises(UserError, match=message):
        build(section(config))
