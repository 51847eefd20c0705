"""Word vectors from files: every format against the array it was written from, and a run that begins with them."""

import gzip
import json

import keras
import numpy as np
import pytest
import yaml
from click.testing import CliRunner

from rnnlab.cli import main
from rnnlab.config import ConfigError, load
from rnnlab.data import word_vectors
from rnnlab.data.build_dataset import build as build_data
from rnnlab.errors import UserError
from rnnlab.models import pretrained
from rnnlab.models.build_model import build
from rnnlab.sweep.sweep import run
from rnnlab.trained.predictor import predictor

WORDS = ["the", "film", "größer", ". . .", "at name@domain.com", "映画", "is", "film"]
"""Two hold blanks, one of which begins like another word; the last stands twice."""
VECTORS = np.random.default_rng(3).normal(size=(len(WORDS), 5)).astype(np.float32)
ASKED = ["<unk>", "film", "映画", ".", "größer", "at", "nothing", ". . ."]


def text(header="", end="\n", words=WORDS, vectors=VECTORS):
    return header + "".join(
        f"{word} {' '.join(map(repr, map(float, row)))}{end}" for word, row in zip(words, vectors, strict=True)
    )


FORMS = {
    "glove.txt": text().encode(),
    "windows.txt": text(end="\r\n").encode(),
    "fasttext.vec": text(f"{len(WORDS)} 5\n", " \n").encode(),
    "glove.txt.gz": gzip.compress(text().encode()),
    "fasttext.vec.gz": gzip.compress(text(f"{len(WORDS)} 5\n").encode()),
}


@pytest.mark.parametrize("name", [*FORMS, "table.npy"])
def test_every_format_gives_the_vectors_it_was_written_from(tmp_path, name):
    path, words = tmp_path / name, None
    if name.endswith(".npy"):
        words = tmp_path / "words.txt"
        words.write_text("".join(f"{word}\n" for word in WORDS))
        np.save(path, VECTORS)
    else:
        path.write_bytes(FORMS[name])
    assert word_vectors.width_of(path) == 5
    table = word_vectors.read(path, words, ASKED)
    for token, row, known in zip(ASKED, *table, strict=True):
        assert known == (token in WORDS)
        np.testing.assert_array_equal(row, VECTORS[WORDS.index(token)] if known else np.zeros(5))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (text(f"{len(WORDS) + 1} 5\n"), "is cut off: its header announces 9 vectors, it has 8"),
        (text() + "is 0.5\n", r":9 should be a token and 5 numbers, got 'is 0.5'"),
        (text().replace("film ", "film x", 1), r":2 should be a token and 5 numbers"),
        (text(vectors=np.full((8, 5), np.nan)), "the vector of 'film' should be finite"),
        ("", ":1 should be a token and its numbers"),
    ],
)
def test_what_is_no_file_of_vectors_is_refused_with_its_line(tmp_path, content, message):
    (tmp_path / "v.txt").write_text(content)
    with pytest.raises(UserError, match=message):
        word_vectors.read(tmp_path / "v.txt", None, ASKED)


def test_a_cut_archive_and_an_array_without_its_words_are_refused(tmp_path):
    (tmp_path / "v.gz").write_bytes(FORMS["glove.txt.gz"][:-20])
    with pytest.raises(UserError, match=r"v\.gz cannot be read"):
        word_vectors.read(tmp_path / "v.gz", None, ASKED)
    np.save(tmp_path / "v.npy", VECTORS)
    with pytest.raises(UserError, match="needs the list of its words"):
        word_vectors.read(tmp_path / "v.npy", None, ASKED)
    (tmp_path / "w.txt").write_text("one\ntwo\n")
    with pytest.raises(UserError, match=r"w.txt has 2 words, .*v.npy 8 vectors"):
        word_vectors.read(tmp_path / "v.npy", tmp_path / "w.txt", ASKED)


