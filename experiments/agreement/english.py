"""The same question on English sentences: does one unit carry the number of the subject to the verb?

python experiments/agreement/english.py prepare FOLDER [TO]    writes the examples of english.yaml from the treebank's files
python experiments/agreement/english.py [RUNS]                 measures finished runs in RUNS; prints the tables of ENGLISH.md
"""

import json
import runpy
import sys
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

import rnnlab
from rnnlab.inspection.gates import gates

FILE = Path(__file__).with_name("english.json")
MADE = runpy.run_path(str(FILE.with_name("measure.py")))
NUMBERS = {"Sing": "singular", "Plur": "plural"}
PLACES = ("subject", "attractor", "other", "before the verb")

Word = list[str]
"""The ten columns of a word in CoNLL-U."""


def sentences(file: Path) -> Iterator[list[Word]]:
    """Yield the words of each sentence."""
    for block in file.read_text(encoding="utf-8").split("\n\n"):
        words = [line.split("\t") for line in block.splitlines() if line and line[0] != "#"]
        if words := [word for word in words if word[0].isdigit()]:
            yield words


def feature(word: Word, name: str) -> str:
    """Return a morphological feature of a word, "" where it has none.

    >>> feature(["1", "are", "be", "AUX", "VBP", "Mood=Ind|Number=Plur", "0", "root", "_", "_"], "Number")
    'Plur'
    """
    return dict(part.split("=") for part in word[5].split("|") if "=" in part).get(name, "")


def finite(words: list[Word], subject: Word) -> Word | None:
    """Return the present-tense verb after a subject that agrees with it: its head, or an auxiliary or copula of that."""
    head = subject[6]
    for word in words[int(subject[0]) :]:
        helper = word[6] == head and word[7].split(":")[0] in ("aux", "cop")
        if (word[0] == head or helper) and (feature(word, "Tense"), feature(word, "VerbForm")) == ("Pres", "Fin"):
            return word
    return None


def example(words: list[Word], subject: Word) -> dict[str, Any] | None:
    """Return the words before a verb, the number of its subject, and the positions of subject and attractors.

    An attractor is a noun of the other number between subject and verb. Returns None if there is no such verb, and for a
    subject of several nouns, whose number differs from that of each noun.
    """
    number, verb = feature(subject, "Number"), finite(words, subject)
    several = any(word[6] == subject[0] and word[7].startswith("conj") for word in words)
    person = feature(subject, "Person") in ("", "3")
    if number not in NUMBERS or verb is None or several or not person or feature(verb, "Number") not in ("", number):
        return None
    before = words[: int(verb[0]) - 1]
    between = before[int(subject[0]) :]
    nouns = [word for word in between if word[3] in ("NOUN", "PROPN") and feature(word, "Number") not in ("", number)]
    return {
        "text": " ".join(word[1].lower().replace(" ", "") for word in before),
        "number": NUMBERS[number],
        "subject": int(subject[0]) - 1,
        "attractors": [int(word[0]) - 1 for word in nouns],
    }


