"""What a person sees of TensorFlow's start: nothing."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from rnnlab.quiet import LOGGED, _Finder, without_log_lines

LINES = (
    b"WARNING: All log messages before absl::InitializeLog() is called are written to STDERR\n",
    b"I0000 00:00:1795882032.918678    6118 port.cc:153] oneDNN custom operations are on.\n",
    b"2026-11-28 15:29:28.123456: W tensorflow/core/platform/cpu.cc:1] a warning\n",
    b"To enable the following instructions: AVX2, in other operations, rebuild TensorFlow.\n",
)
OTHERS = (
    b"F0000 00:00:1795882032.918678    6118 port.cc:153] Check failed\n",
    b"Traceback (most recent call last):\n",
    b"at the end",
)


def test_log_lines_are_held_back_and_all_others_are_written_in_order(capfd):
    os.write(2, b"before\n")
    with without_log_lines():
        for line in (LINES[0], OTHERS[0], *LINES[1:], *OTHERS[1:]):
            os.write(2, line)
        assert capfd.readouterr().err == "before\n"
    os.write(2, b"\nbehind\n")
    assert capfd.readouterr().err.encode() == b"".join(OTHERS) + b"\nbehind\n"


def test_asking_whether_tensorflow_is_there_does_not_make_its_import_loud(monkeypatch):
    finder = _Finder()
    monkeypatch.setattr(sys, "meta_path", [finder, *sys.meta_path])
    for _ in range(2):
        assert finder.find_spec("tensorflow").loader.exec_module.__name__ == "loaded"
        assert finder in sys.meta_path


def said(*command: str, folder: Path) -> tuple[str, list[str]]:
    """Output and lines of the standard error of a command that ends well, started from a plain shell."""
    plain = {name: value for name, value in os.environ.items() if name != "TF_CPP_MIN_LOG_LEVEL"}
    done = subprocess.run([sys.executable, *command], cwd=folder, env=plain, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout, done.stderr.splitlines()


SMALL = """name: small
data: {name: python_reference, vocabulary: 40, window: 6, batch_size: 4, limit_tokens: 300}
model: {embedding: {width: 4}, recurrent: [{units: 4}]}
training: {epochs: 1}
compare: {variants: {none: {}}, seeds: 1}
executor: {name: in_process}
"""


@pytest.mark.process
def test_no_verb_shows_tensorflows_start(tmp_path):
    _, alone = said("-c", "import tensorflow", folder=tmp_path)
    assert any(LOGGED.match(line.encode()) for line in alone), "TensorFlow has become quiet: nothing to hold back any more"
    (tmp_path / "small.yaml").write_text(SMALL)
    run = "runs/small/none/seed-1"
    verbs = {
        "run": ["small.yaml"],
        "predict": [run, "--text", "the value of"],
        "inspect": [run],
        "tensorboard": ["runs", "--", "--inspect"],
    }
    for verb, words in verbs.items():
        out, err = said("-m", "rnnlab", verb, *words, folder=tmp_path)
        assert out
        assert not [line for line in err if LOGGED.match(line.encode()) or ".cc:" in line], verb
