"""From a file to runs: extends, overrides, variants, grid, seeds, fingerprints, and the resolved document."""

from pathlib import Path

import pytest

from rnnlab.config import ConfigError, dump, load, schema
from rnnlab.config.identity import values
from rnnlab.config.runs import fingerprints

BASE = """\
name: trial
data: {name: python_reference, level: word}
model: {embedding: {width: 8}, recurrent: [{units: 8}, {units: 8}]}
training: {epochs: 2, monitor: perplexity, optimizer: {name: sgd, learning_rate: 1e-1}}
"""


@pytest.fixture
def file(tmp_path: Path):
    """Write the files of an experiment, by name; return the path of the last."""

    def write(**texts: str) -> Path:
        for name, text in texts.items():
            (tmp_path / f"{name}.yaml").write_text(text)
        return tmp_path / f"{name}.yaml"

    return write


def test_a_file_without_compare_is_one_variant_with_three_seeds(file):
    runs = load(file(a=BASE)).runs()
    assert len(set(runs)) == 3
    assert [(run.experiment, run.variant, run.seed) for run in runs] == [("trial", "base", seed) for seed in (1, 2, 3)]


def test_a_patch_reaches_every_recurrent_layer_or_a_dotted_path(file):
    text = BASE + "compare: {variants: {a: {}, b: {dropout: 0.5, training.epochs: 9, model.recurrent.1.units: 4}}}"
    experiment = load(file(a=text))
    assert experiment.baseline == "a"
    config = experiment.variants["b"]
    assert [(layer.dropout.spelling, layer.units) for layer in config.model.recurrent] == [(0.5, 8), (0.5, 4)]
    assert config.training.epochs == 9
    assert experiment.variants["a"].training.epochs == experiment.config.training.epochs == 2


def test_a_patch_makes_the_sections_on_its_way(file):
    patch = "{training.early_stopping.patience: 3, model.head.dropout: 0.25}"
    config = load(file(a=BASE + f"compare: {{variants: {{a: {patch}}}}}")).variants["a"]
    assert config.training.early_stopping.patience == 3
    assert config.model.head.dropout == 0.25


def test_grid_crosses_every_variant_with_every_combination(file):
    text = (
        BASE
        + """\
compare:
  variants: {lstm: {}, gru: {cell: gru}}
  grid: {dropout: [0, 0.5, {scheme: locked, rate: 0.1}], training.optimizer.learning_rate: [1e-3, 0.1]}
  baseline: lstm,dropout=0,learning_rate=0.001
  seeds: 2
"""
    )
    experiment = load(file(a=text))
    dropouts, rates = ["0", "0.5", "locked-0.1"], ["0.001", "0.1"]
    names = [f"{cell},dropout={d},learning_rate={r}" for cell in ("lstm", "gru") for d in dropouts for r in rates]
    assert list(experiment.variants) == names
    assert [(run.variant, run.seed) for run in experiment.runs()] == [(name, seed) for seed in (1, 2) for name in names]
    config = experiment.variants["gru,dropout=0.5,learning_rate=0.1"]
    layer = config.model.recurrent[1]
    assert (layer.cell, layer.dropout.spelling, config.training.optimizer.learning_rate) == ("gru", 0.5, 0.1)


def test_grid_alone_crosses_the_experiment_itself(file):
    experiment = load(file(a=BASE + "compare: {grid: {recurrent_dropout: [0, 0.3]}}"))
    assert list(experiment.variants) == ["recurrent_dropout=0", "recurrent_dropout=0.3"]


def test_overrides_reach_every_path(file):
    text = BASE + "compare: {variants: {a: {}, b: {dropout: 0.5}}}"
    overrides = [
        "training.epochs=7",
        "compare.seeds=1",
        "name=other",
        "compare.baseline=b",
        "units=5",
        "compare.variants.b.dropout=0.25",
    ]
    experiment = load(file(a=text), [*overrides, "compare.variants.c.training.epochs=1", "model.embedding={width: 3}"])
    assert (experiment.name, experiment.baseline, list(experiment.variants)) == ("other", "b", ["a", "b", "c"])
    b, c = experiment.variants["b"], experiment.variants["c"]
    assert [layer.units for layer in b.model.recurrent] == [5, 5]
    assert c.training.monitor == "perplexity"
    assert (b.training.epochs, c.training.epochs, b.model.embedding.width) == (7, 1, 3)
    assert b.model.recurrent[0].dropout.spelling == 0.25
    assert [run.seed for run in experiment.runs()] == [1, 1, 1]


def test_extends_joins_mappings_and_replaces_the_rest(file):
    child = "extends: base.yaml\ntraining: {epochs: 5}\nmodel: {recurrent: [{units: 3}]}\n"
    config = load(file(base=BASE, child=child)).config
    assert (config.training.epochs, config.training.monitor, len(config.model.recurrent)) == (5, "perplexity", 1)


def test_a_noise_setting_is_replaced_as_a_whole(file):
    base = BASE.replace("[{units: 8}, {units: 8}]", "[{units: 8, recurrent_dropout: {scheme: zoneout, cell: 0.5}}]")
    text = base + "compare: {variants: {a: {}, b: {recurrent_dropout: {scheme: zoneout, hidden: 0.1}}}}"
    settings = [config.model.recurrent[0].recurrent_dropout.spelling for config in load(file(a=text)).variants.values()]
    assert settings == [{"scheme": "zoneout", "cell": 0.5}, {"scheme": "zoneout", "hidden": 0.1}]


