"""Calibration, entropies and intervals against their definitions, worked examples and simulations with a known answer."""

import numpy as np
import pytest

from rnnlab.inspection import calibration, prediction_intervals, scores

RANDOM = np.random.default_rng(0)
P = RANDOM.dirichlet(np.ones(4), 5000)
Y = RANDOM.integers(0, 4, 5000)


def drawn(p):
    """A class for every row, drawn from its own probabilities: what perfect calibration means."""
    return (np.random.default_rng(1).uniform(size=(len(p), 1)) > p.cumsum(axis=1)).sum(axis=1)


def error(p, y, bins=15):
    return calibration.calibration_error(calibration.reliability(p.max(1), p.argmax(1) == y, bins))


def test_scores_are_their_definitions():
    hot = np.eye(4)[Y]
    np.testing.assert_allclose(scores.surprise(P, Y), [-np.log(p[y]) for p, y in zip(P, Y, strict=True)])
    np.testing.assert_allclose(scores.brier(P, Y), ((P - hot) ** 2).sum(axis=1))
    np.testing.assert_allclose(scores.entropy(P), -(P * np.log(P)).sum(axis=1))
    np.testing.assert_allclose(scores.entropy(np.full((1, 8), 1 / 8)), np.log(8))


def test_a_certain_prediction_is_scored_without_nan():
    sure = np.array([[1.0, 0.0]])
    assert scores.brier(sure, np.array([0])) == 0
    assert scores.brier(sure, np.array([1])) == 2
    assert scores.entropy(sure) == 0
    assert 700 < scores.surprise(sure, np.array([1])) < 710
    np.testing.assert_array_equal(scores.softmax(np.array([[1e4, -1e4]])), sure)


def test_softmax_keeps_small_probabilities():
    assert scores.surprise(scores.softmax(np.array([[0.0, -300.0]], "float32")), np.array([1])) == pytest.approx(300)


def test_a_label_by_itself_is_a_choice_between_two():
    p, y = np.array([0.2, 0.9]), np.array([0, 1])
    pair = scores.two_sided(p)
    np.testing.assert_allclose(scores.surprise(pair, y), -np.log([0.8, 0.9]))
    np.testing.assert_allclose(scores.brier(pair, y), 2 * (p - y) ** 2)


def test_a_worked_example_of_the_calibration_error():
    confidence, right = np.array([0.95, 0.85, 0.75, 0.65, 0.62]), np.array([1, 1, 0, 1, 0])
    diagram = calibration.reliability(confidence, right, bins=5)
    np.testing.assert_array_equal(diagram.count, [0, 0, 0, 3, 2])
    np.testing.assert_allclose(diagram.confidence[3:], [2.02 / 3, 0.9])
    np.testing.assert_allclose(diagram.accuracy[3:], [1 / 3, 1])
    assert calibration.calibration_error(diagram) == pytest.approx(3 / 5 * (2.02 - 1) / 3 + 2 / 5 * 0.1)


def test_bins_are_closed_above_and_hold_zero_and_one():
    diagram = calibration.reliability(np.array([0.0, 0.2, 0.2000001, 1.0]), np.zeros(4), bins=5)
    np.testing.assert_array_equal(diagram.count, [2, 1, 0, 0, 1])


def test_probabilities_that_come_true_have_no_calibration_error_and_others_have_theirs():
    y = drawn(P)
    assert error(P, y) < 0.025
    sharper = P**3 / (P**3).sum(axis=1, keepdims=True)
    assert error(sharper, y) > 0.1
    assert calibration.classwise_calibration_error(P, y) < 0.02 < calibration.classwise_calibration_error(sharper, y)
    adaptive = calibration.equally_filled(P.max(1), P.argmax(1) == y)
    assert calibration.calibration_error(adaptive) < 0.03


