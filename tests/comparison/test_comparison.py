"""From folders of runs to a comparison: what is counted, paired, chosen, grouped, merged and refused."""

import json
from dataclasses import fields

import numpy as np
import pytest
import yaml

from rnnlab.comparison import json_file
from rnnlab.comparison.compare import Comparison, compare
from rnnlab.errors import UserError

CELLS = {
    "lstm": {"cell": "lstm"},
    "lstm_wide": {"cell": "lstm", "units": 128},
    "gru": {"cell": "gru"},
    "gru_wide": {"cell": "gru", "units": 128},
}


def test_the_metrics_are_those_of_the_runs(make):
    folder = make.metrics(none=[150.0, 152.0, 154.0], tested=[140.0, 143.0, 143.0])
    comparison = compare(folder)
    none, tested = comparison.variants["none"], comparison.variants["tested"]
    assert (comparison.metric, comparison.label, comparison.mode) == ("test_perplexity", "test perplexity", "min")
    assert (none.value.mean, none.value.sd) == (152.0, 2.0)
    assert none.validation.mean == pytest.approx(152 * 1.03)
    assert none.gap.mean == pytest.approx(152 * 0.43)
    assert none.throughput.mean == pytest.approx(9152)
    assert (none.parameters, none.best_epoch.mean) == (271_000, 5)
    assert none.against is None
    assert tested.against.difference.estimate.mean == pytest.approx(-10)
    assert {seed: one.value for seed, one in tested.seeds.items()} == {1: 140.0, 2: 143.0, 3: 143.0}


def test_every_planned_seed_is_counted(make):
    comparison = compare(make.metrics(none=[150.0, 151.0, 152.0, 153.0], tested=[150.0, "diverged", "failed", None]))
    counts = comparison.variants["tested"].counts
    assert (counts.planned, counts.done, counts.diverged, counts.failed, counts.missing) == (4, 1, 1, 1, 1)
    assert comparison.variants["tested"].lost.rate == 0.5


def test_a_run_of_an_older_config_is_not_taken_for_the_planned_one(make):
    folder = make.metrics(none=[150.0, 151.0], tested=[140.0, 141.0])
    make.change(folder, "tested", 2, 99.0, fingerprint="of another config")
    counts = compare(folder).variants["tested"].counts
    assert (counts.done, counts.missing) == (1, 1)


@pytest.mark.parametrize("change", [("    dropout: 0.0\n", "", 1), ("name: made", "name: made\nlater_key: 1", 1)])
def test_an_experiment_of_another_version_is_what_its_folder_holds(make, change):
    """A default that did not exist yet, and a key that no longer does: its fingerprints mean nothing here."""
    folder = make.metrics(none=[150.0, 151.0], tested=[140.0, 141.0])
    for run in folder.glob("*/seed-*"):
        make.change(folder, run.parent.name, int(run.name[-1]), 145.0, fingerprint="of another version")
    text = (folder / "experiment.yaml").read_text()
    assert change[0] in text
    (folder / "experiment.yaml").write_text(text.replace(*change))
    comparison = compare(folder)
    assert {name: one.counts.done for name, one in comparison.variants.items()} == {"none": 2, "tested": 2}


def test_an_experiment_whose_parts_are_not_imported_keeps_its_order_and_counts_what_is_missing(make):
    folder = make.metrics(plain=[150.0, 151.0], last=[140.0, None], first=[141.0, 142.0])
    text = (folder / "experiment.yaml").read_text()
    (folder / "experiment.yaml").write_text(text.replace("cell: lstm", "cell: of_a_plugin"))
    variants = compare(folder).variants
    assert list(variants) == ["plain", "last", "first"]
    assert {name: one.counts.missing for name, one in variants.items()} == {"plain": 0, "last": 1, "first": 0}


def test_what_a_config_no_longer_names_is_not_awaited(make):
    folder = make.metrics(plain=[150.0, 151.0], old=[140.0, None])
    text = (folder / "experiment.yaml").read_text()
    document = yaml.safe_load(text.replace("cell: lstm", "cell: of_a_plugin"))
    del document["compare"]["variants"]["old"]
    (folder / "experiment.yaml").write_text(yaml.safe_dump(document, sort_keys=False))
    variants = compare(folder).variants
    assert {name: one.counts.missing for name, one in variants.items()} == {"plain": 0, "old": 0}


def test_pairing_is_proved_by_the_hashes(make):
    folder = make.metrics(none=[150.0] * 3, same=[149.0] * 3, cell=[148.0] * 3, order=[147.0] * 3)
    for seed in (1, 2, 3):
        make.change(folder, "cell", seed, 148.0, initial_weights="other")
    make.change(folder, "order", 2, 147.0, data_order="other")
    pairing = {name: one.against.pairing for name, one in compare(folder).variants.items() if one.against}
    assert pairing == {"same": "paired", "cell": "initial weights differ", "order": "data order differs on seed 2"}


def test_runs_without_hashes_are_not_called_paired(make):
    folder = make.metrics(none=[150.0], tested=[149.0])
    make.change(folder, "tested", 1, 149.0, initial_weights=None)
    assert compare(folder).variants["tested"].against.pairing == "no hashes recorded"


def test_without_a_common_seed_there_is_nothing_to_pair(make):
    folder = make.metrics(none=[150.0, None], tested=[None, 149.0])
    assert compare(folder).variants["tested"].against.pairing == "no seed has ended on both sides"


