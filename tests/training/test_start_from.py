"""A run that starts from the weights of another, and layers that stay as they are."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from rnnlab.config import ConfigError, load
from rnnlab.data.build_dataset import build as build_data
from rnnlab.data.task import Task
from rnnlab.errors import UserError
from rnnlab.models.build_model import build
from rnnlab.models.model_config import ModelConfig
from rnnlab.models.size import parameters, weighted_layers
from rnnlab.models.start_shapes import shapes
from rnnlab.models.start_weights import RUN, TOKENS, WEIGHTS
from rnnlab.search import tuning
from rnnlab.storage import store
from rnnlab.sweep.plan import plan, remarks
from rnnlab.sweep.selection import Selection
from rnnlab.sweep.sweep import Sweep, checked, run
from rnnlab.trained.loading import trained
from rnnlab.trained.predictor import predictor
from rnnlab.trained.verify import verify
from rnnlab.training import array_file
from rnnlab.training.checkpoint import Slot
from rnnlab.training.start_from import put
from rnnlab.training.train import train

STILL = {"optimizer": {"name": "sgd", "learning_rate": 1e-30}}
DOCUMENT: dict[str, Any] = {
    "name": "small",
    "data": {"name": "python_reference", "vocabulary": 40, "window": 6, "batch_size": 4, "limit_tokens": 300},
    "model": {"embedding": {"width": 4}, "recurrent": [{"units": 4}]},
    "training": {"epochs": 1, "monitor": "perplexity", "optimizer": {"learning_rate": 0.05}},
    "compare": {"variants": {"v": {}}, "seeds": 1},
    "executor": {"name": "in_process"},
}


def document(name: str, variants: dict[str, Any] | None = None, **sections: dict[str, Any]) -> dict[str, Any]:
    """The experiment with changes."""
    whole = {**DOCUMENT, **{key: {**DOCUMENT[key], **section} for key, section in sections.items()}, "name": name}
    return {**whole, "compare": {**whole["compare"], "variants": variants or {"v": {}}}}


def make(folder: Path, what: dict[str, Any], **settings: Any) -> Sweep:
    """Make an experiment."""
    (folder / "e.yaml").write_text(yaml.safe_dump(what))
    return run(load(folder / "e.yaml"), folder / "runs", **settings)


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run."""
    folder = tmp_path_factory.mktemp("source")
    assert make(folder, document("source")).exit_status == 0
    return folder / "runs" / "source" / "v" / "seed-1"


HEADS: list[dict[str, Any]] = [
    {},
    {"head": {"tie_embedding": True, "projection": 5, "bias": True}},
    {"head": {"dense": [3, 2], "reads": "all"}},
    {"recurrent": [{"units": 4, "cell": "gru", "initial_state": "learned"}, {"units": 3}]},
]


@pytest.mark.parametrize("rest", HEADS, ids=str)
def test_layers_with_weights_are_known_without_building(rest):
    config = ModelConfig.model_validate({"embedding": {"width": 5}, "recurrent": [{"units": 4}], **rest})
    task = Task("language_model", (2, 3), 7, "words", vocabulary=7)
    model = build(config, task, 1)
    assert weighted_layers(config) == [layer.name for layer in model.layers if layer.weights]
    assert list(shapes(config, task)) == weighted_layers(config)
    model.get_layer("recurrent_0").trainable = False
    assert parameters(config, task, ["recurrent_0"]) == sum(int(np.prod(weight.shape)) for weight in model.trainable_weights)


def test_attention_has_weights_too():
    config = ModelConfig.model_validate({"recurrent": [{"units": 4}], "head": {"pooling": "attention"}})
    model = build(config, Task("classification", (2, 3, 2), 3, "examples"), 1)
    assert weighted_layers(config) == [layer.name for layer in model.layers if layer.weights]


def test_the_names_of_the_files_are_those_of_a_run():
    assert (RUN, TOKENS, WEIGHTS) == (store.RUN, store.TOKENS, store.WEIGHTS)


def test_unknown_names_are_refused_with_the_known_ones(tmp_path):
    for section in ({"training": {"freeze": ["embeddings"]}}, {"model": {"start_from": "x", "start_layers": ["embeddings"]}}):
        (tmp_path / "e.yaml").write_text(yaml.safe_dump(document("e", **section)))
        with pytest.raises(ConfigError, match=r"no layer 'embeddings' .did you mean embedding.*recurrent_0, head"):
            load(tmp_path / "e.yaml")
    (tmp_path / "e.yaml").write_text(yaml.safe_dump(document("e", training={"freeze": ["embedding", "recurrent_0", "head"]})))
    with pytest.raises(ConfigError, match="nothing to train"):
        load(tmp_path / "e.yaml")
    (tmp_path / "e.yaml").write_text(yaml.safe_dump(document("e", model={"start_layers": ["head"]})))
    with pytest.raises(ConfigError, match="start_layers needs start_from"):
        load(tmp_path / "e.yaml")


