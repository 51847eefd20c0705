"""Files as people have them: read as they meant, or refused in words that say what to do."""

import gzip
import json

import numpy as np
import pandas
import pytest
from pydantic import TypeAdapter

from rnnlab.data.build_dataset import build
from rnnlab.data.data_config import DataConfig
from rnnlab.data.describe import describe
from rnnlab.data.sources import times
from rnnlab.data.sources.build_source import prepared_for
from rnnlab.errors import UserError

ROWS = [(f"film number {n}", "pos" if n % 2 else "neg") for n in range(40)]
CSV = "text,label\n" + "".join(f"{text},{label}\n" for text, label in ROWS)
RECORDS = [{"text": text, "label": label} for text, label in ROWS]
HOURS = pandas.DataFrame({"date": pandas.date_range("2024-01-01", periods=200, freq="h"), "y": np.arange(200) % 24})


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RNNLAB_DATA", str(tmp_path / "data"))
    return tmp_path


def told(place, file, content, **section):
    """What `data describe` says of a file, by itself of a table of texts with labels."""
    (place / file).write_bytes(content if isinstance(content, bytes) else content.encode())
    data = {"name": "table", "train": file, "text": "text", "label": "label"} if "name" not in section else {"train": file}
    return describe(prepared_for(TypeAdapter(DataConfig).validate_python(data | section)))


def series(place, frame, **section):
    return told(place, "a.csv", frame.to_csv(index=False), name="series", columns="y", time="date", **section)


READ = {
    "packed, and not named so": ("a.csv", gzip.compress(CSV.encode()), {}),
    "named as packed": ("a.csv.gz", CSV, {}),
    "Excel's own first line": ("a.csv", "sep=;\n" + CSV.replace(",", ";"), {}),
    "signs of a glob in the name": ("a[1].csv", CSV, {}),
    "an accent that is a sign of its own": ("a.csv", CSV.replace("label", "e\u0301t", 1), {"label": "\u00e9t"}),
    "rows inside a document": ("a.json", json.dumps({"version": 2, "data": RECORDS}), {}),
    "pandas' split": ("a.json", pandas.DataFrame(RECORDS).to_json(orient="split"), {}),
    "pandas' index": ("a.json", pandas.DataFrame(RECORDS).to_json(orient="index"), {}),
    "a tab as YAML's plain words have it": ("a.csv", CSV.replace(",", "\t"), {"separator": "\\t"}),
    "a tab by its name": ("a.csv", CSV.replace(",", "\t"), {"separator": "tab"}),
}


@pytest.mark.parametrize("which", READ)
def test_what_is_meant_is_read(place, which):
    name, content, section = READ[which]
    found = told(place, name, content, **section)
    assert sum(found["splits"][split]["examples"] for split in found["splits"]) == len(ROWS)
    assert set(found["splits"]["train"]["labels"]) == {"neg", "pos"}


REFUSED = {
    "another encoding": (CSV.replace("film", "größer").encode("cp1252"), r"a\.csv:2 is not utf-8 text.*encoding: latin-1 or"),
    "a workbook": (b"PK\x03\x04" + bytes(range(256)), "a zip archive or an Excel workbook, not text"),
    "a title above the names": ("All films\n" + CSV, r"a\.csv:2: 2 cells, but the first row, 'All films', names one column"),
    "names alone": ("text,label\n", "a.csv has no rows"),
    "blank lines alone": ("\n  \n\n", "only blank lines"),
    "one row": ("text,label\na,b\n", "one training example is too few"),
    "a label a row": ("text,label\n" + "".join(f"a,{n}\n" for n in range(9)), "a label with fewer rows than there are splits"),
    "several lines above the names": ("# films\n# of mine\n" + CSV, "the first row, '# films', names one column"),
    "another separator": (CSV.replace(",", "::"), r"a\.csv:1: one column, 'text::label'; separator: says"),
    "files that were joined": (CSV + CSV, r"a\.csv:42: the row is the names of the columns, text, label"),
    "a list as a label": (
        CSV + "\"['a', 'b']\"".join(("a film,", "\n")),
        r"a\.csv:42: a label .*labels: takes several per text",
    ),
    "a text that R has as missing": (CSV + "NA,pos\n", r"'text' \(at 42\).*missing_values: .* now NA too"),
    "what Python writes for nothing": (CSV + "a film,None\na film,n/a\n", r"2 of 42 rows have no value.*at 42, 43"),
}


