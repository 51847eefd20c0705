"""An experiment in TensorBoard: the answer in words, and the mean curves of its variants."""

from contextlib import suppress
from pathlib import Path

from rnnlab import files
from rnnlab.comparison.compare import Comparison
from rnnlab.config import load
from rnnlab.errors import UserError
from rnnlab.storage import store
from rnnlab.tensorboard import seed_means
from rnnlab.tensorboard.event_files import replace
from rnnlab.tensorboard.experiment_board import columns_of
from rnnlab.tensorboard.values import text


def write(comparison: Comparison, experiment: Path) -> None:
    """Write the answer and the statement on each variant into the folder of an experiment, and the mean curves of its variants.

    Raises UserError where a symbolic link leads out of it, StorageError where it cannot be written.
    """
    place = experiment / store.TENSORBOARD
    files.refuse_links(experiment, place)
    said = [text("answer", answer(comparison))]
    with suppress(UserError):  # made by another version: the tab HParams then shows every setting
        said.append(columns_of(load(experiment / store.EXPERIMENT)))
    replace(place, {0: said})
    for variant in dict.fromkeys(path.parent for path in store.run_folders(experiment)):
        with suppress(UserError):  # a variant that was moved elsewhere and linked back keeps the curves that it has
            files.refuse_links(experiment, variant)
            seed_means.write(variant)


def answer(comparison: Comparison) -> str:
    """Return the answer of a comparison as Markdown, the sentences, then a line for each variant."""
    said = [f"- **{name}**: {one.against.words}" for name, one in comparison.variants.items() if one.against]
    return "\n".join([comparison.answer.replace("\n", "  \n"), "", *said, "", f"Epoch: {comparison.selection}."])
