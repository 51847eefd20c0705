"""Data sets through the builders of TensorFlow Datasets, on files that a user has."""

import json
import re
import socket
import subprocess
import sys
import tarfile
import time
import zipfile

import numpy as np
import pytest

from rnnlab.data.build_dataset import build
from rnnlab.data.describe import describe
from rnnlab.data.sources import tfds_download
from rnnlab.data.sources.build_source import keep_files, prepared_for
from rnnlab.errors import UserError


def test_shakespeare_by_its_own_builder(shared_data, shared_home, section):
    config = section({"name": "tfds/tiny_shakespeare"})
    keep_files(config, shared_data / "tiny_shakespeare")
    data = build(config)
    splits = [split.arrays()[0] for split in (data.train, data.validation, data.test)]
    text = (shared_data / "tiny_shakespeare" / "input.txt").read_text()
    parts = ["".join(data.vocabulary.decode(split)).replace("<eos>", "\n") for split in splits]
    assert [len(part) // 100 for part in parts] == [10038, 557, 557]
    assert all(part.rstrip("\n") in text for part in parts)


def test_other_splits_are_other_data_and_no_files(shared_data, shared_home, section):
    """Whatever was prepared before: a part of a split, or another one to test on, is not the whole data set's own."""
    config = section({"name": "tfds/tiny_shakespeare"})
    keep_files(config, shared_data / "tiny_shakespeare")
    whole = build(config)
    other = section({"name": "tfds/tiny_shakespeare", "train": "validation", "test": "validation"})
    words = {
        name: [split.arrays()[0] for split in (of.train, of.test)] for name, of in (("whole", whole), ("other", build(other)))
    }
    assert len(words["whole"][0]) > 2 * len(words["other"][0])
    np.testing.assert_array_equal(*words["other"])
    assert config.files == other.files == {}
    with pytest.raises(UserError, match=r"no split 'train\[:10%\]', or no example in it: it has train \(1\)"):
        build(section({"name": "tfds/tiny_shakespeare", "train": "train[:10%]"}))


def test_a_wrong_file_is_refused(home, section):
    config = section({"name": "tfds/tiny_shakespeare"})
    (home / "input.txt").write_text("not the text")
    keep_files(config, home / "input.txt")
    with pytest.raises(UserError, match=r"input.txt is another file than the builder expects"):
        build(config)


def test_no_network_and_no_file_is_told_within_seconds(home, section, monkeypatch):
    def refuse(*_, **__):
        raise OSError("unreachable")

    monkeypatch.setattr(tfds_download.socket, "create_connection", refuse)
    monkeypatch.setattr(tfds_download, "getproxies", dict)
    start = time.monotonic()
    both = r"TREC_10.label from http://cogcomp.org.*train_5500.label from http.*downloads/tfds-trec.*--from FOLDER"
    with pytest.raises(UserError, match=f"trec cannot reach what it needs: {both}"):
        build(section({"name": "tfds/trec"}))
    assert time.monotonic() - start < 20
    assert socket.create_connection is refuse


@pytest.mark.slow
def test_film_reviews_by_their_own_builder(shared_data, home, section):
    """Every tenth review, in the packing of the published archive that many have."""
    with (
        tarfile.open(shared_data / "imdb" / "aclImdb_v1_labeled.tar.xz") as whole,
        tarfile.open(home / "aclImdb_v1_labeled.tar.xz", "w:xz", preset=0) as some,
    ):
        for member in whole:
            if member.isfile() and ("_" not in member.name.split("/")[-1] or re.search(r"/\d*0_\d+\.txt$", member.name)):
                some.addfile(member, whole.extractfile(member))
    config = section({"name": "tfds/imdb_reviews"})
    keep_files(config, home / "aclImdb_v1_labeled.tar.xz")
    start = time.process_time()  # other work does not count
    prepared = prepared_for(config)
    assert time.process_time() - start < 20
    told = describe(prepared)
    assert [told["splits"][name]["examples"] for name in ("train", "validation", "test")] == [2_250, 250, 2_500]
    assert told["splits"]["test"]["labels"] == {"neg": 1_250, "pos": 1_250}
    code = "import sys, time; from rnnlab.config import data_section; from rnnlab.data.build_dataset import build\n"
    code += "start = time.monotonic()\n"
    code += "build(data_section('tfds/imdb_reviews')); print(time.monotonic() - start, 'tensorflow' in sys.modules)"
    seconds, heavy = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert heavy == "False"
    assert float(seconds) < 1


@pytest.mark.slow
def test_tagged_words_by_their_own_builder(shared_data, home, section, trusting):
    """On the first sentences of each file; the whole files are read by `test_tagged_sentences`."""
    pytest.importorskip("conllu")
    trusting("universal_dependencies/en_ewt")
    counts = {"train": 900, "dev": 300, "test": 250}
    for part, count in counts.items():
        name = f"en_ewt-ud-{part}.conllu"
        sentences = (shared_data / "ud_english_ewt" / name).read_text().split("\n\n")[:count]
        (home / name).write_text("\n\n".join(sentences) + "\n\n")
    config = section({"name": "tfds/universal_dependencies/en_ewt", "vocabulary": None})
    keep_files(config, home)
    data = build(config)
    assert [len(split.lengths) for split in (data.train, data.validation, data.test)] == [*counts.values()]
    files = {"train": "train", "validation": "dev", "test": "test"}
    mine = {key: f"{home}/*{part}.conllu" for key, part in files.items()}
    own = build(section({"name": "conllu", "vocabulary": None, **mine}))
    assert tagged(data) == tagged(own)


def tagged(data):
    """The sentences of the test split in any order; the words that training has, and all tags."""
    split = data.test
    parts = zip(split.offsets, split.offsets[1:], strict=False)
    pairs = [(data.codec.decode(split.values[begin:end]), split.targets[begin:end]) for begin, end in parts]
    return sorted((words, [data.codec.labels[tag] for tag in tags]) for words, tags in pairs)


QUESTIONS = "".join(f"{kind}:x What is {number} ?\n" for number in range(20) for kind in ("NUM", "LOC"))
PHRASES = "sentence\tlabel\n" + "".join(f"it 's film {number}\t{number % 2}\n" for number in range(40))


def test_questions_by_their_own_builder(home, section, trusting):
    trusting("trec")
    (home / "train_5500.label").write_text(QUESTIONS.replace("NUM:x", "NUM:count").replace("LOC:x", "LOC:city"))
    (home / "TREC_10.label").write_text("NUM:count What is 3 ?\n")
    config = section({"name": "tfds/trec"})
    keep_files(config, home)
    told = describe(prepared_for(config))["splits"]
    assert {name: split["examples"] for name, split in told.items()} == {"train": 36, "validation": 4, "test": 1}
    assert told["test"]["examples_shown"] == [{"text": "What is 3 ?", "target": "NUM"}]


def test_phrases_by_their_own_builder(home, section, trusting):
    trusting("glue/sst2")
    with zipfile.ZipFile(home / "SST-2.zip", "w") as archive:
        for name in ("train", "dev"):
            archive.writestr(f"SST-2/{name}.tsv", PHRASES)
        archive.writestr("SST-2/test.tsv", "index\tsentence\n0\tno label\n")
    config = section({"name": "tfds/glue/sst2", "level": "blank"})
    keep_files(config, home)
    told = describe(prepared_for(config))["splits"]
    assert told["train"]["examples"] == 36
    assert told["test"]["labels"] == {"negative": 20, "positive": 20}


@pytest.mark.slow
def test_verbs_prepare_list_and_describe(shared_data, home):
    def rnnlab(*words):
        done = subprocess.run([sys.executable, "-m", "rnnlab", "data", *words], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    made = rnnlab("prepare", "ptb", "--from", str(shared_data / "ptb"), "--json")
    assert made["splits"]["test"]["steps"] == 82_430
    text = (shared_data / "ptb" / "ptb.test.txt").read_text().split()
    assert made["splits"]["test"]["unknown_rate"] == pytest.approx(
        np.mean([word == "<unk>" for word in text]) * len(text) / 82_430
    )
    assert rnnlab("describe", "ptb", "--json") == made
    assert [row["name"] for row in rnnlab("list", "--json")] == ["ptb"]
