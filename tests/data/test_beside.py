"""Several columns of text, numbers and categories beside a text, and token numbers of arrays."""

import numpy as np
import pytest
from pydantic import TypeAdapter, ValidationError

from rnnlab.data.build_dataset import build
from rnnlab.data.data_config import DataConfig
from rnnlab.data.describe import describe
from rnnlab.data.sources.build_source import prepared_for
from rnnlab.data.tokenizer import Codec
from rnnlab.errors import UserError
from rnnlab.models.build_model import build as build_model
from rnnlab.models.keras_only import keras_only
from rnnlab.models.model_config import ModelConfig
from rnnlab.models.size import parameters

MODEL = ModelConfig.model_validate({"embedding": {"width": 3}, "recurrent": [{"cell": "lstm", "units": 4}]})


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RNNLAB_DATA", str(tmp_path / "data"))


def section(**keys):
    return TypeAdapter(DataConfig).validate_python({"name": "table", "train": "a.csv", "text": "text", "label": "mood", **keys})


def table(path, rows):
    path.write_text("title,text,age,land,mood\n" + "".join(",".join(map(str, row)) + "\n" for row in rows))


def drawn(count, seed=0):
    draw = np.random.default_rng(seed)
    return [
        [f"t{n % 3}", "good film " * int(draw.integers(1, 4)), draw.normal(40, 10), draw.choice(["Chile", "Peru"]), "ab"[n % 2]]
        for n in range(count)
    ]


def test_numbers_are_standardised_by_the_training_rows_alone(tmp_path):
    rows = {name: drawn(30, seed) for seed, name in enumerate(("train", "validation", "test"))}
    for name, of in rows.items():
        table(tmp_path / f"{name}.csv", of)
    files = {name: f"{name}.csv" for name in rows}
    data = build(section(**files, beside=["age", "land"]))
    ages = np.array([row[2] for row in rows["train"]], float)
    for name, of in rows.items():
        split = getattr(data, name)
        expected = (np.array([row[2] for row in of]) - ages.mean()) / ages.std()
        np.testing.assert_allclose(split.beside[:, 0], expected, rtol=1e-4, atol=1e-5)
        np.testing.assert_array_equal(split.beside[:, 1:], [[row[3] == "Chile", row[3] == "Peru"] for row in of])
    batch = next(iter(data.validation.batches(1, 0)))
    real = np.isfinite(batch.x[..., 0])
    items = data.validation.order(1, 0)[0]
    for row in range(len(items)):
        expected = np.broadcast_to(data.validation.beside[items[row]], (real[row].sum(), 3))
        np.testing.assert_array_equal(batch.x[row, real[row], 1:], expected)
    assert Codec.of(data.codec.document()) == data.codec


def test_a_category_that_training_lacks_is_told_and_read_as_none(tmp_path):
    table(tmp_path / "a.csv", drawn(20))
    table(tmp_path / "b.csv", [["t", "film", 1, "Mars", "a"], ["t", "film", 2, "Peru", "b"], ["t", "film", 2, "Mars", "b"]])
    config = section(test="b.csv", beside="land")
    assert any("land=Mars" in line and "2 of 3" in line for line in describe(prepared_for(config))["told"])
    np.testing.assert_array_equal(build(config).test.beside, [[0, 0], [0, 1], [0, 0]])


def test_a_missing_number_beside_a_text_is_refused_or_dropped(tmp_path):
    rows = drawn(20)
    rows[4][2] = ""
    table(tmp_path / "a.csv", rows)
    with pytest.raises(UserError, match=r"a\.csv:6: 1 of 20 rows has no value in the column 'age'"):
        build(section(beside="age"))
    assert (
        sum(
            len(getattr(build(section(beside="age", missing="drop")), part).lengths) for part in ("train", "validation", "test")
        )
        == 19
    )


def test_columns_of_text_are_lines_with_an_end_token_between(tmp_path):
    table(tmp_path / "a.csv", drawn(20))
    data = build(section(text=["title", "text"]))
    first = data.codec.decode(data.train.values[: data.train.lengths[0]])
    title, text = first.split("\n")
    assert title.startswith("t")
    assert text.startswith("good film")


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"text": ["text", "text"]}, "named once"),
        ({"beside": "mood"}, "what is predicted"),
    ],
)
def test_a_column_has_one_part(keys, message):
    with pytest.raises(ValidationError, match=message):
        section(**keys)