@pytest.mark.parametrize("which", REFUSED)
def test_what_cannot_be_meant_is_refused(place, which):
    content, message = REFUSED[which]
    with pytest.raises(UserError, match=message):
        told(place, "a.csv", content)


@pytest.mark.parametrize("written", [str, json.dumps, lambda cells: str(tuple(cells)), lambda cells: str(set(cells))])
def test_several_labels_that_are_written_as_lists_are_read_as_lists(place, written):
    frame = pandas.DataFrame(
        {"text": [text for text, _ in ROWS], "label": [written(["a", "b"][: 1 + n % 2]) for n in range(40)]}
    )
    about = told(place, "a.csv", frame.to_csv(index=False), label=None, labels="label")
    assert about["splits"]["train"]["labels"] == {"a": 32, "b": 16}
    assert "guessed" not in about
    assert about["told"] == ["every row of the training split has the label 'a': there is nothing to learn about it"]


def test_one_label_that_every_text_has_is_refused(place):
    with pytest.raises(UserError, match="has the same labels, 'pos': there is nothing to learn"):
        told(place, "a.csv", CSV.replace("neg", "pos"), label=None, labels="label")


def test_names_that_are_no_names_are_refused(place):
    section = {"header": "none", "names": ["text", "label"]}
    with pytest.raises(UserError, match=r"a\.csv:1: the row is the names.*; header: first reads them"):
        told(place, "a.csv", CSV, **section)


@pytest.mark.parametrize("label", ["", "nan", "NULL", b"NA"])
def test_labels_of_arrays_that_are_missing_are_refused(place, label):
    labels = [label if n == 7 else type(label)() + ("a" if isinstance(label, str) else b"a") for n in range(40)]
    np.savez(place / "a.npz", x=np.zeros((40, 3, 2)), y=np.array(labels))
    with pytest.raises(UserError, match=r"1 of 40 labels are missing \(the first, .*, at 7, from 0\)"):
        prepared_for(TypeAdapter(DataConfig).validate_python({"name": "npz", "train": "a.npz", "input": "x", "label": "y"}))


def test_numbers_whose_squares_are_too_large_are_refused(place):
    rows = "text,v\n" + "".join(f"film {n},{n}e{30 if n == 5 else 2}\n" for n in range(40))
    with pytest.raises(UserError, match=r"a\.csv:7: .* should be up to 1e\+18"):
        told(place, "a.csv", rows, label=None, value="v")
    np.savez(place / "a.npz", x=np.zeros((40, 3, 2)), y=np.arange(40) * 1e30)
    section = {"name": "npz", "train": "a.npz", "input": "x", "value": "y"}
    assert describe(prepared_for(TypeAdapter(DataConfig).validate_python(section)))
    with pytest.raises(UserError, match=r"'y' should be up to 1e\+18"):
        prepared_for(TypeAdapter(DataConfig).validate_python(section | {"standardise": False}))


def test_json_is_refused_with_line_and_column(place):
    with pytest.raises(UserError, match=r"a\.jsonl:2 is not valid JSON: Expecting value \(column 24\)"):
        told(place, "a.jsonl", json.dumps(RECORDS[0]) + '\n{"text": "x", "label": \n')
    with pytest.raises(UserError, match=r"a\.jsonl:1: half a character"):
        told(place, "a.jsonl", '{"text": "a \\ud83d b", "label": "pos"}\n')
    whole = "".join(json.dumps({**row, "text": row["text"] + " \U0001f600"}) + "\n" for row in RECORDS)
    assert "\\ud83d\\ude00" in whole
    assert "\U0001f600" in told(place, "a.jsonl", whole)["splits"]["train"]["examples_shown"][0]["text"]


def test_a_text_is_not_its_own_label(place):
    with pytest.raises(ValueError, match="text is what is predicted"):
        told(place, "a.csv", CSV, label="text")


def test_labels_that_may_be_none_are_told(place):
    more = "".join(f"a film {n},?\n" for n in range(9))
    assert "'?' is a label like any other" in str(told(place, "a.csv", CSV + more)["told"])
    mixed = "".join(json.dumps({"text": f"film {n}", "label": [1, "1", True][n % 3]}) + "\n" for n in range(60))
    assert "several types (bool, int, str)" in str(told(place, "a.jsonl", mixed)["told"])


