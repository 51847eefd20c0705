"""A file that is cut, changed or foreign is found by its checksum, never believed, and made good."""

import json
import random
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chaos.forker import Forker
from chaos.small import bits, command, config
from rnnlab import sealed
from rnnlab.errors import UserError
from rnnlab.storage import store
from rnnlab.training import array_file
from rnnlab.training.checkpoint import Slot

pytestmark = pytest.mark.slow

Whole = tuple[Path, list[Any]]
STATE = f"{store.CHECKPOINT}/state"


def damages(content: bytes, flips: int = 300) -> Iterator[bytes]:
    """The content cut at every tenth byte, with flipped bits, and something else."""
    rng = random.Random(1)
    yield from (content[:end] for end in range(0, len(content), 10))
    for _ in range(flips):
        place = rng.randrange(len(content))
        yield content[:place] + bytes([content[place] ^ 1 << rng.randrange(8)]) + content[place + 1 :]
    yield from (b"[" * 100_000, b"\xff\xfe\x00", b'{"status": "done"}', rng.randbytes(5000), content + content)


@pytest.fixture
def copy(whole: Whole, tmp_path: Path) -> Path:
    """The finished sweep again, to do something to it."""
    shutil.copytree(whole[0], tmp_path / "copy")
    return tmp_path / "copy"


KILLED = "import rnnlab.training.weights_file as file; file.write = lambda *what: os._exit(9)"
"""Ends a process as a run has been trained and is about to write its weights."""


