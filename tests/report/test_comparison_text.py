"""The comparison as text: fits a page, escapes what it must, and reads back with the numbers it was given."""

import csv
import io
import json

import pytest
from rich.console import Console

from rnnlab.comparison import json_file
from rnnlab.comparison.compare import compare
from rnnlab.report import comparison_text, terminal
from rnnlab.report.tables import columns
from rnnlab.statistics.rounding import typeset


@pytest.fixture
def comparison(make):
    folder = make.experiment({"none": 0, "variational": -9, "naive_with_a_rather_long_name": 4, "zoneout": -1})
    make.change(folder, "zoneout", 3, status="diverged")
    return compare(folder)


def printed(comparison, **console):
    text = io.StringIO()
    terminal.show(comparison, Console(file=text, **console))
    return text.getvalue()


def test_the_table_fits_100_columns_and_is_plain_text_in_a_file(comparison):
    text = printed(comparison, width=100)
    assert "\x1b" not in text
    assert max(map(len, text.splitlines())) <= 100
    assert "\N{MINUS SIGN}" not in text
    row = next(line for line in text.splitlines() if line.startswith("variational"))
    assert row.split()[:2] == ["variational", "better"]
    assert all(sentence in " ".join(text.split()) for sentence in comparison.answer.splitlines())
    assert "gap" in text
    assert "words/s" not in text, "the names leave no place for the last column"
    assert comparison.variants["variational"].against.words not in " ".join(text.split())


@pytest.mark.parametrize("width", [50, 72, 100])
def test_no_line_of_the_table_wraps_however_long_the_names(make, width):
    name = "cell=lstm,dropout=0.25,recurrent_dropout=0.5,embedding.dropout=0.1,units=650"
    text = printed(compare(make.experiment({"none": 0, name: -9, name.replace("lstm", "gru"): 1})), width=width)
    table = text[: text.index("\n\n")].splitlines()
    assert [line.split()[0] for line in table[:2]] == ["variant", "none"]
    assert len(table) == 1 + 3
    assert table[2].startswith("cell=")
    assert max(map(len, text.splitlines())) <= width


def test_no_interval_and_no_deviation_is_broken_over_two_lines(comparison):
    for width in range(50, 101):
        lines = printed(comparison, width=width).splitlines()
        assert any("[" in line for line in lines)
        assert all(line.count("[") == line.count("]") and not line.endswith("±") for line in lines), (width, lines)


def test_every_mean_has_two_digits_of_its_own_spread(make):
    comparison = compare(make.metrics(none=[150.0, 151.0, 149.0], close=[150.01, 150.02, 150.03], one=[150.0, None, None]))
    cells = next(column for column in columns(comparison) if column.title == "test perplexity").cells
    assert [cell.text for cell in cells] == ["150.0 ± 1.0", "150.020 ± 0.010", "150.0"]


def test_verdicts_have_colours_where_the_terminal_has_them(make):
    comparison = compare(make.experiment({"none": 0, "good": -9, "bad": 9}))
    text = printed(comparison, width=100, force_terminal=True, color_system="standard", legacy_windows=False)
    assert "\x1b[32mbetter" in text
    assert "\x1b[31mworse" in text


def test_a_wide_terminal_gets_colour_and_still_100_columns(comparison):
    text = printed(comparison, width=180, force_terminal=True)
    assert "\x1b[1m" in text
    plain = printed(comparison, width=180, no_color=True)
    assert max(map(len, plain.splitlines())) <= 100


def test_a_name_that_looks_like_markup_is_printed_as_it_is(make):
    folder = make.experiment({"none": 0, "tested": -9}, seeds=2)
    comparison = compare(folder)
    renamed = {**comparison.variants, "[red]tested[/red]": comparison.variants["tested"]}
    object.__setattr__(comparison, "variants", renamed)
    assert "[red]tested[/red]" in printed(comparison, width=100)


def test_what_is_lacking_is_said(make):
    notes = comparison_text.notes(compare(make.metrics(none=[150.0, 151.0, 152.0], tested=[140.0, "failed", None])))
    assert notes[0] == "Runs of tested: 1 failed and 1 missing."


def test_variants_with_the_same_fault_share_a_sentence(make):
    folder = make.metrics(none=[150.0] * 3, cell=[148.0] * 3, wide=[147.0] * 3, order=[147.0] * 3)
    for seed, name in ((seed, name) for seed in (1, 2, 3) for name in ("cell", "wide")):
        make.change(folder, name, seed, 148.0, initial_weights="other")
    make.change(folder, "order", 2, 147.0, data_order="other")
    assert comparison_text.warnings(compare(folder)) == [
        'cell, wide are not fully paired with "none": initial weights differ.',
        'order is not fully paired with "none": data order differs on seed 2.',
    ]


def test_json_is_comparison_json(comparison, make):
    json_file.write(comparison, [make.runs / "made"])
    assert comparison_text.json(comparison) == (make.runs / "made" / "comparison.json").read_text()


def test_csv_reads_back(comparison):
    rows = list(csv.DictReader(io.StringIO(comparison_text.spreadsheet(comparison))))
    assert [row["variant"] for row in rows] == list(comparison.variants)
    variational = comparison.variants["variational"]
    assert float(rows[1]["value.mean"]) == variational.value.mean
    assert float(rows[1]["against.difference.estimate.low"]) == variational.against.difference.estimate.low
    assert rows[1]["against.words"] == variational.against.words
    assert rows[0]["against.verdict"] == ""


def test_markdown_is_a_table_whose_cells_cannot_break_it(comparison):
    lines = comparison_text.markdown(comparison).splitlines()
    assert len(lines) == 2 + 4
    assert len({line.count(" | ") for line in lines}) == 1
    assert lines[1].startswith("| --- | --- | ---: |")
    assert r"| naive\_with\_a\_rather\_long\_name | worse |" in lines[4]
    object.__setattr__(comparison, "variants", {"a|b": comparison.variants["none"]})
    assert r"a\|b" in comparison_text.markdown(comparison)


def test_latex_is_a_booktabs_table_with_intervals(comparison):
    text = comparison_text.latex(comparison)
    table = [line for line in text.splitlines() if not line.startswith("%")]
    assert table[0].startswith(r"\begin{tabular}{llrr")
    assert table[1] == r"\toprule"
    assert table[-2:] == [r"\bottomrule", r"\end{tabular}"]
    body = table[4:-2]
    assert len({line.count("&") for line in [table[2], *body]}) == 1
    assert r"naive\_with\_a\_rather\_long\_name" in text
    assert "$-$9.2 [$-$10.3, $-$8.1]" in body[1]
    assert r"[95 \%]" in table[2]


def test_json_stays_json_for_numbers_that_do_not_exist(make):
    comparison = compare(make.metrics(none=["diverged"], tested=["diverged"]))
    assert "NaN" not in comparison_text.json(comparison)
    assert json.loads(comparison_text.json(comparison))["variants"]["none"]["value"]["mean"] is None


def test_typeset_keeps_intervals_whole():
    assert (
        typeset("-5.2 [-6.3, -4.1] (3.4 %), p = 0.1").replace("\N{MINUS SIGN}", "~")
        == "~5.2 [~6.3,\xa0~4.1] (3.4\xa0%), p\xa0=\xa00.1"
    )
