"""A README of a study states no number that its files do not hold, and a study made again has the same bits."""

import io
import json
import os
import re
import runpy
import subprocess
import sys
import tarfile
from itertools import product
from pathlib import Path

import pytest
import yaml

from rnnlab import rank
from rnnlab.comparison import json_file
from rnnlab.config import load
from rnnlab.errors import UserError
from rnnlab.report import comparison_text
from rnnlab.study.ranks import Ranks
from rnnlab.sweep.makers import BACKENDS, PACKAGES
from rnnlab.sweep.provenance import machine

EXPERIMENTS = Path(__file__).parents[1] / "experiments"
STUDIES = [EXPERIMENTS / name for name in ("which-dropout", "memory", "uncertainty")]
COMPARISONS = [file for folder in STUDIES for file in sorted(folder.glob("comparison*.json"))]


@pytest.mark.parametrize("file", COMPARISONS, ids=lambda file: f"{file.parent.name}-{file.stem}")
def test_the_table_of_a_study_is_its_comparison(file):
    comparison = json_file.read(file)
    assert json_file.document(comparison) == json.loads(file.read_text())
    text = (file.parent / "README.md").read_text()
    assert comparison_text.markdown(comparison) in text
    assert " ".join(comparison.answer.split()) in " ".join(text.split())
    assert all(one.counts.ended == one.counts.planned >= 6 for one in comparison.variants.values())


def ranked() -> Ranks:
    """The ranks of the schemes that both cells have."""
    names = ("jsb-lstm", "jsb-gru", "tagging-lstm", "tagging-gru", "cornell-lstm", "cornell-gru")
    studies = [STUDIES[0] / f"comparison-{name}.json" for name in names]
    return rank(studies, [name for name in json_file.read(studies[1]).variants if name != "none"])


def test_the_ranks_of_the_schemes_are_those_of_the_comparisons():
    text = (STUDIES[0] / "README.md").read_text()
    assert ranked().to_markdown() in text
    assert " ".join(ranked().answer.split()) in " ".join(text.split())


@pytest.mark.parametrize("folder", STUDIES, ids=lambda folder: folder.name)
def test_every_config_of_a_study_was_run(folder):
    """But for the search for rates, every config has its comparison, by its own name, variants and seeds."""
    made = {tuple(comparison.experiments): comparison for comparison in map(json_file.read, folder.glob("comparison*.json"))}
    configs = [load(path) for path in folder.glob("*.yaml") if not path.stem.startswith("rates")]
    assert {(one.name,) for one in configs} == set(made)
    for one in configs:
        planned = sorted((run.variant, run.seed) for run in one.runs())
        assert planned == sorted((name, seed) for name, of in made[(one.name,)].variants.items() for seed in of.seeds)


@pytest.mark.parametrize("folder", STUDIES, ids=lambda folder: folder.name)
def test_every_number_of_the_prose_is_in_a_table_a_picture_or_a_config(folder):
    text = (folder / "README.md").read_text()
    lines = text.splitlines()
    held = [line for line in lines if line.startswith("|")] + [path.read_text() for path in folder.glob("*.yaml")]
    held += re.findall(r"<desc.*?</desc>", "".join(path.read_text() for path in folder.glob("*.svg")), re.DOTALL)
    held += [ranked().answer] if folder == STUDIES[0] else []
    prose = " ".join(line for line in text.partition("\n## Again")[0].splitlines() if not line.startswith("|"))
    for number in re.findall(r"\d[\d,]*\.\d+", prose):
        assert number in "\n".join(held), number


def test_the_two_ways_to_predict_are_compared_as_measured():
    """And the models evaluated on other people's reviews are those evaluated at home."""
    folder = EXPERIMENTS / "uncertainty"
    ways = runpy.run_path(str(folder / "ways.py"))
    rows = json.loads((folder / "ways.json").read_text())
    assert ways["table"](rows) in (folder / "README.md").read_text()
    home, shifted = (json_file.read(folder / f"comparison-{name}.json").variants for name in ways["DATA"])
    for name, its in home.items():
        usual = [one.value for one in its.seeds.values()]
        assert usual == pytest.approx(
            next(row["usual"] for row in rows if (row["variant"], row["metric"]) == (name, NLL)), rel=1e-4
        )
        assert [one.validation for one in its.seeds.values()] == [one.validation for one in shifted[name].seeds.values()]


NLL = "negative_log_likelihood"


