"""Tells the trackers of an experiment of its finished runs, each run once; a tracker that fails stops nothing."""

import json
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from rnnlab import files
from rnnlab.config import Experiment, RunSpec
from rnnlab.config.paths import flatten
from rnnlab.storage import store
from rnnlab.storage.run_result import RunResult
from rnnlab.tensorboard.epoch_scalars import tagged
from rnnlab.trackers.tracker import Told, Tracker, TrackerConfig, made

FILE = "trackers.json"
"""In the folder of an experiment: by tracker and run the fingerprint of what was told."""


class Tracking:
    """The trackers of an experiment, and what they have been told."""

    def __init__(self, experiment: Experiment, folder: Path, say: Callable[[str], None]):
        self._file, self._folder, self._say, self._name = folder / FILE, folder, say, experiment.name
        self._sections: list[TrackerConfig] = list(experiment.config.trackers)
        self._trackers: dict[str, Tracker] = {}

    def run(self, spec: RunSpec, result: RunResult | None) -> None:
        """Tell of a run, where it is finished, whoever has not been told of it."""
        if not result:
            return
        place = f"{spec.variant}/seed-{spec.seed}"
        for section in self._sections[:]:
            key, known = _key(section), self._known()
            if known.get(key, {}).get(place) == result.fingerprint:
                continue
            if self._tells(section, lambda tracker: tracker.run(_told(spec, self._folder, result))):
                known.setdefault(key, {})[place] = result.fingerprint
                files.write(self._file, json.dumps(known, indent=1, sort_keys=True))

    def report(self, path: Path) -> None:
        """Give the report to all."""
        for section in self._sections[:]:
            self._tells(section, lambda tracker: tracker.report(self._name, path))

    def _tells(self, section: TrackerConfig, tell: Callable[[Tracker], None]) -> bool:
        """Whether a tracker took what it was told; one that fails is left out from then on, and it is said once."""
        try:
            if (key := _key(section)) not in self._trackers:
                self._trackers[key] = made(section)
            tell(self._trackers[key])
        except Exception as error:
            told = (str(error).splitlines() or [""])[0][:300]
            self._say(f"the tracker {section.name} fails and is left out, the runs go on: {type(error).__name__}: {told}")
            self._sections.remove(section)
            return False
        return True

    def _known(self) -> dict[str, dict[str, str]]:
        try:
            return dict(json.loads(self._file.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return {}


def _key(section: TrackerConfig) -> str:
    return json.dumps(section.model_dump(), sort_keys=True)


def _told(spec: RunSpec, folder: Path, result: RunResult) -> Told:
    run = store.run_folder(folder, spec.variant, spec.seed)
    weights = run / store.WEIGHTS
    return Told(
        experiment=spec.experiment,
        variant=spec.variant,
        seed=spec.seed,
        fingerprint=result.fingerprint,
        status=result.status,
        error=result.error,
        parameters=flatten(spec.config.model_dump(exclude={"name", "plugins"})),
        epochs=[(epoch.epoch, _finite(tagged(epoch))) for epoch in store.read_run(run).epochs],
        metrics=_finite(result.metrics),
        weights=weights if weights.exists() and store.weights_whole(run, result) else None,
    )


def _finite(metrics: Mapping[str, Any]) -> dict[str, float]:
    """The metrics that are finite numbers."""
    return {name: float(value) for name, value in metrics.items() if isinstance(value, int | float) and math.isfinite(value)}


def report(experiment: Experiment, folder: Path, path: Path, say: Callable[[str], None]) -> None:
    """Give the report of an experiment to its trackers."""
    Tracking(experiment, folder, say).report(path)
