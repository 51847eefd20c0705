"""The words against numbers that allow them, and above all against numbers that do not."""

import numpy as np
import pytest

from rnnlab.comparison import json_file
from rnnlab.comparison.compare import compare
from rnnlab.comparison.verdict import VERDICTS

BASE = [150.0, 151.0, 149.0, 152.0, 148.0, 150.5, 149.5, 151.5]
NOISE = np.array([0.1, -0.2, 0.3, 0.0, -0.1, 0.2, -0.3, 0.15])
"""What differs from seed to seed beside the effect."""


def shifted(effect, seeds=8, spread=1.0):
    return [value + effect + spread * noise for value, noise in zip(BASE[:seeds], NOISE, strict=False)]


def said(make, margin=None, **values):
    comparison = compare(make.metrics(**values), margin=margin)
    against = comparison.variants["tested"].against
    assert against.verdict in VERDICTS
    return against.verdict, against.words, comparison.answer


def test_a_clear_winner_is_named_with_its_evidence(make):
    verdict, words, answer = said(make, none=BASE, tested=shifted(-5))
    assert verdict == "better"
    assert words == (
        'tested is better than "none" by 4.98 [4.81, 5.15] test perplexity (3.32 [3.20, 3.44] %), on 8 of 8 seeds, p = 0.0078.'
    )
    assert answer.splitlines() == [
        'Lowest mean test perplexity: tested with 145.2 ± 1.4 over 8 seeds, -4.98 [-5.15, -4.81] against the baseline "none".',
        'Better than "none": tested.',
        "Next: use tested.",
    ]


def test_a_clear_loser_is_named(make):
    verdict, words, answer = said(make, none=BASE, tested=shifted(+5))
    assert verdict == "worse"
    assert words.startswith('tested is worse than "none" by 5.02 [4.85, 5.19] test perplexity')
    assert answer.splitlines() == [
        'Lowest mean test perplexity: "none" with 150.2 ± 1.3 over 8 seeds; next is tested, +5.02 [4.85, 5.19].',
        'No variant is shown to be better than "none"; worse than "none": tested.',
        'Next: stay with "none", or try other rates.',
    ]


def test_more_is_better_for_a_metric_of_that_kind(make):
    folder = make.metrics(none=BASE, tested=shifted(-5))
    for seed, spec in ((seed, spec) for (_, seed), spec in make.specs.items()):
        make.run(folder, spec, (BASE if spec.variant == "none" else shifted(-5))[seed - 1], mode="max")
    assert compare(folder).variants["tested"].against.verdict == "worse"


def test_overlap_is_undecided_and_says_what_it_would_take(make):
    verdict, words, answer = said(make, none=BASE, tested=shifted(-0.2, spread=5))
    assert verdict == "undecided"
    assert "tested ahead on 4 of 8 seeds" in words
    assert "8 seeds find a difference of" in words
    assert "needs about" in words
    assert 'No variant is shown to be better than "none"; undecided against "none": tested.' in answer


@pytest.mark.parametrize("seeds", [1, 2, 3, 5])
def test_few_seeds_only_explore_however_clear_they_are(make, seeds):
    verdict, words, answer = said(make, none=BASE[:seeds], tested=shifted(-50, seeds))
    assert verdict == "exploratory"
    assert f"tested ahead on {seeds} of {seeds} seed" in words
    assert "better" not in words
    assert "better" not in answer
    assert "no winner can be named" in answer


def test_one_seed_has_no_interval(make):
    _, words, _ = said(make, none=BASE[:1], tested=[148.0])
    assert words == (
        'Exploratory: 1 seed can\'t decide between tested and "none"; they differ by -2.000 test perplexity (-1.3 %), '
        "tested ahead on 1 of 1 seed."
    )


def test_six_seeds_are_enough(make):
    assert said(make, none=BASE[:6], tested=shifted(-5, 6))[0] == "better"


@pytest.mark.parametrize("value", [None, "failed"])
def test_nothing_is_claimed_before_every_planned_seed_has_ended(make, value):
    verdict, words, answer = said(make, none=BASE, tested=[*shifted(-5)[:7], value])
    assert verdict == "exploratory"
    assert "tested has ended 7 of 8 planned runs" in words
    assert ("failed 1" in words) == (value == "failed")
    assert "before every planned seed has ended" in answer


def test_all_seeds_diverged_is_worse_without_any_value(make):
    verdict, words, _ = said(make, none=BASE, tested=["diverged"] * 8)
    assert verdict == "worse"
    assert 'on 8 of 8 seeds, p = 0.0078; diverged or collapsed: tested 8 of 8, "none" 0 of 8' in words
    assert "share no seed that both finished" in words


def test_all_diverged_on_both_sides_is_a_tie(make):
    verdict, words, _ = said(make, none=["diverged"] * 8, tested=["diverged"] * 8)
    assert verdict == "undecided"
    assert "agree on every one of 8 seeds" in words


def test_all_diverged_with_few_seeds_names_nobody(make):
    verdict, words, answer = said(make, none=["diverged"] * 3, tested=["diverged"] * 3)
    assert verdict == "exploratory"
    assert "share no seed that both finished" in words
    assert answer.startswith("No run has finished with a result.")


def test_a_variant_that_sometimes_diverges_does_not_win_on_the_seeds_that_are_left(make):
    verdict, words, _ = said(make, none=BASE, tested=["diverged", *shifted(-5)[1:]])
    assert verdict == "undecided"
    assert 'tested 1 of 8, "none" 0 of 8' in words
    assert "7 seeds find a difference" in words


