"""Everything wrong with a config is told at once: place, dotted path, what came, what is allowed, the nearest name."""

from pathlib import Path

import pytest

from rnnlab.config import ConfigError, load

GOOD = """\
name: trial
data: {name: python_reference, level: word}
model:
  embedding: {width: 8}
  recurrent: [{cell: lstm, units: 8}]
  head: {tie_embedding: true}
training:
  epochs: 2
  monitor: perplexity
compare:
  baseline: none
  variants:
    none: {}
    gal: {dropout: 0.3, recurrent_dropout: 0.3}
"""


def refused(tmp_path: Path, text: str, *overrides: str) -> list[str]:
    """The first lines of the problems, without the folder."""
    file = tmp_path / "c.yaml"
    file.write_text(text)
    with pytest.raises(ConfigError) as caught:
        load(file, overrides)
    return [str(problem).splitlines()[0].removeprefix(f"{tmp_path}/") for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("epochs", "epoch", "8:3: training.epoch: unknown key 'epoch' (did you mean epochs?); allowed: optimizer, schedule"),
        ("name: python_reference", "name: python_reference, limit: 9", "2:32: data.limit: unknown key 'limit' (it is now"),
        ("epochs: 2", "epochs: '2'", "8:11: training.epochs: must be a whole number, got the text '2'"),
        ("epochs: 2", "epochs: 2.5", "8:11: training.epochs: must be a whole number, got 2.5"),
        ("epochs: 2", "epochs: true", "8:11: training.epochs: must be a whole number, got true"),
        ("epochs: 2", "epochs:", "8:10: training.epochs: must be a whole number, got null"),
        ("epochs: 2", "epochs: -1", "8:11: training.epochs: must be greater than or equal to 0, got -1"),
        ("  epochs: 2\n", "", "7:1: training.epochs: epochs is missing: Passes over the training data."),
        ("  monitor", "  optimizer: {learning_rate: .inf}\n  monitor", "9:30: training.optimizer.learning_rate: must be a fi"),
        ("python_reference", "python_referense", "2:14: data.name: unknown name 'python_referense' (did you mean python_refe"),
        ("name: python_reference, ", "", "2:1: data.name: name is missing: The name of the data set"),
        ("level: word", "level: wrod", "2:39: data.level: must be one of word, character (did you mean word?), got the text"),
        ("{name: python_reference, level: word}", "python_reference", "2:7: data: must be a mapping"),
        ("name: trial", "name: a/b", "1:7: name: a name that becomes a folder needs up to 100 letters"),
        ("name: trial", "name: ..", "1:7: name: a name that becomes a folder"),
        ("[{cell: lstm, units: 8}]", "[]", "5:3: model.recurrent: "),
        ("[{cell: lstm, units: 8}]", "{units: 8}", "5:3: model.recurrent: must be a list, got a mapping"),
        ("units: 8}", "units: 8, dropout: 1.5}", "5:47: model.recurrent.0.dropout: a dropout rate must be a number in [0, 1)"),
        ("units: 8}", "units: 8, dropout: '.5'}", "5:47: model.recurrent.0.dropout: dropout takes a rate, {scheme: ...}"),
        ("units: 8}", "units: 8, dropout: {scheme: locket, rate: 0.1}}", "5:38: model.recurrent.0.dropout: scheme 'locket' i"),
        ("units: 8}", "units: 8, coupled: true, cap_input: true}", "5:64: model.recurrent.0.cap_input: coupled gates have i ="),
        ("lstm, units: 8}", "gru, units: 8, peephole: true}", "5:47: model.recurrent.0.peephole: cell: gru has no option"),
        ("lstm, units: 8}", "gru, units: 8, recurrent_dropout: {scheme: rnndrop, rate: 0.1}}", "5:37: model.recurrent.0.recu"),
        ("units: 8}", "units: 9}", "6:25: model.head.tie_embedding: the last recurrent layer gives 9 elements"),
        ("units: 8}", "units: 4, bidirectional: true}", "5:53: model.recurrent.0.bidirectional: python_reference asks for"),
        ("  embedding: {width: 8}\n", "", "5:25: model.head.tie_embedding: the last recurrent layer gives 8 elements and the"),
        ("perplexity", "perplexty", "9:12: training.monitor: python_reference has no metric 'perplexty'; allowed: loss, perp"),
        ("baseline: none", "baseline: noone", "11:13: compare.baseline: there is no variant 'noone' (did you mean none?)"),
        ("none: {}", "no/ne: {}", "13:5: compare.variants.no/ne"),
        ("none: {}", "report.html: {}", "13:5: compare.variants.report.html"),
        ("none: {}", "none: 3", "13:11: compare.variants.none: must be a mapping (key: value), got 3"),
        ("gal: {dropout", "gal: {dropuot", "14:11: dropuot (variant gal): neither a field of a recurrent layer nor a path"),
        ("gal: {", "gal: {training.epoch: 1, ", "14:11: training.epoch (variant gal): unknown key 'epoch' (did you mean epoc"),
        ("gal: {", "gal: {compare.seeds: 1, ", "14:11: compare.seeds (variant gal): neither a field"),
        ("gal: {", "gal: {training.epochs.x: 1, ", "14:11: training.epochs.x (variant gal): nothing called 'x' can be below"),
        ("gal: {", "gal: {model.recurrent.1.units: 1, ", "14:11: model.recurrent.1.units (variant gal): '1' is no index"),
        ("gal: {", "gal: {units: 9, ", "14:5: model.head.tie_embedding (variant gal): the last recurrent layer gives 9"),
        ("compare:", "compare:\n  grid: {dropout: []}", "11:10: compare.grid.dropout: "),
        ("compare:", "compare:\n  grid: {dropout: 0.5}", "11:19: compare.grid.dropout: must be a list, got 0.5"),
    ],
)  # fmt: skip
def test_one_mistake(tmp_path, old, new, expected):
    assert old in GOOD
    (problem,) = refused(tmp_path, GOOD.replace(old, new, 1))
    assert problem.startswith(f"c.yaml:{expected}")