def test_no_run_to_start_from_is_refused_and_nothing_written(tmp_path):
    with pytest.raises(UserError, match=r"model.start_from: .*nowhere is not the folder of a finished run: it has no run.yaml"):
        make(tmp_path, document("e", model={"start_from": str(tmp_path / "nowhere")}))
    assert not (tmp_path / "runs").exists()


@pytest.mark.slow
def test_a_run_that_does_not_learn_scores_as_the_one_it_starts_from(tmp_path, source):
    layers = {"model": {"start_from": str(source)}, "training": STILL}
    sweep = make(tmp_path, document("still", **layers))
    folder = sweep.folder / "v" / "seed-1"
    before, now = (store.read_run(place).result for place in (source, folder))
    assert now.started == {"layers": ["embedding", "recurrent_0", "head"], "fresh": []}
    for name in ("test_loss", "test_perplexity", "val_loss", "train_loss"):
        assert now.metrics[name] == before.metrics[name]
    assert verify(folder).exit_status == 0
    assert predictor(folder)("the", samples=0)["next"] == predictor(source)("the", samples=0)["next"]


@pytest.mark.slow
def test_frozen_weights_keep_their_bits_and_others_change(tmp_path, source):
    changes = {"model": {"start_from": str(source), "recurrent": [{"units": 4, "recurrent_dropout": 0.3}]}}
    decay = {"optimizer": {"name": "adam", "learning_rate": 0.05, "l2": 0.01, "weight_decay": 0.1}}
    training = {**decay, "freeze": ["embedding", "recurrent_0"]}
    sweep = make(tmp_path, document("frozen", training=training, **changes))
    models = [trained(place).model for place in (source, sweep.folder / "v" / "seed-1")]
    for name in ("embedding", "recurrent_0", "head"):
        before, now = (model.get_layer(name).get_weights() for model in models)
        assert all((one == other).all() for one, other in zip(before, now, strict=True)) == (name != "head")
    result = store.read_run(sweep.folder / "v" / "seed-1").result
    assert result.parameters == sum(weight.size for weight in models[0].get_layer("head").get_weights())


@pytest.mark.slow
def test_other_weights_make_the_run_again_and_no_others(tmp_path, source):
    mine = tmp_path / "mine"
    shutil.copytree(source, mine)
    what = document("e", {"fresh": {}, "started": {"model.start_from": str(mine)}})
    assert make(tmp_path, what).made == 2
    shutil.copytree(mine, tmp_path / "moved")
    assert make(tmp_path, document("e", {"fresh": {}, "started": {"model.start_from": str(tmp_path / "moved")}})).made == 0
    assert make(tmp_path, document("other", training={"epochs": 2})).exit_status == 0
    shutil.copy(tmp_path / "runs" / "other" / "v" / "seed-1" / WEIGHTS, mine)
    with pytest.raises(UserError, match="start_from_sha256"):
        make(tmp_path, what)
    assert make(tmp_path, what, replace=True).made == 1


def test_layers_of_other_shapes_read_otherwise():
    task = Task("language_model", (2, 3), 7, "words", vocabulary=7)

    def of(**sections: Any) -> dict[str, str]:
        return shapes(ModelConfig.model_validate({"embedding": {"width": 5}, "recurrent": [{"units": 4}], **sections}), task)

    first = of()
    other = of(embedding={"width": 6})
    assert {name for name in first if first[name] != other[name]} == {"embedding", "recurrent_0"}
    for layer in ({"units": 4, "cell": "gru"}, {"units": 4, "layer_norm": True}):
        other = of(recurrent=[layer])
        assert {name for name in first if first[name] != other[name]} == {"recurrent_0"}
    other = of(recurrent=[{"units": 4}], head={"dense": [5]})
    assert {name for name in other if first.get(name) != other[name]} == {"dense_0", "head"}