@pytest.fixture(scope="module")
def stopped(forker: Forker, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sweep with runs that were killed at their end."""
    place = tmp_path_factory.mktemp("stopped")
    config(place)
    for variant in ("ours", "builtin"):
        assert forker.run([*command(place), "--only", variant], place / "log", KILLED) == 9, (place / "log").read_text()
    return place


@pytest.fixture
def begun(stopped: Path, tmp_path: Path) -> Path:
    """The same again, to do something to it."""
    shutil.copytree(stopped, tmp_path / "begun")
    return tmp_path / "begun"


def folder(copy: Path, variant: str = "ours") -> Path:
    return copy / "runs" / "small" / variant / "seed-1"


@pytest.mark.parametrize("name", [store.RESULT, store.EVENTS, store.RUN, store.TOKENS])
def test_no_damaged_file_of_a_run_is_believed(name: str, copy: Path) -> None:
    run = folder(copy)
    before, content = store.read_run(run), (run / name).read_bytes()
    assert before.damaged == []
    for damaged in damages(content):
        (run / name).write_bytes(damaged)
        record = store.read_run(run)
        assert record.damaged == [name] or (name == store.RESULT and record == before), damaged[:200]
    (run / name).unlink()
    (run / name).mkdir()
    assert store.read_run(run).damaged == [name]


def test_no_damaged_experiment_is_believed(copy: Path) -> None:
    path = copy / "runs" / "small" / store.EXPERIMENT
    before, content = store.read(path.parent).document, path.read_bytes()
    for damaged in damages(content):
        path.write_bytes(damaged)
        try:
            document, told = store.read(path.parent).document, ""
        except UserError as error:
            document, told = before, str(error)
        assert document == before
        assert not told or re.search("is damaged|no readable", told)


def test_a_yaml_file_that_stands_for_billions_is_refused(tmp_path: Path) -> None:
    lines = ["name: &a0 x", *(f"k{n}: &a{n} [*a{n - 1}, *a{n - 1}, *a{n - 1}, *a{n - 1}]" for n in range(1, 40))]
    for text in ("\n".join(lines), "a: " + "[" * 5000, "a: !!python/object/apply:os.system [touch x]", "x" * 10**6):
        (tmp_path / store.EXPERIMENT).write_text(f"{text}\ncompare: {{seeds: 1}}\n")
        with pytest.raises(UserError, match="is not the folder of an experiment"):
            store.read(tmp_path)


def test_no_damaged_state_is_believed(begun: Path) -> None:
    path = folder(begun) / STATE
    content, whole, before = path.read_bytes(), array_file.read(path), array_file.read(path.with_name("state.previous"))
    assert (before["epoch"], before["batch"]) < (whole["epoch"], whole["batch"])
    for damaged in damages(content, 1000):
        path.write_bytes(damaged)
        slot = Slot(path, whole["identity"])
        assert slot.damaged == [path]
        assert slot.position == (before["epoch"], before["batch"])
    path.unlink()
    path.mkdir()
    assert Slot(path, whole["identity"]).damaged == [path]


def test_a_damaged_state_never_takes_the_place_of_the_whole_one(tmp_path: Path) -> None:
    slot = Slot(tmp_path / "state", "me")
    for epoch in range(3):
        slot.write({"epoch": epoch, "batch": 0})
    slot.path.write_bytes(b"nonsense")
    again = Slot(slot.path, "me")
    assert again.position == (1, 0)
    again.write({"epoch": 2, "batch": 0})
    assert array_file.read(again.previous)["epoch"] == 1
    assert array_file.read(again.path)["epoch"] == 2


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 16
    path.write_bytes(content)


def test_what_is_damaged_is_made_good_and_told(copy: Path, whole: Whole, forker: Forker) -> None:
    """In each sweep both runs are damaged in another way."""
    ours, builtin = folder(copy), folder(copy, "builtin")
    other_result = (builtin / store.RESULT).read_bytes()
    rounds = [
        ("result.json is damaged", lambda: (flip(ours / store.RESULT), flip(builtin / store.RUN))),
        ("events.jsonl is damaged", lambda: ((ours / store.EVENTS).write_bytes(b""), flip(builtin / store.EVENTS))),
        (
            "result.json is of another run (variant builtin, seed 1)",
            lambda: ((ours / store.RESULT).write_bytes(other_result), torn(builtin)),
        ),
        ("best.weights.h5 is damaged", lambda: ((ours / store.WEIGHTS).unlink(), (builtin / store.WEIGHTS).write_bytes(b"x"))),
    ]
    for told, damage in rounds:
        damage()
        made_good(copy, told, whole, forker)


def made_good(place: Path, told: str, whole: Whole, forker: Forker) -> None:
    """The sweep says what was wrong, and ends with the right bits."""
    (place / "log").unlink(missing_ok=True)
    assert forker.run(command(place), place / "log") == 0, (place / "log").read_text()
    assert told in (place / "log").read_text()
    assert bits(place) == whole[1]


def test_the_run_goes_on_from_the_state_before_a_damaged_one(begun: Path, whole: Whole, forker: Forker) -> None:
    ours, builtin = folder(begun), folder(begun, "builtin")
    for path in (ours / STATE, builtin / STATE, builtin / f"{STATE}.previous"):
        flip(path)
    made_good(begun, "state is damaged and not used", whole, forker)
    said = (begun / "log").read_text()
    assert "ours seed 1  goes on in epoch" in said
    assert "builtin seed 1  epoch 1/4" in said


def test_a_state_of_another_run_is_not_used(begun: Path, whole: Whole, forker: Forker) -> None:
    shutil.copytree(folder(begun, "builtin") / store.CHECKPOINT, folder(begun) / store.CHECKPOINT, dirs_exist_ok=True)
    made_good(begun, "its state is damaged, or of another config or other data", whole, forker)


def unfinished(run: Path) -> None:
    (run / store.RESULT).unlink()


def curve(run: Path) -> Path:
    """The event file."""
    return next((run / store.TENSORBOARD).iterdir())


def torn(run: Path) -> None:
    """As a power cut may leave it: no result, half a line, half a record."""
    unfinished(run)
    for path in (run / store.EVENTS, curve(run)):
        path.write_bytes(path.read_bytes()[:-7])
    for place in (run, run / store.CHECKPOINT):
        place.mkdir(exist_ok=True)
        (place / ".state.0badcafe.partial").write_bytes(b"half")


def test_a_sealed_line_of_another_file_is_no_result(copy: Path) -> None:
    line = (folder(copy) / store.EVENTS).read_text().splitlines()[0]
    (folder(copy) / store.RESULT).write_text(line)
    assert sealed.unseal(line)
    assert store.read_run(folder(copy)).damaged == [store.RESULT]
    (folder(copy) / store.RESULT).write_text(json.dumps(sealed.seal({"status": 3})))
    assert store.read_run(folder(copy)).damaged == [store.RESULT]


@pytest.mark.parametrize("name", ["", "checkpoint", "tensorboard", "events.jsonl", "checkpoint/state"])
def test_a_link_in_place_of_a_folder_or_file_is_refused(name: str, begun: Path, tmp_path: Path, forker: Forker) -> None:
    """Nothing is written through it."""
    place = folder(begun) / name
    place.rename(tmp_path / "elsewhere")
    place.symlink_to(tmp_path / "elsewhere")
    before = {path: path.stat().st_mtime_ns for path in [tmp_path / "elsewhere", *(tmp_path / "elsewhere").rglob("*")]}
    assert forker.run(command(begun), tmp_path / "log") == 2
    assert f"{place} leads out of" in (tmp_path / "log").read_text()
    assert "Traceback" not in (tmp_path / "log").read_text()
    assert {path: path.stat().st_mtime_ns for path in before} == before


def test_every_damaged_file_is_listed(copy: Path, begun: Path, forker: Forker, tmp_path: Path) -> None:
    runs = copy / "runs"
    shutil.copytree(folder(begun) / store.CHECKPOINT, folder(copy) / store.CHECKPOINT)
    arguments = ["list", "--runs", str(runs), "--check"]
    assert forker.run(arguments, tmp_path / "log") == 0
    assert "damaged" not in (tmp_path / "log").read_text()
    names = [store.RESULT, STATE, f"{STATE}.previous"]
    hurt = [*(folder(copy) / name for name in names)]
    hurt += [folder(copy, "builtin") / name for name in (store.EVENTS, store.WEIGHTS)]
    for path in hurt:
        flip(path)
    assert forker.run(arguments, tmp_path / "log") == 1
    told = re.findall(r"(\S+) is damaged", (tmp_path / "log").read_text())
    assert sorted(told) == sorted(map(str, hurt))
    flip(runs / "small" / store.EXPERIMENT)
    assert forker.run(["list", "--runs", str(runs)], tmp_path / "log") == 0
    assert "Traceback" not in (tmp_path / "log").read_text()
