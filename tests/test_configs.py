"""Every config in the repository: it loads, plans in no time, has its paper's size, and trains."""

import json
import re
import time
from pathlib import Path
from typing import Any

import keras
import pytest
from click.testing import CliRunner

from rnnlab.cli import main
from rnnlab.config import load
from rnnlab.data.build_dataset import build as build_data
from rnnlab.data.sources.build_source import keep_files
from rnnlab.data.task import Task
from rnnlab.models.build_model import build
from rnnlab.models.model_config import ModelConfig
from rnnlab.models.size import parameters
from rnnlab.training.fit import compiled, fit, weights_count

ROOT = Path(__file__).parents[1]
FILES = sorted(path for folder in ("configs", "experiments") for path in (ROOT / folder).rglob("*.yaml"))
PAPERS = sorted((ROOT / "configs" / "papers").glob("*.yaml"))


def lstm(inputs: int, units: int) -> int:
    return 4 * units * (inputs + units + 1)


PTB = Task("language_model", (20, None), 10_000, "words", vocabulary=10_000, carried=True)
SIZES = {
    "zaremba_small": (
        PTB,
        {
            "none": 10_000 * 200 + 2 * lstm(200, 200) + 201 * 10_000,
            "tied": 10_000 * 200 + 2 * lstm(200, 200) + 10_000,
        },
        {"none": 4.7e6},
    ),
    "zaremba_medium": (PTB, 10_000 * 650 + 2 * lstm(650, 650) + 651 * 10_000, 20e6),
    "zaremba_large": (PTB, 10_000 * 1500 + 2 * lstm(1500, 1500) + 1501 * 10_000, 66e6),
    "gal_medium": (PTB, 10_000 * 650 + 2 * lstm(650, 650) + 651 * 10_000, 20e6),
    "gal_large": (PTB, 10_000 * 1500 + 2 * lstm(1500, 1500) + 1501 * 10_000, 66e6),
    "gal_cornell": (
        Task("regression", (128, None), 1, "examples", vocabulary=20_000, padded=True),
        20_000 * 128 + lstm(128, 128) + 129,
        None,
    ),
    "awd_lstm_ptb": (PTB, 10_000 * 401 + lstm(400, 1150) + lstm(1150, 1150) + lstm(1150, 400), 24e6),
    "keras_imdb": (
        Task("classification", (32, None), 2, "examples", vocabulary=20_000, padded=True),
        20_000 * 128 + lstm(128, 128) + 129 * 2,
        None,
    ),
    "melis_ptb": (PTB, 10_000 * 269 + lstm(268, 1194) + 1195 * 268, 10e6),
    "pytorch_ptb": (
        PTB,
        {
            "untied": 10_000 * 200 + 2 * lstm(200, 200) + 201 * 10_000,
            "tied": 10_000 * 200 + 2 * lstm(200, 200) + 10_000,
        },
        None,
    ),
    "semeniuta_ptb": (PTB, 10_000 * 256 + lstm(256, 256) + 257 * 10_000, None),
    "tcn_copy": (
        Task("tagging", (32, 1020), 9, "steps", vocabulary=10),
        {
            "lstm": 10 * 10 + lstm(10, 57) + 58 * 9,
            "gru": 10 * 10 + 3 * 66 * (10 + 66 + 2) + 67 * 9,
        },
        16e3,
    ),
    "tcn_music": (
        Task("multilabel", (1, None, 88), 88, "steps", padded=True),
        {
            "lstm": lstm(88, 150) + 151 * 88,
            "gru": 3 * 150 * (88 + 150 + 2) + 151 * 88,
            "simple_rnn": 150 * (88 + 150 + 1) + 151 * 88,
        },
        None,
    ),
    "zoneout_pmnist": (Task("classification", (100, 784, 1), 10, "examples"), lstm(1, 100) + 2 * 100 + 101 * 10, None),
    "zoneout_char_ptb": (
        Task("character_model", (32, 100), 50, "characters", vocabulary=50),
        50 * 50 + lstm(50, 1000) + 2 * 1000 + 1001 * 50,
        None,
    ),
}
"""By preset: its task, the size by hand, and what the paper says where it says something; by variant where they differ."""


def test_all_files_are_checked_and_planned_in_no_time(tmp_path, monkeypatch):
    monkeypatch.setenv("RNNLAB_DATA", str(tmp_path))
    begin = time.process_time()
    done = CliRunner().invoke(main, ["validate", *map(str, FILES)])
    assert done.exit_code == 0, done.output
    assert len(done.stdout.splitlines()) == len(FILES)
    for file in FILES:
        planned = CliRunner().invoke(main, ["plan", str(file), "--json", "--runs", str(tmp_path / "runs")])
        assert planned.exit_code == 0, planned.output
        known = "is not prepared" not in planned.stderr
        assert all((row["steps"] is not None) == known for row in json.loads(planned.stdout))
    assert time.process_time() - begin < 20
    assert not list(tmp_path.iterdir()), "plan has written something"