@pytest.mark.slow
def test_shapes_and_tokens_that_do_not_fit_are_refused_by_name(tmp_path, source):
    wide = document("wide", model={"start_from": str(source), "recurrent": [{"units": 5}]})
    refused = (
        r"the layer recurrent_0 has lstm, units 4, inputs 4, 144 weights in .* and lstm, units 5, inputs 4, 200 weights here"
    )
    with pytest.raises(UserError, match=refused):
        make(tmp_path, wide)
    with pytest.raises(UserError, match=refused):
        plan(load(tmp_path / "e.yaml"), tmp_path / "runs")
    searched = {"space": {"training.optimizer.learning_rate": [0.1, 0.2]}, "trials": 1}
    (tmp_path / "e.yaml").write_text(yaml.safe_dump({**wide, "search": searched}))
    with pytest.raises(UserError, match=refused):
        tuning.run(load(tmp_path / "e.yaml"), tmp_path / "runs", print)
    assert not (tmp_path / "runs").exists()
    other = ModelConfig.model_validate({**DOCUMENT["model"], "start_from": str(source), "recurrent": [{"units": 5}]})
    here = build_data(load(tmp_path / "e.yaml").config.data)
    with pytest.raises(UserError, match=r"has kernel \(4, 16\), recurrent_kernel \(4, 16\), bias .* in .*kernel \(4, 20\)"):
        put(build(other, here.task, 2), other, here)
    data = {"vocabulary": 41}
    with pytest.raises(UserError, match=r"the vocabulary of .* \(40 and 41 in all\).*embedding, head would belong to others"):
        make(tmp_path, document("tokens", model={"start_from": str(source)}, data=data))
    assert not (tmp_path / "runs" / "tokens").exists()
    config = ModelConfig.model_validate({**DOCUMENT["model"], "start_from": str(source), "start_layers": ["recurrent_0"]})
    (tmp_path / "e.yaml").write_text(yaml.safe_dump(document("tokens", data=data)))
    dataset = build_data(load(tmp_path / "e.yaml").config.data)
    model = build(config, dataset.task, 2)
    assert put(model, config, dataset) == {"layers": ["recurrent_0"], "fresh": ["embedding", "head"]}
    for one, other in zip(
        model.get_layer("recurrent_0").get_weights(),
        trained(source).model.get_layer("recurrent_0").get_weights(),
        strict=True,
    ):
        np.testing.assert_array_equal(one, other)


@pytest.mark.slow
def test_it_goes_on_from_a_state_to_the_same_bits(tmp_path, source):
    changes = {"model": {"start_from": str(source)}, "training": {"epochs": 2, "freeze": ["embedding"]}}
    (tmp_path / "e.yaml").write_text(yaml.safe_dump(document("e", **changes)))
    spec = load(tmp_path / "e.yaml").runs()[0]
    dataset = build_data(spec.config.data)

    def made(name: str, config: Any) -> list[np.ndarray]:
        slot = Slot(tmp_path / name, "it")
        train(spec.config.model, dataset, config, 1, slot=slot)
        return array_file.read(tmp_path / name)["variables"]

    whole = made("whole", spec.config.training)
    made("killed", spec.config.training.model_copy(update={"epochs": 1}))
    for one, other in zip(whole, made("killed", spec.config.training), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.slow
@pytest.mark.process
def test_worker_processes_start_from_weights(tmp_path, source):
    what = document("workers", {"a": {"model.start_from": str(source)}, "b": {"training.freeze": ["head"]}})
    sweep = make(tmp_path, {**what, "executor": {"name": "local", "workers": 2}})
    assert sweep.exit_status == 0
    assert store.read_run(sweep.folder / "a" / "seed-1").result.started["fresh"] == []


def test_only_the_variants_that_are_meant_need_a_run_to_start_from(tmp_path: Path) -> None:
    what = document("chosen", {"fresh": {}, "started": {"model.start_from": "nowhere/seed-1"}})
    (tmp_path / "e.yaml").write_text(yaml.safe_dump(what))
    experiment = load(tmp_path / "e.yaml")
    (row,) = plan(experiment, tmp_path / "runs", Selection.of(["fresh"]))
    assert (row.variant, row.missing) == ("fresh", 1)
    assert remarks(experiment, Selection.of(["fresh"])) == []
    assert checked(experiment, tmp_path / "runs", Selection.of(["fresh"]))[1] == {}
    with pytest.raises(UserError, match="nowhere/seed-1 is not the folder of a finished run"):
        checked(experiment, tmp_path / "runs")


@pytest.mark.slow
def test_a_variant_alone_is_made_though_another_one_could_not_start(tmp_path: Path) -> None:
    what = document("chosen", {"fresh": {}, "started": {"model.start_from": "nowhere/seed-1"}})
    assert make(tmp_path, what, selection=Selection.of(["fresh"])).made == 1
