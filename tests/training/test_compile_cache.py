"""JAX's kept programs: where they are, that no bit depends on them, and that damage to them stops no run."""

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from rnnlab.training import compile_cache

SCRIPT = """
import hashlib, sys
from rnnlab.training import compile_cache
from rnnlab.training.threads import use
compile_cache.LEAST_SECONDS = 0
use(1)
from rnnlab.data.build_dataset import build
from rnnlab.data.data_config import Adding, SplitSizes
from rnnlab.models.model_config import ModelConfig
from rnnlab.training.train import train
from rnnlab.training.training_config import TrainingConfig
data = build(Adding(name="adding", length=4, examples=SplitSizes(train=32, validation=9, test=9), batch_size=8))
model = ModelConfig.model_validate({"recurrent": [{"units": 3, "dropout": RATE, "recurrent_dropout": RATE}]})
made, outcome = train(model, data, TrainingConfig(epochs=2), 1)
digest = hashlib.sha256(b"".join(weight.tobytes() for weight in made.get_weights()))
assert "tensorflow" not in sys.modules, "it takes seconds to import, and nothing here needs it"
print("BITS", digest.hexdigest(), outcome.metrics["test_loss"].hex())
"""


def bits(cache: object, rate: float = 0.3) -> str:
    """What a new process trains to."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("JAX_")}
    environment |= {"KERAS_BACKEND": "jax", compile_cache.VARIABLE: str(cache), "NPROC": "1"}
    environment["JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES"] = "-1"
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT.replace("RATE", str(rate))], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return next(line for line in done.stdout.splitlines() if line.startswith("BITS"))


@pytest.mark.slow
@pytest.mark.process
@pytest.mark.skipif(not find_spec("jax"), reason="JAX is not installed")
def test_bits_are_the_same_without_it_with_it_and_where_it_is_damaged(tmp_path):
    without = bits("off")
    assert bits(tmp_path) == without
    kept = {file: file.read_bytes() for file in tmp_path.rglob("*-cache")}
    assert any("several" in file.name for file in kept)
    assert bits(tmp_path) == without
    assert kept.items() <= {file: file.read_bytes() for file in tmp_path.rglob("*-cache")}.items()  # none was made again
    assert bits(tmp_path, rate=0.4) != without
    assert {*tmp_path.rglob("*several*-cache")} <= kept.keys()  # a scheme's program of steps serves all its rates
    for number, (file, content) in enumerate(kept.items()):
        half = len(content) // 2
        file.write_bytes([content[:half], b"", content[:half] + b"garbage" + content[half + 7 :]][number % 3])
    assert bits(tmp_path) == without


def test_its_folder_is_the_users_and_can_be_moved_and_switched_off(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.delenv(compile_cache.VARIABLE, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    one, other = compile_cache.place(1), compile_cache.place(2)
    assert one is not None
    assert one != other
    assert one.parent == tmp_path / "rnnlab" / "jax"
    monkeypatch.setenv(compile_cache.VARIABLE, str(tmp_path / "mine"))
    assert compile_cache.place(1) == tmp_path / "mine" / one.name
    monkeypatch.setenv(compile_cache.VARIABLE, "off")
    assert compile_cache.place(1) is None


def test_a_folder_that_cannot_be_made_is_left_alone(tmp_path):
    (tmp_path / "file").write_text("")
    assert not compile_cache._usable(tmp_path / "file" / "cache")
    assert compile_cache._usable(Path(tmp_path / "new" / "cache"))
