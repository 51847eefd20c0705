"""Numbers from arrays and tables: sequences with a target each, and piano rolls."""

from pathlib import Path

import numpy as np
import pytest

from rnnlab.data.build_dataset import build
from rnnlab.data.describe import describe
from rnnlab.data.sources.build_source import prepared_for
from rnnlab.errors import UserError

RANDOM = np.random.default_rng(0)
SIZES = RANDOM.integers(1, 7, 40)
TOTAL = int(SIZES.sum())
ENDS = SIZES.cumsum()
ARRAYS = {
    "x": RANDOM.integers(0, 1000, (TOTAL, 2)).astype(float),
    "sizes": SIZES,
    "label": np.where(np.arange(40) % 3, "up", "down"),
    "value": np.arange(40) / 7,
    "tag": RANDOM.integers(3, 6, TOTAL),
    "roll": (RANDOM.random((TOTAL, 5)) < 0.3).astype(np.uint8),
}
LAYOUTS = {
    "end to end": lambda values: values,
    "padded": lambda values: np.stack(
        [np.pad(part, [(0, 6 - len(part)), *[(0, 0)] * (part.ndim - 1)]) for part in pieces(values)]
    ),
}


def pieces(values):
    return np.split(values, ENDS[:-1])


def everything(data):
    """All examples: real inputs, targets by example, whatever split they are in."""
    examples = []
    for split in (data.train, data.validation, data.test):
        for batch in split.batches(seed=1, epoch=0):
            for x, y, weight in zip(*batch, strict=True):
                real = ~np.isnan(x).any(axis=1)
                if weight.max() > 0:
                    examples.append((x[real], y[real] if y.ndim and weight.ndim else y))
    return examples


