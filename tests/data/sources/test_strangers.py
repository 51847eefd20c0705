"""Tables and texts as people have them: read as they meant, or refused in words that say what to do."""

import gzip
import json

import numpy as np
import pandas
import pytest
from data.sources.told_files import CONSTANT, CSV, RECORDS, ROWS, told
from pydantic import TypeAdapter

from rnnlab.data.data_config import DataConfig
from rnnlab.data.describe import describe
from rnnlab.data.sources.build_source import prepared_for
from rnnlab.errors import UserError

ACCENTED = [{"text": text, "e\u0301t": label} for text, label in ROWS]
READ = {
    "packed, and not named so": ("a.csv", gzip.compress(CSV.encode()), {}),
    "named as packed": ("a.csv.gz", CSV, {}),
    "Excel's own first line": ("a.csv", "sep=;\n" + CSV.replace(",", ";"), {}),
    "signs of a glob in the name": ("a[1].csv", CSV, {}),
    "an accent that is a sign of its own": ("a.csv", CSV.replace("label", "e\u0301t", 1), {"label": "\u00e9t"}),
    "such an accent in JSON": ("a.json", json.dumps(ACCENTED), {"label": "\u00e9t"}),
    "such an accent in Parquet": ("a.parquet", pandas.DataFrame(ACCENTED).to_parquet(), {"label": "\u00e9t"}),
    "rows inside a document": ("a.json", json.dumps({"version": 2, "data": RECORDS}), {}),
    "pandas' split": ("a.json", pandas.DataFrame(RECORDS).to_json(orient="split"), {}),
    "pandas' index": ("a.json", pandas.DataFrame(RECORDS).to_json(orient="index"), {}),
    "a tab as YAML's plain words have it": ("a.csv", CSV.replace(",", "\t"), {"separator": "\\t"}),
    "a tab by its name": ("a.csv", CSV.replace(",", "\t"), {"separator": "tab"}),
}


@pytest.mark.parametrize("which", READ)
def test_what_is_meant_is_read(home, which):
    name, content, section = READ[which]
    description = told(home, name, content, **section)
    assert sum(description["splits"][split]["examples"] for split in description["splits"]) == len(ROWS)
    assert set(description["splits"]["train"]["labels"]) == {"neg", "pos"}


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
def test_what_cannot_be_meant_is_refused(home, which):
    content, message = REFUSED[which]
    with pytest.raises(UserError, match=message):
        told(home, "a.csv", content)


@pytest.mark.parametrize("written", [str, json.dumps, lambda cells: str(tuple(cells)), lambda cells: str(set(cells))])
def test_several_labels_that_are_written_as_lists_are_read_as_lists(home, written):
    frame = pandas.DataFrame(
        {"text": [text for text, _ in ROWS], "label": [written(["a", "b"][: 1 + n % 2]) for n in range(40)]}
    )
    about = told(home, "a.csv", frame.to_csv(index=False), label=None, labels="label")
    assert about["splits"]["train"]["labels"] == {"a": 32, "b": 16}
    assert "guessed" not in about
    assert about["told"] == ["every row of the training split has the label 'a': there is nothing to learn about it"]


def test_one_label_that_every_text_has_is_refused(home):
    with pytest.raises(UserError, match="has the same labels, 'pos': there is nothing to learn"):
        told(home, "a.csv", CSV.replace("neg", "pos"), label=None, labels="label")


def test_names_that_are_no_names_are_refused(home):
    section = {"header": "none", "names": ["text", "label"]}
    with pytest.raises(UserError, match=r"a\.csv:1: the row is the names.*; header: first reads them"):
        told(home, "a.csv", CSV, **section)


def test_numbers_whose_squares_are_too_large_are_refused(home):
    rows = "text,v\n" + "".join(f"film {n},{n}e{30 if n == 5 else 2}\n" for n in range(40))
    with pytest.raises(UserError, match=r"a\.csv:7: .* should be up to 1e\+18"):
        told(home, "a.csv", rows, label=None, value="v")
    np.savez(home / "a.npz", x=np.zeros((40, 3, 2)), y=np.arange(40) * 1e30)
    section = {"name": "npz", "train": "a.npz", "input": "x", "value": "y"}
    assert describe(prepared_for(TypeAdapter(DataConfig).validate_python(section)))
    with pytest.raises(UserError, match=r"'y' should be up to 1e\+18"):
        prepared_for(TypeAdapter(DataConfig).validate_python(section | {"standardise": False}))


def test_json_is_refused_with_line_and_column(home):
    with pytest.raises(UserError, match=r"a\.jsonl:2 is not valid JSON: Expecting value \(column 24\)"):
        told(home, "a.jsonl", json.dumps(RECORDS[0]) + '\n{"text": "x", "label": \n')
    with pytest.raises(UserError, match=r"a\.jsonl:1: half a character"):
        told(home, "a.jsonl", '{"text": "a \\ud83d b", "label": "pos"}\n')
    whole = "".join(json.dumps({**row, "text": row["text"] + " \U0001f600"}) + "\n" for row in RECORDS)
    assert "\\ud83d\\ude00" in whole
    assert "\U0001f600" in told(home, "a.jsonl", whole)["splits"]["train"]["examples_shown"][0]["text"]


def test_a_text_is_not_its_own_label(home):
    with pytest.raises(ValueError, match="text is what is predicted"):
        told(home, "a.csv", CSV, label="text")


def test_labels_that_may_be_none_are_told(home):
    more = "".join(f"a film {n},?\n" for n in range(9))
    assert "'?' is a label like any other" in str(told(home, "a.csv", CSV + more)["told"])
    mixed = "".join(json.dumps({"text": f"film {n}", "label": [1, "1", True][n % 3]}) + "\n" for n in range(60))
    assert "several types (bool, int, str)" in str(told(home, "a.jsonl", mixed)["told"])


