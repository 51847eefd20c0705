"""Processes stay with the variant that they have compiled, and end together."""

from pathlib import Path

import numpy as np
import pytest
from sweep.test_executors import jobs_of

from rnnlab.storage.run_result import RunResult
from rnnlab.sweep.executors.order import Order
from rnnlab.sweep.job import Job


def jobs(folder: Path, seeds: int) -> list[Job]:
    variants = {name: {"training.epochs": number} for number, name in enumerate("abcde", start=1)}
    return jobs_of(folder, compare={"variants": variants, "baseline": "a", "seeds": seeds})


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_all_runs_are_made_once_and_no_process_waits_long(workers: int, tmp_path: Path) -> None:
    seconds = dict(zip("abcde", np.random.default_rng(workers).uniform(1, 10, 5), strict=True))
    given = jobs(tmp_path, 6)
    order, free, last, made = Order(given), [0.0] * workers, [""] * workers, list[Job]()
    compiled = 0
    while order:
        who = int(np.argmin(free))
        job = order.next(last[who], {last[other] for other in range(workers) if other != who})
        compiled += last[who] != job.spec.variant
        last[who], free[who] = job.spec.variant, free[who] + seconds[job.spec.variant]
        order.learn(job, RunResult(status="done", metrics={"seconds": seconds[job.spec.variant]}))
        made.append(job)
    assert sorted(map(repr, made)) == sorted(map(repr, given))
    assert max(free) - min(free) <= max(seconds.values())
    assert compiled < len("abcde") + 2 * workers


def test_a_lost_run_is_the_next_one_of_its_variant(tmp_path: Path) -> None:
    order = Order(jobs(tmp_path, 2))
    lost = order.next("c")
    order.put_back(lost)
    assert order.next("c") == lost
    assert [order.next("c").spec.seed, order.next("c").spec.variant] == [2, "a"]


def test_the_variant_with_most_work_left_comes_first_among_known_ones(tmp_path: Path) -> None:
    given = jobs(tmp_path, 3)
    order = Order(given)
    for job in given[:5]:
        order.next(job.spec.variant)
        order.learn(job, RunResult(status="done", metrics={"seconds": float("adbce".index(job.spec.variant) + 1)}))
    assert [order.next("").spec.variant, order.next("", {"e"}).spec.variant] == ["e", "c"]