def key(values):
    return tuple(values.round().astype(int).ravel())


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("target", ["label", "value", "tag"])
def test_every_example_comes_back_with_its_target(home, section, target, layout):
    given = {name: LAYOUTS[layout](ARRAYS[name]) for name in ("x", "tag")}
    np.savez("a.npz", **{**ARRAYS, **given})
    config = section({"name": "npz", "train": "a.npz", "input": "x", "sizes": "sizes", target: target, "batch_size": 8})
    data = build(config)
    restored = {}
    for x, y in everything(data):
        names = [data.codec.labels[label] for label in np.atleast_1d(y)] if data.codec.labels else None
        restored[key(data.codec.inputs.restored(x))] = names or data.codec.targets.restored(y)
    assert len(restored) == 40
    for place, x in enumerate(pieces(ARRAYS["x"])):
        back = restored[key(x)]
        wanted = pieces(ARRAYS["tag"])[place] if target == "tag" else ARRAYS[target][[place]]
        assert [str(one) for one in wanted] == back if data.codec.labels else back == pytest.approx(wanted, abs=1e-5)
    train = data.train.values
    np.testing.assert_allclose(train.mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(train.std(axis=0), 1, atol=1e-5)
    told = describe(prepared_for(config))["splits"]
    assert [told[name]["examples"] for name in ("train", "validation", "test")] == [32, 4, 4]


def test_every_frame_of_a_piano_roll_is_predicted_from_those_before_it(home, section):
    np.savez("a.npz", **ARRAYS)
    data = build(section({"name": "npz", "train": "a.npz", "frames": "roll", "sizes": "sizes", "batch_size": 8}))
    assert (data.task.name, data.task.outputs) == ("multilabel", 5)
    examples = everything(data)
    assert all(y.dtype == np.float32 for _, y in examples)
    assert sorted(y.tolist() for _, y in examples) == sorted(part.tolist() for part in pieces(ARRAYS["roll"]))
    for x, y in examples:
        np.testing.assert_array_equal(x, np.concatenate([np.zeros((1, 5)), y[:-1]]))
    assert sum(split.size for split in (data.train, data.validation, data.test)) == TOTAL


def test_sequences_of_one_length_need_no_sizes(home, section):
    np.savez("a.npz", x=np.arange(60.0).reshape(20, 3), y=np.arange(20) % 2)
    data = build(section({"name": "npz", "train": "a.npz", "input": "x", "label": "y", "standardise": False}))
    assert data.task.batch_shape == (32, 3, 1)
    assert sorted(x[0, 0] for x, _ in everything(data)) == list(range(0, 60, 3))


def arrays(**changed):
    return lambda: np.savez("a.npz", **{**ARRAYS, **changed})


X = {"name": "npz", "train": "a.npz", "input": "x", "sizes": "sizes", "label": "label"}
ROLL = {"name": "npz", "train": "a.npz", "frames": "roll", "sizes": "sizes"}
NAN = ARRAYS["x"].copy()
NAN[ENDS[2] + 1, 1] = np.nan
STRANGE = np.array([np.arange(2), np.arange(3)], dtype=object)
COMPLAINTS = [
    (X, arrays(x=NAN), rf"a.npz: 'x' should be finite, got nan in example {3 if SIZES[3] > 1 else 4}, step [01], feature 1"),
    ({**X, "input": "xs"}, arrays(), r"a.npz has no array 'xs' \(did you mean x\?\); it has x, sizes"),
    (X, arrays(sizes=SIZES[:-1]), r"'x' has [0-9]+ steps in all, its sizes sum to"),
    (X, arrays(sizes=SIZES * 0), "its sizes should be whole numbers from 1, one per example, got"),
    (X, arrays(label=ARRAYS["label"][:-1]), "'label' has 39 examples, 'x' has 40"),
    (
        X,
        arrays(label=ARRAYS["value"]),
        "'label' should be labels: whole numbers or strings, one per example, or one-hot; got",
    ),
    ({**X, "label": None, "tag": "tag"}, arrays(tag=ARRAYS["tag"][1:]), f"'tag' has {TOTAL - 1} steps, 'x' has {TOTAL}"),
    ({**X, "label": None, "value": "value"}, arrays(value=ARRAYS["value"] * np.nan), "'value' should be finite, got nan"),
    (X, arrays(x=STRANGE), "a.npz: 'x' holds Python objects"),
    (X, arrays(x=ARRAYS["x"].astype(str)), "'x' should be numbers with one axis of features, got <U"),
    (ROLL, arrays(roll=ARRAYS["x"]), "'roll' should be zeros and ones, got"),
    ({**ROLL, "sizes": None}, arrays(roll=np.zeros(7)), r"'roll' should be \[examples, steps, features\], got \[7\]"),
    (X, lambda: Path("a.npz").write_text("no zip"), "a.npz is not a complete .npz file|a.npz holds Python objects"),
    (X, lambda: Path("a.npz").touch(), "a.npz is empty"),
]


@pytest.mark.parametrize(("config", "write", "message"), COMPLAINTS)
def test_arrays_that_cannot_be_used_are_told_with_their_place(home, section, config, write, message):
    write()
    with pytest.raises(UserError, match=message):
        build(section(config))
    assert not list(home.glob("data/prepared/[a-z]*"))


@pytest.mark.parametrize(
    ("changed", "message"),
    [({"label": None}, "name one array of"), ({"value": "v"}, "name one array of"), ({"input": None}, "need an input")],
)
def test_a_section_without_a_clear_target_is_refused(section, changed, message):
    with pytest.raises(ValueError, match=message):
        section({**X, **changed})


FORMS = {
    "as they are": lambda names, numbers: names,
    "objects": lambda names, numbers: names.astype(object),
    "a column": lambda names, numbers: names[:, None],
    "a column of objects": lambda names, numbers: names.astype(object)[:, None],
    "one-hot": lambda names, numbers: np.eye(2)[numbers],
    "one-hot objects": lambda names, numbers: np.eye(2, dtype=int)[numbers].astype(object),
}


@pytest.mark.parametrize("form", FORMS)
def test_labels_come_in_every_form_that_people_have(home, section, form):
    numbers = np.arange(40) % 2
    np.savez("a.npz", x=RANDOM.normal(size=(40, 3, 2)), y=FORMS[form](np.array(["down", "up"])[numbers], numbers))
    data = build(section({"name": "npz", "train": "a.npz", "input": "x", "label": "y"}))
    assert data.codec.labels == (("0", "1") if "one-hot" in form else ("down", "up"))
    counts = [np.bincount(split.targets, minlength=2).tolist() for split in (data.train, data.validation, data.test)]
    assert counts == [[16, 16], [2, 2], [2, 2]]


class Harmful:
    def __reduce__(self):
        return (Path("harm").touch, ())


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([Harmful()] * 4, "'y' holds Python objects, which are not read .it holds"),
        (["a", None, "b", None], "2 of 4 values of 'y' are missing .the first at 1"),
        (["a", 1, "b", 2], "'y' holds Python objects .int, str., which are not read"),
    ],
)
def test_objects_that_are_no_labels_are_refused_by_the_name_of_their_array(home, section, values, message):
    np.savez("a.npz", x=np.zeros((4, 3)), y=np.array(values, dtype=object))
    with pytest.raises(UserError, match=message):
        build(section({"name": "npz", "train": "a.npz", "input": "x", "label": "y"}))
    assert not Path("harm").exists()


def test_arrays_of_every_split_in_one_file_are_those_splits(home, section):
    random = np.random.default_rng(5)
    given = {f"x_{name}": random.random((n, 4, 2)) for name, n in (("train", 9), ("val", 3), ("test", 5))}
    labels = {f"y_{name}": np.arange(n) % 3 for name, n in (("train", 9), ("val", 3), ("test", 5))}
    np.savez("a.npz", **given, **labels)
    config = {"name": "npz", "train": "a.npz", "input": "x_train", "label": "y_train", "standardise": False}
    own = {"validation": {"input": "x_val", "label": "y_val"}, "test": {"input": "x_test", "label": "y_test"}}
    data = build(section(config | own))
    for name, split in (("train", data.train), ("val", data.validation), ("test", data.test)):
        values, _, targets = split.arrays()
        np.testing.assert_array_equal(values.reshape(-1, 4, 2), given[f"x_{name}"].astype(np.float32))
        np.testing.assert_array_equal(targets, labels[f"y_{name}"])
    assert build(section(config | own | {"validation": 0.3})).validation.size == 3


def test_a_split_that_names_some_of_its_arrays_only_is_refused(section):
    config = {"name": "npz", "train": "a.npz", "input": "x", "label": "y", "test": {"input": "z"}}
    with pytest.raises(ValueError, match="should name the same arrays as training, input, label; it names input"):
        section(config)