def test_numbers_as_typesetters_write_them(place):
    found = told(place, "a.csv", "text,v\n" + "".join(f"film {n},\u2212{n}\n" for n in range(40)), label=None, value="v")
    assert found["splits"]["train"]["targets"]["mean"] < -10
    with pytest.raises(UserError, match=r"got '-'; .*missing_values: \['-'\]"):
        told(place, "a.csv", "text,v\n" + "".join(f"film {n},-\n" for n in range(40)), label=None, value="v")


def test_a_text_without_words(place):
    with pytest.raises(UserError, match="no words, only blank lines"):
        told(place, "a.txt", "\n \n" * 20, name="text")
    with pytest.raises(UserError, match="one token by level: word"):
        told(place, "a.txt", "x" * 400, name="text")


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


def test_dates_of_several_forms_keep_one_order_and_a_guess_is_told(place):
    assert (
        times.parse(["2024-02-01 10:00", "01.02.2024 11:00"], "date", str).astype("datetime64[D]").astype(str).tolist()
        == ["2024-02-01"] * 2
    )
    with pytest.raises(UserError, match=r"'13/01/2024' begins with the day, and '01/13/2024' at 1 with the month"):
        times.parse(["13/01/2024", "01/13/2024"], "date", str)
    unsure = pandas.DataFrame({"date": [day.strftime("%d/%m/%Y") for day in EARLY], "y": range(len(EARLY))})
    assert "month first, which is a guess; day_first: true" in str(series(place, unsure)["told"])
    assert "a guess" not in str(series(place, unsure, day_first=True)["told"])
    numbered = unsure.assign(k="a")
    sure = pandas.DataFrame({"date": [day.strftime("%d/%m/%Y") for day in DAYS], "y": range(len(DAYS)), "k": "b"})
    assert "a guess" not in str(series(place, pandas.concat([numbered, sure]), id="k")["told"])


def test_the_days_of_later_files_are_read_as_those_of_training(place):
    sure = pandas.DataFrame({"date": DAYS.strftime("%d/%m/%Y"), "y": range(len(DAYS))})
    later = pandas.DatetimeIndex(["2025-02-01", "2025-02-03", "2025-02-04", "2025-03-05"])
    pandas.DataFrame({"date": later.strftime("%d/%m/%Y"), "y": range(4)}).to_csv(place / "b.csv", index=False)
    sure.to_csv(place / "a.csv", index=False)
    section = {"name": "series", "train": "a.csv", "test": "b.csv", "columns": "y", "time": "date"}
    prepared = prepared_for(TypeAdapter(DataConfig).validate_python(section))
    assert prepared.about["day_first"]
    assert prepared["series.times"][-4:].tolist() == later.to_numpy("datetime64[ns]").astype(np.int64).tolist()
    pandas.DataFrame({"date": later.strftime("%d/%m/%Y"), "y": range(4)}).replace("05/03/2025", "03/31/2025").to_csv(
        place / "b.csv", index=False
    )
    with pytest.raises(UserError, match=r"b\.csv:5: '03/31/2025' begins with the month, and dates are read with the day first"):
        series(place, sure, test="b.csv")


def test_a_date_that_contradicts_day_first_is_refused():
    with pytest.raises(UserError, match=r"1: '31/01/2024' begins with the day, and .* month first \(day_first: false\)"):
        times.parse(["01/02/2024", "31/01/2024"], "date", str, day_first=False)


def test_dates_whose_day_is_their_month_leave_nothing_to_guess(place):
    same = pandas.DataFrame({"date": [f"{n}/0{n}/2024" for n in range(1, 10)] * 5, "y": range(45), "k": np.repeat(range(5), 9)})
    assert "a guess" not in str(series(place, same, id="k"))
    mixed = pandas.concat([same, pandas.DataFrame({"date": [f"0{n}/06/2024" for n in range(1, 10)], "y": range(9), "k": 5})])
    assert "day first, which is a guess" in str(series(place, mixed, id="k")["told"])


def test_uneven_times_and_overlaps_are_told(place):
    assert "told" not in series(place, HOURS)
    assert "after 1 of 198 times the next is not 3600 seconds later, first after 2024-01-03 01:00" in str(
        series(place, HOURS.drop([50, 51]))["told"]
    ).replace("\n", " ")
    HOURS[150:].to_csv(place / "b.csv", index=False)
    assert "b.csv:2: test begins at 2024-01-07 06:00" in str(series(place, HOURS, test="b.csv")["told"])


