"""Tables of series: sorted by time, told apart by id, gaps refused, filled or marked, names and the calendar as features."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rnnlab.data.build_dataset import build
from rnnlab.data.dataset import Dataset
from rnnlab.data.describe import describe
from rnnlab.data.sources import times
from rnnlab.data.sources.build_source import prepared_for
from rnnlab.errors import UserError

DAYS = [f"2024-{1 + i // 31:02d}-{1 + i % 31:02d}" for i in range(60)]
SERIES = {"name": "series", "train": "a.csv", "columns": "y", "window": 5, "batch_size": 2, "standardise": False}


def write(rows: list[str], header: str) -> None:
    Path("a.csv").write_text("\n".join([header, *rows]) + "\n")


def targets(data: Dataset, name: str = "train") -> list[float]:
    split = getattr(data, name)
    values = [batch.y[batch.sample_weight > 0] for batch in split.batches(0, 0)]
    return sorted(np.concatenate(values)[:, 0].tolist())


def test_rows_are_sorted_by_time_within_each_series(home: Path, section: Any) -> None:
    rows = [f"{shop},{day},{100 * ('AB'.index(shop)) + number}" for shop in "AB" for number, day in enumerate(DAYS[:40])]
    write([rows[k] for k in np.random.default_rng(0).permutation(len(rows))], "shop,day,y")
    data = build(section({**SERIES, "id": "shop", "time": "day"}))
    for batch in data.test.batches(0, 0):
        real = batch.sample_weight > 0
        np.testing.assert_array_equal(batch.y[real], batch.x[real] + 1)
    assert targets(data, "test") == [36, 37, 38, 39, 136, 137, 138, 139]
    assert targets(data, "validation") == [32, 33, 34, 35, 132, 133, 134, 135]
    assert prepared_for(section({**SERIES, "id": "shop", "time": "day"})).about["every"] == "D"


@pytest.mark.parametrize("gap", [0, 1])
def test_a_split_of_its_own_goes_on_where_the_one_before_ended(home: Path, section: Any, gap: int) -> None:
    def rows(begin: int, end: int) -> list[str]:
        return [f"{shop},{DAYS[day]},{day + 100 * (shop == 'B')}" for day in range(begin, end) for shop in "AB"]

    write(rows(0, 40), "shop,day,y")
    for name, part in (("v", rows(40 + gap, 50)), ("t", rows(50, 60))):
        Path(f"{name}.csv").write_text("\n".join(["shop,day,y", *part]) + "\n")
    data = build(section({**SERIES, "time": "day", "id": "shop", "validation": "v.csv", "test": "t.csv"}))
    for name, first, last in (("train", 1, 40), ("validation", 42 if gap else 40, 50), ("test", 50, 60)):
        assert targets(data, name) == [shop + day for shop in (0, 100) for day in range(first, last)]
    assert next(data.test.batches(0, 0)).x[0, :5, 0].tolist() == [44, 45, 46, 47, 48], "context from the split before"


GAPPED = [str(number) if number not in (7, 8, 20) else "" for number in range(40)]


@pytest.mark.parametrize(
    ("missing", "wanted"),
    [
        ("interpolate", list(range(1, 32))),
        ({"fill": -1}, sorted(-1 if number in (7, 8, 20) else number for number in range(1, 32))),
        ("mask", [number for number in range(1, 32) if number not in (7, 8, 20)]),
    ],
)
def test_missing_values_are_filled_or_not_scored(home: Path, section: Any, missing: Any, wanted: list[int]) -> None:
    write([f"{cell},1" for cell in GAPPED], "y,x")
    with pytest.raises(UserError, match=r"a.csv:9: 3 of 40 rows have no value in the column 'y'"):
        build(section(SERIES))
    config = section({**SERIES, "missing": missing})
    data = build(config)
    assert targets(data) == wanted
    assert data.train.size == len(wanted)
    assert data.task.batch_shape[-1] == (2 if missing == "mask" else 1)
    assert describe(prepared_for(config))["missing"] == {"train": 3, "validation": 0, "test": 0}


def test_a_sentinel_stands_for_a_missing_value(home: Path, section: Any) -> None:
    write([f"{cell or -200},1" for cell in GAPPED], "y,x")
    assert targets(build(section({**SERIES, "sentinel": -200, "missing": "interpolate"}))) == list(range(1, 32))
    with pytest.raises(UserError, match="3 of 40 rows have no value"):
        build(section({**SERIES, "sentinel": -200}))


def test_steps_that_are_missing_are_found_and_filled(home: Path, section: Any) -> None:
    write([f"{day},{number}" for number, day in enumerate(DAYS[:40]) if number not in (3, 4)], "day,y")
    config = {**SERIES, "time": "day", "every": "1D"}
    with pytest.raises(UserError, match="2 of 40 steps every 1D are missing, the first at 2024-01-04; missing: interpolate"):
        build(section(config))
    assert targets(build(section({**config, "missing": "interpolate"}))) == list(range(1, 32))


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (
            ["2024-01-01,1", "2024-01-02,2", "2024-01-01,3"],
            r"a.csv:4: the time 2024-01-01 stands twice, first at a.csv:2",
        ),
        (["2024-01-01,1", "soon,2"], "a.csv:3: the column 'day' should be a time, such as 2024-01-31 13:00, got 'soon'"),
    ],
)
def test_times_that_cannot_be_used_are_told_with_their_row(home: Path, section: Any, rows: list[str], message: str) -> None:
    write(rows, "day,y")
    with pytest.raises(UserError, match=message):
        build(section({**SERIES, "time": "day"}))


def test_names_yes_and_no_and_the_calendar_become_features(home: Path, section: Any) -> None:
    skies = ["wet", "dry", "fog"] * 20
    write(
        [f"{day},{number},{skies[number]},{'yes' if number % 2 else 'no'}" for number, day in enumerate(DAYS)], "day,y,sky,open"
    )
    more = {"columns": ["y", "sky"], "target": "y", "known": "open", "calendar": ["weekday"], "time": "day"}
    data = build(section({**SERIES, **more, "horizon": 2}))
    for batch in data.test.batches(0, 0):
        for x, y in zip(batch.x[batch.sample_weight > 0], batch.y[batch.sample_weight > 0], strict=True):
            now, later = int(x[0]), int(y[0])
            assert later == now + 2
            assert x[1:4].tolist() == [float(skies[now] == name) for name in ("dry", "fog", "wet")]
            assert x[4] == later % 2
            day = np.datetime64(DAYS[later]).astype("datetime64[D]").astype(int) + 3  # the first of 1970 was a Thursday
            np.testing.assert_allclose(x[5:], [np.sin(2 * np.pi * (day % 7) / 7), np.cos(2 * np.pi * (day % 7) / 7)], atol=1e-6)


def test_the_times_after_the_last_follow_the_calendar() -> None:
    months = np.array(["2023-11-01", "2023-12-01", "2024-01-01"], "datetime64[ns]")
    assert times.inferred(months) == "MS"
    assert list(map(times.shown, times.beyond(months, "MS", 2))) == ["2024-02-01", "2024-03-01"]
    assert times.shown(times.parse(["2024-01-31T13:05:09+02:00"], "t", str)[0]) == "2024-01-31 11:05:09"


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"every": "1h"}, "every: needs time:, the column of the time"),
        ({"known": "y"}, "y is one of the columns already"),
        ({"quantiles": [0.9, 0.1]}, "quantiles should be in rising order"),
    ],
)
def test_settings_that_do_not_fit_are_refused(section: Any, changed: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        section({**SERIES, **changed})