def test_the_good_config_is_good(tmp_path):
    (tmp_path / "c.yaml").write_text(GOOD)
    assert [run.variant for run in load(tmp_path / "c.yaml").runs()] == ["none", "gal"] * 3


def test_all_mistakes_are_told_at_once_in_the_order_of_the_file(tmp_path):
    text = (
        GOOD.replace("epochs: 2", "epochs: two")
        .replace("width", "widht")
        .replace("0.3,", "1.3, unit: 3,")
        .replace("{}", "{units: x}")
    )
    lines = [problem.split(": ")[:2] for problem in refused(tmp_path, text.replace("baseline: none", "baseline: nine"))]
    assert lines == [
        ["c.yaml:4:15", "model.embedding.widht"],
        ["c.yaml:8:11", "training.epochs"],
        ["c.yaml:11:13", "compare.baseline"],
        ["c.yaml:13:19", "model.recurrent.0.units (variant none)"],
        ["c.yaml:14:20", "model.recurrent.0.dropout (variant gal)"],
        ["c.yaml:14:25", "unit (variant gal)"],
    ]


def test_a_mistake_in_every_layer_is_told_once(tmp_path):
    text = GOOD.replace("[{cell: lstm, units: 8}]", "[{units: 8}, {units: 8}]").replace("0.3,", "1.3,")
    assert len(refused(tmp_path, text)) == 1


def test_the_caret_stands_under_the_mistake(tmp_path):
    (tmp_path / "c.yaml").write_text(GOOD.replace("epochs: 2", "epochs: two"))
    with pytest.raises(ConfigError, match=r"\n      epochs: two\n              \^$"):
        load(tmp_path / "c.yaml")


def test_the_caret_stands_under_the_mistake_in_a_very_long_line(tmp_path):
    (tmp_path / "c.yaml").write_text(GOOD.replace("{}", "{dropout: [" + "0.0, " * 99 + "'x']}"))
    with pytest.raises(ConfigError) as caught:
        load(tmp_path / "c.yaml")
    *_, line, caret = str(caught.value).splitlines()
    assert line[caret.index("^") :].startswith("dropout")
    assert max(len(line), len(caret)) < 120


@pytest.mark.parametrize(
    ("override", "expected"),
    [
        ("training.epochs=two", "command line: training.epochs: must be a whole number, got the text 'two'"),
        ("training.epoch=2", "command line: training.epoch: unknown key 'epoch' (did you mean epochs?)"),
        ("trainin.epochs=2", "command line: trainin.epochs: neither a field of a recurrent layer nor a path of the config"),
        ("compare.sedes=2", "command line: compare.sedes: unknown key 'sedes' (did you mean seeds?)"),
        ("compare.variants.gal.dropout=2", "command line: model.recurrent.0.dropout (variant gal): a dropout rate must be"),
        ("training.epochs", "command line: an override is path=value"),
        ("=2", "command line: an override is path=value"),
        ("training.epochs=", "command line: empty"),
        ("training.epochs=[1", "command line: while parsing a flow sequence"),
        ("compare.grid.dropout=[" + ",".join(["0"] * 10_001) + "]", "command line: compare.grid: more than 10000 variants"),
        ("compare.grid.dropout=[0, 0]", "c.yaml:11:13: compare.baseline: there is no variant 'none'; the variants are none,d"),
        ("compare={baseline: null, grid: {dropout: [0, 0]}}", "c.yaml:13:5: compare.grid: two variants are called 'none,dr"),
    ],
)  # fmt: skip
def test_mistakes_on_the_command_line(tmp_path, override, expected):
    assert refused(tmp_path, GOOD, override)[0].startswith(expected)


def test_mistakes_in_several_overrides_are_told_at_once(tmp_path):
    assert len(refused(tmp_path, GOOD, "trainin.epochs=2", "dropout", "training.epochs=[")) == 3


def test_what_a_terminal_would_obey_is_not_repeated(tmp_path):
    (problem,) = refused(tmp_path, GOOD.replace("monitor", '"\\e[31mmonitor"'))
    assert "unknown key '\\x1b[31mmonitor'" in problem


def test_the_caret_of_an_override_stands_under_its_value(tmp_path):
    (tmp_path / "c.yaml").write_text(GOOD)
    with pytest.raises(ConfigError, match=r"\n    training.epochs=two\n                    \^$"):
        load(tmp_path / "c.yaml", ["training.epochs=two"])