def test_metric_by_name(make):
    folder = make.metrics(none=[150.0, 151.0], tested=[140.0, 141.0])
    loss = compare(folder, metric="loss")
    assert (loss.metric, loss.mode, loss.log) == ("test_loss", "min", False)
    assert loss.variants["none"].value.mean == pytest.approx(np.log([150, 151]).mean())
    assert compare(folder, metric="val_perplexity").label == "validation perplexity"
    speed = compare(folder, metric="throughput")
    assert (speed.mode, speed.variants["tested"].against.difference.direction) == ("max", -1)


def test_unknown_names_are_refused_with_the_nearest(make):
    folder = make.metrics(none=[150.0], tested=[149.0])
    with pytest.raises(UserError, match=r"no run has the metric 'perplexty' \(did you mean"):
        compare(folder, metric="perplexty")
    with pytest.raises(UserError, match=r"no variant 'test' \(did you mean tested\?\); the variants are none, tested"):
        compare(folder, baseline="test")
    with pytest.raises(UserError, match=r"has no 'model.recurrent.0.cel' \(did you mean model.recurrent.0.cell\?\)"):
        compare(folder, group_by="model.recurrent.0.cel")
    with pytest.raises(UserError, match="is not the folder of an experiment"):
        compare(folder / "none")


def test_nothing_has_ended_yet(make):
    with pytest.raises(UserError, match="no run has ended yet"):
        compare(make.metrics(none=[None], tested=[None]))


def test_another_baseline(make):
    folder = make.metrics(none=[150.0, 151.0], tested=[140.0, 142.0])
    comparison = compare(folder, baseline="tested")
    assert comparison.variants["none"].against.difference.estimate.mean == pytest.approx(9.5)
    assert comparison.variants["tested"].against is None
    assert not comparison.declared
    assert compare(folder, baseline="none").declared


def test_group_by_compares_the_means_over_the_rest_seed_by_seed(make):
    folder = make.experiment({"lstm": 0, "lstm_wide": -2, "gru": -6, "gru_wide": -8}, patches=CELLS)
    plain, grouped = compare(folder), compare(folder, group_by="model.recurrent.0.cell")
    assert list(grouped.variants) == ["cell=lstm", "cell=gru"]
    assert grouped.baseline == "cell=lstm"
    value = {name: np.array([one.value for one in of.seeds.values()]) for name, of in plain.variants.items()}
    expected = (value["gru"] + value["gru_wide"] - value["lstm"] - value["lstm_wide"]) / 2
    assert grouped.variants["cell=gru"].against.difference.estimate.mean == pytest.approx(expected.mean())
    assert grouped.variants["cell=gru"].against.verdict == "better"


def test_a_group_has_no_value_on_a_seed_that_a_member_lost(make):
    folder = make.experiment({"lstm": 0, "lstm_wide": -2, "gru": -6, "gru_wide": -8}, patches=CELLS)
    make.change(folder, "gru_wide", 3, status="diverged")
    gru = compare(folder, group_by="model.recurrent.0.cell").variants["cell=gru"]
    assert (gru.counts.done, gru.counts.diverged, gru.seeds[3].value) == (7, 1, None)


def test_several_experiments_become_one_comparison(make):
    first = make.experiment({"none": 0, "variational": -5}, name="first")
    second = make.experiment({"none": 0, "zoneout": -5}, name="second")
    comparison = compare(first, second)
    assert comparison.experiments == ["first", "second"]
    assert list(comparison.variants) == ["first/none", "first/variational", "second/none", "second/zoneout"]
    assert comparison.baseline == "first/none"
    assert not comparison.declared


def test_folders_of_one_experiment_are_merged_by_seed(make, tmp_path):
    here = make.metrics(none=[150.0, None], tested=[140.0, None])
    make.runs = tmp_path / "elsewhere"
    there = make.metrics(none=[None, 152.0], tested=[None, 141.0])
    comparison = compare(here, there)
    assert {seed: one.value for seed, one in comparison.variants["tested"].seeds.items()} == {1: 140.0, 2: 141.0}
    assert list(comparison.variants) == ["none", "tested"]


def test_the_same_run_twice_from_different_configs_is_refused(make, tmp_path):
    here = make.experiment({"none": 0, "tested": -5}, seeds=2)
    make.runs = tmp_path / "elsewhere"
    there = make.experiment({"none": 0, "tested": -5}, patches={"none": {}, "tested": {"dropout": 0.5}}, seeds=2)
    with pytest.raises(UserError, match="are different runs of one variant and seed"):
        compare(here, there)


def test_comparison_json_holds_every_field_and_every_seed(make):
    folder = make.experiment({"none": 0, "tested": -5}, seeds=3)
    comparison = compare(folder)
    json_file.write(comparison, [folder])
    document = json.loads((folder / "comparison.json").read_text())
    assert list(document) == [field.name for field in fields(Comparison) if field.name != "ensembles"]
    assert document == json_file.document(comparison)
    tested = document["variants"]["tested"]
    assert sorted(tested["seeds"]) == ["1", "2", "3"]
    assert tested["against"]["words"].startswith('Exploratory: 3 seeds can\'t decide between tested and "none"')
    assert document["answer"].splitlines()[1].startswith("Exploratory")


def test_selection_says_how_the_epoch_was_chosen(make):
    assert compare(make.metrics(none=[150.0])).selection == "best epoch by validation perplexity; always 6 epochs"
    assert compare(make.metrics(none=[150.0], tested=[140.0])).selection.endswith("; always 6 to 7 epochs")
    stop = {"none": {"training.early_stopping": {"patience": 3}}}
    folder = make.experiment({"none": 0}, patches=stop, name="early", seeds=1)
    assert compare(folder).selection.endswith("at most 6 epochs, stopped after 3 without a better one")
