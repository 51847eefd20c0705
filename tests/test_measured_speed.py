"""The tables of speed and of cost are those that were measured."""

import json
import runpy
from pathlib import Path

import pytest

SPEED = Path(__file__).parents[1] / "experiments" / "speed"


def test_the_speed_tables_are_what_was_measured():
    """The README ends with what its script writes from the files, and every file is in it."""
    table = runpy.run_path(str(SPEED / "table.py"))
    text, written = (SPEED / "README.md").read_text(), table["written"]()
    assert text.endswith(table["START"] + written)
    for file in SPEED.glob("*.json"):
        for row in json.loads(file.read_text()):
            aside = file.stem.endswith("-schemes") and row["what"] in (table["BUILTIN"], "bare products")
            line = f"| {row['what']} | {row['least']:.1f} | {row['median']:.1f} | "
            assert aside or any(
                line in printed for printed in written.splitlines() if printed.startswith(f"| {file.stem.split('-')[0]} ")
            )


def test_every_backend_cell_and_shape_of_the_aims_was_measured():
    table = runpy.run_path(str(SPEED / "table.py"))
    assert {file.stem for file in SPEED.glob("*.json")} - {f"{name}-schemes" for name in table["AIMS"]} == set(table["AIMS"])


def test_the_operations_of_a_step_take_what_was_measured():
    text = (SPEED / "README.md").read_text()
    groups = json.loads((SPEED / "program" / "operations.json").read_text())
    for group in (
        "products once a step",
        "products of the scan",
        "other operations of the scan",
        "other operations once a step",
    ):
        assert f" | {groups[group]['ms']:.2f} |\n" in text


def test_a_cell_of_ones_own_is_as_fast_for_a_gate_as_ours():
    text = (SPEED / "README.md").read_text()
    rows = json.loads((SPEED / "own_cell" / "own_cell.json").read_text())
    ratios = [(row["mgu over gru"], ", ".join(map(str, row["shape"]))) for row in rows]
    assert " and ".join(f"{ratio} ({shape})" for ratio, shape in ratios) in text.replace("\n", " ")
    for row in rows:
        assert row["mgu over gru"] == pytest.approx(row["mgu, ms a gate"] / row["gru, ms a gate"], abs=0.01)
        assert row["mgu over gru"] <= 1.2


def test_the_ratios_of_the_whole_are_what_was_measured():
    folder = SPEED / "whole"
    script = runpy.run_path(str(folder / "measure.py"))
    parts = json.loads((folder / "whole.json").read_text())
    assert (folder / "README.md").read_text().endswith(script["START"] + script["table"](parts))
    half = script["table"]({"rnnlab": {"jax": 1.0}, "plain": {"jax": 2.0}})
    assert "| the grid, rnnlab on JAX / plain Keras on JAX | 0.50 | 0.55 |" in half
    assert "TensorFlow" not in half.partition("| ratio")[2]


def test_the_cost_of_determinism_is_what_was_measured():
    folder = SPEED.parent / "determinism"
    lines = [line for line in (folder / "README.md").read_text().splitlines() if line.startswith(("| auto", "| keras"))]
    rows = json.loads((folder / "tensorflow.json").read_text())
    numbers = ("implementation", "on", "off", "least", "median")
    assert lines == ["| " + " | ".join(str(row[name]) for name in numbers) + " |" for row in rows]


@pytest.mark.parametrize("backend", ["tensorflow", "jax"])
def test_the_cost_of_the_input_is_what_was_measured_and_below_a_twentieth_of_a_step(backend):
    folder = SPEED.parent / "input"
    lines = [line for line in (folder / "README.md").read_text().splitlines() if line.startswith(f"| {backend} ")]
    rows = json.loads((folder / f"{backend}.json").read_text())
    assert lines == ["| " + " | ".join(str(value) for value in row.values()) + " |" for row in rows]
    assert len(rows) == 2
    assert all(row["percent, median"] <= 5 for row in rows)


def test_the_cost_of_having_the_data_is_what_was_measured():
    folder = SPEED.parent / "input"
    lines = [
        line for line in (folder / "README.md").read_text().splitlines() if line.startswith(("| tfds/", "| ptb", "| cornell"))
    ]
    rows = json.loads((folder / "prepare.json").read_text())
    assert lines == ["| " + " | ".join(map(str, row.values())) + " |" for row in rows]
    assert all(row["of the processor"] < 120 and row["load, seconds"] < 1 for row in rows)
    assert {row["TensorFlow loaded"] for row in rows} == {"no"}
