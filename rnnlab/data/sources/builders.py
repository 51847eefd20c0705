"""Our corpora as builders of TensorFlow Datasets: importing this module makes `tfds.load("ptb")` and `"wikitext2"` work.

A split is one example, its whole text, so that no shuffling tears it apart.
"""

from collections.abc import Iterator
from pathlib import Path

import tensorflow_datasets as tfds

from rnnlab.data.sources.corpora import CORPORA, checked


class _Builder(tfds.core.GeneratorBasedBuilder, skip_registration=True):  # type: ignore[call-arg]
    """A corpus from files in the manual folder, or else in the data folder of rnnlab; its counts are checked."""

    VERSION = tfds.core.Version("1.0.0")
    MANUAL_DOWNLOAD_INSTRUCTIONS = "Put the files of the corpus, or the archive that has them, into this folder."

    def _info(self) -> tfds.core.DatasetInfo:
        corpus = CORPORA[self.name]
        return tfds.core.DatasetInfo(
            builder=self,
            features=tfds.features.FeaturesDict({"text": tfds.features.Text()}),
            homepage=corpus.url,
            citation=corpus.citation,
            license=corpus.licence,
            disable_shuffling=True,
        )

    def _split_generators(self, dl_manager: "tfds.download.DownloadManager") -> dict[str, Iterator]:
        try:
            given = str(dl_manager.manual_dir)
        except AssertionError:  # there is no such folder
            given = None
        return {split: self._generate_examples(path) for split, path in checked(self.name, given).items()}

    def _generate_examples(self, path: Path) -> Iterator[tuple[int, dict[str, str]]]:
        yield 0, {"text": path.read_text(encoding="utf-8")}


class Ptb(_Builder):
    """Penn Treebank by words, in the split of Mikolov et al. 2010."""


class Wikitext2(_Builder):
    """WikiText-2 by words."""
