"""The explorer holds the values of the run, and a browser shows them without error or another host."""

import base64
import json
import re
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from rnnlab.config import Experiment
from rnnlab.errors import UserError
from rnnlab.inspection.gates import gates, saturation, time_constant
from rnnlab.inspection.masks import masks
from rnnlab.layers import GRU, LSTM
from rnnlab.report import explorer
from rnnlab.sweep import sweep
from rnnlab.trained.explored import BUDGET, SEED, Explored, _correlations, explore
from rnnlab.trained.predictor import predictor

WORDS = ["good", "bad", "the", "film", "was", "dull", "and", "long"]


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two runs of a small classification of texts, with and without noise."""
    from click.testing import CliRunner

    from rnnlab.cli import main

    place = tmp_path_factory.mktemp("explorer")
    draws = np.random.default_rng(1)
    texts = [" ".join(draws.choice(WORDS, draws.integers(3, 9))) for _ in range(60)]
    lines = "".join(f"{text},{'good' in text}\n" for text in texts)
    (place / "texts.csv").write_text(f"text,label\n{lines}")
    (place / "small.yaml").write_text(
        f"""name: small
data: {{name: table, train: {place / "texts.csv"}, text: text, label: label, batch_size: 8}}
model: {{embedding: {{width: 4}}, recurrent: [{{cell: lstm, units: 5}}]}}
training: {{epochs: 1, optimizer: {{name: adam}}}}
compare:
  variants:
    none: {{}}
    noisy: {{dropout: {{scheme: naive, rate: 0.5}}, recurrent_dropout: {{scheme: zoneout, cell: 0.5, hidden: 0.25}}}}
  seeds: 1
