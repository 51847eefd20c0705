"""Builds the data set that a section of a source declares: prepared once, then read from plain arrays."""

from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

from rnnlab.data.dataset import Dataset
from rnnlab.data.prepared import ABOUT, Prepared, hash_of, place, prepared
from rnnlab.data.sources import (
    assemble,
    conllu,
    cornell,
    corpora,
    mnist,
    npz,
    polyphonic,
    prepare,
    series,
    series_dataset,
    table,
    text,
    tfds,
    tfds_download,
)
from rnnlab.data.sources.downloads import keep
from rnnlab.data.sources.frames import ending
from rnnlab.data.sources.reading import Reading, files_matching
from rnnlab.data.sources.source_config import Config
from rnnlab.documents import Record
from rnnlab.errors import UserError

READERS: dict[str, Callable[[Config], Reading]] = {
    "text": text.read,
    "table": table.read,
    "conllu": conllu.read,
    "cornell": cornell.read,
    "ptb": corpora.read,
    "wikitext2": corpora.read,
    "tfds": tfds.read,
    **dict.fromkeys(tfds.KNOWN, tfds.read),
}
"""The readers of the rows of texts, by the source's name in a config."""


def _rows(read: Callable[[Config], Reading], config: Config, folder: Path) -> Record:
    return prepare.tokens(folder, config, read(config))


MAKERS: dict[str, Callable[[Config, Path], Record]] = {
    **{name: partial(_rows, read) for name, read in READERS.items()},
    "npz": npz.make,
    "series": series.make,
    "polyphonic": polyphonic.make,
    "tfds/mnist": mnist.make,
}
"""The functions that write the arrays of a source, by its name in a config."""
ASSEMBLERS: dict[str, Callable[[Config, Prepared], Dataset]] = {"series": series_dataset.assemble, "tfds/mnist": mnist.assemble}
"""The functions that assemble a data set from its arrays, where the task does not decide this."""


PUBLISHED: dict[str, Iterable[str]] = {
    **{name: corpus.files.values() for name, corpus in corpora.CORPORA.items()},
    "cornell": cornell.FILES.values(),
    "polyphonic": polyphonic.FILES,
}
"""The files of published data sets that the user has to supply, by the name of the source in a config."""


def prepared_for(config: Config) -> Prepared:
    """Return the prepared arrays of a source, prepared now if necessary; raise UserError if its files are missing."""
    if config.name not in MAKERS:
        raise UserError(f"{config.name} is generated and needs no preparation; prepared are {', '.join(MAKERS)}")
    return prepared(config.name, _key(config), partial(MAKERS[config.name], config))


def is_prepared(config: Config) -> bool:
    """Return whether the prepared arrays of a source exist; False if its own files are missing."""
    try:
        return (place(config.name, _key(config)) / ABOUT).exists()
    except UserError:
        return False


def _key(config: Config) -> Record:
    """Everything that determines the arrays: settings, and the contents and extensions of the user's files."""
    sources = {name: [[ending(path), hash_of(path)] for path in files_matching(of)] for name, of in config.files.items()}
    return {**config.key, "sources": sources}


def build(config: Config) -> Dataset:
    """Return the data set that a section of a source declares."""
    usual = assemble.text if config.task.endswith("_model") else assemble.examples
    return ASSEMBLERS.get(config.name, usual)(config, prepared_for(config))


def keep_files(config: Config, given: Path) -> None:
    """Copy the user's files to where the source expects them; raise UserError if the source takes none."""
    if config.name in PUBLISHED:
        keep(config.name, given, PUBLISHED[config.name])
    elif config.name.startswith("tfds"):
        name = getattr(config, "dataset", None) or config.name.removeprefix("tfds/")
        keep(f"tfds/{name}", given, sorted(tfds_download.names(name)), unpack=False)
    else:
        raise UserError(f"{config.name} names its own files; --from is for published data sets")