def test_a_series_that_lacks_its_values_or_its_name(place):
    with pytest.raises(UserError, match="the column 'y' has no value in the training split"):
        series(place, HOURS.assign(y=np.nan), missing="interpolate")
    with pytest.raises(UserError, match=r"a\.csv:102: 100 of 200 rows have no value in the column 'k'"):
        series(place, HOURS.assign(k=["a"] * 100 + [""] * 100), id="k")


def test_arrays_that_lack_something(place):
    x, y = np.zeros((40, 3, 2)), np.arange(40) % 2

    def read(**given):
        np.savez(place / "a.npz", **{"x": x, "y": y, **given})
        section = {"name": "npz", "train": "a.npz", "input": "x", "label": "y"}
        return describe(prepared_for(TypeAdapter(DataConfig).validate_python(section)))

    with pytest.raises(UserError, match=r"'y': 20 of 40 labels are missing \(NaN\), the first at 0"):
        read(y=np.where(y == 0, np.nan, 1.0))
    with pytest.raises(UserError, match="'x' has no examples"):
        read(x=x[:0], y=y[:0])
    with pytest.raises(UserError, match="joined end to end need sizes"):
        read(x=x[:, 0, 0])
    np.savez(place / "s.npz", y=np.array([None if n == 3 else float(n % 24) for n in range(200)], object))
    section = {"name": "series", "train": "s.npz", "columns": "y", "missing": "interpolate"}
    assert describe(prepared_for(TypeAdapter(DataConfig).validate_python(section)))["missing"]["train"] == 1


CONSTANT = {
    "table": {"name": "table", "train": "a.csv", "text": "text", "value": "y"},
    "series": {"name": "series", "train": "a.csv", "columns": "y"},
    "npz": {"name": "npz", "train": "a.npz", "input": "x", "value": "y"},
}


@pytest.mark.parametrize("of", CONSTANT)
def test_a_target_that_never_changes_is_refused(place, of):
    (place / "a.csv").write_text("text,y\n" + "".join(f"film {n},3\n" for n in range(40)))
    np.savez(place / "a.npz", x=np.zeros((40, 3, 2)), y=np.full(40, 3.0))
    with pytest.raises(UserError, match=r"y.* is 3 in every row of the training split"):
        prepared_for(TypeAdapter(DataConfig).validate_python(CONSTANT[of]))


VARYING = {
    "table": {"name": "table", "train": "a.csv", "text": "text", "value": ["x", "y"]},
    "series": {"name": "series", "train": "a.csv", "columns": ["x", "y"]},
    "npz": {"name": "npz", "train": "a.npz", "input": "x", "value": "y"},
}


@pytest.mark.parametrize("of", VARYING)
def test_a_target_that_never_changes_beside_one_that_does_is_told(place, of):
    (place / "a.csv").write_text("text,x,y\n" + "".join(f"film {n},{n},3\n" for n in range(200)))
    np.savez(place / "a.npz", x=np.zeros((40, 3, 2)), y=np.stack([np.arange(40), np.full(40, 3.0)], axis=1))
    about = describe(prepared_for(TypeAdapter(DataConfig).validate_python(VARYING[of])))
    name = "y_1" if of == "npz" else "y"
    assert about["told"] == [f"{name} is 3 in every row of the training split: there is nothing to learn about it"]


@pytest.mark.parametrize("cell", ["1,50", "1,5", "12,34.5", "1,2345"])
def test_a_sign_of_thousands_stands_before_three_digits(place, cell):
    frame = pandas.DataFrame({"text": [f"film {n}" for n in range(40)], "y": ["1,234.5", cell] * 20})
    with pytest.raises(UserError, match=rf"a.csv:3: .*got '{cell}'; ',' stands between thousands, before three digits"):
        told(place, "a.csv", frame.to_csv(index=False), name="table", text="text", value="y", thousands=",")
    frame.y = ["1,234.5", "12,345,678"] * 20
    about = told(place, "a.csv", frame.to_csv(index=False), name="table", text="text", value="y", thousands=",")
    assert about["splits"]["train"]["targets"]["mean"] == pytest.approx((1234.5 + 12345678) / 2, rel=0.2)


