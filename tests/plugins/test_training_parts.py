"""Optimizers, schedules and callbacks of plug-ins: in configs, errors and schema, in runs, in what a run is known by."""

import re
from pathlib import Path

import keras
import pytest

from rnnlab import plugins, register, testing
from rnnlab.config import ConfigError, Experiment, load, schema
from rnnlab.training.optimizer_config import OPTIMIZER, OPTIMIZERS
from rnnlab.training.optimizers import optimizer
from rnnlab.training.schedules import SCHEDULES, factor

TEXT = Path(__file__).with_name("training_parts.txt").read_text()
EXPERIMENT = """name: trained
plugins: [training_parts.py]
data: {name: adding, length: 4, examples: {train: 32, validation: 16, test: 16}}
model: {recurrent: [{units: 3}]}
training: {epochs: 2}
compare:
  seeds: 1
  variants:
    plain: {}
    signs: {training.optimizer: {name: signs, keep: 0.25}}
    triangle: {training.schedule: {name: triangle}}
    pulled: {training.callbacks: [{name: pulled, strength: 0.2}, {name: tells}]}
"""


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.setattr(plugins, "_LOADED", {})
    (tmp_path / "training_parts.py").write_text(TEXT)
    (tmp_path / "trained.yaml").write_text(EXPERIMENT)
    return tmp_path


def change(file, old, new):
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def test_a_config_and_the_schema_know_them(place):
    experiment = load(place / "trained.yaml")
    assert experiment.variants["signs"].training.optimizer.settings == {"keep": 0.25}
    assert experiment.variants["triangle"].training.schedule.period == 2
    assert [one.name for one in experiment.variants["pulled"].training.callbacks] == ["pulled", "tells"]
    assert Experiment.from_dict(experiment.document) == experiment
    told = str(schema())
    assert all(text in told for text in ("How much of the mean gradient is kept.", "Epochs from one peak", "pulled towards"))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("name: signs,", "name: sings,", r"10:.*training.optimizer.name.*unknown name 'sings' \(did you mean signs\?\)"),
        ("keep: 0.25", "keeps: 0.25", r"unknown key 'keeps' \(did you mean keep\?\)"),
        ("keep: 0.25", "keep: much", r"training.optimizer.keep.*must be a number, got the text 'much'"),
        ("keep: 0.25", "amsgrad: true", r"signs takes no amsgrad; adam and adamw do"),
        ("name: triangle", "name: triangel", r"unknown name 'triangel' \(did you mean triangle\?\)"),
        ("{name: pulled, strength: 0.2}", "{name: pull}", r"unknown name 'pull' \(did you mean pulled\?\)"),
        ("strength: 0.2", "strenght: 0.2", r"unknown key 'strenght' \(did you mean strength\?\)"),
        ("{name: tells}", "{name: pulled}", r"the callback pulled is given 2 times"),
    ],
)
def test_errors_know_them(place, old, new, message):
    change(place / "trained.yaml", old, new)
    with pytest.raises(ConfigError) as error:
        load(place / "trained.yaml")
    assert re.search(message, str(error.value)), error.value


def test_a_change_of_their_source_is_another_run_for_those_that_use_it(place):
    names = ("signs", "triangle", "pulled")
    cuts = {"signs": "class Signs", "triangle": "class Triangle", "pulled": "class Pulled"}
    head, *parts = re.split("(?m)^(?=class (?:Signs|Triangle|Pulled)\\b)", TEXT)
    for name, part in zip(names, parts, strict=True):
        assert part.startswith(cuts[name])
        (place / f"{name}.py").write_text(head + part)
    change(place / "trained.yaml", "[training_parts.py]", "[signs.py, triangle.py, pulled.py]")
    known = [{spec.variant: spec.training_fingerprint for spec in load(place / "trained.yaml").runs()}]
    edits = [("signs", "ops.sign(mean)", "mean"), ("triangle", "0.5 *", "0.25 *"), ("pulled", "epoch + 1.0", "epoch + 2.0")]
    for name, old, new in edits:
        change(place / f"{name}.py", old, new)
        known.append({spec.variant: spec.training_fingerprint for spec in load(place / "trained.yaml").runs()})
        assert {variant for variant in known[-1] if known[-1][variant] != known[-2][variant]} == {name}


def test_the_optimizer_takes_its_steps_and_what_is_done_around_them(place):
    plugins.load([str(place / "training_parts.py")])
    made = optimizer(OPTIMIZER.validate({"name": "signs", "learning_rate": 0.5, "keep": 0.0, "weight_decay": 0.2}))
    weight = keras.Variable([1.0, -2.0])
    made.build([weight])
    made.apply([keras.ops.convert_to_tensor([0.3, -7.0])], [weight])
    assert keras.ops.convert_to_numpy(weight) == pytest.approx([1.0 * 0.9 - 0.5, -2.0 * 0.9 + 0.5])


def test_the_schedule_is_its_function(place):
    plugins.load([str(place / "training_parts.py")])
    config = SCHEDULES["triangle"].section(period=4)
    assert [factor(config, epoch, 9) for epoch in (1, 2, 4, 5)] == [1.0, 0.875, 0.625, 1.0]
    assert not SCHEDULES["triangle"].whole


def test_the_names_of_rnnlab_are_taken():
    for kind, name in (("optimizer", "adam"), ("schedule", "cosine")):
        with pytest.raises(ValueError, match=f"there is a {kind} '{name}' already"):
            getattr(register, kind)(name)(keras.optimizers.Adam)
    with pytest.raises(ValueError, match="has save_state alone: give it save_state and load_state, or neither"):
        register.callback("half")(type("Half", (keras.callbacks.Callback,), {"save_state": lambda self: {}}))


@pytest.mark.slow
@pytest.mark.parametrize("part", ["signs", "pulled", "tells"])
def test_they_go_on_after_a_kill(place, part):
    plugins.load([str(place / "training_parts.py")])
    (testing.check_optimizer if part in OPTIMIZERS else testing.check_callback)(part)


@pytest.mark.slow
def test_a_check_finds_a_state_that_is_not_kept(place):
    change(place / "training_parts.py", "def save_state", "def save")
    change(place / "training_parts.py", "def load_state", "def load")
    plugins.load([str(place / "training_parts.py")])
    with pytest.raises(testing.CheckError, match="does not go on to the same bits: give it save_state"):
        testing.check_callback("pulled")


@pytest.mark.slow
def test_a_check_finds_a_variable_that_keras_does_not_know(place):
    made = 'self.means = [self.add_variable_from_reference(variable, name="mean")'
    change(place / "training_parts.py", made, 'self.__dict__["means"] = [keras.Variable(0 * variable)')
    change(place / "training_parts.py", "ops.sign(mean)", "mean")
    plugins.load([str(place / "training_parts.py")])
    with pytest.raises(testing.CheckError, match="does not go on to the same bits: keep what it remembers"):
        testing.check_optimizer("signs", keep=0.9)
