"""Runs in an experiment's folder that a command does not ask for: of another config they are refused too, else they stay."""

from pathlib import Path

import pytest
from click.testing import CliRunner
from sweep.untrained import ROWS, swept, tree

from rnnlab.cli import main
from rnnlab.errors import UserError
from rnnlab.storage import aside
from rnnlab.sweep.selection import Selection

pytestmark = pytest.mark.usefixtures("folder")


RENAMED = "compare.variants={none: null, dropped: null, a: {}, b: {recurrent_dropout: 0.2}}"
ONE = "compare.variants={none: null, dropped: null, a: {}}"
OTHER_SEEDS = "compare.first_seed=11"


@pytest.mark.parametrize(
    ("overrides", "told"),
    [
        ([RENAMED, "training.epochs=2"], "training.epochs: 1 -> 2\n"),
        ([OTHER_SEEDS, "training.epochs=2", "compare.seeds=1"], "training.epochs: 1 -> 2\n"),
        ([RENAMED, "data.batch_size=4"], "data.batch_size: 8 -> 4\n"),
        ([RENAMED, "model.recurrent.0.units=8"], "model.recurrent.0.units: 4 -> 8\n"),
        ([OTHER_SEEDS, "compare.variants.dropped.recurrent_dropout=0.3"], "recurrent_dropout: 0.2 -> 0.3\n"),
        ([ONE, "model.recurrent=[{units: 4, cell: gru}]"], "model.recurrent.0.cell: lstm -> gru\n"),
        ([OTHER_SEEDS, "compare.folds=3"], "data.fold.of: not set -> 3\n"),
    ],
)
def test_another_config_is_refused_where_no_place_coincides(overrides: list[str], told: str, folder: Path) -> None:
    swept()
    before = tree(folder)
    with pytest.raises(UserError) as refused:
        swept(*overrides)
    assert told in str(refused.value)
    assert "recurrent_dropout: 0.2 -> 0.0" not in str(refused.value), "the patch of a withdrawn variant is its own"
    assert "name=NAME  keeps them" in str(refused.value)
    done = CliRunner().invoke(main, ["run", "c.yaml", *overrides])
    assert (done.exit_code, tree(folder) == before) == (2, True)
    assert told in CliRunner().invoke(main, ["plan", "c.yaml", *overrides]).stderr
    swept(*overrides, replace=True)
    (place,) = (folder / "runs/x" / aside.ASIDE).iterdir()
    assert f"holds {len([*place.glob('*/*/result.json')])} runs of another config" in str(refused.value)


def test_other_data_are_refused_where_no_place_coincides(folder: Path) -> None:
    swept()
    (folder / "a.csv").write_text(f"text,label\n{ROWS.replace('film', 'play')}")
    for override in (RENAMED, OTHER_SEEDS):
        with pytest.raises(UserError, match=r"holds 4 runs.*\n.*the data's bytes \(sha256\): \w{12} -> \w{12}\n"):
            swept(override)


def test_what_is_chosen_leaves_no_run_of_another_config_in_the_folder(folder: Path) -> None:
    swept("compare.variants.other={data.train: b.csv}", selection=Selection(("none",)))
    (folder / "b.csv").write_text((folder / "a.csv").read_text())
    other = "compare.variants.other={data.train: b.csv, dropout: 0.3}"
    assert swept(other, selection=Selection(("other",))).made == 2
    (folder / "b.csv").unlink()
    assert swept(other, "compare.seeds=3", selection=Selection(("none",))).made == 1, "it needs no data but its own"
    before = tree(folder)
    for chosen in ("none", "dropped"):
        with pytest.raises(UserError, match="holds 5 runs of another config"):
            swept(other, "training.epochs=2", selection=Selection((chosen,)))
    with pytest.raises(UserError, match=r"holds 2 runs of another config.*\n  model.recurrent.0.dropout: 0.3 -> 0.4\n"):
        swept("compare.variants.other={data.train: b.csv, dropout: 0.4}", selection=Selection(("none",)))
    assert tree(folder) == before


def test_seeds_and_variants_come_and_go_on_the_same_base(folder: Path) -> None:
    swept()
    before = {name: content for name, content in tree(folder).items() if name.endswith("result.json")}
    assert swept(OTHER_SEEDS, "compare.seeds=1").made == 2
    alone = "compare.variants={{none: null, dropped: null, {}}}".format
    assert swept(alone("long: {training.epochs: 3}")).made == 2
    assert swept(alone("more: {dropout: 0.5}")).made == 2, "the patch of `dropped` is no longer on record"
    assert swept("compare.grid={units: [4, 8]}", alone("base: {}")).made == 4
    assert before.items() <= tree(folder).items()
    assert swept().made == 0
    with pytest.raises(UserError) as refused:
        swept("training.epochs=2", alone("last: {}"))
    assert str(refused.value).splitlines()[1:3] == ["  training.epochs: 1 -> 2", "Nothing was written. There are two options:"]
    assert "holds 12 runs" in str(refused.value), "all but those of `long`, whose patch says how long they train"


def test_what_a_withdrawn_variant_sets_itself_is_its_own_where_the_base_says_the_same() -> None:
    alone = "compare.variants={{none: null, dropped: null, {}: {{training.epochs: {}}}}}".format
    assert swept(alone("same", 1)).made == 2
    assert swept(alone("more", 3), "training.epochs=2").made == 2
