"""The records of published configs: what their table says is what was run."""

import json
import runpy
from pathlib import Path

import yaml

FOLDER = Path(__file__).parents[1] / "experiments" / "published"


def test_the_table_of_published_results_is_what_was_run():
    """Each row is its record; each record is of a config that is there, with the seeds that it plans."""
    table = runpy.run_path(str(FOLDER / "table.py"))
    text = (FOLDER / "README.md").read_text()
    assert text.endswith(table["START"] + table["written"]())
    for file in set(FOLDER.glob("*.json")) - {FOLDER / "claims.json"}:
        kept = json.loads(file.read_text())
        assert file.with_suffix(".svg").is_file()
        assert {run["variant"] for run in kept["runs"]} <= {claim["variant"] for claim in table["claims"]()}
        assert all(run["best_epoch"] <= run["epochs"] for run in kept["runs"])


def test_runs_are_added_to_the_record_of_a_published_config(tmp_path):
    """A run takes the place of one of its seed; one by other versions tells them."""
    table = runpy.run_path(str(FOLDER / "table.py"))
    made = {"python": "3.11", "backend": "jax", "numbers": {}, "machine": {"cores": 2}}
    metrics = dict.fromkeys(("train_loss", "last_val_loss", "test_loss", "seconds"), 1.0)
    about = {"status": "done", "variant": "none", "monitor": "val_loss", "parameters": 3, "epochs": 2, "best_epoch": 1}

    def recorded(before, **runs):
        folder = tmp_path / str(len(list(tmp_path.iterdir())))
        for seed, (val, jax) in runs.items():
            place = folder / "none" / f"seed-{seed[1:]}"
            place.mkdir(parents=True)
            result = about | {"seed": int(seed[1:]), "metrics": metrics | {"val_loss": val}}
            (place / "result.json").write_text(json.dumps(result))
            (place / "run.yaml").write_text(yaml.safe_dump(made | {"versions": {"jax": jax, "rnnlab": "0.2"}}))
        return table["record"](folder, before)

    first = recorded({}, s1=(1.0, "1"), s2=(2.0, "1"))
    assert [(run["seed"], run["val"]) for run in first["runs"]] == [(1, 1.0), (2, 2.0)]
    assert not any("made" in run for run in first["runs"])
    assert first["versions"] == {"jax": "1"}
    more = recorded(first, s2=(5.0, "1"), s3=(3.0, "2"))
    assert [(run["seed"], run["val"]) for run in more["runs"]] == [(1, 1.0), (2, 5.0), (3, 3.0)]
    assert [run.get("made", {}).get("versions") for run in more["runs"]] == [None, None, {"jax": "2"}]
    assert {key: more[key] for key in table["MADE"]} == {key: first[key] for key in table["MADE"]}