def test_numbers_as_typesetters_write_them(home):
    description = told(home, "a.csv", "text,v\n" + "".join(f"film {n},\u2212{n}\n" for n in range(40)), label=None, value="v")
    assert description["splits"]["train"]["targets"]["mean"] < -10
    with pytest.raises(UserError, match=r"got '-'; .*missing_values: \['-'\]"):
        told(home, "a.csv", "text,v\n" + "".join(f"film {n},-\n" for n in range(40)), label=None, value="v")


def test_a_text_without_words(home):
    with pytest.raises(UserError, match="no words, only blank lines"):
        told(home, "a.txt", "\n \n" * 20, name="text")
    with pytest.raises(UserError, match="one token by level: word"):
        told(home, "a.txt", "x" * 400, name="text")


@pytest.mark.parametrize("of", CONSTANT)
def test_a_target_that_never_changes_is_refused(home, of):
    (home / "a.csv").write_text("text,y\n" + "".join(f"film {n},3\n" for n in range(40)))
    np.savez(home / "a.npz", x=np.zeros((40, 3, 2)), y=np.full(40, 3.0))
    with pytest.raises(UserError, match=r"y.* is 3 in every row of the training split"):
        prepared_for(TypeAdapter(DataConfig).validate_python(CONSTANT[of]))


VARYING = {
    "table": {"name": "table", "train": "a.csv", "text": "text", "value": ["x", "y"]},
    "series": {"name": "series", "train": "a.csv", "columns": ["x", "y"]},
    "npz": {"name": "npz", "train": "a.npz", "input": "x", "value": "y"},
}


@pytest.mark.parametrize("of", VARYING)
def test_a_target_that_never_changes_beside_one_that_does_is_told(home, of):
    (home / "a.csv").write_text("text,x,y\n" + "".join(f"film {n},{n},3\n" for n in range(200)))
    np.savez(home / "a.npz", x=np.zeros((40, 3, 2)), y=np.stack([np.arange(40), np.full(40, 3.0)], axis=1))
    about = describe(prepared_for(TypeAdapter(DataConfig).validate_python(VARYING[of])))
    name = "y_1" if of == "npz" else "y"
    assert about["told"] == [f"{name} is 3 in every row of the training split: there is nothing to learn about it"]


@pytest.mark.parametrize("cell", ["1,50", "1,5", "12,34.5", "1,2345"])
def test_a_sign_of_thousands_stands_before_three_digits(home, cell):
    frame = pandas.DataFrame({"text": [f"film {n}" for n in range(40)], "y": ["1,234.5", cell] * 20})
    with pytest.raises(UserError, match=rf"a.csv:3: .*got '{cell}'; ',' stands between thousands, before three digits"):
        told(home, "a.csv", frame.to_csv(index=False), name="table", text="text", value="y", thousands=",")
    frame.y = ["1,234.5", "12,345,678"] * 20
    about = told(home, "a.csv", frame.to_csv(index=False), name="table", text="text", value="y", thousands=",")
    assert about["splits"]["train"]["targets"]["mean"] == pytest.approx((1234.5 + 12345678) / 2, rel=0.2)


def test_thousands_of_a_file_that_is_not_split_at_commas(home):
    rows = "text\ty\n" + "".join(f"film {n}\t{n % 9 + 1},500\n" for n in range(40))
    about = told(home, "a.tsv", rows, name="table", text="text", value="y", thousands=",")
    assert about["splits"]["train"]["targets"]["mean"] == pytest.approx(5500, rel=0.2)


@pytest.mark.parametrize("blank", [" ", "\u00a0", "\u202f"])
def test_blanks_between_thousands_are_of_any_kind(home, blank):
    rows = "text;y\n" + "".join(f"film {n};{n % 9 + 1}{blank}500,5\n" for n in range(40))
    about = told(home, "a.csv", rows, name="table", text="text", value="y", thousands=" ")
    assert about["splits"]["train"]["targets"]["mean"] == pytest.approx(5500.5, rel=0.2)


def test_whole_numbers_without_end_are_refused_with_their_line(home):
    rows = "".join(f'{{"text": "film {n}", "y": {10**400 if n == 5 else n}}}\n' for n in range(40))
    with pytest.raises(UserError, match=r"a.jsonl:6: .*up to 3.403e\+38 \(32 bits\), got 10{59}$"):
        told(home, "a.jsonl", rows, name="table", text="text", value="y")


def test_labels_that_differ_by_what_nobody_sees_are_told(home):
    about = told(home, "a.csv", CSV.replace("pos", "pos\u200b", 10))
    assert about["told"] == [r"'pos' and 'pos\u200b' are different labels"]
    about = told(home, "a.csv", CSV.replace("pos", "1").replace("neg", "01"))
    assert about["told"] == ["'01' and '1' are different labels"]
    about = told(home, "a.csv", CSV.replace("pos", "\u00e9t\u00e9").replace("neg", "e\u0301te\u0301"))
    assert "are different labels" in about["told"][0]
    about = told(home, "a.csv", CSV + "a film,#REF!\n" * 9)
    assert about["told"] == ["'#REF!' is a label like any other; missing_values: names cells without one"]


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
def test_a_refusal_says_what_to_write(home, which):
    section, content, message = TOLD_WHAT_TO_DO[which]
    with pytest.raises(UserError, match=message):
        told(home, "a.csv", content, **section)


def test_a_list_in_json_lines_is_told_to_be_json(home):
    with pytest.raises(UserError, match=r"one document is a \.json file"):
        told(home, "a.jsonl", json.dumps(RECORDS))
