"""A folder with parts of a user's own and an experiment that uses them all."""

from pathlib import Path

import pytest

from rnnlab import plugins

EXPERIMENT = """name: own
plugins: [parts.py]
data: {name: walk, steps: 6, examples: {train: 32, validation: 16, test: 16}}
model: {recurrent: [{cell: mgu, units: 3}]}
training: {epochs: 2, optimizer: {learning_rate: 0.01}}
evaluation: {metrics: [within_one]}
compare:
  seeds: 1
  variants: {none: {}, mine: {recurrent_dropout: {scheme: mine}}, gru: {cell: gru}}
"""


@pytest.fixture
def own(tmp_path, monkeypatch):
    monkeypatch.setattr(plugins, "_LOADED", {})
    monkeypatch.delenv(plugins.FORBIDDEN, raising=False)
    (tmp_path / "parts.py").write_text(Path(__file__).with_name("own_parts.txt").read_text())
    (tmp_path / "own.yaml").write_text(EXPERIMENT)
    return tmp_path