def test_the_reviews_are_chosen_by_the_rule_of_the_study(tmp_path, monkeypatch):
    """Half of each label, none of the training reviews again, none that is short, none of a middling rating."""
    prepare = runpy.run_path(str(EXPERIMENTS / "uncertainty" / "prepare.py"))
    prepare["SIZES"].update(train=4, validation=2, imdb=4, cornell=2)
    with tarfile.open(tmp_path / "imdb.tar", "w") as tar:
        for split, label, n in product(("train", "test"), ("pos", "neg"), range(4)):
            text = f"{split} {label} {n}<br />{'word ' * (prepare['LENGTH'] if n else 9)}".encode()
            entry = tarfile.TarInfo(f"aclImdb/{split}/{label}/{n}_7.txt")
            entry.size = len(text)
            tar.addfile(entry, io.BytesIO(text))
    (tmp_path / "subj.Some").write_text("".join(f"{n} {'word ' * prepare['LENGTH']}\n" for n in range(4)))
    (tmp_path / "rating.Some").write_text("0.4\n0.5\n0.69\n0.7\n")
    monkeypatch.setattr(sys, "argv", ["prepare.py", *map(str, (tmp_path / "imdb.tar", tmp_path, tmp_path / "to"))])
    prepare["main"]()
    rows = {path.stem: [json.loads(line) for line in path.read_text().splitlines()] for path in (tmp_path / "to").iterdir()}
    assert {name: len(of) for name, of in rows.items()} == prepare["SIZES"]
    assert all(sum(row["label"] == "pos" for row in of) == len(of) / 2 for of in rows.values())
    begins = {name: {tuple(row["text"].split()[:3]) for row in of} for name, of in rows.items()}
    assert begins["train"] | begins["validation"] == {("train", label, str(n)) for label in ("pos", "neg") for n in (1, 2, 3)}
    assert {(row["label"], row["text"].split()[0]) for row in rows["cornell"]} == {("neg", "0"), ("pos", "3")}
    assert all(begin[0] == "test" and begin[2] != "0" for begin in begins["imdb"])


def test_what_is_no_comparison_is_refused(tmp_path):
    (tmp_path / "comparison.json").write_text("{}")
    with pytest.raises(UserError, match="is not a comparison"):
        json_file.read(tmp_path / "comparison.json")


@pytest.mark.slow
def test_a_study_made_again_has_the_same_bits(tmp_path, root):
    folder = EXPERIMENTS / "memory"
    made = json.loads((folder / "made.json").read_text())
    kept = {name for name in (*PACKAGES, *BACKENDS) if name != "rnnlab"}
    plain = {name: value for name, value in os.environ.items() if name not in ("XLA_FLAGS", "JAX_COMPILATION_CACHE_DIR")}
    words = ["run", folder / "adding-10.yaml", "--only", "zoneout", "compare.seeds=1", "--runs", tmp_path]
    done = subprocess.run(
        [sys.executable, "-m", "rnnlab", *map(str, words)],
        cwd=root,
        env={**plain, "KERAS_BACKEND": made["backend"]},
        capture_output=True,
        text=True,
        timeout=300,
    )
    place = tmp_path / "memory-adding-10" / "zoneout" / "seed-1"
    again, now = (json.loads((place / "result.json").read_text()), yaml.safe_load((place / "run.yaml").read_text()))
    assert again["status"] == "done", done.stderr
    versions = [{name: one["versions"].get(name) for name in kept} for one in (made, now)]
    if versions[0] != versions[1] or made["machine"]["processor"] != machine()["processor"]:
        pytest.skip(f"other versions or another processor than the study's: {versions[1]}, {machine()['processor']}")
    expected = json_file.read(folder / "comparison-adding-10.json").variants["zoneout"].seeds[1]
    assert again["metrics"]["test_loss"] == expected.value
    assert again["metrics"]["val_loss"] == expected.validation
    assert again["initial_weights"] == expected.initial_weights


@pytest.mark.parametrize("file", sorted((EXPERIMENTS / "which-dropout").glob("rates-*.json")), ids=lambda file: file.stem)
def test_the_settings_of_which_dropout_are_those_its_search_chose(file):
    """Of a whole search on a seed that the study does not have; each scheme has as many settings as any other."""
    name, script = file.stem.removeprefix("rates-"), runpy.run_path(str(file.parent / "choose.py"))
    assert script["table"](name) in (file.parent / "README.md").read_text()
    record, planned = json_file.read(file), load(file.with_suffix(".yaml")).runs()
    ended = sorted((variant, seed) for variant, one in record.variants.items() for seed in one.seeds if one.counts.ended)
    assert ended == sorted((run.variant, run.seed) for run in planned)
    assert {len(of) for scheme, of in script["tried"](name).items() if scheme != "none"} == {4}
    for study in file.parent.glob(f"{name}.yaml"):
        assert load(study).document["compare"]["variants"] == script["chosen"](name)
        assert not {run.seed for run in load(study).runs()} & {run.seed for run in planned}


