"""The parts of a sweep add up to its time, and the loop beside it trains the same model in Keras's layers."""

import json
from itertools import count

import keras
import numpy as np
import pytest
from click.testing import CliRunner

from rnnlab.bench import model_products, whole
from rnnlab.bench.parts import NAMES, Parts, timed
from rnnlab.bench.plain_loop import in_builtin_layers, plain_model
from rnnlab.cli import main
from rnnlab.config import load
from rnnlab.data.build_dataset import build
from rnnlab.errors import UserError
from rnnlab.models import build_model
from rnnlab.models.model_config import ModelConfig

TINY = """
name: tiny
data: {name: python_reference, level: word, vocabulary: 50, window: 8, batch_size: 4, limit_tokens: 800}
model: {embedding: {width: 6}, recurrent: [{cell: lstm, units: 6}], head: {tie_embedding: true}}
training: {epochs: 3, monitor: perplexity}
compare:
  seeds: 2
  baseline: none
  variants: {none: {}, zoneout: {dropout: 0.25, recurrent_dropout: {scheme: zoneout, cell: 0.3, hidden: 0.05}}}
"""


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "tiny.yaml"
    path.write_text(TINY)
    return path


def test_every_second_belongs_to_one_part():
    ticks = iter([3.0, 5.0, 12.0, 13.0, 20.0])
    parts = Parts(began=1.0, clock=lambda: next(ticks))
    parts.to("data")
    with parts.during("pictures"):
        parts.to("steps")
    parts.to("records")
    assert {name: seconds for name, seconds in parts.seconds.items() if seconds} == {
        "start": 2.0,
        "data": 2.0 + 7.0,
        "pictures": 7.0,
        "steps": 1.0,
    }


def test_what_a_first_pass_takes_longer_is_compiling():
    parts = Parts(0.0, clock=count(1).__next__)
    parts.passes = {("a", "steps"): [9.0, 2.0, 4.0, 3.0], ("a", "evaluation"): [1.0, 2.0], ("b", "steps"): [5.0]}
    parts.seconds |= {"steps": 23.0, "evaluation": 3.0}
    parts.settle()
    assert (parts.seconds["steps"], parts.seconds["evaluation"], parts.seconds["compile"]) == (17.0, 3.0, 6.0)
    assert (parts.pass_seconds("a"), parts.pass_seconds("b"), parts.pass_seconds("c")) == (3.0, None, None)


def test_the_passes_of_a_training_are_counted_and_those_after_it_are_not():
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    x, y = np.ones((4, 2)), np.ones((4, 1))
    before = keras.callbacks.CallbackList.on_test_begin
    parts = Parts(0.0)
    with timed(parts):
        model.fit(x, y, epochs=3, validation_data=(x, y), verbose=0)
        model.evaluate(x, y, verbose=0)
    assert {what: len(times) for what, times in parts.passes.items()} == {("", "steps"): 3, ("", "evaluation"): 3}
    assert sum(parts.passes["", "evaluation"]) < parts.seconds["evaluation"]
    assert keras.callbacks.CallbackList.on_test_begin is before


def test_the_plain_model_is_the_same_but_for_the_layers_of_keras(file):
    config = load(file).first_runs["zoneout"]
    dataset = build(config.data)
    plain = plain_model(config, dataset, seed=1)
    ours = build_model.build(config.model, dataset.task, 1)
    layer = plain.get_layer("recurrent_0")
    assert isinstance(layer, keras.layers.LSTM)
    assert type(layer).call is keras.layers.LSTM.call
    assert layer.dropout == layer.recurrent_dropout == 0.5
    assert plain.count_params() == ours.count_params()
    assert type(plain.optimizer) is keras.optimizers.Adam
    quiet = plain_model(load(file).first_runs["none"], dataset, seed=1).get_layer("recurrent_0")
    assert quiet.dropout == quiet.recurrent_dropout == 0.0


def test_no_plain_loop_of_a_cell_that_keras_has_not():
    with pytest.raises(UserError, match="no layer with the cell slstm"):
        in_builtin_layers(ModelConfig.model_validate({"recurrent": [{"cell": "slstm", "units": 6}]}))


@pytest.mark.parametrize("tied", ["true", "false"])
def test_the_products_are_those_of_the_model(file, monkeypatch, tied):
    config = load(file, [f"model.head.tie_embedding={tied}"]).first_runs["none"]
    model = build_model.build(config.model, build(config.data).task, 1)
    asked = []
    monkeypatch.setattr(model_products, "products", lambda x, units, gates, jit: asked.append((x.shape, units, gates)) or list)
    monkeypatch.setattr(model_products, "_dense", lambda *sizes: asked.append(sizes) or list)
    assert model_products.products_ms(model, rows=4, steps=8) >= 0
    assert asked == [((4, 8, 6), 6, 4), (4 * 8, 6, 50)]


def test_one_process_holds_one_number_of_threads(file):
    with pytest.raises(UserError, match=r"variants differ in training\.threads"):
        whole.whole(file, ["compare.variants={none: {}, two: {training.threads: 2}}"])


def test_values_of_a_config_need_a_config():
    result = CliRunner().invoke(main, ["bench", "compare.seeds=1"])
    assert (result.exit_code, result.stderr.split(" sets")[0]) == (2, "compare.seeds=1")


def test_both_tables_are_printed(file, monkeypatch):
    asked = []
    tables = {"parts": [{"part": "data", "rnnlab, s": 1.5}], "steps": [{"variant": "none", "rnnlab, ms": 20.25}]}
    monkeypatch.setattr(whole, "whole", lambda *given: asked.append(given) or tables)
    result = CliRunner().invoke(main, ["bench", "--whole", str(file), "compare.seeds=1"], catch_exceptions=False)
    assert asked == [(file, ("compare.seeds=1",), 1)]
    assert all(word in result.stdout for word in ("part", "data", "1.5", "variant", "none", "20.2"))


@pytest.mark.slow
@pytest.mark.process
def test_whole_times_ours_and_the_plain_loop(file):
    one = ["training.epochs=4", "compare.baseline=zoneout", "compare.variants.none=null"]
    result = CliRunner().invoke(main, ["bench", "--whole", str(file), *one, "--json"], catch_exceptions=False)
    tables = json.loads(result.stdout)
    *parts, total = tables["parts"]
    assert [row["part"] for row in parts] == list(NAMES)
    for column in ("rnnlab, s", "plain Keras, s"):
        assert sum(row[column] for row in parts) == pytest.approx(total[column])
        assert all(row[column] > 0 for row in parts if row["part"] in ("start", "compile", "steps", "evaluation"))
    assert [row["variant"] for row in tables["steps"]] == ["zoneout"]
    assert all(row["rnnlab, ms"] > 0 and row["bare products, ms"] > 0 for row in tables["steps"])  # which is less is luck here