def examples(files: list[Path]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each example with its split, which the hash of the sentence determines, so that no sentence is in two splits."""
    for file in files:
        for words in sentences(file):
            share = sha256(" ".join(word[1] for word in words).encode()).digest()[0] / 256
            split = "train" if share < 0.7 else "validation" if share < 0.8 else "test"
            for subject in words:
                noun = subject[7].split(":")[0] == "nsubj" and subject[3] in ("NOUN", "PROPN", "PRON")
                if noun and (row := example(words, subject)):
                    yield split, row


def prepare(folder: Path, to: Path) -> None:
    """Write a file of JSON Lines for each split."""
    to.mkdir(parents=True, exist_ok=True)
    rows = list(examples(sorted(folder.glob("*.conllu"))))
    for split in ("train", "validation", "test"):
        lines = [json.dumps(row) for of, row in rows if of == split]
        (to / f"{split}.jsonl").write_text("\n".join(lines) + "\n")
        print(split, len(lines))


def measure(model: Any, x: np.ndarray, y: np.ndarray, rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the measures of one run on the test split."""
    net = MADE["Forward"](model)
    logits, memories = net.run(x)
    every, ends = np.arange(len(x)), (x >= 0).sum(axis=1) - 1
    assert np.allclose(logits[every, ends], model.predict(x, verbose=0), atol=1e-4), "the pass in NumPy is not the model's"
    right = logits[every, ends].argmax(-1) == y
    plural, misled = (np.array([bool(test(row)) for row in rows]) for test in (is_plural, lambda row: row["attractors"]))
    before = memories[every, ends]
    linear, single = MADE["probe"](before, plural)
    order = np.argsort(single)[::-1]
    means = memories[np.arange(x.shape[1]) <= ends[:, None]].mean(axis=0)

    def accuracy(units: Any) -> float:
        held = net.run(x, {int(unit): means[unit] for unit in units})[0]
        return float((held[every, ends].argmax(-1) == y).mean())

    return {
        "guessing": float(max(plural.mean(), 1 - plural.mean())),
        "last_noun": float(1 - misled.mean()),
        "accuracy": float(right.mean()),
        "accuracy_misled": float(right[misled].mean()),
        "probe": linear,
        "probe_shuffled": MADE["probe"](before, np.random.default_rng(0).permutation(plural))[0],
        "units": single,
        "accuracy_without_units": [accuracy(order[:k]) for k in range(net.units + 1)],
        "accuracy_without_another": accuracy(order[-1:]),
        "gates": by_place(next(iter(gates(model, x).values())), rows, ends, int(order[0])),
    }


def is_plural(row: dict[str, Any]) -> bool:
    """Return whether the subject of an example is plural."""
    return row["number"] == "plural"


def by_place(
    values: dict[str, np.ndarray], rows: list[dict[str, Any]], ends: np.ndarray, unit: int
) -> dict[str, dict[str, float]]:
    """Return the mean of each gate of a unit at subjects, attractors, the words before verbs, and the others after subjects."""
    steps: dict[str, list[tuple[int, int]]] = {place: [] for place in PLACES}
    for number, (row, end) in enumerate(zip(rows, ends, strict=True)):
        cut = len(row["text"].split()) - 1 - int(end)  # the model reads the tail of a long text
        for step in range(max(row["subject"] - cut, 0), int(end) + 1):
            word = step + cut
            kinds = {"subject": word == row["subject"], "attractor": word in row["attractors"], "before the verb": step == end}
            steps[next((place for place, holds in kinds.items() if holds), "other")].append((number, step))
    at = {place: tuple(np.transpose(pairs)) for place, pairs in steps.items()}
    names = [name for name in values if name not in ("hidden", "cell", "retained")]
    return {name: {place: float(values[name][at[place]][:, unit].mean()) for place in PLACES} for name in names}


def carriers(row: dict[str, Any]) -> int:
    """Return how many of the best units must be held at their means before accuracy falls halfway to guessing.

    >>> carriers({"guessing": 0.7, "accuracy_without_units": [0.9, 0.85, 0.75, 0.7]})
    2
    """
    enough = (row["accuracy_without_units"][0] + row["guessing"]) / 2
    return next(k for k, accuracy in enumerate(row["accuracy_without_units"]) if accuracy < enough)


MEASURES = {
    "always the more frequent number": lambda row: row["guessing"],
    "number of the last noun": lambda row: row["last_noun"],
    "linear probe before the verb": lambda row: row["probe"],
    "probe of shuffled labels": lambda row: row["probe_shuffled"],
    "accuracy": lambda row: row["accuracy"],
    "accuracy behind attractors": lambda row: row["accuracy_misled"],
    "best single unit": lambda row: max(row["units"]),
    "accuracy without that unit": lambda row: row["accuracy_without_units"][1],
    "accuracy without the least telling unit": lambda row: row["accuracy_without_another"],
    "units that carry the number": carriers,
}


def tables(rows: list[dict[str, Any]]) -> str:
    """Return the tables of ENGLISH.md."""
    return MADE["tables"](rows, MEASURES, 4, PLACES)


def main(runs: Path) -> None:
    """Measure every finished run."""
    study = rnnlab.open(runs / "agreement-english")
    values, offsets, y = study["lstm", 1].dataset().test.arrays()
    x = np.full((len(y), np.diff(offsets).max()), -1, np.int32)
    for row, begin, end in zip(x, offsets, offsets[1:], strict=False):
        row[: end - begin] = values[begin:end]
    told = [json.loads(line) for line in Path(study.experiment.variants["lstm"].data.test).read_text().splitlines()]
    rows = []
    for variant, seed in study.runs()[["variant", "seed"]].itertuples(index=False):
        rows.append({"variant": variant, "seed": int(seed), **measure(study[variant, int(seed)].model(), x, y, told)})
        print(variant, seed, flush=True)
    FILE.write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    if sys.argv[1:2] == ["prepare"]:
        prepare(Path(sys.argv[2]), Path(*sys.argv[3:] or ["data/agreement"]))
    else:
        if sys.argv[1:]:
            main(Path(sys.argv[1]))
        print(tables(json.loads(FILE.read_text())), end="")
