"""Files of one's own: every format, every complaint."""

import json

import numpy as np
import pytest

from rnnlab.data.build_dataset import build
from rnnlab.errors import UserError

REVIEWS = [
    (f"film {number} was {'good' if number % 3 else 'bad'} !", "pos" if number % 3 else "neg", number / 7)
    for number in range(40)
]


def write(folder, suffix):
    """The reviews as a table in a format."""
    path = folder / f"reviews{suffix}"
    records = [dict(zip(("review", "mood", "stars"), row, strict=True)) for row in REVIEWS]
    if suffix == ".jsonl":
        path.write_text("".join(json.dumps(record) + "\n" for record in records))
    elif suffix == ".parquet":
        pyarrow = pytest.importorskip("pyarrow")
        from pyarrow import parquet

        parquet.write_table(pyarrow.Table.from_pylist(records), path)
    else:
        path.write_text("review,mood,stars\n" + "".join(f'"{text}",{mood},{stars}\n' for text, mood, stars in REVIEWS))
    return path


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet"])
@pytest.mark.parametrize("target", [{"label": "mood"}, {"value": "stars"}])
def test_a_table_loses_no_row(home, section, suffix, target):
    write(home, suffix)
    config = section({"name": "table", "train": f"reviews{suffix}", "text": "review", **target})
    data = build(config)
    splits = (data.train, data.validation, data.test)
    assert [len(split.lengths) for split in splits] == [32, 4, 4]
    got = []
    for split in splits:
        for number, place in enumerate(split.offsets[:-1]):
            words = data.vocabulary.decode(split.values[place : split.offsets[number + 1]])
            given = split.targets[number]
            got.append((words[3], data.codec.labels[given] if "label" in target else round(float(given[0]), 4)))
    expected = [(text.split()[2 + 1], mood if "label" in target else round(stars, 4)) for text, mood, stars in REVIEWS]
    assert sorted(map(str, got)) == sorted(map(str, expected))


