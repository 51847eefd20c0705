"""A tracker that fails, exits or does not answer stops nothing: the others are told, and it is told by the next command."""

import sys
import time
from contextlib import suppress
from threading import Event

import pytest
from trackers.told_runs import tell, with_trackers

import rnnlab
from rnnlab import register
from rnnlab.storage import store
from rnnlab.sweep import tracking
from rnnlab.sweep.tracking import Tracking


def test_an_epoch_that_was_told_before_another_one_failed_is_told_once(finished):
    told, failing = [], [2]

    @register.tracker("flaky")
    class Flaky:
        """Fails once."""

        def begin(self, run, known):
            return run.name

        def epoch(self, known, epoch, metrics):
            if epoch in failing:
                failing.remove(epoch)
                raise OSError("nobody is there")
            told.append((known, epoch))

        def end(self, known, run, ended):
            told.append((known, ended.status))

    for _ in range(2):
        tell(with_trackers({"name": "flaky"}), finished)
    (finished / "trackers.json").unlink()
    assert len(told) == 6
    assert set(told) == {(f"{name}/seed-1", what) for name in ("none", "gal") for what in (1, 2, "done")}


@pytest.mark.parametrize("at", ["begin", "epoch", "end"])
def test_one_that_fails_says_so_once_and_the_others_are_told(at, tracked, finished):
    said = []
    tell(with_trackers({"name": "kept", "at": at}, {"name": "kept"}), finished, said.append)
    (finished / "trackers.json").unlink()
    assert said == [
        "the tracker kept failed and is left out, the runs continue: AssertionError: nobody is there",
    ]
    assert sum(bool(one.ended) for one in tracked) == 2


def test_one_that_exits_is_left_out_and_the_others_are_told(tracked, finished):
    @register.tracker("leaving")
    class Leaving:
        """Exits, as a library does that thinks that it owns the process."""

        def begin(self, run, known):
            sys.exit("no account")

    said = []
    tell(with_trackers({"name": "leaving"}, {"name": "kept"}), finished, said.append)
    (finished / "trackers.json").unlink()
    assert said == ["the tracker leaving failed and is left out, the runs continue: SystemExit: no account"]
    assert sum(bool(one.ended) for one in tracked) == 2


def test_one_that_failed_is_told_by_the_next_call(tracked, finished):
    tell(with_trackers({"name": "kept", "at": "begin"}), finished)
    tell(with_trackers({"name": "kept"}), finished)
    tell(with_trackers({"name": "kept"}), finished)
    (finished / "trackers.json").unlink()
    assert len(tracked) == 2


def test_one_that_does_not_answer_is_left(finished, monkeypatch):
    never, said = Event(), []

    @register.tracker("silent")
    class Silent:
        """Waits."""

        def begin(self, run, known):
            never.wait()

    monkeypatch.setattr(tracking, "PATIENCE", 0.3)
    begin = time.monotonic()
    tell(with_trackers({"name": "silent"}), finished, said.append)
    assert time.monotonic() - begin < 10
    assert said == ["a tracker has not answered for 0 s and is abandoned; the next command sends the rest"]
    never.set()


def test_an_error_waits_for_no_queue(finished, monkeypatch):
    never, said = Event(), []

    @register.tracker("slow")
    class Slow:
        """Takes its time."""

        def begin(self, run, known):
            never.wait(60)
            return run.name

    monkeypatch.setattr(tracking, "HURRY", 0.2)
    begin = time.monotonic()
    with suppress(ZeroDivisionError), Tracking(with_trackers({"name": "slow"}), finished, said.append) as telling:
        for spec in with_trackers().runs():
            telling.run(spec, store.read_run(store.run_folder(finished, spec.variant, spec.seed)).result)
        raise ZeroDivisionError
    assert time.monotonic() - begin < 30
    assert said == ["a tracker has not received everything; the next command sends the rest"]
    never.set()
    telling._thread.join()
    (finished / "trackers.json").unlink(missing_ok=True)


@pytest.mark.slow
@pytest.mark.parametrize("at", ["epoch", "report"])
def test_one_that_fails_stops_no_run(at, tracked, tmp_path, capsys):
    study = rnnlab.run(with_trackers({"name": "kept", "at": at}), tmp_path)
    assert study.sweep.exit_status == 0
    assert capsys.readouterr().out.count("the tracker kept failed and is left out") == 1
