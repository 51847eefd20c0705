"""Every number that a document quotes stands in the record that its marker names."""

from pathlib import Path

import pytest
from quoted import marked, stands, unmarked

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")), *sorted((ROOT / "experiments").rglob("*.md"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_quoted_number_stands_in_its_record(page):
    wrong = [quote for quote in marked(page.read_text()) if not stands(*quote)]
    assert not wrong


def test_the_summary_quotes_no_number_without_its_record():
    assert not unmarked((ROOT / "experiments" / "README.md").read_text())


@pytest.mark.parametrize("page", ["published/README.md", "agreement/README.md", "agreement/ENGLISH.md", "backbone/README.md"])
def test_an_answer_quotes_no_number_without_its_record(page):
    answer = (ROOT / "experiments" / page).read_text().partition("**Answer.**")[2].partition("\n\n")[0]
    assert not unmarked(answer)


def test_a_number_that_is_not_the_records_is_told(tmp_path):
    (tmp_path / "a.json").write_text('{"runs": [{"of": "gru", "test": 8.431}, {"of": "lstm", "test": 8.354}]}')
    (tmp_path / "b.md").write_text("| GRU, small | 8.43 ± 0.02 | +1.5 |\n")
    held = {
        ("8.43", "a.json", "runs[of=gru].test"),
        ("8.39", "a.json", "runs.test"),
        ("8.43", "b.md", "GRU"),
        ("1.5", "b.md", "GRU"),
    }
    assert all(stands(*quote, tmp_path) for quote in held)
    wrong = {("8.44", "a.json", "runs[of=gru].test"), ("8.4", "b.md", "GRU"), ("43", "b.md", "GRU"), ("8.43", "b.md", "LSTM")}
    assert not any(stands(*quote, tmp_path) for quote in wrong)