def test_a_constant_predictor_and_a_single_class():
    constant = np.tile([0.7, 0.3], (1000, 1))
    y = (np.arange(1000) >= 600).astype(int)
    assert error(constant, y) == pytest.approx(0.1)
    assert calibration.classwise_calibration_error(constant, y) == pytest.approx(0.1)
    one, zeros = np.ones((5, 1)), np.zeros(5, int)
    assert error(one, zeros) == scores.brier(one, zeros).sum() == scores.entropy(one).sum() == 0


def test_equally_filled_bins_hold_equally_many():
    diagram = calibration.equally_filled(P.max(1), P.argmax(1) == Y, bins=7)
    assert np.ptp(diagram.count) <= 1
    assert (np.diff(diagram.confidence) > 0).all()
    same = calibration.equally_filled(np.full(10, 0.5), np.arange(10) < 5, bins=2)
    np.testing.assert_array_equal(same.count, [5, 5])


def test_diagrams_of_parts_are_that_of_the_whole():
    confidence, right = P.max(1), P.argmax(1) == Y
    whole = calibration.reliability(confidence, right)
    cuts = (slice(0, 7), slice(7, 2000), slice(2000, None))
    parts = calibration.together(*(calibration.reliability(confidence[cut], right[cut]) for cut in cuts))
    for field in ("count", "confidence", "accuracy"):
        np.testing.assert_allclose(getattr(parts, field), getattr(whole, field))


def test_nothing_predicted_has_no_error():
    for sort in (calibration.reliability, calibration.equally_filled):
        assert calibration.calibration_error(sort(np.zeros(0), np.zeros(0))) == 0
        with pytest.raises(ValueError, match="bins must be at least 1, got 0"):
            sort(np.zeros(1), np.zeros(1), 0)


def simulated(variance, precision, cells=40_000):
    """Errors of predictions whose stated spread is the true one."""
    spread = np.sqrt(variance + 1 / np.asarray(precision))
    return np.random.default_rng(2).normal(size=(cells, 2)) * spread


@pytest.mark.parametrize("level", [0.5, 0.8, 0.9, 0.95])
def test_intervals_hold_what_they_promise_where_the_spread_is_true(level):
    variance = np.random.default_rng(3).exponential(1.0, (40_000, 2))
    error = simulated(variance, [2.0, 0.5])
    assert prediction_intervals.coverage(error, variance, np.array([2.0, 0.5]), level) == pytest.approx(level, abs=0.005)
    assert prediction_intervals.coverage(error, variance, np.array([8.0, 2.0]), level) < level - 0.02
    assert prediction_intervals.coverage(error, 0 * variance, 1e9, level) < 0.01


def test_gaussian_surprise_is_that_of_scipy():
    from scipy.stats import norm

    error, variance = RANDOM.normal(size=(9, 2)), RANDOM.exponential(size=(9, 2))
    expected = -norm(0, np.sqrt(variance + 1 / np.array([2.0, 3.0]))).logpdf(error)
    np.testing.assert_allclose(prediction_intervals.gaussian_surprise(error, variance, np.array([2.0, 3.0])), expected)


def test_the_noise_precision_is_found_again():
    variance = np.random.default_rng(3).exponential(0.3, (40_000, 2))
    error = simulated(variance, [4.0, 0.5])
    np.testing.assert_allclose(prediction_intervals.noise_precision(error, variance), [4.0, 0.5], rtol=0.03)
    np.testing.assert_allclose(prediction_intervals.noise_precision(error, 0 * variance), 1 / (error**2).mean(axis=0))


def test_the_noise_precision_is_the_most_likely_one():
    error, variance = RANDOM.normal(size=(50, 1)), RANDOM.exponential(0.5, (50, 1))
    best = prediction_intervals.noise_precision(error, variance)
    least = prediction_intervals.gaussian_surprise(error, variance, best).mean()
    for other in best * np.geomspace(0.01, 100, 41):
        assert prediction_intervals.gaussian_surprise(error, variance, other).mean() >= least - 1e-9


def test_a_level_outside_its_range_is_refused():
    with pytest.raises(ValueError, match="level must be between 0 and 1, got 95"):
        prediction_intervals.coverage(np.zeros((1, 1)), np.zeros((1, 1)), 1.0, 95)
