"""Where a run lies: in the folder of an experiment, whose names say which run it is, or by itself."""

import os
from pathlib import Path

from rnnlab.errors import UserError

EXPERIMENT, RUN = "experiment.yaml", "run.yaml"


def experiment_of(run: Path) -> Path | None:
    """Return the folder of the experiment that contains a run; None for a run outside an experiment."""
    experiment = Path(os.path.abspath(run)).parent.parent
    return experiment if (experiment / EXPERIMENT).is_file() else None


def by_name(run: Path) -> tuple[str, int]:
    """Return the variant and the seed that the names of folders stand for; raise UserError where they stand for no run."""
    path = Path(os.path.abspath(run))
    number = path.name.removeprefix("seed-")
    if not number.isdecimal():
        raise UserError(f"{run} is not the folder of a run: it has no {RUN} that says so, and its name is not seed-<n>")
    return path.parent.name, int(number)
