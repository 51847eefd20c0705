"""Rates in time: the equations of their papers, and what is refused."""

import numpy as np
import pytest

from rnnlab.noise.rate_schedule import RateSchedule
from rnnlab.noise.schemes import noises, plain


def factors(times, **settings):
    schedule = RateSchedule.read(settings)
    return [schedule.factor(t, 0) if schedule.by == "epoch" else schedule.factor(0, t) for t in times]


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"name": "early", "until": 2}, [1, 1, 0, 0, 0]),
        ({"name": "early", "until": 4, "falling": True}, [1, 0.75, 0.5, 0.25, 0]),
        ({"name": "late", "after": 2}, [0, 0, 1, 1, 1]),
        ({"name": "linear", "until": 2}, [0, 0.5, 1, 1, 1]),
        ({"name": "linear", "until": 4, "start": 1.0, "end": 0.2, "by": "step"}, [1, 0.8, 0.6, 0.4, 0.2]),
    ],
)
def test_a_schedule_is_its_equation(settings, expected):
    np.testing.assert_allclose(factors(range(5), **settings), expected, atol=1e-15)


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.9])
def test_the_curriculum_keeps_with_the_probability_of_its_paper(rate):
    """Morerio et al. 2017: (1 - theta) e^(-gamma t) + theta, from 1 towards theta."""
    gamma, theta, steps = 1e-3, 1 - rate, np.array([0, 1, 10, 1000, 100_000])
    kept = 1 - rate * np.array(factors(steps, name="curriculum", gamma=gamma))
    np.testing.assert_allclose(kept, (1 - theta) * np.exp(-gamma * steps) + theta, rtol=1e-12)


def test_a_schedule_is_that_of_all_rates_of_a_scheme_and_reads_back():
    setting = {"scheme": "zoneout", "cell": 0.5, "hidden": 0.05, "schedule": {"name": "early", "until": 3}}
    both = noises(setting, "recurrent_dropout")
    assert [noise.rate for noise in both] == [0.5, 0.05]
    assert len({noise.schedule for noise in both}) == 1
    assert noises(plain(list(both)), "recurrent_dropout") == both
    assert noises([noise.coordinates() for noise in both], "recurrent_dropout") == both
    assert "schedule" not in noises(0.3, "dropout")[0].coordinates()


@pytest.mark.parametrize(
    ("schedule", "message"),
    [
        (
            {"name": "erly", "until": 3},
            r"a schedule of a rate needs a name: early, late, linear, curriculum; got 'erly'.*early",
        ),
        ("early", "a schedule of a rate needs a name.*got 'early'"),
        ({"until": 3}, "got None"),
        ({"name": "early"}, "schedule 'early' needs until"),
        ({"name": "early", "after": 3}, "schedule 'early' has no setting 'after'; it takes by, until, falling"),
        ({"name": "early", "until": 0}, "schedule 'early': until must be a number above 0, got 0"),
        ({"name": "early", "until": 3, "falling": 1}, "falling must be true or false, got 1"),
        ({"name": "linear", "until": 3, "end": 1.5}, r"end must be a number in \[0, 1\], got 1.5"),
        ({"name": "late", "after": 3, "by": "batch"}, "goes by epoch or step, got 'batch'"),
        ({"name": "curriculum", "gamma": float("inf")}, "gamma must be a number above 0, got inf"),
    ],
)
def test_what_is_no_schedule_is_refused(schedule, message):
    with pytest.raises(ValueError, match=message):
        noises({"scheme": "variational", "rate": 0.3, "schedule": schedule}, "dropout")
