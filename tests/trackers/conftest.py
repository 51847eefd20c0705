"""Finished runs to tell of, and a tracker that keeps what it is told."""

import shutil

import pytest
from trackers.told_runs import DOCUMENT, Kept, Options

from rnnlab import register
from rnnlab.config import Experiment
from rnnlab.sweep.sweep import run


@pytest.fixture
def tracked():
    """A tracker that keeps what it is told, in a list with an entry for each run that it begins."""
    told = []

    @register.tracker("kept", options=Options)
    class Tracker:
        """Keeps what it is told, or fails where it is told to: `at` a method."""

        def __init__(self, at):
            self.at = at

        def begin(self, run, known):
            assert self.at != "begin", "nobody is there"
            if known is None:
                told.append(Kept(run))
            return known or str(len(told) - 1)

        def epoch(self, known, epoch, metrics):
            assert self.at != "epoch", "nobody is there"
            told[int(known)].epochs.append((epoch, metrics))

        def end(self, known, run, ended):
            assert self.at != "end", "nobody is there"
            told[int(known)].ended = ended

        def report(self, experiment, path):
            assert self.at != "report", "nobody is there"
            told.append((experiment, path.read_text()))

    return told


@pytest.fixture(scope="session")
def finished(tmp_path_factory):
    """The folder of results of an experiment without trackers."""
    folder = tmp_path_factory.mktemp("finished")
    assert run(Experiment.from_dict(DOCUMENT), folder).exit_status == 0
    return folder / "told"


@pytest.fixture
def going(finished, tmp_path):
    """The folder of a run as it is when so many epochs have ended, and what its tracking hears."""
    folder = tmp_path / "told"
    shutil.copytree(finished, folder)
    lines = (finished / "none/seed-1/events.jsonl").read_text().splitlines(keepends=True)
    return lambda epochs: (folder / "none/seed-1/events.jsonl").write_text("".join(lines[:epochs])), folder
