"""Runs that trackers are told of, and a tracker that keeps what it is told."""

import time

from rnnlab.config import Experiment
from rnnlab.section import Section
from rnnlab.storage import store
from rnnlab.sweep.tracking import Tracking

DOCUMENT = {
    "name": "told",
    "data": {"name": "adding", "length": 4, "examples": {"train": 32, "validation": 16, "test": 16}},
    "model": {"recurrent": [{"units": 2}]},
    "training": {"epochs": 2},
    "compare": {"seeds": 1, "variants": {"none": {}, "gal": {"recurrent_dropout": 0.2}}},
    "executor": {"name": "in_process"},
}


class Options(Section):
    """Options of the tracker of the tests."""

    at: str = ""
    """Where it fails."""


class Kept:
    """What a tracker was told of a run."""

    def __init__(self, run):
        self.run, self.name, self.epochs, self.ended = run, run.name, [], None


def with_trackers(*trackers):
    return Experiment.from_dict({**DOCUMENT, "trackers": list(trackers)})


def tell(experiment, folder, say=print):
    """Tell the trackers of all finished runs of a folder."""
    with Tracking(experiment, folder, say) as tracking:
        for spec in experiment.runs():
            tracking.run(spec, store.read_run(store.run_folder(folder, spec.variant, spec.seed)).result)


def kept_run():
    """The experiment that is told to the tracker `kept`, and its run without noise."""
    experiment = with_trackers({"name": "kept"})
    spec = next(spec for spec in experiment.runs() if spec.variant == "none")
    return experiment, spec


class Silent:
    """A display that shows nothing."""

    def begin(self, spec, unit):
        return self

    def end_epoch(self, logs):
        """Show nothing."""


def wait_until(holds):
    end = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.01)
