"""No figure in a README of experiments that its files do not hold."""

import json
from pathlib import Path

import pytest

SPEED = Path(__file__).parents[1] / "experiments" / "speed"


@pytest.mark.parametrize("file", sorted(SPEED.glob("*.json")), ids=lambda file: file.stem)
def test_the_speed_table_is_what_was_measured(file):
    text = (SPEED / "README.md").read_text()
    backend, cell, units = file.stem.split("-")
    for row in json.loads(file.read_text()):
        figures = f"{row['least']:.1f} | {row['median']:.1f} | {row['times_faster']:.2f} | {row['times_products']:.2f}"
        assert any(
            line.startswith(f"| {backend} | {cell.upper()} ") and f", {units} | {row['what']} | {figures}" in line
            for line in text.splitlines()
        ), row


def test_every_row_of_the_speed_table_has_its_file():
    rows = [line for line in (SPEED / "README.md").read_text().splitlines() if line.startswith(("| tensorflow", "| jax"))]
    assert len(rows) == sum(len(json.loads(file.read_text())) for file in SPEED.glob("*.json"))


def test_the_cost_of_determinism_is_what_was_measured():
    folder = SPEED.parent / "determinism"
    lines = [line for line in (folder / "README.md").read_text().splitlines() if line.startswith(("| auto", "| keras"))]
    rows = json.loads((folder / "tensorflow.json").read_text())
    figures = ("implementation", "on", "off", "least", "median")
    assert lines == ["| " + " | ".join(str(row[name]) for name in figures) + " |" for row in rows]


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
