"""Check that a registered tracker can follow runs."""

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

from rnnlab.testing.require import CheckError, require
from rnnlab.trackers.builtin_trackers import TRACKERS
from rnnlab.trackers.tracker import Begun, Ended, Tracker, made

Result = TypeVar("Result")
EPOCH = {"train/loss": 0.5, "validation/loss": 0.25, "learning_rate": 0.01}


def check_tracker(name: str, **options: object) -> None:
    """Check a registered tracker, with its `options`; raise CheckError where it fails, which says why.

    It follows two runs that take turns, one done with weights and one failed without, lets another object of its class, as a
    process that is started again has one, go on with a run that it has begun, and takes a report. It really tells them: give
    `options` that lead to a place of trials.
    """
    config = TRACKERS[name].section(name=name, **options)
    with TemporaryDirectory() as folder:
        weights, report = Path(folder) / "best.weights.h5", Path(folder) / "report.html"
        weights.write_bytes(b"weights")
        report.write_text("<p>a report</p>")
        follower = _called(name, "be made", made, config)
        runs = [Begun("checked", variant, 1, f"fingerprint-{variant}", {"training.epochs": 2}) for variant in ("none", "gal")]
        first, second = (_begun(name, follower, run) for run in runs)
        require(first != second, f"{name} knows two runs by the one name {first!r}: let begin return another for each")
        for known in (first, second):
            _called(name, "be told an epoch", follower.epoch, known, 1, EPOCH)
        again = _called(name, "be made", made, config)
        told = _begun(name, again, runs[0], first)
        require(
            told == first, f"{name} lets a run that it knows as {first!r} go on as {told!r}: let begin return what is known"
        )
        _called(name, "be told an epoch without finite metrics", again.epoch, first, 2, {})
        _called(name, "be told an end", again.end, first, runs[0], Ended("done", None, 2, {"test_loss": 0.3}, weights))
        _called(name, "be told a failure", follower.end, second, runs[1], Ended("failed", "out of memory", 1, {}, None))
        _called(name, "be given a report", follower.report, "checked", report)


def _begun(name: str, follower: Tracker, run: Begun, known: str | None = None) -> str:
    told = _called(name, "begin a run" if known is None else "let a run go on", follower.begin, run, known)
    require(isinstance(told, str) and told != "", f"{name} knows a run by {told!r}: let begin return a text, not an empty one")
    return str(told)


def _called(name: str, what: str, function: Callable[..., Result], *arguments: object) -> Result:
    try:
        return function(*arguments)
    except Exception as error:
        raise CheckError(f"the tracker {name} cannot {what}: {type(error).__name__}: {error}") from error
