"""Series as people have them: uneven, with gaps, with steps and settings that nobody can mean."""

import numpy as np
import pandas
import pytest
from data.sources.told_files import HOURS, series, told
from pydantic import TypeAdapter

from rnnlab.data.build_dataset import build
from rnnlab.data.data_config import DataConfig
from rnnlab.errors import UserError


def test_uneven_times_and_overlaps_are_told(home):
    assert "told" not in series(home, HOURS)
    assert "after 1 of 198 times the next is not 3600 seconds later, first after 2024-01-03 01:00" in str(
        series(home, HOURS.drop([50, 51]))["told"]
    ).replace("\n", " ")
    HOURS[150:].to_csv(home / "b.csv", index=False)
    assert "b.csv:2: test begins at 2024-01-07 06:00" in str(series(home, HOURS, test="b.csv")["told"])


MIXED = HOURS.sample(frac=1, random_state=1)
TWO = pandas.concat([HOURS.assign(k="a"), HOURS.assign(k="b")])


@pytest.mark.parametrize(
    ("frame", "section", "line"),
    [
        (MIXED, {}, int(np.flatnonzero(np.diff(MIXED["y"].index) < 0)[0]) + 3),
        (HOURS[::-1], {}, 3),
        (HOURS[::-1].assign(date=lambda frame: frame["date"].dt.strftime("%d.%m.%Y %H:%M")), {}, 3),
        (TWO, {}, 202),
        (TWO, {"id": "k"}, None),
        (TWO.sort_values("date"), {"id": "k"}, None),
        (TWO.sort_values("date", ascending=False), {"id": "k"}, 4),
        (HOURS, {}, None),
        (HOURS[::-1].assign(date=lambda frame: frame["date"].dt.strftime("%d/%m/%Y")), {}, 10),
        (pandas.DataFrame({"date": [f"{n % 12 + 1:02}/{n // 12 + 2:02}/2024" for n in range(60)], "y": range(60)}), {}, None),
        (HOURS.assign(date=["2024-01-01", "2023-01-01"] * 99 + ["2024-01-01", "soon"]), {}, None),
        (HOURS.assign(date="version 1"), {}, None),
    ],
)
@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet"])
def test_rows_that_are_not_in_the_order_of_dates_are_told(home, frame, section, line, ending):
    path = home / f"a.{ending}"
    write = {"csv": frame.to_csv, "parquet": frame.to_parquet}.get(ending) or frame.astype(str).to_json
    write(path, **({"orient": "records", "lines": True} if ending == "jsonl" else {"index": False}))
    about = told(home, path.name, path.read_bytes(), name="series", columns="y", **section)
    odd = [text for text in about.get("told", []) if "'date' is earlier here than in the row before" in text]
    row = None if line is None else {"csv": f":{line}", "jsonl": f":{line - 1}", "parquet": f": row {line - 1}"}[ending]
    assert odd == [] if line is None else odd[0].startswith(f"{path.name}{row}: ") and "time: date sorts them" in odd[0]


def test_a_series_that_lacks_its_values_or_its_name(home):
    with pytest.raises(UserError, match="the column 'y' has no value in the training split"):
        series(home, HOURS.assign(y=np.nan), missing="interpolate")
    with pytest.raises(UserError, match=r"a\.csv:102: 100 of 200 rows have no value in the column 'k'"):
        series(home, HOURS.assign(k=["a"] * 100 + [""] * 100), id="k")


@pytest.mark.parametrize("every", ["0h", "-1h"])
def test_a_step_that_goes_nowhere_is_refused(home, every):
    with pytest.raises(UserError, match=f"every: '{every}' is not a length of time"):
        series(home, HOURS, every=every)


@pytest.mark.parametrize("every", ["1h", "1H", "hour", "1 hour", "2 hours", "60min", "60 minutes"])
def test_steps_are_as_long_as_people_say(home, every):
    frame = HOURS.iloc[::2] if every == "2 hours" else HOURS
    assert series(home, frame, every=every)["splits"]["train"]["steps"] == 0.8 * len(frame)


def test_a_split_without_a_value_is_refused(home):
    frame = HOURS.assign(y=np.where(np.arange(200) < 180, np.arange(200) % 24, np.nan))
    with pytest.raises(UserError, match="the test split has no value to score"):
        series(home, frame, missing="mask")
    with pytest.raises(UserError, match=r"a\.csv:182: a column has no value from here to the end of its split"):
        series(home, frame, missing="interpolate")


def test_missing_values_of_what_is_known_ahead_are_counted(home):
    frame = HOURS.assign(z=np.where(np.arange(200) % 50 == 3, np.nan, np.arange(200)))
    about = series(home, frame, missing="interpolate", known="z")
    assert about["missing"] == {"train": 4, "validation": 0, "test": 0}


def test_more_steps_than_memory_are_refused(home):
    with pytest.raises(UserError, match="every: 1ns makes 716,399,999,999,999 steps of 200 times"):
        series(home, HOURS, every="1ns", missing="interpolate")
    with pytest.raises(UserError, match="every: 300YS leads beyond the years that times can have"):
        series(home, HOURS, every="300YS", missing="interpolate")


def test_a_name_that_training_lacks_is_told_of_a_series(home):
    frame = HOURS.assign(sky=["wet", "dry"] * 90 + ["new"] * 20)
    about = told(home, "a.csv", frame.to_csv(index=False), name="series", columns=["y", "sky"], target="y")
    assert about["told"] == ["sky=new is not in the training split, and is read as none; 20 rows have it"]


SERIES_REFUSED = {
    "a column twice": ({"columns": ["y", "y"]}, "every column is named once"),
    "a number beyond 32 bits": ({"missing": {"fill": 1e300}}, "less than or equal to 34028"),
    "a season beyond the data": ({"season": 5000}, r"season: 5000 steps are no season of the \d+ steps to train on"),
}


@pytest.mark.parametrize("which", SERIES_REFUSED)
def test_what_cannot_be_meant_of_a_series_is_refused(home, which):
    section, message = SERIES_REFUSED[which]
    (home / "a.csv").write_text(HOURS.to_csv(index=False))
    with pytest.raises((UserError, ValueError), match=message):
        build(TypeAdapter(DataConfig).validate_python({"name": "series", "train": "a.csv", "columns": "y"} | section))


def test_what_is_guessed_of_a_series_is_told(home):
    rows = "".join(f"{n};{n % 24},5;größe\n" for n in range(200))
    section = {"name": "series", "columns": ["y", "z"], "target": "y"}
    for encoding, guessed in (("utf-8", {}), ("utf-16", {"encoding": "utf-16"})):
        about = told(home, "a.csv", ("n;y;z\n" + rows).encode(encoding), **section)
        assert about["guessed"] == {"separator": ";", "decimal of y": ",", **guessed}
