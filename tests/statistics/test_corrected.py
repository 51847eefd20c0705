"""The corrected resampled t test, against its equation and against learners that are equally good."""

import numpy as np
import pytest
from scipy import stats

from rnnlab.statistics.intervals import corrected_p, equivalence_p, mean_interval
from rnnlab.statistics.paired import Question, differences


@pytest.mark.parametrize("overlap", [0.0, 0.25, 1.0])
def test_without_overlap_it_is_students_t_and_with_it_the_equation(overlap):
    x = np.random.default_rng(1).normal(0.3, 1, 10)
    t = x.mean() / np.sqrt(x.var(ddof=1) * (1 / 10 + overlap))
    assert corrected_p(x, overlap) == pytest.approx(2 * stats.t.sf(abs(t), 9))
    if not overlap:
        assert corrected_p(x, 0.0) == pytest.approx(stats.ttest_1samp(x, 0).pvalue)
    interval = mean_interval(x, overlap=overlap)
    half = stats.t.ppf(0.975, 9) * np.sqrt(x.var(ddof=1) * (1 / 10 + overlap))
    assert (interval.low, interval.high) == pytest.approx((x.mean() - half, x.mean() + half))
    error = np.sqrt(x.var(ddof=1) * (1 / 10 + overlap))
    assert equivalence_p(x, 2.0, overlap) == pytest.approx(stats.t.sf((2 - abs(x.mean())) / error, 9))


def test_the_interval_excludes_zero_where_p_is_below_the_level():
    for seed in range(50):
        x = np.random.default_rng(seed).normal(0.8, 1, 10)
        one = differences({"a": x, "b": np.zeros(10)}, [("a", "b")], Question(overlap=0.25))["a", "b"]
        assert one.excludes_zero == (one.p < 0.05)
        assert one.seeds_needed is None


def test_a_lost_fold_leaves_no_p():
    x = np.array([0.1, 0.2, np.inf, 0.3, 0.1, 0.2])
    one = differences({"a": x, "b": np.zeros(6)}, [("a", "b")], Question(overlap=0.25))["a", "b"]
    assert one.p is None
    assert one.p_finished is not None


def folded(random, rows=60, folds=5, repeats=2):
    """Squared errors of two learners over folds: slopes of two inputs that tell equally much of the target."""
    x = random.normal(size=(rows, 2))
    y = x.sum(axis=1) + random.normal(size=rows)
    gaps = []
    for _ in range(repeats):
        for test in np.array_split(random.permutation(rows), folds):
            train = np.setdiff1d(np.arange(rows), test)
            slopes = (x[train] * y[train, None]).sum(axis=0) / (x[train] ** 2).sum(axis=0)
            error = ((y[test, None] - x[test] * slopes) ** 2).mean(axis=0)
            gaps.append(error[0] - error[1])
    return np.array(gaps)


def test_equally_good_learners_are_told_apart_at_most_as_often_as_the_level_says():
    random = np.random.default_rng(0)
    drawn = [folded(random) for _ in range(400)]
    plain = np.mean([corrected_p(x, 0.0) < 0.05 for x in drawn])
    corrected = np.mean([corrected_p(x, 0.25) < 0.05 for x in drawn])
    assert plain > 0.12
    assert corrected < 0.08
