"""Arrays as people have them: without some values, unlike, damaged."""

import numpy as np
import pytest
from data.sources.told_files import CONSTANT
from pydantic import TypeAdapter

from rnnlab.data.data_config import DataConfig
from rnnlab.data.describe import describe
from rnnlab.data.sources.build_source import prepared_for
from rnnlab.errors import UserError


@pytest.mark.parametrize("label", ["", "nan", "NULL", b"NA"])
def test_labels_of_arrays_that_are_missing_are_refused(home, label):
    labels = [label if n == 7 else type(label)() + ("a" if isinstance(label, str) else b"a") for n in range(40)]
    np.savez(home / "a.npz", x=np.zeros((40, 3, 2)), y=np.array(labels))
    with pytest.raises(UserError, match=r"1 of 40 labels are missing \(the first, .*, at 7, from 0\)"):
        prepared_for(TypeAdapter(DataConfig).validate_python({"name": "npz", "train": "a.npz", "input": "x", "label": "y"}))


def test_arrays_that_lack_something(home):
    x, y = np.zeros((40, 3, 2)), np.arange(40) % 2

    def read(**given):
        np.savez(home / "a.npz", **{"x": x, "y": y, **given})
        section = {"name": "npz", "train": "a.npz", "input": "x", "label": "y"}
        return describe(prepared_for(TypeAdapter(DataConfig).validate_python(section)))

    with pytest.raises(UserError, match=r"'y': 20 of 40 labels are missing \(NaN\), the first at 0"):
        read(y=np.where(y == 0, np.nan, 1.0))
    with pytest.raises(UserError, match="'x' has no examples"):
        read(x=x[:0], y=y[:0])
    with pytest.raises(UserError, match="joined end to end need sizes"):
        read(x=x[:, 0, 0])
    np.savez(home / "s.npz", y=np.array([None if n == 3 else float(n % 24) for n in range(200)], object))
    section = {"name": "series", "train": "s.npz", "columns": "y", "missing": "interpolate"}
    assert describe(prepared_for(TypeAdapter(DataConfig).validate_python(section)))["missing"]["train"] == 1


@pytest.mark.parametrize("which", ["x", "y"])
def test_splits_of_unlike_arrays_are_refused(home, which):
    given = {"x": np.zeros((40, 3, 2)), "y": np.arange(80.0).reshape(40, 2)}
    other = given | {which: np.concatenate([given[which]] * 2, axis=-1)}
    np.savez(home / "a.npz", **given, xt=other["x"], yt=other["y"])
    section = {"name": "npz", "train": "a.npz", "input": "x", "value": "y", "test": {"input": "xt", "value": "yt"}}
    wanted = "features is [4] a row, and that of the training split [2]".replace("[", r"\[")
    with pytest.raises(UserError, match=wanted if which == "x" else wanted.replace("features", "value")):
        prepared_for(TypeAdapter(DataConfig).validate_python(section))


def test_nobody_is_told_to_trust_a_file(home):
    (home / "a.npz").write_text("hello")
    with pytest.raises(UserError, match=r"a\.npz is not a complete \.npz file: it is not a zip archive"):
        prepared_for(TypeAdapter(DataConfig).validate_python(CONSTANT["npz"]))


def test_a_missing_number_of_arrays_is_named_by_its_place_in_the_file(home):
    np.savez(home / "a.npz", x=np.zeros((60, 3, 2)), y=np.where(np.arange(60) == 5, np.nan, np.arange(60)))
    with pytest.raises(UserError, match=r"'y' should be finite, got nan in example 5,"):
        prepared_for(TypeAdapter(DataConfig).validate_python({"name": "npz", "train": "a.npz", "input": "x", "value": "y"}))
