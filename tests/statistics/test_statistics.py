"""Worked examples with published or hand-computed answers, scipy, and simulations that count how often we are right."""

import numpy as np
import pytest
from scipy import stats
from thinning import kept

from rnnlab.statistics.intervals import equivalence_p, hedges_g_av, mean_interval, outliers, rate_interval
from rnnlab.statistics.paired import Question, differences
from rnnlab.statistics.permutation import max_t, signed_ranks
from rnnlab.statistics.power import detectable, power, seeds_needed

# Two films rated by the same ten people: Lakens 2013, table 1.
FILM_1 = np.array([9, 7, 8, 9, 8, 9, 9, 10, 9, 9], float)
FILM_2 = np.array([9, 6, 7, 8, 7, 9, 8, 8, 8, 7], float)


def test_mean_interval_is_scipys_paired_t_interval():
    ours = mean_interval(FILM_1 - FILM_2)
    scipys = stats.ttest_rel(FILM_1, FILM_2).confidence_interval(0.95)
    assert (ours.mean, ours.sd) == pytest.approx((1.0, 2 / 3))
    assert (ours.low, ours.high) == pytest.approx((scipys.low, scipys.high))


def test_simultaneous_interval_divides_the_level_over_the_family():
    ours = mean_interval(FILM_1 - FILM_2, family=4)
    scipys = stats.ttest_rel(FILM_1, FILM_2).confidence_interval(1 - 0.05 / 4)
    assert (ours.low, ours.high) == pytest.approx((scipys.low, scipys.high))


def test_what_cannot_be_computed_is_none_and_never_nan():
    assert mean_interval([]).mean is None
    alone = mean_interval([3.0, np.nan])
    assert (alone.n, alone.mean, alone.sd, alone.low) == (1, 3.0, None, None)
    same = mean_interval([2.0, 2.0, 2.0])
    assert (same.low, same.high, same.sd) == (2.0, 2.0, 0.0)
    assert hedges_g_av([1.0, 1.0], [2.0, 2.0]) is None
    assert equivalence_p([1.0], 1.0) is None
    assert rate_interval(0, 0).rate is None


def test_hedges_g_of_the_published_example():
    assert hedges_g_av(FILM_1, FILM_2) == pytest.approx(1.08, abs=0.005)


@pytest.mark.parametrize(("count", "n"), [(0, 8), (3, 8), (7, 8), (8, 8), (1, 20)])
def test_rate_interval_is_scipys_clopper_pearson(count, n):
    scipys = stats.binomtest(count, n).proportion_ci(0.95, method="exact")
    ours = rate_interval(count, n)
    assert (ours.low, ours.high) == pytest.approx((scipys.low, scipys.high))


def test_equivalence_takes_the_worse_of_two_one_sided_tests():
    d = np.array([0.2, -0.1, 0.3, 0.0, 0.15])
    two = [stats.ttest_1samp(d, -0.4, alternative="greater").pvalue, stats.ttest_1samp(d, 0.4, alternative="less").pvalue]
    assert equivalence_p(d, 0.4) == pytest.approx(max(two))
    assert equivalence_p([0.1, 0.1], 0.4) == 0.0
    assert equivalence_p([0.5, 0.5], 0.4) == 1.0


@pytest.mark.parametrize(("effect", "seeds"), [(0.5, 34), (0.8, 15), (1.0, 10), (0.2, 199)])
def test_seeds_needed_agree_with_the_published_table(effect, seeds):
    """Cohen's d_z at power .8, alpha .05, two-sided: the table that G*Power prints."""
    assert seeds_needed(effect, 1.0) == seeds
    assert power(seeds, effect, 1.0) >= 0.8 > power(seeds - 1, effect, 1.0)


def test_power_is_the_share_of_simulated_t_tests_that_find_the_difference():
    samples = np.random.default_rng(0).normal(1.0, 1.0, (20_000, 8))
    significant = stats.ttest_1samp(samples, 0.0, axis=1).pvalue < 0.05
    assert power(8, 1.0, 1.0) == pytest.approx(significant.mean(), abs=0.01)


