"""What is moved aside: only what is in the way, whole, as an experiment of its own, in one folder a command."""

import json
from itertools import count
from pathlib import Path

import pytest
from sweep.test_light_folders import ONE
from sweep.test_sweep import experiment
from sweep.untrained import swept, tree
from thinning import kept

from rnnlab.errors import UserError
from rnnlab.storage import aside, store
from rnnlab.storage.lease import Lock
from rnnlab.sweep import makers
from rnnlab.sweep.job import Job
from rnnlab.sweep.plan import in_the_way, standing
from rnnlab.sweep.sweep import run


@pytest.mark.parametrize("name", kept(["x/none/seed-1/checkpoint", "x/_replaced"]))
def test_nothing_is_moved_aside_through_a_link_that_leads_out(name: str, folder: Path) -> None:
    swept()
    away, place = folder / "away", folder / "runs" / name
    if place.exists():
        place.rename(away)
    away.mkdir(exist_ok=True)
    place.symlink_to(away)
    before = {path: path.read_bytes() for path in [*away.rglob("*"), *folder.rglob("result.json")] if path.is_file()}
    with pytest.raises(UserError, match="leads out of"):
        swept("data.batch_size=4", replace=True)
    assert {path: path.read_bytes() for path in before} == before
    assert [*away.rglob("*.json")] == []


@pytest.mark.slow
def test_what_is_replaced_is_moved_aside_as_an_experiment_of_its_own(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    swept()
    (folder / "runs/x/comparison.json").write_text("{}")
    before = {name: content for name, (content, _) in tree(folder).items() if content is not None and ".lock" not in name}
    capsys.readouterr()
    assert swept("training.epochs=2", replace=True).made == 4
    (place,) = (folder / "runs/x" / aside.ASIDE).iterdir()
    assert f"They are moved to runs/x/_replaced/{place.name}" in capsys.readouterr().out
    for name, content in before.items():
        assert (place / Path(name).relative_to("runs/x")).read_bytes() == content
    assert len(store.read(place).runs) == 4
    assert "none/seed-1: training.epochs: 1 -> 2" in (place / aside.REASONS).read_text()
    assert not (folder / "runs/x/comparison.json").exists()
    assert swept("training.epochs=2").made == 0


@pytest.mark.slow
def test_only_what_is_in_the_way_is_moved(folder: Path) -> None:
    swept()
    (folder / "runs/x/comparison.json").write_text("{}")
    before = tree(folder)
    assert swept("compare.variants.dropped.recurrent_dropout=0.3", replace=True).made == 2
    for name in ("runs/x/none/seed-1/result.json", "runs/x/comparison.json"):
        assert tree(folder)[name] == before[name]
    (place,) = (folder / "runs/x" / aside.ASIDE).iterdir()
    assert {path.name for path in place.iterdir() if path.is_dir()} == {"dropped"}


def test_a_run_that_is_being_made_is_not_moved(folder: Path) -> None:
    swept()
    before = tree(folder)
    with Lock(folder / "runs/x/dropped/seed-2") as lock:
        assert lock.take()
        with pytest.raises(UserError, match=r"dropped/seed-2 cannot be moved aside: process \d+"):
            swept("data.batch_size=4", replace=True)
    assert {name: of for name, of in tree(folder).items() if ".lock" not in name and of[0]}.items() <= before.items()
    assert not (folder / "runs/x" / aside.ASIDE).exists()


def test_a_command_moves_all_results_that_it_replaces_into_one_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = count()
    monkeypatch.setattr(aside, "now", lambda: f"time-{next(clock)}")
    for epochs in (1, 2):
        training = {"keep": "resumable", "epochs": epochs}
        whole = experiment(tmp_path, compare={**ONE, "seeds": 2}, training=training, executor={"name": "in_process"})
        assert run(whole, tmp_path / "runs").made == 2
    [place] = (tmp_path / "runs/small" / aside.ASIDE).iterdir()
    assert sorted(path.parent.name for path in place.glob("some/*/result.json")) == ["seed-1", "seed-2"]
    job = Job(whole.runs()[0], tmp_path, None, began=place.name)
    assert Job.of(json.loads(json.dumps(job.document()))).began == place.name, "in a worker process too"
    longer = experiment(tmp_path, compare={**ONE, "seeds": 2}, training={"keep": "resumable", "epochs": 3})
    assert in_the_way(longer, tmp_path / "runs", standing(longer, tmp_path / "runs")) == []
    monkeypatch.setattr(makers, "code", lambda: "0" * 64)
    [told] = in_the_way(longer, tmp_path / "runs", standing(longer, tmp_path / "runs"))
    assert told.startswith("2 runs begin anew, and what is there is moved aside: other code or versions made it (code: "), told