def test_a_section_in_a_patch_joins_the_section_of_the_experiment(file):
    patch = "{training: {epochs: 9, optimizer: {learning_rate: 0.5}}}"
    config = load(file(a=BASE + f"compare: {{variants: {{a: {patch}}}}}")).variants["a"]
    assert (config.training.epochs, config.training.monitor) == (9, "perplexity")
    assert (config.training.optimizer.name, config.training.optimizer.learning_rate) == ("sgd", 0.5)


def test_null_leaves_a_variant_out(file):
    text = BASE + "compare: {variants: {a: {}, b: {dropout: 0.5}}}"
    assert list(load(file(a=text), ["compare.variants.a=null"]).variants) == ["b"]


def test_extends_replaces_a_section_of_another_name(file):
    child = "extends: base.yaml\ndata: {name: adding}\nmodel: {embedding: null}\n"
    child += "training: {monitor: loss, optimizer: {name: adam}}\n"
    config = load(file(base=BASE, child=child)).config
    assert config.data.length == 50
    assert config.training.optimizer.learning_rate == 1e-3


def test_extends_is_relative_to_its_own_file(file, tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "child.yaml").write_text("extends: ../middle.yaml\nname: deep\n")
    file(base=BASE, middle="extends: base.yaml\ntraining: {epochs: 4}\n")
    experiment = load(tmp_path / "sub" / "child.yaml")
    assert (experiment.name, experiment.config.training.epochs) == ("deep", 4)


def test_mistakes_in_an_extended_file_are_located_there(file):
    with pytest.raises(ConfigError, match=r"^\S*/base.yaml:4:20: training.epochs: must be a whole number, got the text 'two'"):
        load(file(base=BASE.replace("epochs: 2", "epochs: two"), child="extends: base.yaml\nname: child\n"))


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        ({"a": "extends: a.yaml"}, r"a.yaml:1:10: extends: a file cannot extend itself: a.yaml -> a.yaml"),
        ({"b": "extends: ./a.yaml", "a": "name: x\nextends: b.yaml"}, r"b.yaml:1:10: extends: .*: a.yaml -> b.yaml -> a.yaml"),
        ({"base": BASE, "a": "extends: bsae.yaml"}, r"a.yaml:1:10: there is no file .*\(did you mean base.yaml\?\)"),
        ({"a": "extends: [b.yaml]"}, r"a.yaml:1:10: extends: must be the path of a file, got \['b.yaml'\]"),
        ({"a": "extends: ."}, r"a.yaml:1:10: .* is a folder, not a file"),
    ],
)
def test_extends_that_leads_nowhere(file, texts, message):
    with pytest.raises(ConfigError, match=message):
        load(file(**texts))


@pytest.mark.parametrize("config", ["quickstart", "adding"])
def test_the_resolved_document_loads_again_to_an_equal_experiment(root, tmp_path, config):
    experiment = load(
        root / "configs" / f"{config}.yaml",
        ["compare.grid.units=[96, 32]", "compare.baseline=null", "model.head.tie_embedding=false"],
    )
    (tmp_path / "experiment.yaml").write_text(dump(experiment.document))
    again = load(tmp_path / "experiment.yaml")
    assert again == experiment
    assert [run.fingerprint for run in again.runs()] == [run.fingerprint for run in experiment.runs()]


def test_a_fingerprint_is_what_decides_the_result(file):
    def of(*overrides: str) -> list[str]:
        return [run.fingerprint for run in load(file(a=BASE), overrides).runs()]

    one, two, three = of()
    assert len({one, two, three}) == 3
    for same in ("compare.seeds=5", "name=other", "compare.variants.renamed={}", "dropout=0", "training.monitor=perplexity"):
        assert of(same)[:3] == [one, two, three]
    for other in (
        "training.epochs=3",
        "dropout=0.1",
        "data.window=8",
        "training.deterministic=false",
        "training.optimizer.name=adam",
    ):
        assert one not in of(other)


@pytest.mark.parametrize("folds", [(), ("compare.folds=2",)])
def test_runs_together_have_the_fingerprints_that_each_has_alone(file, folds):
    data = (
        "data: {name: table, train: a.csv, text: text, label: label}\ncompare: {variants: {none: {}, some: {dropout: 0.1}}}\n"
    )
    runs = load(file(a=BASE, b=f"extends: a.yaml\n{data}training: {{monitor: loss}}\n"), folds).runs()
    assert len({run.config.model_dump_json() for run in runs}) == (12 if folds else 2)
    assert fingerprints(runs) == {run: run.fingerprint for run in runs}


def test_the_schema_explains_every_key():
    whole = schema()
    for name, section in {"": whole, **whole["$defs"]}.items():
        assert section.get("description"), name
        for key, about in section["properties"].items():
            assert about.get("description"), f"{name}.{key}"


@pytest.mark.parametrize("repeated", [False, True])
def test_a_setting_that_came_later_belongs_to_a_run_where_it_is_used(file, repeated):
    copying = BASE.replace(
        "{name: python_reference, level: word}", f"{{name: copy_memory, repeat_sign: {str(repeated).lower()}}}"
    )
    (decisive,) = {tuple(values(run.config)["data"]) for run in load(file(a=copying.replace("perplexity", "loss"))).runs()}
    assert ("repeat_sign" in decisive) == repeated