executor: {{name: in_process}}
"""
    )
    done = CliRunner().invoke(main, ["run", str(place / "small.yaml"), "--runs", str(place / "runs")])
    assert done.exit_code == 0, done.output
    return [place / "runs" / "small" / variant / "seed-1" for variant in ("none", "noisy")]


@pytest.fixture(scope="module")
def explored(runs: list[Path]) -> list[Explored]:
    return [explore(runs[0]), explore(runs[1], like=runs[0])]


def test_values_are_those_of_the_run(runs: list[Path], explored: list[Explored]) -> None:
    for run, shown in zip(runs, explored, strict=True):
        reader = predictor(run)
        for place, sequence in enumerate(shown.sequences):
            x = reader.codec.encode(sequence["tokens"])[None]
            expected = gates(reader.model, x)["recurrent_0"]
            assert set(shown.layers[0]["values"][place]) == set(expected)
            for name, values in shown.layers[0]["values"][place].items():
                assert values == pytest.approx(expected[name][0].T, abs=1e-5)
    assert [one["tokens"] for one in explored[0].sequences] == [one["tokens"] for one in explored[1].sequences]


def test_units_are_sorted_by_what_the_whole_batch_says(runs: list[Path], explored: list[Explored]) -> None:
    text = " ".join(explored[0].sequences[0]["tokens"])
    one = explore(runs[0], text)
    of = gates(predictor(runs[0]).model, predictor(runs[0]).codec.encode(text.split())[None])["recurrent_0"]
    assert one.label == ""
    assert one.layers[0]["order"]["time constant"] == pytest.approx(time_constant(of["forget"]).tolist(), rel=1e-3)
    shares = np.mean([sum(saturation(of[gate])) for gate in ("input", "forget", "output")], axis=0)
    assert one.layers[0]["order"]["saturation"] == pytest.approx(shares.tolist(), rel=1e-3)
    assert "correlation" in explored[0].layers[0]["order"]


@pytest.mark.parametrize("per_step", [True, False])
def test_correlations_are_pearsons_over_real_steps(per_step: bool) -> None:
    draws = np.random.default_rng(2)
    hidden, y = draws.normal(size=(6, 4, 3)), draws.normal(size=(6, 4))
    hidden[2:, 3] = np.nan
    labels = y if per_step else y[:, 0]
    rows = np.isfinite(hidden[..., 0])
    last = np.array([row.sum() - 1 for row in rows])
    h, expected = (hidden[rows], y[rows]) if per_step else (hidden[np.arange(6), last], y[:, 0])
    assert _correlations(hidden, labels) == pytest.approx([np.corrcoef(unit, expected)[0, 1] for unit in h.T])


@pytest.mark.parametrize("ours", [LSTM, GRU])
def test_masks_are_those_under_which_the_layer_runs(ours: Any) -> None:
    x = np.random.default_rng(3).normal(size=(2, 6, 3)).astype("float32")
    layer = ours(
        4, recurrent_dropout={"scheme": "zoneout", "hidden": 0.5} | ({"cell": 0.5} if ours is LSTM else {}), name="memory"
    )
    model = keras.Sequential([keras.Input((6, 3)), layer])
    before = [keras.ops.convert_to_numpy(variable) for variable in model.variables]
    noise, held = masks(model, x, seed=5)["memory"]["hold_hidden"]
    assert held.shape == (1, 6, 2, 4)
    hidden = gates(model, x, seed=5)["memory"]["hidden"]
    kept = held[0, 1:].astype(bool).swapaxes(0, 1)
    assert kept.any()
    assert (hidden[:, 1:][kept] == hidden[:, :-1][kept]).all()
    assert (hidden[:, 1:][~kept] != hidden[:, :-1][~kept]).all()
    assert noise.rate == 0.5
    for one, variable in zip(before, model.variables, strict=True):
        assert (one == keras.ops.convert_to_numpy(variable)).all()


def test_untied_masks_differ_from_gate_to_gate() -> None:
    x = np.ones((2, 6, 3), "float32")
    untied = {"scheme": "variational", "rate": 0.5, "tied": False}
    model = keras.Sequential([keras.Input((6, 3)), LSTM(64, recurrent_dropout=untied, name="memory")])
    _, drawn = masks(model, x, SEED)["memory"]["recurrent"]
    assert drawn.shape == (4, 1, 2, 64)
    assert len({gate.tobytes() for gate in drawn}) == 4


def test_packed_values_come_back_and_fit(explored: list[Explored]) -> None:
    values = np.random.default_rng(4).normal(size=(7, 5)) * 40
    packed = explorer.packed(values)
    back = np.frombuffer(base64.b64decode(packed["base64"]), "<i2").reshape(packed["shape"]) * packed["unit"]
    assert back == pytest.approx(values, abs=np.abs(values).max() / 65_000)
    assert 2 * BUDGET * 2 * 4 / 3 < 2.2 * 2**20, "two runs and their masks stay below 3 MiB"
    assert len(explorer.page(explored)) < 2**18


def test_a_text_that_looks_like_markup_stays_a_text(explored: list[Explored]) -> None:
    explored[0].sequences[0]["tokens"][0] = "</script><script>alert(1)</script>"
    page = explorer.page(explored)
    assert "alert(1)</script>" not in page.replace("\\u003c/script", "")
    data = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    assert data
    assert json.loads(data[1])[0]["sequences"][0]["tokens"][0].startswith("</script>")


def test_wrong_questions_are_refused(runs: list[Path]) -> None:
    with pytest.raises(UserError, match="has no tokens"):
        explore(runs[0], text=" ")


SHOWN = """
const values = {};
for (const one of document.querySelectorAll("#now-%d [data-value]")) values[one.dataset.value] = Number(one.textContent);
return values;
"""


@pytest.mark.parametrize("width", [400, 1300])
def test_the_browser_shows_the_values_of_a_step_and_follows_the_keys(width: int, runs: list[Path], chromium: Any) -> None:
    from selenium.webdriver import ActionChains, Keys

    path, contents = explorer.write(runs[0], runs[1]), [explore(run) for run in runs]
    chromium.set_window_size(width, 1200)
    chromium.get(path.resolve().as_uri())
    ActionChains(chromium).send_keys(Keys.ARROW_RIGHT * 2 + Keys.ARROW_DOWN * 3).perform()
    for number, one in enumerate(contents):
        expected = {name: values[3, 2] for name, values in one.layers[0]["values"][0].items()}
        assert chromium.execute_script(SHOWN % number) == pytest.approx(expected, abs=1e-4)
    assert chromium.execute_script("return document.querySelectorAll('#masks-1 canvas').length") >= 6, "4 gates, c and h"
    assert "step 3" in chromium.execute_script("return document.getElementById('live').textContent")
    assert chromium.execute_script("return document.documentElement.scrollWidth <= innerWidth")
    parts = "[...document.querySelectorAll('canvas,svg,select')]"
    assert chromium.execute_script(f"return {parts}.filter((one) => !one.ariaLabel && !one.labels?.length).length") == 0
    asked = chromium.execute_script("return performance.getEntriesByType('resource').map((one) => one.name)")
    assert [one for one in asked if not one.startswith(("data:", "file:"))] == []
    assert [line for line in chromium.get_log("browser") if line["level"] == "SEVERE"] == []


def other(folder: Path, name: str) -> Path:
    """A finished run on something else than texts with a label."""
    draws = np.random.default_rng(5)
    np.savez(folder / "a.npz", x=draws.normal(5, 2, (40, 7, 3)), y=draws.normal(size=40), roll=draws.integers(0, 2, (40, 7, 4)))
    (folder / "s.csv").write_text("y\n" + "".join(f"{100 + n % 12}\n" for n in range(120)))
    words = "".join(f"{n}\tw{n}\tw\t{'NOUN' if n % 2 else 'VERB'}\tN\t_\t0\troot\t_\t_\n" for n in (1, 2, 3))
    (folder / "a.conllu").write_text((words + "\n") * 20)
    data = {
        "series": {
            "name": "series",
            "train": "s.csv",
            "columns": "y",
            "horizon": 3,
            "path": True,
            "window": 8,
            "batch_size": 2,
        },
        "frames": {"name": "npz", "train": "a.npz", "frames": "roll"},
        "numbers": {"name": "npz", "train": "a.npz", "input": "x", "value": "y"},
        "tags": {"name": "conllu", **dict.fromkeys(("train", "validation", "test"), "a.conllu")},
    }[name]
    model = {"recurrent": [{"units": 3, "recurrent_dropout": 0.2}], **({"embedding": {"width": 3}} if name == "tags" else {})}
    document = {"name": name, "data": data, "model": model, "training": {"epochs": 1}, "executor": {"name": "in_process"}}
    made = sweep.run(Experiment.from_dict({**document, "compare": {"seeds": 1}}), folder / "runs")
    assert made.exit_status == 0
    return made.folder / "base" / "seed-1"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "step"), [("series", r"1\d\d"), ("frames", r"[0-3 ]+|rest"), ("numbers", r"-?[\d.]+"), ("tags", r"w\d")]
)
def test_every_kind_of_task_can_be_explored(name: str, step: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RNNLAB_DATA", str(tmp_path / "data"))
    content = explore(other(tmp_path, name))
    assert all(re.fullmatch(step, token) for one in content.sequences for token in one["tokens"])
    assert all(bool(one["prediction"] and one["label"]) == (name in ("numbers", "tags")) for one in content.sequences)
    assert content.label
    assert "recurrent" in content.layers[0]["masks"]
    page = explorer.page([content])
    assert len(page) < 3 * 2**20
    assert "NaN" not in page, "padding is left out"
