"""Runs that another backend made: read, counted and told."""

import json

import pytest
import yaml
from click.testing import CliRunner

import rnnlab
from rnnlab import backend
from rnnlab.cli import main
from rnnlab.comparison.compare import compare

OTHER = {"tensorflow": "jax", "jax": "tensorflow"}[backend.current()]


@pytest.fixture
def on_another_backend(make):
    """Writes an experiment, whose config names no backend, as a process on another backend than this one leaves it."""

    def made(name, seeds=(1, 2, 3)):
        folder = make.experiment({"none": 0, "tested": -5, "third": -9}, name=name, seeds=3)
        for (variant, seed), spec in make.specs.items():
            if seed in seeds:
                own = {"fingerprint": spec.fingerprint_on(OTHER), "makers": {"backend": OTHER}}
                make.change(folder, variant, seed, 150.0 - seed, **own)
        return folder

    return made


@pytest.mark.parametrize("verb", ["compare", "report", "ranks", "show"])
def test_verbs_read_the_runs_of_another_backend(verb, on_another_backend):
    folders = [on_another_backend(name) for name in ("one", "two", "three")]
    answer = CliRunner().invoke(main, [verb, *map(str, folders[: None if verb == "ranks" else 1])])
    assert answer.exit_code == 0, answer.output


def test_python_reads_the_runs_of_another_backend(on_another_backend):
    variants = rnnlab.open(on_another_backend("one")).compare().comparison.variants
    assert [one.counts.done for one in variants.values()] == [3, 3, 3]


def test_a_run_that_has_no_makers_is_of_the_backend_of_its_run_yaml(make, on_another_backend):
    folder = on_another_backend("one")
    make.change(folder, "none", 2, status="failed", fingerprint=make.specs["none", 2].fingerprint_on(OTHER))
    origin = json.loads((path := folder / "none/seed-2/run.yaml").read_text())
    path.write_text(json.dumps({**origin, "backend": OTHER}))
    counts = compare(folder).variants["none"].counts
    assert (counts.done, counts.failed, counts.missing) == (2, 1, 0)


def test_runs_of_two_backends_are_counted_and_told(make, on_another_backend):
    folder = on_another_backend("mixed", seeds=[1, 3])
    for variant in ("none", "tested", "third"):
        make.change(folder, variant, 2, makers={"backend": backend.current()})
    comparison = compare(folder)
    assert comparison.makers == {"backend": ["jax", "tensorflow"]}
    assert comparison.variants["tested"].counts.done == 3


def test_a_run_of_another_backend_than_the_config_names_is_not_the_planned_one(make, on_another_backend):
    folder = on_another_backend("named", seeds=[2])
    document = yaml.safe_load((folder / "experiment.yaml").read_text())
    (folder / "experiment.yaml").write_text(yaml.safe_dump({**document, "backend": backend.current()}, sort_keys=False))
    counts = compare(folder).variants["tested"].counts
    assert (counts.done, counts.missing) == (2, 1)