def test_the_head_adds_what_stands_beside_times_its_kernel(tmp_path):
    table(tmp_path / "a.csv", drawn(40))
    data = build(section(beside=["age", "land"]))
    model = build_model(MODEL, data.task, 1)
    assert model.count_params() == parameters(MODEL, data.task)
    x = next(iter(data.train.batches(1, 0))).x
    other = x.copy()
    change = np.random.default_rng(1).normal(size=(len(x), 1, 3)).astype("float32")
    other[..., 1:] += change
    kernel = model.get_layer("head").get_weights()[0][4:]
    real = np.isfinite(x[:, :1, 0])
    np.testing.assert_allclose(np.array(model(other) - model(x)), (change[:, 0] @ kernel) * real, atol=1e-5)
    np.testing.assert_allclose(np.array(keras_only(MODEL, data.task, model)(x)), np.array(model(x)), atol=1e-5)


def test_arrays_of_whole_numbers_are_tokens(tmp_path):
    draw = np.random.default_rng(0)
    ids, sizes = draw.integers(0, 7, (40, 5)), draw.integers(1, 6, 40)
    ids[:, 0] = 6
    np.savez(tmp_path / "a.npz", x=ids, y=draw.integers(0, 2, 40), n=sizes)
    keys = {"name": "npz", "train": "a.npz", "input": "x", "label": "y", "sizes": "n", "read_as": "tokens", "test": "a.npz"}
    data = build(TypeAdapter(DataConfig).validate_python(keys))
    assert (data.task.vocabulary, data.task.dtype) == (7, "int32")
    np.testing.assert_array_equal(data.test.values, np.concatenate([row[:n] for row, n in zip(ids, sizes, strict=True)]))
    batch = data.test.batch(data.test.order(1, 0)[0])
    assert (batch.x.dtype, batch.x.min()) == (np.int32, -1)


@pytest.mark.parametrize(
    ("x", "keys", "message"),
    [
        (np.full((20, 3), -2), {}, r"whole numbers from 0, got -2"),
        (np.full((20, 3), 0.5), {}, r"whole numbers from 0, got 0\.5"),
        (np.full((20, 3), 5), {"vocabulary": 5}, "the token 5 is not among the 5"),
        (np.zeros((20, 3, 2), int), {}, "tokens"),
    ],
)
def test_what_is_no_token_is_refused(tmp_path, x, keys, message):
    np.savez(tmp_path / "a.npz", x=x, y=np.arange(20) % 2)
    config = {"name": "npz", "train": "a.npz", "input": "x", "label": "y", "read_as": "tokens", **keys}
    with pytest.raises(UserError, match=message):
        build(TypeAdapter(DataConfig).validate_python(config))


def arrays(x, **named):
    np.savez("a.npz", x=x, **named)
    return build(TypeAdapter(DataConfig).validate_python({"name": "npz", "train": "a.npz", "input": "x", "label": "y"}))


@pytest.mark.parametrize(
    ("value", "labels", "message"),
    [(1e300, [0, 1], r"up to 3\.403e\+38 \(32 bits\), got 1e\+300 in example 3"), (1.0, [1, 1], "every example .* label '1'")],
)
def test_arrays_that_cannot_be_learnt_from_are_refused(value, labels, message):
    x = np.where(np.arange(20)[:, None, None] == 3, value, np.ones((20, 2, 1)))
    with pytest.raises(UserError, match=message):
        arrays(x, y=np.array(labels * 10))


@pytest.mark.parametrize("labels", [np.array([b"a", b"b"]), np.array([0.0, 1.0]), np.array([False, True])])
def test_labels_of_arrays_keep_their_names(labels):
    data = arrays(np.ones((20, 2, 1)), y=np.tile(labels, 10))
    assert data.codec.labels in (("a", "b"), ("0", "1"), ("False", "True"))


def test_a_row_without_a_group_is_refused(tmp_path):
    rows = drawn(20)
    rows[4][3] = ""
    table(tmp_path / "a.csv", rows)
    with pytest.raises(UserError, match=r"a\.csv:6: 1 of 20 rows has no value in the column 'land'"):
        build(section(split_by="land"))


@pytest.mark.parametrize("seed", range(3))
def test_several_labels_a_text_have_their_share_in_each_split(tmp_path, seed):
    draw = np.random.default_rng(seed)
    rows = [["t", "film", 1, "Peru", "|".join(label for label in "xyz" if draw.random() < 0.3)] for _ in range(200)]
    table(tmp_path / "a.csv", rows)
    data = build(section(label=None, labels="mood", split_seed=seed))
    for label in range(3):
        assert data.test.targets[:, label].sum() >= 2
