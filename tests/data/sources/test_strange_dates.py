"""Dates and times as people write them."""

import numpy as np
import pandas
import pytest
from data.sources.told_files import HOURS, series
from pydantic import TypeAdapter

from rnnlab.data.data_config import DataConfig
from rnnlab.data.sources import times
from rnnlab.data.sources.build_source import prepared_for
from rnnlab.errors import UserError


@pytest.mark.parametrize(("unit", "kind"), [("s", int), ("ms", int), ("us", str), ("ns", np.int64)])
def test_numbers_since_1970_are_times(unit, kind):
    days = np.array(["2024-01-31T13:00", "2024-02-01T13:00"], "datetime64[ns]")
    cells = [kind(day) for day in days.astype(f"datetime64[{unit}]").astype(np.int64)]
    assert times.parse(cells, "date", str).tolist() == days.tolist()


def test_other_numbers_are_dates_or_no_times():
    assert times.parse([20240131, 20240201], "date", str)[0] == np.datetime64("2024-01-31")
    with pytest.raises(UserError, match="without time: rows are read in their order"):
        times.parse([0, 1, 2], "date", str)


DAYS = pandas.date_range("2024-01-01", "2024-12-12")
SOME = pandas.date_range("2024-02-03", periods=99, freq="h")
EARLY = [day for day in DAYS if day.day < 13]


@pytest.mark.parametrize(("form", "days", "day_first"), [
    ("%d.%m.%Y", EARLY, True),
    ("%d/%m/%Y", DAYS, True),
    ("%m/%d/%Y", DAYS, False),
    ("%d-%m-%y %H:%M", SOME, True),
    ("%m/%d/%Y %I:%M %p", SOME, False),
    ("%Y-%m-%d", EARLY, True),
])  # fmt: skip
def test_the_day_of_a_date_is_told_by_other_dates_by_points_or_by_even_steps(form, days, day_first):
    cells = [day.strftime(form) for day in days]
    assert times.parse(cells, "date", str).tolist() == pandas.DatetimeIndex(days).to_numpy("datetime64[ns]").tolist()
    assert times.parse(cells, "date", str, day_first).tolist() == times.parse(cells, "date", str).tolist()


def test_dates_of_several_forms_keep_one_order_and_a_guess_is_told(home):
    assert (
        times.parse(["2024-02-01 10:00", "01.02.2024 11:00"], "date", str).astype("datetime64[D]").astype(str).tolist()
        == ["2024-02-01"] * 2
    )
    with pytest.raises(UserError, match=r"'13/01/2024' begins with the day, and '01/13/2024' at 1 with the month"):
        times.parse(["13/01/2024", "01/13/2024"], "date", str)
    unsure = pandas.DataFrame({"date": [day.strftime("%d/%m/%Y") for day in EARLY], "y": range(len(EARLY))})
    assert "month first, which is a guess; day_first: true" in str(series(home, unsure)["told"])
    assert "a guess" not in str(series(home, unsure, day_first=True)["told"])
    numbered = unsure.assign(k="a")
    sure = pandas.DataFrame({"date": [day.strftime("%d/%m/%Y") for day in DAYS], "y": range(len(DAYS)), "k": "b"})
    assert "a guess" not in str(series(home, pandas.concat([numbered, sure]), id="k")["told"])


def test_the_days_of_later_files_are_read_as_those_of_training(home):
    sure = pandas.DataFrame({"date": DAYS.strftime("%d/%m/%Y"), "y": range(len(DAYS))})
    later = pandas.DatetimeIndex(["2025-02-01", "2025-02-03", "2025-02-04", "2025-03-05"])
    pandas.DataFrame({"date": later.strftime("%d/%m/%Y"), "y": range(4)}).to_csv(home / "b.csv", index=False)
    sure.to_csv(home / "a.csv", index=False)
    section = {"name": "series", "train": "a.csv", "test": "b.csv", "columns": "y", "time": "date"}
    prepared = prepared_for(TypeAdapter(DataConfig).validate_python(section))
    assert prepared.about["day_first"]
    assert prepared["series.times"][-4:].tolist() == later.to_numpy("datetime64[ns]").astype(np.int64).tolist()
    pandas.DataFrame({"date": later.strftime("%d/%m/%Y"), "y": range(4)}).replace("05/03/2025", "03/31/2025").to_csv(
        home / "b.csv", index=False
    )
    with pytest.raises(UserError, match=r"b\.csv:5: '03/31/2025' begins with the month, and dates are read with the day first"):
        series(home, sure, test="b.csv")


def test_a_date_that_contradicts_day_first_is_refused():
    with pytest.raises(UserError, match=r"1: '31/01/2024' begins with the day, and .* month first \(day_first: false\)"):
        times.parse(["01/02/2024", "31/01/2024"], "date", str, day_first=False)


def test_dates_whose_day_is_their_month_leave_nothing_to_guess(home):
    same = pandas.DataFrame({"date": [f"{n}/0{n}/2024" for n in range(1, 10)] * 5, "y": range(45), "k": np.repeat(range(5), 9)})
    assert "a guess" not in str(series(home, same, id="k"))
    mixed = pandas.concat([same, pandas.DataFrame({"date": [f"0{n}/06/2024" for n in range(1, 10)], "y": range(9), "k": 5})])
    assert "day first, which is a guess" in str(series(home, mixed, id="k")["told"])


def test_a_time_of_day_needs_its_date(home):
    with pytest.raises(UserError, match=r"a\.csv:2: the column 'date' should be a time with its date, got '00:00'"):
        series(home, HOURS.head(20).assign(date=[f"{n:02}:00" for n in range(20)]))


@pytest.mark.parametrize("first", [1500, 2150])
def test_times_that_nanoseconds_cannot_count_are_refused(home, first):
    frame = pandas.DataFrame({"date": [f"{first + n}-01-01" for n in range(200)], "y": np.arange(200) % 24})
    line, year = (2, 1500) if first == 1500 else (114, 2262)
    with pytest.raises(UserError, match=f"a.csv:{line}: .*should be a time from 1678 to 2261, got '{year}-01-01'"):
        series(home, frame)