def test_thousands_of_a_file_that_is_not_split_at_commas(place):
    rows = "text\ty\n" + "".join(f"film {n}\t{n % 9 + 1},500\n" for n in range(40))
    about = told(place, "a.tsv", rows, name="table", text="text", value="y", thousands=",")
    assert about["splits"]["train"]["targets"]["mean"] == pytest.approx(5500, rel=0.2)


@pytest.mark.parametrize("blank", [" ", "\u00a0", "\u202f"])
def test_blanks_between_thousands_are_of_any_kind(place, blank):
    rows = "text;y\n" + "".join(f"film {n};{n % 9 + 1}{blank}500,5\n" for n in range(40))
    about = told(place, "a.csv", rows, name="table", text="text", value="y", thousands=" ")
    assert about["splits"]["train"]["targets"]["mean"] == pytest.approx(5500.5, rel=0.2)


def test_whole_numbers_without_end_are_refused_with_their_line(place):
    rows = "".join(f'{{"text": "film {n}", "y": {10**400 if n == 5 else n}}}\n' for n in range(40))
    with pytest.raises(UserError, match=r"a.jsonl:6: .*up to 3.403e\+38 \(32 bits\), got 10{59}$"):
        told(place, "a.jsonl", rows, name="table", text="text", value="y")


@pytest.mark.parametrize("every", ["0h", "-1h"])
def test_a_step_that_goes_nowhere_is_refused(place, every):
    with pytest.raises(UserError, match=f"every: '{every}' is not a length of time"):
        series(place, HOURS, every=every)


@pytest.mark.parametrize("every", ["1h", "1H", "hour", "1 hour", "2 hours", "60min", "60 minutes"])
def test_steps_are_as_long_as_people_say(place, every):
    frame = HOURS.iloc[::2] if every == "2 hours" else HOURS
    assert series(place, frame, every=every)["splits"]["train"]["steps"] == 0.8 * len(frame)


def test_a_time_of_day_needs_its_date(place):
    with pytest.raises(UserError, match=r"a\.csv:2: the column 'date' should be a time with its date, got '00:00'"):
        series(place, HOURS.head(20).assign(date=[f"{n:02}:00" for n in range(20)]))


def test_a_split_without_a_value_is_refused(place):
    frame = HOURS.assign(y=np.where(np.arange(200) < 180, np.arange(200) % 24, np.nan))
    with pytest.raises(UserError, match="the test split has no value to score"):
        series(place, frame, missing="mask")
    with pytest.raises(UserError, match=r"a\.csv:182: a column has no value from here to the end of its split"):
        series(place, frame, missing="interpolate")


def test_missing_values_of_what_is_known_ahead_are_counted(place):
    frame = HOURS.assign(z=np.where(np.arange(200) % 50 == 3, np.nan, np.arange(200)))
    about = series(place, frame, missing="interpolate", known="z")
    assert about["missing"] == {"train": 4, "validation": 0, "test": 0}


def test_more_steps_than_memory_are_refused(place):
    with pytest.raises(UserError, match="every: 1ns makes 716,399,999,999,999 steps of 200 times"):
        series(place, HOURS, every="1ns", missing="interpolate")
    with pytest.raises(UserError, match="every: 300YS leads beyond the years that times can have"):
        series(place, HOURS, every="300YS", missing="interpolate")


@pytest.mark.parametrize("first", [1500, 2150])
def test_times_that_nanoseconds_cannot_count_are_refused(place, first):
    frame = pandas.DataFrame({"date": [f"{first + n}-01-01" for n in range(200)], "y": np.arange(200) % 24})
    line, year = (2, 1500) if first == 1500 else (114, 2262)
    with pytest.raises(UserError, match=f"a.csv:{line}: .*should be a time from 1678 to 2261, got '{year}-01-01'"):
        series(place, frame)


def test_labels_that_differ_by_what_nobody_sees_are_told(place):
    about = told(place, "a.csv", CSV.replace("pos", "pos\u200b", 10))
    assert about["told"] == [r"'pos' and 'pos\u200b' are different labels"]
    about = told(place, "a.csv", CSV.replace("pos", "1").replace("neg", "01"))
    assert about["told"] == ["'01' and '1' are different labels"]
    about = told(place, "a.csv", CSV.replace("pos", "\u00e9t\u00e9").replace("neg", "e\u0301te\u0301"))
    assert "are different labels" in about["told"][0]
    about = told(place, "a.csv", CSV + "a film,#REF!\n" * 9)
    assert about["told"] == ["'#REF!' is a label like any other; missing_values: names cells without one"]


