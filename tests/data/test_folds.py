"""Cross-validation: who is tested on in which fold, and what the folds of an experiment are."""

import json

import numpy as np
import pytest
from click.testing import CliRunner
from pydantic import TypeAdapter

from rnnlab.cli import main
from rnnlab.config import Experiment, dump
from rnnlab.config.tree import ConfigError
from rnnlab.data.build_dataset import build
from rnnlab.data.data_config import DataConfig
from rnnlab.data.sources.folds import Fold, dealt, fold_owners
from rnnlab.errors import UserError
from rnnlab.statistics.intervals import corrected_p

MODEL = {"embedding": {"width": 3}, "recurrent": [{"cell": "lstm", "units": 3}]}
TABLE = {"name": "table", "train": "a.csv", "text": "text", "label": "mood"}


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RNNLAB_DATA", str(tmp_path / "data"))


def experiment(data, compare, **more):
    document = {"name": "x", "data": data, "model": MODEL, "training": {"epochs": 1}, "compare": compare, **more}
    return Experiment.from_dict(document)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("many", [2, 5, 7])
def test_every_row_is_tested_on_once_and_every_label_has_its_share(seed, many):
    draw = np.random.default_rng(seed)
    labels = draw.choice(["a", "b", "c"], 103, p=[0.7, 0.2, 0.1])
    folds = [Fold(number=number, of=many) for number in range(1, many + 1)]
    owners = np.stack([fold_owners(fold, 103, 0.1, 1, [[label] for label in labels]) for fold in folds])
    np.testing.assert_array_equal((owners == 2).sum(axis=0), 1)
    assert np.ptp((owners == 2).sum(axis=1)) <= 1
    for label in "abc":
        assert np.ptp((owners[:, labels == label] == 2).sum(axis=1)) <= 1
        assert ((owners[:, labels == label] == 0).sum(axis=1) >= 1).all()
    np.testing.assert_array_equal((owners == 1).sum(axis=1), 10)


def test_groups_stay_together_and_repeats_deal_anew():
    draw = np.random.default_rng(0)
    groups = draw.integers(0, 20, 200).tolist()
    first, again = (dealt(200, Fold(number=1, of=5, repeat=repeat), 1, groups=groups) for repeat in (1, 2))
    assert all(len(set(first[np.array(groups) == group])) == 1 for group in groups)
    assert np.ptp(np.bincount(first)) <= 20
    assert (first != again).any()
    owner = fold_owners(Fold(number=2, of=5), 200, 0.1, 1, groups=groups)
    for one in set(groups):
        assert len(set(owner[np.array(groups) == one])) == 1


def test_a_label_of_one_fold_is_refused():
    with pytest.raises(UserError, match="label 'rare'"):
        fold_owners(Fold(number=1, of=3), 10, 0.1, 1, [["a"]] * 9 + [["rare"]])


def test_too_few_rows_or_groups_are_refused():
    with pytest.raises(UserError, match="3 rows are too few for 5 folds"):
        dealt(3, Fold(number=1, of=5), 1)
    with pytest.raises(UserError, match="2 groups, too few for 5 folds"):
        dealt(6, Fold(number=1, of=5), 1, groups=["a"] * 3 + ["b"] * 3)


@pytest.mark.parametrize("data", [TABLE, {"name": "npz", "train": "a.npz", "input": "x", "label": "mood"}])
def test_the_test_splits_of_a_repeat_are_all_rows(tmp_path, data):
    rows = [f"row{n}" for n in range(23)]
    (tmp_path / "a.csv").write_text("text,mood\n" + "".join(f"{row},{'ab'[n % 2]}\n" for n, row in enumerate(rows)))
    np.savez(tmp_path / "a.npz", x=np.arange(23.0)[:, None] + np.zeros((23, 2)), mood=np.arange(23) % 2)
    read = []
    for number in (1, 2, 3):
        keys = {**data, "fold": {"number": number, "of": 3}, **({"standardise": False} if data["name"] == "npz" else {})}
        built = build(TypeAdapter(DataConfig).validate_python(keys))
        split = built.test
        firsts = split.values[split.offsets[:-1]]
        read += [built.codec.decode([row]) for row in firsts] if built.codec.vocabulary else firsts[:, 0].tolist()
        assert sum(len(part.lengths) for part in (built.train, built.validation, built.test)) == 23
    assert len(read) == 23
    assert data["name"] == "table" or sorted(read) == list(range(23))