def test_every_paper_has_its_size_here():
    assert {path.stem for path in PAPERS} == set(SIZES)


@pytest.mark.parametrize("preset", PAPERS, ids=lambda path: path.stem)
def test_a_preset_has_the_size_of_its_paper(preset):
    task, by_hand, published = SIZES[preset.stem]
    for name, variant in load(preset).variants.items():
        size, said = (part.get(name) if isinstance(part, dict) else part for part in (by_hand, published))
        assert parameters(variant.model, task) == size
        assert said is None or size == pytest.approx(said, rel=0.02)


@pytest.mark.parametrize("preset", PAPERS, ids=lambda path: path.stem)
def test_the_head_of_a_preset_says_where_it_was_run_or_that_it_was_not(preset):
    head = preset.read_text().split("\nname:")[0]
    folder = re.search(r"[Rr]un here: (experiments/\w+)", head)
    assert re.search(r"arXiv \d{4}|\([\w-]+/\w+", head), "a paper, or a repository"
    assert "Deviations" in head or "can't be run as published" in head
    assert ("NOT RUN here" in head) != bool(folder)
    assert not folder or (ROOT / folder[1]).is_dir()


LAYERS: list[dict[str, Any]] = [
    {},
    {"cell": "gru"},
    {"cell": "gru", "reset_after": False},
    {"implementation": "keras"},
    {"peephole": True, "coupled": True},
    {"peephole": True, "layer_norm": True},
    {"coupled": True, "layer_norm": True},
    {"cap_input": True},
]
NUMBERS = Task("regression", (2, 4, 3), 2, "examples")
WORDS = Task("language_model", (2, 4), 9, "words", vocabulary=9)


@pytest.mark.parametrize("layer", LAYERS, ids=str)
def test_sizes_are_counted_as_the_built_model_has_them(layer):
    heads = [{}, {"tie_embedding": True, "projection": 6, "bias": True}, {"projection": 3}]
    configs = [(WORDS, {"embedding": {"width": 6}, "head": head}) for head in heads] + [(NUMBERS, {"bidirectional": True})]
    for task, rest in configs:
        both = {"bidirectional": True} if rest.pop("bidirectional", False) else {}
        config = ModelConfig.model_validate({"recurrent": [{"units": 5, **layer, **both}, {"units": 4, **layer}], **rest})
        assert parameters(config, task) == weights_count(build(config, task, 1))


@pytest.fixture(scope="module")
def home(shared_data, tmp_path_factory):
    """A data folder with the published files that the presets need."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RNNLAB_DATA", str(tmp_path_factory.mktemp("data")))
        keep_files(load(PAPERS[0]).config.data, shared_data / "ptb")
        for name, folder in {"gal_cornell": "cornell_scale", "tcn_music": "polyphonic_music"}.items():
            keep_files(load(ROOT / "configs" / "papers" / f"{name}.yaml").config.data, shared_data / folder)
        yield


SMALL = ["data.limit_examples=30", "data.batch_size=4", "training.epochs=1"]
STEPS = {
    "zoneout_pmnist": ["data={name: adding, length: 20, examples: {train: 8, validation: 4, test: 4}, batch_size: 4}"],
    "tcn_music": ["data.limit_examples=4"],
    "tcn_copy": ["data.delay=20", "data.examples={train: 8, validation: 4, test: 4}", "data.batch_size=4"],
    "keras_imdb": ["data={name: agreement, length: 8, examples: {train: 8, validation: 4, test: 4}, batch_size: 4}"],
}
"""MNIST's 784 steps and film reviews are other tests': here their models train on data of the same form. Music has no words."""


@pytest.mark.slow
@pytest.mark.parametrize("preset", PAPERS, ids=lambda path: path.stem)
def test_a_preset_trains_at_reduced_width(preset, home):
    base = load(preset).config
    narrow = [f"model.recurrent.{place}.units=4" for place in range(len(base.model.recurrent))]
    narrow += ["model.embedding.width=4"] if base.model.embedding else []
    narrow += ["model.head.projection=4"] if base.model.head.projection else []
    if preset.stem in STEPS:
        narrow += [*STEPS[preset.stem], "training.monitor=loss", "training.epochs=1"]
    else:
        narrow += [*SMALL, f"data.{'vocabulary' if base.data.task != 'character_model' else 'window'}=20"]
    *_, config = load(preset, narrow).variants.values()
    dataset = build_data(config.data)
    model = compiled(config.model, dataset, config.training, seed=1)
    before = model.get_weights()
    logs = fit(model, dataset, config.training, 1)
    assert all(len(values) == 1 and values[0] == values[0] for values in logs.values())
    assert any((old != new).any() for old, new in zip(before, model.get_weights(), strict=True))
    keras.backend.clear_session()
