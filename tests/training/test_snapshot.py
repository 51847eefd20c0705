"""Snapshots come back as they were, or are known to be damaged."""

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rnnlab.training import array_file
from rnnlab.training.checkpoint import Slot

TREE: dict[str, Any] = {
    "weights": [np.arange(6, dtype="float32").reshape(2, 3), np.array(7, "int64"), np.zeros((0, 3), "uint8")],
    "best": 0.1,
    "nan": float("inf"),
    "wait": 3,
    "none": None,
    "flag": True,
    "history": {"loss": [1.5, 2.5]},
}


def test_a_snapshot_comes_back_bit_by_bit(tmp_path: Path) -> None:
    array_file.write(tmp_path / "state", TREE)
    again = array_file.read(tmp_path / "state")
    for mine, theirs in zip(again.pop("weights"), TREE["weights"], strict=True):
        assert (mine.dtype, mine.shape, mine.tobytes()) == (theirs.dtype, theirs.shape, theirs.tobytes())
        mine += 1
    assert again == {name: value for name, value in TREE.items() if name != "weights"}


def test_every_cut_and_every_flipped_bit_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "state"
    array_file.write(path, TREE)
    whole = path.read_bytes()
    for place in range(0, len(whole), 3):
        for content in (whole[:place], whole[:place] + bytes([whole[place] ^ 4]) + whole[place + 1 :]):
            path.write_bytes(content)
            with pytest.raises(ValueError, match="is damaged or not a snapshot"):
                array_file.read(path)


@pytest.mark.parametrize("described", [["|O", [1]], ["<f4", [10**9]], ["<f4", [10**30]], ["nonsense", [1]], 3, ["<f4", "x"]])
def test_a_file_with_the_right_checksum_and_wrong_arrays_is_refused(described: Any, tmp_path: Path) -> None:
    """Anybody can compute a checksum: nothing is loaded as an object, and nothing made that the file does not hold."""
    header = json.dumps({"tree": {"epoch": 1, "identity": "me"}, "arrays": [described]}).encode()
    body = array_file.MAGIC + len(header).to_bytes(8, "little") + header + bytes(8)
    (tmp_path / "state").write_bytes(body + sha256(body).digest())
    with pytest.raises(ValueError, match="is damaged or not a snapshot"):
        array_file.read(tmp_path / "state")
    assert Slot(tmp_path / "state", "me").damaged == [tmp_path / "state"]


def test_objects_are_not_plain() -> None:
    assert array_file.plain(TREE)
    assert not array_file.plain({"one": [object()]})
    assert not array_file.plain(np.array([object()]))
    assert not array_file.plain({1: 2})
