"""Our corpora through TensorFlow Datasets itself, from an archive in their usual layout."""

import tarfile

import pytest

from rnnlab.data.build_dataset import build
from rnnlab.errors import UserError


@pytest.mark.slow
def test_the_treebank_is_the_same_through_our_builder_and_our_reader(shared_data, home, section):
    import tensorflow_datasets as tfds

    from rnnlab.data.sources import builders

    (home / "given").mkdir()
    with tarfile.open(home / "given" / "simple-examples.tgz", "w:gz", compresslevel=1) as archive:
        archive.add(shared_data / "ptb", "simple-examples/data")
    config = tfds.download.DownloadConfig(manual_dir=str(home / "given"))
    assert issubclass(tfds.builder_cls("ptb"), builders.Ptb)
    made = tfds.builder("ptb", data_dir=str(home / "tfds"), file_format="array_record")
    made.download_and_prepare(download_config=config)
    data = build(section({"name": "ptb", "folder": str(home / "given")}))
    for split in ("train", "validation", "test"):
        (example,) = made.as_data_source(split)
        tokens = data.codec.split(example["text"].decode())
        assert data.codec.vocabulary.decode(getattr(data, split).arrays()[0]) == tokens
    assert made.info.redistribution_info.license


def test_a_builder_without_files_says_what_to_put_where(home):
    import tensorflow_datasets as tfds

    from rnnlab.data.sources import builders  # noqa: F401  it registers the names

    made = tfds.builder("wikitext2", data_dir=str(home / "tfds"), file_format="array_record")
    with pytest.raises(UserError, match=r"wiki.train.tokens.*wikitext-2-v1.zip"):
        made.download_and_prepare()
