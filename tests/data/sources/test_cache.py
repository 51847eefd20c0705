"""Prepared data is made once, whole or not at all, and checked."""

import json
import multiprocessing
import subprocess
import sys
import time

import numpy as np
import pytest

from rnnlab.data.prepared import Prepared, prepared
from rnnlab.errors import UserError


def make(folder):
    np.save(folder / "a.npy", np.arange(1000))
    return {"known": "it"}


def test_what_is_made_comes_back_mapped(home):
    arrays = prepared("tfds/some", {"level": "word"}, make)
    assert isinstance(arrays["a"], np.memmap)
    assert arrays["a"].tolist() == list(range(1000))
    assert arrays.about["known"] == "it"
    assert "a" in arrays
    assert "b" not in arrays


def test_it_is_made_once_for_a_key(home):
    calls = []
    for level in ("word", "word", "character"):
        prepared("some", {"level": level}, lambda folder: calls.append(folder) or make(folder))
    assert len(calls) == 2


def test_a_failure_leaves_nothing(home):
    def broken(folder):
        make(folder)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        prepared("some", {}, broken)
    assert not (home / "data").exists()
    assert prepared("some", {}, make)["a"][-1] == 999
    with pytest.raises(KeyboardInterrupt):
        prepared("other", {}, broken)
    assert [path.name for path in (home / "data" / "prepared").glob("*other*")] == []


def test_a_flipped_bit_is_found(home):
    folder = prepared("some", {}, make).folder
    content = bytearray((folder / "a.npy").read_bytes())
    content[-1] ^= 1
    (folder / "a.npy").write_bytes(content)
    code = "import sys; from pathlib import Path; from rnnlab.data.prepared import Prepared; Prepared(Path(sys.argv[1]))"
    done = subprocess.run([sys.executable, "-c", code, str(folder)], capture_output=True, text=True)
    assert "UserError" in done.stderr
    assert "a.npy is damaged" in done.stderr
    (folder / "a.npy").unlink()
    about = json.loads((folder / "about.json").read_text())
    del about["check"]  # as an older version wrote it
    about["files"]["a.npy"]["size"] += 1
    (folder / "about.json").write_text(json.dumps(about))
    with pytest.raises(UserError, match="no file"):
        Prepared(folder)


def test_what_is_known_is_checked_too(home):
    path = prepared("some", {}, make).folder / "about.json"
    content = path.read_bytes()
    assert Prepared(path.parent).about["known"] == "it"
    changed = [content.replace(b'"it"', b'"at"'), content[:-9], b"[1]", b"[" * 100_000, b"\xff", b"{}"]
    for damaged in changed:
        path.write_bytes(damaged)
        with pytest.raises(UserError, match=r"about\.json is damaged; remove"):
            Prepared(path.parent)


def _slow(folder):
    (folder.parent / f"made-{folder.name[-20:]}").touch()
    time.sleep(0.3)
    return make(folder)


def _work(_):
    return int(prepared("some", {}, _slow)["a"].sum())


def test_processes_at_once_make_it_once(home):
    with multiprocessing.get_context("fork").Pool(3) as pool:
        assert pool.map(_work, range(3)) == [sum(range(1000))] * 3
    assert len(list((home / "data" / "prepared").glob("made-*"))) == 1
