"""Tiny trained runs of every task that reads text, their data gone."""

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from rnnlab.config import load
from rnnlab.sweep.sweep import run

FILMS = [f"a {word} film ," + " it is" * (n % 3) for n, word in enumerate(["good", "bad", "fine", "dull"] * 6)]
LAYER = {"dropout": 0.3, "recurrent_dropout": 0.3}
TAGGED = "".join(
    f"{n}\t{word}\t_\t{tag}\t_\t_\t_\t_\t_\t_\n" for n, (word, tag) in enumerate([("the", "DET"), ("dog", "NOUN")], 1)
)
DATA: dict[str, dict[str, Any]] = {
    "labels": {"name": "table", "train": "films.csv", "text": "text", "label": "label"},
    "rating": {"name": "table", "train": "films.csv", "text": "text", "value": "rating"},
    "tags": {"name": "conllu", "train": "t.conllu", "validation": "t.conllu", "test": "t.conllu"},
    "words": {"name": "text", "train": "films.txt", "validation": 0.2, "test": 0.2, "window": 5},
}


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A finished run of every task by its name; its data are gone."""
    folder = tmp_path_factory.mktemp("predict")
    rows = [f'"{text}",{"neg" if n % 2 else "pos"},{40.0 + 10 * (n % 2)}' for n, text in enumerate(FILMS)]
    (folder / "films.csv").write_text("text,label,rating\n" + "\n".join(rows) + "\n")
    (folder / "t.conllu").write_text(f"{TAGGED}\n" * 4)
    (folder / "films.txt").write_text("\n".join(FILMS) + "\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("RNNLAB_DATA", str(folder / "data"))
        runs = {name: _trained(name, folder) for name in DATA}
    shutil.rmtree(folder / "data")
    return runs


def _trained(name: str, folder: Path) -> Path:
    layers = [{"units": 6, **({"implementation": "keras"} if name == "words" else {})}]
    document = {
        "name": name,
        "data": {**DATA[name], "batch_size": 4},
        "model": {"embedding": {"width": 5}, "recurrent": layers},
        "training": {"epochs": 2, "optimizer": {"learning_rate": 0.05}},
        "evaluation": {"montecarlo": {"samples": 2} if name == "rating" else None},
        "compare": {"variants": {"noisy": LAYER}, "seeds": 1},
    }
    (folder / f"{name}.yaml").write_text(yaml.safe_dump(document))
    sweep = run(load(folder / f"{name}.yaml"), folder / "runs")
    assert sweep.exit_status == 0
    return sweep.folder / "noisy" / "seed-1"