def test_a_collapsed_run_counts_as_lost_and_stays_out_of_the_mean(make):
    comparison = compare(make.metrics(none=BASE, tested=[900.0, *shifted(-5)[1:]]))
    tested = comparison.variants["tested"]
    assert (tested.counts.done, tested.counts.collapsed, tested.lost.count) == (7, 1, 1)
    assert tested.value.mean == pytest.approx(np.mean(shifted(-5)[1:]))
    assert tested.seeds[1].status == "collapsed"
    assert tested.seeds[1].value == 900.0, "the value is kept to be seen"
    assert tested.against.verdict == "undecided"


def test_ties_are_said_to_be_ties(make):
    verdict, words, _ = said(make, none=BASE, tested=BASE)
    assert (verdict, words) == ("undecided", 'Undecided: tested and "none" agree on every one of 8 seeds.')


def test_no_variance_at_all_is_no_obstacle(make):
    verdict, words, _ = said(make, none=[150.0] * 8, tested=[145.0] * 8)
    assert verdict == "better"
    assert "by 5.000 [5.000, 5.000]" in words


def test_equivalent_needs_a_margin_and_lies_within_it(make):
    close = {"none": BASE, "tested": shifted(-0.02)}
    assert said(make, **close)[0] == "undecided"
    verdict, words, answer = said(make, margin=0.5, **close)
    assert verdict == "equivalent"
    assert words.startswith('tested and "none" are equivalent within ±0.5 test perplexity: they differ by +0.00 [-0.17, 0.17]')
    assert 'No variant is shown to be better than "none"; equivalent to "none": tested.' in answer
    assert said(make, margin=0.01, **close)[0] == "undecided"


def test_a_lost_seed_is_never_equivalent(make):
    assert said(make, margin=5.0, none=BASE, tested=["diverged", *shifted(-0.02)[1:]])[0] == "undecided"


def test_all_signs_agree_but_the_interval_holds_zero(make):
    """One seed carries the mean: the sign-flip test is sure of the direction, the interval is not."""
    tested = [value - less for value, less in zip(BASE, [0.1] * 7 + [9.0], strict=True)]
    verdict, words, _ = said(make, none=BASE, tested=tested)
    assert verdict == "undecided"
    assert "tested ahead on 8 of 8 seeds; p = 0.0078" in words


def test_several_winners_are_not_ranked(make):
    comparison = compare(make.metrics(none=BASE, first=shifted(-5), second=shifted(-6)))
    assert 'Better than "none": first, second.' in comparison.answer
    assert comparison.answer.endswith("Next: compare the winners with each other by --all-pairs.")
    assert "over 2 comparisons" in comparison.variants["first"].against.words


def test_one_variant_alone_has_no_answer(make):
    assert compare(make.metrics(none=BASE)).answer == '"none" is the only variant: there is nothing to compare it with.'


def test_a_second_analysis_has_less_to_spend(make):
    """p = .031 at 6 seeds is enough for a first analysis, and p = .0078 at 8 seeds for a second one, but .016 at 7 is not."""
    six, seven, eight = ({"none": BASE[:n], "tested": shifted(-5, n)} for n in (6, 7, 8))
    first = compare(make.metrics(**six))
    assert (first.analysis.alpha, first.variants["tested"].against.verdict) == (pytest.approx(0.035), "better")
    json_file.write(first, [make.runs / "made"])
    second = compare(make.metrics(**seven))
    assert (second.analysis.alpha, second.variants["tested"].against.verdict) == (pytest.approx(0.0105), "undecided")
    assert "p = 0.016, where this analysis may spend 0.011" in second.variants["tested"].against.words
    again = compare(make.metrics(**eight))
    assert (len(again.analyses), again.analysis.alpha) == (2, pytest.approx(0.0105)), "the analysis at 7 was not recorded"
    assert again.variants["tested"].against.verdict == "better"


@pytest.mark.parametrize(
    ("tested", "sentence", "action"),
    [
        (
            shifted(-50, 3),
            'About 6 seeds would decide tested against "none": 6 more runs, about 72 seconds one after',
            "compare.seeds=6",
        ),
        ([*shifted(-5, 2), "failed"], "The 1 failed run would complete it, about 12 seconds", "--retry-failed"),
        ([*shifted(-5, 2), None], "The 1 missing run would complete it, about 12 seconds", "run the same command again"),
        (BASE[:3], 'tested and "none" agree on every seed, so more seeds would hardly tell them apart.', "harder data"),
        ([150.0, 151.001, 148.9993], 'Deciding tested against "none" would take about 638 seeds.', "compare.margin"),
    ],
)
def test_the_answer_says_what_would_decide_it_how_long_that_takes_and_what_to_do(make, tested, sentence, action):
    """A run of these takes 12 seconds."""
    comparison = compare(make.metrics(none=BASE[:3], tested=tested))
    lines = comparison.answer.splitlines()
    assert len(lines) <= 4
    assert sentence in lines[2]
    assert lines[3].startswith("Next: ")
    assert action in lines[3]


def test_a_sentence_names_few_variants_of_many(make):
    many = {f"v{n}": shifted(-0.2, spread=5) for n in range(9)}
    assert "v0, v1, v2, v3, and 5 more." in compare(make.metrics(none=BASE, **many)).answer