@pytest.fixture
def films(tmp_path, monkeypatch):
    """A folder with a table of texts, vectors of two of their words, and an experiment on both."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RNNLAB_DATA", str(tmp_path / "data"))
    rows = [f"good film,pos\n{'bad dull film' if n % 2 else 'bad film'},neg\n" for n in range(20)]
    (tmp_path / "a.csv").write_text("text,label\n" + "".join(rows))
    (tmp_path / "v.txt").write_text("good 1 2 3\nfilm 4 5 6\nother 7 8 9\n")
    document = {
        "name": "x",
        "data": {"name": "table", "train": "a.csv", "text": "text", "label": "label", "batch_size": 4},
        "model": {"embedding": {"vectors": "v.txt", "trainable": False}, "recurrent": [{"units": 3}]},
        "training": {"epochs": 2, "optimizer": {"learning_rate": 0.1}},
        "compare": {"seeds": 1, "variants": {"frozen": {}, "tuned": {"model.embedding.trainable": True}}},
    }
    (tmp_path / "c.yaml").write_text(yaml.safe_dump(document))
    return tmp_path


def table_of(model):
    return keras.ops.convert_to_numpy(model.get_layer("embedding").embeddings)


@pytest.mark.slow
def test_a_run_begins_with_the_vectors_and_predicts_without_their_file(films, in_this_process):
    experiment = load("c.yaml")
    assert {config.model.embedding.width for config in experiment.variants.values()} == {3}
    made = run(experiment, "runs")
    assert made.exit_status == 0
    planned = CliRunner().invoke(main, ["plan", "c.yaml", "--json"])
    data = build_data(experiment.config.data)
    share = np.isin(data.train.arrays()[0], data.codec.encode("good film")).mean()
    assert f"2 of 5 words of table have a vector in v.txt, {100 * share:.1f} % of the tokens to train on" in planned.stderr
    rows = {row["variant"]: row for row in json.loads(planned.stdout)}
    assert [rows["tuned"]["parameters"] - rows["frozen"]["parameters"], rows["tuned"]["done"]] == [15, 1]
    result = json.loads((made.folder / "frozen" / "seed-1" / "result.json").read_text())
    assert result["vectors"] == {"words": 5, "with_vectors": 2, "token_share": pytest.approx(share)}
    assert result["parameters"] == rows["frozen"]["parameters"]
    (films / "v.txt").unlink()
    (films / "a.csv").unlink()
    frozen, tuned = (predictor(made.folder / name / "seed-1") for name in ("frozen", "tuned"))
    places = [frozen.codec.vocabulary.tokens.index(word) for word in ("good", "film")]
    np.testing.assert_array_equal(table_of(frozen.model)[places], [[1, 2, 3], [4, 5, 6]])
    assert (table_of(tuned.model)[places] != [[1, 2, 3], [4, 5, 6]]).all()
    assert frozen("good film", samples=0)["labels"]


def test_describing_the_data_tells_how_far_the_vectors_go(films):
    described = CliRunner().invoke(main, ["data", "describe", "c.yaml"])
    assert described.exit_code == 0, described.output
    assert "2 of 5 words of table have a vector in v.txt, " in described.stderr


def test_words_without_a_vector_keep_what_was_drawn(films):
    experiment = load("c.yaml")
    config, data = experiment.variants["tuned"], build_data(experiment.config.data)
    model = build(config.model, data.task, 1)
    drawn = table_of(model)
    coverage = pretrained.put(model, config.model.embedding, data)
    assert (coverage["words"], coverage["with_vectors"]) == (5, 2)
    known = np.isin(data.vocabulary.tokens, ["good", "film"])
    np.testing.assert_array_equal(table_of(model)[~known], drawn[~known])
    assert (table_of(model)[known] >= 1).all()


def test_other_bytes_are_another_run_and_another_name_is_not(films):
    first = load("c.yaml").runs()[0].fingerprint
    (films / "w.txt").write_bytes((films / "v.txt").read_bytes())
    assert load("c.yaml", ["model.embedding.vectors=w.txt"]).runs()[0].fingerprint == first
    (films / "v.txt").write_text("good 1 2 3\nfilm 4 5 7\n")
    assert load("c.yaml").runs()[0].fingerprint != first


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("model.embedding.width=4", "model.embedding.width: the vectors of v.txt have 3 elements; leave the width out"),
        ("model.embedding.vectors=no.txt", "no.txt"),
        (
            "model.embedding={vectors: null, dropout: 0.1}",
            "model.embedding.width: width is missing: The size of a vector; with `vectors`, null uses",
        ),
        ("model.embedding={vectors: null, width: 3, words: w.txt}", "words needs vectors"),
        ("data={name: parity}", "the tokens of parity are numbers without a text"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_path(films, override, message):
    with pytest.raises(ConfigError, match=message):
        load("c.yaml", [override])


@pytest.mark.parametrize(
    "overrides",
    [["model.embedding.vectors=no.txt", "model.embedding.width=3"], [f"model.embedding.vectors_sha256={'0' * 64}"]],
)
def test_a_run_without_its_vectors_is_refused_and_writes_nothing(films, overrides):
    done = CliRunner().invoke(main, ["run", "c.yaml", *overrides])
    assert done.exit_code == 2
    assert "no.txt" in done.output or "the config asks for 000" in done.output
    assert not (films / "runs").exists()
