"""Published corpora from the files that everybody has: their counts, and that nothing is lost on the way."""

from collections import Counter

import numpy as np
import pytest

from rnnlab.data.build_dataset import build
from rnnlab.errors import UserError


def test_penn_treebank_by_words(shared_data, shared_home, section):
    data = build(section({"name": "ptb", "folder": str(shared_data / "ptb")}))
    assert [split.size for split in (data.train, data.validation, data.test)] == [929_589, 73_760, 82_430]
    assert len(data.vocabulary) == 10_000
    text = (shared_data / "ptb" / "ptb.test.txt").read_text().replace("\n", " <eos> ").split()
    assert data.vocabulary.decode(data.test.arrays()[0]) == text


@pytest.mark.slow
def test_penn_treebank_by_characters(shared_data, shared_home, section):
    data = build(section({"name": "ptb", "folder": str(shared_data / "ptb"), "level": "character"}))
    assert [split.size for split in (data.train, data.validation, data.test)] == [5_017_482, 393_042, 442_423]
    assert len(np.unique(data.train.arrays()[0])) == 50
    begin = "".join(data.vocabulary.decode(data.train.arrays()[0][:400]))
    text = (shared_data / "ptb" / "ptb.train.txt").read_text()
    assert begin.replace("_", " ").replace("<eos>", "\n") in text.replace(" \n ", "\n")


def test_a_truncated_corpus_is_refused(shared_data, home, section):
    for name in ("train", "valid", "test"):
        lines = (shared_data / "ptb" / f"ptb.{name}.txt").read_text().splitlines(keepends=True)
        (home / f"ptb.{name}.txt").write_text("".join(lines[:-1] if name == "valid" else lines))
    with pytest.raises(UserError, match=r"ptb.valid.txt is not the validation split of ptb: it has 73,[0-9]+ words with <eos>"):
        build(section({"name": "ptb", "folder": str(home)}))


def test_a_corpus_that_is_nowhere_says_what_to_put_where(home, section):
    with pytest.raises(UserError, match=r"wiki.train.tokens.*wikitext-2-v1.zip.*downloads/wikitext2.*rnnlab data prepare"):
        build(section({"name": "wikitext2"}))


@pytest.mark.slow
def test_film_reviews_in_pieces_with_standardised_ratings(shared_data, shared_home, section):
    config = section({"name": "cornell", "folder": str(shared_data / "cornell_scale"), "vocabulary": None})
    data = build(config)
    splits = (data.train, data.validation, data.test)
    lengths = np.concatenate([split.lengths for split in splits])
    assert lengths.sum() == 2_148_164  # a word that only validation or test has is a token too
    assert lengths.max() == 200
    assert 13_200 < len(lengths) < 13_300
    ratings = data.train.targets
    assert ratings.mean() == pytest.approx(0, abs=1e-5)
    assert ratings.std() == pytest.approx(1, abs=1e-5)
    raw = Counter(
        round(float(value), 3)
        for author in (shared_data / "cornell_scale" / "scaledata").glob("*/rating.*")
        for value in author.read_text().split()
    )
    back = data.codec.targets.restored(data.test.targets)
    assert {round(float(value), 3) for value in back.ravel()} <= set(raw)


@pytest.mark.slow
def test_tagged_sentences(shared_data, shared_home, section):
    folder = shared_data / "ud_english_ewt"
    files = {"train": "train", "validation": "dev", "test": "test"}
    section_ = {"name": "conllu", "vocabulary": None} | {key: f"{folder}/*{part}.conllu" for key, part in files.items()}
    data = build(section(section_))
    assert [split.size for split in (data.train, data.validation, data.test)] == [204_578, 25_149, 25_094]
    assert [len(split.lengths) for split in (data.train, data.validation, data.test)] == [12_543, 2_001, 2_077]
    assert data.task.outputs == 17
    first = slice(0, data.train.offsets[1])
    assert data.vocabulary.decode(data.train.values[first])[:4] == ["Al", "-", "Zaman", ":"]
    assert [data.codec.labels[tag] for tag in data.train.targets[first]][:4] == ["PROPN", "PUNCT", "PROPN", "PUNCT"]


def test_a_text_by_characters(shared_data, shared_home, section):
    path = shared_data / "tiny_shakespeare" / "input.txt"
    data = build(section({"name": "text", "train": str(path), "level": "character", "vocabulary": None}))
    parts = [split.arrays()[0] for split in (data.train, data.validation, data.test)]
    whole = "".join(data.vocabulary.decode(np.concatenate(parts)))
    assert whole.replace("<eos>", "\n") == path.read_text()
