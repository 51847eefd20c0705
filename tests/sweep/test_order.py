"""Processes stay with the variant that they have compiled, and end together."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sweep.test_executors import jobs_of
from sweep.untrained import swept

from rnnlab.data.build_dataset import build
from rnnlab.storage import store
from rnnlab.storage.run_result import RunResult
from rnnlab.sweep.executors.order import Order
from rnnlab.sweep.job import Job
from rnnlab.sweep.run_seconds import BUILTIN, expected, work

SHORT_FIRST = {"a": 2.0, "b": 1.0, "c": 3.0, "d": 2.0, "e": 12.0}
"""Seconds of a run; the longest variant is the last one of the file."""


def jobs(folder: Path, seeds: int) -> list[Job]:
    variants = {name: {"training.epochs": number} for number, name in enumerate("abcde", start=1)}
    return jobs_of(folder, compare={"variants": variants, "baseline": "a", "seeds": seeds})


def simulated(given: list[Job], seconds: Mapping[str, float], workers: int) -> tuple[list[Job], list[float], int]:
    """The runs in the order in which they are begun, when each process has its last one behind it, how often one compiles."""
    order, free, made = Order(given), [0.0] * workers, list[Job]()
    making: list[Job | None] = [None] * workers
    compiled = 0
    while order:
        who = int(np.argmin(free))
        if ended := making[who]:
            order.learn(ended, RunResult(status="done", metrics={"seconds": seconds[ended.spec.variant]}))
        others = [job.spec.variant for other, job in enumerate(making) if job and other != who]
        making[who] = job = order.next(ended.spec.variant if ended else "", others)
        compiled += not ended or ended.spec.variant != job.spec.variant
        free[who] += seconds[job.spec.variant]
        made.append(job)
    return made, free, compiled


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_all_runs_are_made_once_and_no_process_waits_long(workers: int, tmp_path: Path) -> None:
    seconds = dict(zip("abcde", np.random.default_rng(workers).uniform(1, 10, 5), strict=True))
    given = jobs(tmp_path, 6)
    made, free, compiled = simulated(given, seconds, workers)
    assert sorted(map(repr, made)) == sorted(map(repr, given))
    assert max(free) - min(free) <= max(seconds.values())
    assert compiled < len("abcde") + 2 * workers


def known(given: list[Job], work: Mapping[str, float], taken: Mapping[str, list[float]]) -> list[Job]:
    seconds = expected(work, taken)
    return [replace(job, expected=seconds[job.spec.variant]) for job in given]


@pytest.mark.parametrize("ended", ["", "ac", "abcde"], ids=["fresh", "two_known", "all_known"])
@pytest.mark.parametrize(("workers", "seeds"), [(2, 1), (2, 3), (3, 1), (3, 2), (4, 2), (4, 3)])
def test_a_long_variant_at_the_end_of_the_file_leaves_no_process_idle_for_long(
    workers: int, seeds: int, ended: str, tmp_path: Path
) -> None:
    """Work tells seconds only roughly; where runs have ended, as in a sweep that is taken up or has more seeds, they do."""
    work = {name: 1e6 * SHORT_FIRST[name] * factor for name, factor in zip("abcde", (1.3, 0.8, 1.0, 0.7, 1.2), strict=True)}
    given = jobs(tmp_path, seeds)
    _, blind, _ = simulated(given, SHORT_FIRST, workers)
    _, free, _ = simulated(known(given, work, {name: [SHORT_FIRST[name]] for name in ended}), SHORT_FIRST, workers)
    idle, before = (sum(max(times) - time for time in times) for times in (free, blind))
    assert max(free) - min(free) <= SHORT_FIRST["e"]
    assert idle < before
    assert max(free) < max(blind)


def test_a_variant_that_none_has_made_takes_its_work_at_the_pace_of_the_others() -> None:
    work = {"a": 10.0, "b": 20.0, "c": 40.0}
    assert expected(work, {}) == work
    assert expected(work, {"a": [4.0, 6.0], "b": [30.0]}) == {"a": 5.0, "b": 30.0, "c": 40.0}


def test_built_in_layers_are_expected_to_take_longer(tmp_path: Path) -> None:
    compare = {"variants": {"ours": {"implementation": "auto"}, "builtin": {"implementation": "keras"}}, "baseline": "ours"}
    sizes = work([job.spec for job in jobs_of(tmp_path, compare=compare)], build)
    assert sizes["builtin"] == BUILTIN * sizes["ours"] > sizes["ours"]


def test_the_pace_is_learnt_anew_from_the_runs_of_this_sweep(tmp_path: Path) -> None:
    """It may have moved to another machine."""
    given = known(jobs(tmp_path, 2), dict.fromkeys("abcde", 1.0), {"a": [9.0], "b": [5.0], "c": [4.0], "d": [3.0], "e": [2.0]})
    order = Order(given)
    job = order.next("e")
    order.learn(job, RunResult(status="done", metrics={"seconds": 200.0}))
    assert order.next("").spec.variant == "a", "all are slower there"


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
    assert [order.next("").spec.variant, order.next("", ["e"]).spec.variant] == ["e", "c"]


def test_what_follows_a_sweep_is_loaded_while_its_last_run_is_made(folder: Path) -> None:
    ended: list[int] = []
    results = folder / "runs" / "x"
    for seeds in (2, 3):
        swept(f"compare.seeds={seeds}", before_last=lambda: ended.append(len(list(results.rglob(store.RESULT)))))
    assert ended == [3, 5]
