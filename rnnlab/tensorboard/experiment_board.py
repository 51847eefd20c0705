"""An experiment in TensorBoard before it has an answer: the columns of the tab HParams."""

from pathlib import Path
from typing import TYPE_CHECKING

from rnnlab import files
from rnnlab.config import Experiment
from rnnlab.storage import store
from rnnlab.tensorboard.event_files import replace
from rnnlab.tensorboard.hparams import settings
from rnnlab.tensorboard.hparams_columns import columns

if TYPE_CHECKING:
    from tensorboard.compat.proto.summary_pb2 import Summary

SPLITS = ("test_", "val_", "train_")


def begin(experiment: Experiment, folder: Path) -> None:
    """Write the columns into the experiment's `folder`.

    Raises UserError where a symbolic link leads out of it, StorageError where it cannot be written.
    """
    files.refuse_links(folder, folder / store.TENSORBOARD)
    replace(folder / store.TENSORBOARD, {0: [columns_of(experiment)]})


def columns_of(experiment: Experiment) -> "Summary.Value":
    """Return the columns of an experiment: what its variants change, its monitored metric of every split, loss, speed."""
    specs = {spec.variant: spec for spec in experiment.runs()}
    monitored = dict.fromkeys((experiment.config.training.monitor.removeprefix("val_"), "loss"))
    metrics = [f"{split}{name}" for name in monitored for split in SPLITS]
    rows = [settings(spec, dict(experiment.document["compare"])) for spec in specs.values()]
    return columns(rows, [*metrics, "throughput", "seconds"])
