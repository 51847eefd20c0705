"""Which runs an experiment's own config plans now; a seed or a variant may have been withdrawn since it was made."""

from pathlib import Path

from rnnlab.config import RunSpec, load
from rnnlab.errors import UserError
from rnnlab.storage import store


def planned(experiment: Path) -> dict[Path, RunSpec] | None:
    """Return the planned runs of an experiment by their folders; None where this version can't read its config."""
    try:
        specs = load(experiment / store.EXPERIMENT, plugins=False).runs()
    except UserError:
        return None
    return {store.run_folder(experiment, spec.variant, spec.seed): spec for spec in specs}