@pytest.mark.parametrize("which", ["x", "y"])
def test_splits_of_unlike_arrays_are_refused(place, which):
    given = {"x": np.zeros((40, 3, 2)), "y": np.arange(80.0).reshape(40, 2)}
    other = given | {which: np.concatenate([given[which]] * 2, axis=-1)}
    np.savez(place / "a.npz", **given, xt=other["x"], yt=other["y"])
    section = {"name": "npz", "train": "a.npz", "input": "x", "value": "y", "test": {"input": "xt", "value": "yt"}}
    wanted = "features is [4] a row, and that of the training split [2]".replace("[", r"\[")
    with pytest.raises(UserError, match=wanted if which == "x" else wanted.replace("features", "value")):
        prepared_for(TypeAdapter(DataConfig).validate_python(section))


def test_nobody_is_told_to_trust_a_file(place):
    (place / "a.npz").write_text("hello")
    with pytest.raises(UserError, match=r"a\.npz is not a complete \.npz file: it is not a zip archive"):
        prepared_for(TypeAdapter(DataConfig).validate_python(CONSTANT["npz"]))


def test_a_name_that_training_lacks_is_told_of_a_series(place):
    frame = HOURS.assign(sky=["wet", "dry"] * 90 + ["new"] * 20)
    about = told(place, "a.csv", frame.to_csv(index=False), name="series", columns=["y", "sky"], target="y")
    assert about["told"] == ["sky=new is not in the training split, and is read as none; 20 rows have it"]


SERIES_REFUSED = {
    "a column twice": ({"columns": ["y", "y"]}, "every column is named once"),
    "a number beyond 32 bits": ({"missing": {"fill": 1e300}}, "less than or equal to 34028"),
    "a season beyond the data": ({"season": 5000}, r"season: 5000 steps are no season of the \d+ steps to train on"),
}


@pytest.mark.parametrize("which", SERIES_REFUSED)
def test_what_cannot_be_meant_of_a_series_is_refused(place, which):
    section, message = SERIES_REFUSED[which]
    (place / "a.csv").write_text(HOURS.to_csv(index=False))
    with pytest.raises((UserError, ValueError), match=message):
        build(TypeAdapter(DataConfig).validate_python({"name": "series", "train": "a.csv", "columns": "y"} | section))


def test_what_is_guessed_of_a_series_is_told(place):
    rows = "".join(f"{n};{n % 24},5;größe\n" for n in range(200))
    section = {"name": "series", "columns": ["y", "z"], "target": "y"}
    for encoding, guessed in (("utf-8", {}), ("utf-16", {"encoding": "utf-16"})):
        about = told(place, "a.csv", ("n;y;z\n" + rows).encode(encoding), **section)
        assert about["guessed"] == {"separator": ";", "decimal of y": ",", **guessed}


def test_a_missing_number_of_arrays_is_named_by_its_place_in_the_file(place):
    np.savez(place / "a.npz", x=np.zeros((60, 3, 2)), y=np.where(np.arange(60) == 5, np.nan, np.arange(60)))
    with pytest.raises(UserError, match=r"'y' should be finite, got nan in example 5,"):
        prepared_for(TypeAdapter(DataConfig).validate_python({"name": "npz", "train": "a.npz", "input": "x", "value": "y"}))


TOLD_WHAT_TO_DO = {
    "more than the whole is held out": (
        {"validation": 0.5, "test": 0.6},
        CSV,
        "validation 0.5 and test 0.6 are the whole data",
    ),
    "a fraction in percent": ({"test": "20%"}, CSV, "a fraction is written 0.2"),
    "a quote behind a stroke": ({}, CSV + '"so \\"good\\", he said",pos\n', r'a quote inside a cell is written ""'),
}


@pytest.mark.parametrize("which", TOLD_WHAT_TO_DO)
def test_a_refusal_says_what_to_write(place, which):
    section, content, message = TOLD_WHAT_TO_DO[which]
    with pytest.raises(UserError, match=message):
        told(place, "a.csv", content, **section)


def test_a_list_in_json_lines_is_told_to_be_json(place):
    with pytest.raises(UserError, match=r"one document is a \.json file"):
        told(place, "a.jsonl", json.dumps(RECORDS))
