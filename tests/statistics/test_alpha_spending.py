"""Interim analyses: what each spends; adding seeds until something shows up finds no more than one false winner in twenty."""

import numpy as np
import pytest

from rnnlab.comparison import json_file
from rnnlab.comparison.compare import compare
from rnnlab.errors import UserError
from rnnlab.statistics.alpha_spending import ALPHA, FILE, analyse_again, next_alpha
from rnnlab.statistics.permutation import FEWEST_SEEDS, max_t

QUESTION = "test_perplexity against none"


def test_all_analyses_together_stay_within_the_level():
    analyses = []
    for seeds in range(6, 40):
        _, analyses = analyse_again(analyses, QUESTION, seeds, True)
    assert [analysis.alpha for analysis in analyses[:3]] == pytest.approx([0.035, 0.0105, 0.00315])
    assert sum(analysis.alpha for analysis in analyses) <= ALPHA


def test_the_same_seeds_are_the_same_analysis_and_another_question_has_its_own_level():
    first, analyses = analyse_again([], QUESTION, 8, True)
    again, analyses = analyse_again(analyses, QUESTION, 8, True)
    other, analyses = analyse_again(analyses, "test_loss against none", 8, True)
    assert again is first
    assert other.alpha == first.alpha
    assert len(analyses) == 2


def test_an_analysis_that_can_claim_nothing_spends_nothing_until_it_can():
    early, analyses = analyse_again([], QUESTION, 8, False)
    assert (early.alpha, next_alpha(analyses, QUESTION)) == (0.0, pytest.approx(0.035))
    late, analyses = analyse_again(analyses, QUESTION, 8, True)
    assert late.alpha == pytest.approx(0.035)
    assert analyses == [late]


def test_analyses_while_seeds_are_added_keep_the_false_positives_below_the_level():
    """Equal variants, an analysis at 3, 6, 8, 10 and 12 seeds, stopping at the first claim; .05 each time is the temptation."""
    rng, ours, tempted = np.random.default_rng(0), 0, 0
    for _ in range(1500):
        differences, analyses, claimed = rng.normal(size=(12, 1)), [], False
        naive = False
        for seeds in (3, 6, 8, 10, 12):
            p = max_t(differences[:seeds])[0]
            analysis, analyses = analyse_again(analyses, QUESTION, seeds, seeds >= FEWEST_SEEDS)
            claimed |= p is not None and p <= analysis.alpha
            naive |= p is not None and p <= ALPHA
        ours, tempted = ours + claimed, tempted + naive
    assert tempted / 1500 > 0.08
    assert ours / 1500 <= 0.05


def test_analyses_are_kept_in_the_folder_and_another_question_leaves_the_answer_alone(make):
    folder = make.experiment({"none": 0, "variational": -9})
    json_file.write(compare(folder), [folder])
    before = (folder / FILE).read_bytes()
    json_file.write(compare(folder), [folder])
    assert (folder / FILE).read_bytes() == before, "looking again changes nothing"
    json_file.write(compare(folder, metric="loss"), [folder])
    after = compare(folder)
    assert [analysis.question for analysis in after.analyses] == [QUESTION, "test_loss against none"]
    assert after.metric == "test_perplexity"
    assert '"metric": "test_perplexity"' in (folder / FILE).read_text()


@pytest.mark.parametrize("text", ["", "[]", "{}", "[" * 100_000, '{"analyses": [{"seeds": 3}]}'])
def test_a_damaged_record_is_refused_not_forgotten(make, text):
    folder = make.experiment({"none": 0, "variational": -9}, seeds=1)
    (folder / FILE).write_text(text)
    with pytest.raises(UserError, match=r"comparison\.json is damaged"):
        compare(folder)