def test_detectable_difference_inverts_the_power():
    assert power(8, detectable(8, 2.0), 2.0) == pytest.approx(0.8, abs=1e-4)
    assert detectable(1, 2.0) is None
    assert power(8, 0.0, 2.0, 0.05) == pytest.approx(0.05, abs=1e-5), "without a difference both tails find one by chance"
    assert seeds_needed(0.0, 1.0) is None
    assert seeds_needed(5.0, 0.0) == 6


def test_sign_flip_p_of_one_variant_is_scipys_exact_permutation_test():
    d = np.array([0.9, -0.2, 0.4, 1.3, 0.6, -0.1, 0.8])
    scipys = stats.permutation_test((d,), np.mean, permutation_type="samples", n_resamples=np.inf)
    assert max_t(d[:, None]) == [pytest.approx(scipys.pvalue)]


def test_smallest_p_is_two_over_two_to_the_seeds_for_any_number_of_variants():
    d = np.abs(np.random.default_rng(1).normal(5, 1, (6, 1))) + np.zeros((6, 9))
    assert max_t(d) == [pytest.approx(2 / 2**6)] * 9


@pytest.mark.parametrize("seed", range(4))
def test_step_down_is_the_definition_by_brute_force(seed):
    """Every pattern of signs, the maximum of |t| over the variants not yet ranked, in plain loops."""
    d = np.random.default_rng(seed).normal([0.0, 0.8, 0.8], 1.0, (7, 3))
    d[2, 1] = np.nan
    observed = _abs_t(d)
    order = np.argsort(-observed)
    patterns = [1 - 2 * ((code >> np.arange(7)) & 1) for code in range(2**7)]
    expected, floor = np.empty(3), 0.0
    for rank, column in enumerate(order):
        extreme = [_abs_t(d * signs[:, None])[order[rank:]].max() >= observed[column] - 1e-9 for signs in patterns]
        floor = expected[column] = max(floor, np.mean(extreme))
    assert max_t(d) == pytest.approx(expected)


def _abs_t(d):
    return np.abs(np.nanmean(d, axis=0)) / (np.nanstd(d, axis=0, ddof=1) / np.isfinite(d).sum(axis=0) ** 0.5)


def test_no_p_below_six_pairs_and_one_for_many_seeds():
    five = np.full((8, 2), 1.0)
    five[5:, 0] = np.nan
    assert max_t(five) == [None, pytest.approx(2 / 2**8)]
    many = np.random.default_rng(3).normal(0.5, 1.0, (40, 1))
    assert max_t(many)[0] == pytest.approx(stats.ttest_1samp(many[:, 0], 0).pvalue, abs=0.01)


def test_zero_differences_are_no_evidence():
    assert max_t(np.zeros((8, 2))) == [1.0, 1.0]


def test_signed_ranks_give_wilcoxons_p():
    d = np.array([0.9, -0.2, 0.4, 1.3, 0.6, -0.1, 0.8])
    assert max_t(signed_ranks(d)[:, None])[0] == pytest.approx(stats.wilcoxon(d, method="exact").pvalue)


def test_outliers_mark_the_collapsed_run_only():
    values = np.random.default_rng(4).normal(100.0, 1.0, (4, 8))
    values[2, 5] = 150.0
    values[3, 1] = 50.0
    assert np.argwhere(outliers(values)).tolist() == [[2, 5]]
    assert not outliers(values[:, :4]).any(), "too few seeds to tell"
    assert not outliers(np.ones((2, 6))).any()


# How often the statistics are right, on data whose truth is known.


def simulate(rng, seeds, variants, repeats, effect=0.0):
    """Metric values (repeats, 1 + variants, seeds): seeds share their luck (correlation .8), as paired runs do."""
    luck = rng.normal(0.0, 2.0, (repeats, 1, seeds))
    values = 100.0 + luck + rng.normal(0.0, 1.0, (repeats, 1 + variants, seeds))
    values[:, 1:] += effect
    return values


@pytest.mark.parametrize("seeds", [3, 5, 8, 20])
def test_the_interval_of_the_paired_difference_covers_the_truth(seeds):
    values = simulate(np.random.default_rng(seeds), seeds, 1, 4000, effect=-0.7)
    intervals = [mean_interval(variant - baseline) for baseline, variant in values]
    covered = np.mean([one.low <= -0.7 <= one.high for one in intervals])
    assert covered == pytest.approx(0.95, abs=0.02)