def test_the_search_of_which_dropout_has_each_training_example_once():
    prepare = runpy.run_path(str(EXPERIMENTS / "which-dropout" / "prepare.py"))
    split = prepare["parts"](10)
    assert split["validation"].nonzero()[0].tolist() == [3, 7]
    assert (split["train"] ^ split["validation"]).all()


def test_what_is_said_of_agreement_is_what_was_measured():
    """The tables are what the script writes; each number of the answer stands in them."""
    folder = EXPERIMENTS / "agreement"
    script = runpy.run_path(str(folder / "measure.py"))
    text = (folder / "README.md").read_text()
    tables = script["tables"](json.loads((folder / "agreement.json").read_text()))
    assert text.endswith(tables)
    answer = text.partition("**Answer.**")[2].partition("```")[0].replace("[", r"\[").replace("]", r"\]")
    for said in re.findall(r"\+\S+ \\\[[^]]+\]|p = \S+\d|from \S+ to \d\.\d+", answer):
        for number in re.findall(r"\d+\.\d+", said):
            assert number in tables, said


def test_what_is_said_of_english_sentences_is_what_was_measured():
    """The tables are what the script writes, of every run that was planned."""
    folder = EXPERIMENTS / "agreement"
    script = runpy.run_path(str(folder / "english.py"))
    kept = json.loads((folder / "english.json").read_text())
    assert (folder / "ENGLISH.md").read_text().endswith(script["tables"](kept))
    planned = sorted((run.variant, run.seed) for run in load(folder / "english.yaml").runs())
    assert planned == sorted((row["variant"], row["seed"]) for row in kept)


SENTENCE = """1\tThe\tthe\tDET\tDT\t_\t2\tdet\t_\t_
2\tkeys\tkey\tNOUN\tNNS\tNumber=Plur\t7\tnsubj\t_\t_
3\tto\tto\tADP\tIN\t_\t5\tcase\t_\t_
4\tthe\tthe\tDET\tDT\t_\t5\tdet\t_\t_
5\tDoor\tdoor\tNOUN\tNN\tNumber=Sing\t2\tnmod\t_\t_
6\tare\tbe\tAUX\tVBP\tNumber=Plur|Tense=Pres|VerbForm=Fin\t7\tcop\t_\t_
7\tnew\tnew\tADJ\tJJ\t_\t0\troot\t_\t_

"""
EXAMPLE = {"text": "the keys to the door", "number": "plural", "subject": 1, "attractors": [4]}


def test_subjects_verbs_and_attractors_are_those_of_the_annotation(tmp_path):
    """The number of a verb with a subject of several nouns, of the past and of a first person are left out."""
    english = runpy.run_path(str(EXPERIMENTS / "agreement" / "english.py"))
    changes = [("", ""), ("Tense=Pres", "Tense=Past"), ("2\tnmod", "2\tconj"), ("Number=Plur\t7", "Number=Plur|Person=1\t7")]
    for old, new in changes:
        (tmp_path / "a.conllu").write_text(SENTENCE.replace(old, new))
        rows = [row for _, row in english["examples"]([tmp_path / "a.conllu"])]
        assert rows == ([EXAMPLE] if not old else [])


def test_what_is_said_of_the_backbone_is_what_was_measured():
    """The tables are what the script writes, the answer quotes them, and memories are those of the closed form."""
    folder = EXPERIMENTS / "backbone"
    script, kept = runpy.run_path(str(folder / "measure.py")), json.loads((folder / "backbone.json").read_text())
    text, tables = (folder / "README.md").read_text(), script["tables"](kept)
    assert text.endswith(script["START"] + tables)
    answer = text.partition("**Answer.**")[2].partition("```")[0]
    assert all(number in tables for number in re.findall(r"\d\.\de[-+]\d\d|\d of 6(?! diverge)", answer))
    assert sum(run["test"] is None for run in kept["runs"]) == 5
    planned = load(folder / "backbone.yaml").runs()
    assert sorted((run.variant, run.seed) for run in planned) == sorted((run["variant"], run["seed"]) for run in kept["runs"])
    for row in kept["memory"]:
        alive = row["alive, exact"]
        assert abs(row["alive"] - alive) < 5 * (alive * (1 - alive) / (script["ROWS"] * script["UNITS"])) ** 0.5
        assert row["mean"] == pytest.approx(
            row["mean, exact"], rel=5 * ((1 / alive - 1) / (script["ROWS"] * script["UNITS"])) ** 0.5
        )