def test_seeds_are_crossed_with_folds():
    made = experiment(TABLE, {"seeds": 2, "folds": 3, "variants": {"a": {}, "b": {"recurrent_dropout": 0.2}}})
    runs = made.runs()
    assert len(runs) == 12
    assert len({run.fingerprint for run in runs}) == 12
    assert [(run.seed, run.config.data.fold.number, run.config.data.fold.repeat) for run in runs if run.variant == "b"] == [
        (1, 1, 1),
        (2, 2, 1),
        (3, 3, 1),
        (4, 1, 2),
        (5, 2, 2),
        (6, 3, 2),
    ]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"name": "ptb"}, "ptb has fixed splits"),
        ({"name": "text", "train": "a.txt"}, "text has fixed splits"),
        ({**TABLE, "test": "b.csv"}, "test names a separate split"),
        ({**TABLE, "validation": 0.5}, "leave nothing to train on"),
    ],
)
def test_folds_that_mean_nothing_are_refused_by_name(data, message):
    with pytest.raises(ConfigError, match=message):
        experiment(data, {"folds": 2})


def test_a_variant_whose_data_have_no_folds_is_refused():
    with pytest.raises(ConfigError, match=r"variant b.*test names a separate split"):
        experiment(TABLE, {"folds": 2, "variants": {"a": {}, "b": {"data.test": "b.csv"}}})


@pytest.mark.slow
def test_an_experiment_of_folds_runs_and_says_what_it_tests(tmp_path):
    words = ["good", "bad"]
    (tmp_path / "a.csv").write_text("text,mood\n" + "".join(f"film {n % 5} {words[n % 2]},{n % 2}\n" for n in range(40)))
    compare = {"seeds": 1, "folds": 3, "variants": {"a": {}, "b": {"recurrent_dropout": 0.2}}}
    made = experiment(TABLE, compare, executor={"name": "in_process"})
    (tmp_path / "c.yaml").write_text(dump(made.document))
    for verb in (
        ["plan", "c.yaml"],
        ["run", "c.yaml"],
        ["data", "describe", "c.yaml"],
        ["compare", "runs/x"],
        ["report", "runs/x"],
    ):
        done = CliRunner().invoke(main, verb)
        assert done.exit_code == 0, (verb, done.output, done.exception)
        assert verb[0] != "compare" or "Nadeau" in " ".join(done.output.split())
    comparison = json.loads((tmp_path / "runs/x/comparison.json").read_text())
    assert comparison["folds"]["of"] == 3
    assert comparison["folds"]["overlap"] == pytest.approx((1 / 3) / (1 - 1 / 3 - 0.1))
    assert "Nadeau" in comparison["answer"]
    assert "Nadeau" in (tmp_path / "runs/x/report.html").read_text()
    assert comparison["variants"]["b"]["against"]["pairing"] == "paired"
    x = [
        comparison["variants"]["b"]["seeds"][n]["value"] - comparison["variants"]["a"]["seeds"][n]["value"]
        for n in map(str, range(1, 4))
    ]
    assert comparison["variants"]["b"]["against"]["difference"]["p"] == pytest.approx(
        corrected_p(x, comparison["folds"]["overlap"])
    )
    done = CliRunner().invoke(main, ["verify", "runs/x/a/seed-2"])
    assert done.exit_code == 0, done.output