@pytest.mark.parametrize("seeds", [3, 5, 8, 20])
def test_simultaneous_intervals_cover_all_variants_at_once(seeds):
    values = simulate(np.random.default_rng(seeds + 100), seeds, 4, 2000)
    d = values[:, 1:] - values[:, :1]
    intervals = np.array([[(one.low, one.high) for one in (mean_interval(x, family=4) for x in run)] for run in d])
    covered = np.mean(np.all((intervals[..., 0] <= 0) & (intervals[..., 1] >= 0), axis=1))
    assert 0.93 <= covered <= 0.995, "Bonferroni may be careful, never bold"


@pytest.mark.parametrize("seeds", kept([3, 5, 8, 20], 3, 8))
def test_false_positives_of_the_joint_test_over_four_variants(seeds):
    values = simulate(np.random.default_rng(seeds + 200), seeds, 4, 300 if seeds == 20 else 1500)
    smallest = [min(filter(None, max_t((run[1:] - run[0]).T)), default=1.0) for run in values]
    assert np.mean(np.array(smallest) <= 0.05) <= 0.05 + 0.02


def test_the_joint_test_keeps_the_power_that_holm_throws_away_at_six_seeds():
    """One variant of four is better by 2.5 standard deviations of the difference; Holm's smallest p there is 4 x .031."""
    rng = np.random.default_rng(5)
    values = simulate(rng, 6, 4, 500)
    values[:, 1] -= 2.5 * 2**0.5
    share = np.mean([max_t((run[1:] - run[0]).T)[0] <= 0.05 for run in values])
    assert share == pytest.approx(0.79, abs=0.08)


def test_differences_put_a_collapse_at_the_worst_rank_and_keep_the_mean_clean():
    baseline = np.array([10.0, 11, 12, 13, 14, 15, 16, 17])
    good = baseline - np.array([1.0, 1.1, 0.9, 1.2, 0.8, 1.3, 0.7, 1.05])
    lost = good.copy()
    lost[0] = np.inf
    answer = differences({"none": baseline, "good": good, "lost": lost}, [("good", "none"), ("lost", "none")], Question())
    assert (answer["lost", "none"].better, answer["lost", "none"].ties, answer["lost", "none"].worse) == (7, 0, 1)
    assert answer["lost", "none"].estimate.n == 7
    assert answer["lost", "none"].estimate.mean == pytest.approx(np.mean(good[1:] - baseline[1:]))
    assert answer["good", "none"].p == pytest.approx(2 / 2**8)
    assert answer["lost", "none"].p_finished == pytest.approx(2 / 2**7)
    assert answer["lost", "none"].p > 0.1
    assert answer["good", "none"].direction == answer["lost", "none"].direction == 1


@pytest.mark.parametrize("lower", [True, False])
def test_direction_follows_the_metric(lower):
    baseline = np.arange(6.0)
    more = baseline + np.array([1, 2, 1, 2, 1, 3])
    answer = differences({"b": baseline, "v": more}, [("v", "b")], Question(lower_is_better=lower))["v", "b"]
    assert (answer.direction, answer.better, answer.worse) == ((-1, 0, 6) if lower else (1, 6, 0))
    assert answer.estimate.mean == pytest.approx(10 / 6)


def test_both_collapsed_is_a_tie_and_a_missing_seed_is_no_pair():
    baseline = np.array([1.0, np.inf, 3.0, 4.0])
    variant = np.array([0.5, np.inf, np.nan, np.inf])
    answer = differences({"b": baseline, "v": variant}, [("v", "b")], Question())["v", "b"]
    assert (answer.better, answer.ties, answer.worse, answer.estimate.n) == (1, 1, 1, 1)


def test_log_scale_reports_the_percent():
    baseline = np.array([100.0, 120.0, 140.0])
    answer = differences({"b": baseline, "v": baseline * [0.9, 0.95, 0.85]}, [("v", "b")], Question(log=True))["v", "b"]
    assert answer.percent.mean == pytest.approx(100 * (0.9 * 0.95 * 0.85) ** (1 / 3) - 100)
    scipys = stats.ttest_1samp(np.log([0.9, 0.95, 0.85]), 0).confidence_interval()
    limits = 100 * np.exp([scipys.low, scipys.high]) - 100
    assert (answer.percent.low, answer.percent.high) == pytest.approx(tuple(limits))