def test_what_is_compiled_for_the_widths_of_training_serves_the_other_splits(home, section):
    lengths = {"train": [*range(1, 41)] * 5, "validation": [3, 7, 19, 30, 38], "test": [5, 12, 20, 39, 47]}
    for name, these in lengths.items():
        rows = [{"text": "a " * size, "label": "xy"[size % 2]} for size in these]
        (home / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    files = {name: f"{name}.jsonl" for name in lengths}
    data = build(section({"name": "table", **files, "text": "text", "label": "label", "batch_size": 1}))
    widths = {name: {batch.x.shape[1] for batch in getattr(data, name).batches(1, 0)} for name in lengths}
    assert len(widths["train"]) == 6
    assert widths["validation"] <= widths["train"]
    assert widths["test"] - widths["train"] == {47}


def test_the_vocabulary_is_from_the_training_split(home, section):
    for name, text in {"train": "a a b", "validation": "a c", "test": "c b"}.items():
        (home / f"{name}.txt").write_text(text + "\n")
    data = build(section({"name": "text", **{name: f"{name}.txt" for name in ("train", "validation", "test")}}))
    assert data.vocabulary.tokens == ("<unk>", "a", "b", "<eos>")
    assert data.test.arrays()[0].tolist() == [0, 2, 3]


def test_changed_files_are_prepared_anew(home, section):
    config = section({"name": "text", "train": "*.txt"})
    (home / "a.txt").write_text("one\ntwo\nthree\n" * 10)
    before = build(config).sha256
    assert build(config).sha256 == before
    (home / "a.txt").write_text("one\ntwo\nfour\n" * 10)
    assert build(config).sha256 != before


TABLE = {"name": "table", "train": "t.csv", "text": "text", "label": "label"}
CONLLU = {"name": "conllu", "train": "t.conllu", "validation": "t.conllu", "test": "t.conllu"}
MANY = b"text,label\n" + b"a,x\n" * 20
TWO = MANY + b"a,z\n" * 5
COMPLAINTS = [
    ({"name": "text", "train": "no/*.txt"}, None, b"", r"there is no file 'no/\*.txt'"),
    ({"name": "text", "train": "t.txt"}, "t.txt", b"", "t.txt is empty"),
    (
        {"name": "text", "train": "t.txt"},
        "t.txt",
        b"a\n",
        "t.txt:1: the text has 2 tokens by level: word, too few for train",
    ),
    ({"name": "text", "train": "t.txt"}, "t.txt", b"one\ncaf\xe9\n" * 9, "t.txt:2 is not utf-8 text: byte 0xe9 at column 4"),
    (TABLE, "t.csv", b"words,label\na,x\n", "t.csv:1: there is no column 'text'; the columns are words, label"),
    (TABLE, "t.csv", b"text,label\na,x\nb\n", "t.csv:3: 1 of 2 rows has no value in the column 'label'"),
    (TABLE, "t.csv", b'text,label\na,x\n"b,x\n', "t.csv:3 is not valid CSV"),
    (TABLE, "t.csv", MANY + b" ,x\n", "t.csv:22: 1 of 21 rows has no value in the column 'text'"),
    ({**TABLE, "validation": "v.csv", "test": "t.csv"}, "t.csv", TWO, r"v.csv:2: the label 'y' is not in the training split"),
    (
        {**TABLE, "label": None, "value": "label"},
        "t.csv",
        MANY,
        "t.csv:2: the column 'label' should be a number, got 'x' .20 such rows",
    ),
    (
        {**TABLE, "label": None, "value": "label"},
        "t.csv",
        MANY.replace(b",x", b",inf"),
        "t.csv:2: the column 'label' should be finite, got 'inf'",
    ),
    ({**TABLE, "train": "t.jsonl"}, "t.jsonl", b'{"text": "a", "label": 1}\n{"text"\n', "t.jsonl:2 is not valid JSON"),
    ({**TABLE, "train": "t.jsonl"}, "t.jsonl", b"[1]\n", "t.jsonl:1: a row should be a mapping"),
    (
        {**TABLE, "train": "t.jsonl"},
        "t.jsonl",
        b'{"text": null, "label": 1}\n',
        "t.jsonl:1: 1 of 1 rows has no value in the column 'text'",
    ),
    ({**TABLE, "train": "t.xls"}, "t.xls", b"x", "t.xls is not a table"),
    ({**TABLE, "train": "t.parquet"}, "t.parquet", b"PAR1", "t.parquet is not a complete Parquet file"),
    (TABLE, "t.csv", MANY, "every row of the training split of table has the label 'x'; two are needed"),
    (CONLLU, "t.conllu", b"# text\n1\tDogs\tdog\n", "t.conllu:2: a line of CoNLL-U has 10 columns between tabs, got 3"),
]


@pytest.mark.parametrize(("config", "name", "content", "message"), COMPLAINTS)
def test_what_cannot_be_used_is_told_with_its_place(home, section, config, name, content, message):
    (home / "v.csv").write_text("text,label\nb,y\n")
    if name:
        (home / name).write_bytes(content)
    with pytest.raises(UserError, match=message):
        build(section(config))
    assert not list(home.glob("data/prepared/[a-z]*"))


@pytest.mark.parametrize("name", ["klingon", "hex", "a\0"])
@pytest.mark.parametrize("source", [{"name": "text", "train": "t.txt"}, TABLE])
def test_an_encoding_that_makes_no_text_is_refused(section, source, name):
    with pytest.raises(ValueError, match="there is no encoding"):
        section({**source, "encoding": name})


def splits_of(data):
    return ["".join(data.codec.decode(split.arrays()[0])) for split in (data.train, data.validation, data.test)]


@pytest.mark.parametrize("level", ["word", "character", "blank", "subword"])
@pytest.mark.parametrize("end", ["", "\n", "\r", "\u2028"])
def test_a_text_of_one_line_is_cut_between_tokens(home, section, level, end):
    (home / "t.txt").write_bytes((" ".join(f"w{number % 50}" for number in range(400)) + end).encode())
    data = build(section({"name": "text", "train": "t.txt", "level": level, "vocabulary": 400}))
    parts = splits_of(data)
    numbers = [int(number) for part in parts for number in part.replace("<unk>", "").replace("w", " ").split()]
    if level in ("word", "blank"):
        assert numbers == [number % 50 for number in range(400)]
    sizes = np.array([len(split.arrays()[0]) for split in (data.train, data.validation, data.test)])
    np.testing.assert_allclose(sizes / sizes.sum(), [0.8, 0.1, 0.1], atol=0.02)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "latin-1", "cp1252"])
@pytest.mark.parametrize("said", [True, False])
def test_a_text_reads_the_same_in_every_encoding_and_with_every_line_end(home, section, encoding, end, said):
    if not said and encoding in ("latin-1", "cp1252"):
        pytest.skip("nothing in the file shows it")
    lines = [f"größer als {number}" for number in range(40)]
    (home / "t.txt").write_bytes((end.join(lines) + end).encode(encoding))
    data = build(section({"name": "text", "train": "t.txt", "level": "blank", **({"encoding": encoding} if said else {})}))
    train = "\n".join(lines[:32]) + "\n"
    assert data.codec.decode(data.train.arrays()[0]) == train


def test_words_between_ranges_are_words(home, section):
    cells = "\t".join(["_"] * 6)
    text = f"1-2\tdon't\t_\t_\t{cells}\n1\tdo\t_\tAUX\t{cells}\n2\tn't\t_\tPART\t{cells}\n2.1\tx\t_\tVERB\t{cells}\n\n"
    (home / "t.conllu").write_text(text)
    data = build(section(CONLLU))
    assert data.vocabulary.decode(data.train.values) == ["do", "n't"]
    assert np.diff(data.train.offsets).tolist() == [2]


def test_subwords_lose_nothing(home, section):
    pytest.importorskip("tokenizers")
    text = "der Zug fährt\nder Bus fährt nicht\n" * 30
    (home / "t.txt").write_text(text)
    config = section({"name": "text", "train": "t.txt", "level": "subword", "vocabulary": 300})
    data = build(config)
    assert len(data.vocabulary) <= 300
    parts = [split.arrays()[0] for split in (data.train, data.validation, data.test)]
    assert "".join(map(data.codec.decode, parts)) == text
    assert sum(map(len, parts)) < len(text) / 3
