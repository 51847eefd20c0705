"""Whatever a file contains, the answer is an experiment or an error that says where: never a traceback."""

import copy
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rnnlab.config import ConfigError, dump, load
from rnnlab.config.reader import parse

GOOD = """\
name: trial
data: {name: python_reference, level: word, window: 8}
model:
  embedding: {width: 8, dropout: {scheme: word, rate: 0.1}}
  recurrent: [{cell: lstm, units: 8, dropout: 0.1}, &layer {cell: gru, units: 8}]
  head: {tie_embedding: true}
training: {epochs: 2, monitor: perplexity, early_stopping: {patience: 1}, optimizer: {name: adam, learning_rate: 1e-3}}
compare:
  baseline: none
  variants:
    none: {}
    gal: {dropout: 0.3, recurrent_dropout: {scheme: zoneout, hidden: 0.1}, training.epochs: 3}
  grid: {}
  seeds: 2
"""
WORDS = sorted({*re.findall(r"[\w.]+", GOOD), "extends", "site", "candidate", "null", "-1", "1.5", "1e400", "~"})
PIECES = [*WORDS, *"{}[],:&*!|>%@`'\"#?-\t\n \x00\x85\ufeff\ud800\\é", "\n  ", ": ", "*layer", "---\n", "<<"]
BOUNDED = settings(deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])

scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(WORDS) | st.text(max_size=5)
keys = st.sampled_from(WORDS) | st.text(max_size=5)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=4), max_leaves=12
)

TREE = parse(GOOD, "good").plain()


def paths(tree: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every path in a tree of mappings and lists."""
    for key, child in tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ():
        yield (*above, key)
        yield from paths(child, (*above, key))


def at(tree: Any, path: tuple[Any, ...]) -> Any:
    """What stands at a path."""
    return at(tree[path[0]], path[1:]) if path else tree


LEAVES = [(path, at(TREE, path)) for path in paths(TREE) if not isinstance(at(TREE, path), dict | list)]


def put(tree: Any, path: tuple[Any, ...], value: Any) -> None:
    """Put the value at the path, unless an earlier change took the path away."""
    try:
        for key in path[:-1]:
            tree = tree[key]
        tree[path[-1]] = value
    except (KeyError, IndexError, TypeError):
        return


def near(value: Any) -> st.SearchStrategy:
    """Values of the same kind as one, which may well stand in its place."""
    if isinstance(value, bool):
        return st.booleans()
    if isinstance(value, int):
        return st.integers(1, 40)
    return st.floats(0.0625, 0.9375) if isinstance(value, float) else st.builds(copy.deepcopy, st.just(value))


@st.composite
def mutated(draw: st.DrawFn) -> str:
    """The good document with pieces put in, taken out or put in place of others."""
    text = GOOD
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        end = start + draw(st.sampled_from([0, 0, 1, 1, 5, 40]))
        text = text[:start] + draw(st.sampled_from(PIECES)) + text[end:]
    return text


@st.composite
def retouched(draw: st.DrawFn) -> str:
    """The good document with another number of seeds, and comments, blanks and empty lines at the ends of its lines."""
    lines = GOOD.replace("seeds: 2", f"seeds: {draw(st.integers(1, 99))}").splitlines()
    ends = st.sampled_from(["", "", " ", "  # more", "\n", "\n# more", " #"])
    return draw(st.sampled_from(["\n", "\r\n"])).join(line + draw(ends) for line in lines)


@st.composite
def overridden(draw: st.DrawFn) -> str:
    """An override of a path of the good document, or nearly."""
    if draw(st.booleans()):
        path, value = draw(st.sampled_from(LEAVES))
        return ".".join(map(str, path)) + "=" + json.dumps(draw(near(value)))
    path = draw(st.lists(st.sampled_from([*WORDS, "0", "1", ""]), min_size=1, max_size=4))
    return ".".join(path) + draw(st.sampled_from(["=", "= ", ""])) + draw(st.sampled_from(WORDS) | st.text(max_size=8))


def readable(data: bytes) -> bool:
    """Whether the file is a mapping in YAML, so that what is wrong with it lies at a dotted path."""
    try:
        return isinstance(parse(data.decode("utf-8-sig"), "again").value, dict)
    except (ConfigError, UnicodeDecodeError):
        return False


def answers(path, data: bytes, *overrides: str) -> bool:
    """Load the document; an error must say where each problem is, and an experiment must survive its own document.

    Returns whether there is an experiment.
    """
    path.write_bytes(data)
    try:
        experiment = load(path, overrides)
    except ConfigError as error:
        problems = error.problems
    else:
        path.write_text(dump(experiment.document))
        assert load(path) == experiment
        return True
    assert problems
    for problem in problems:
        assert re.match(rf"({re.escape(str(path.parent))}\S*:\d+:\d+|command line): \S", str(problem)), str(problem)
        assert all(line.isprintable() for line in str(problem).split("\n"))
        if problem.place.line and "unknown key ''" not in problem.message:  # an argument is quoted with its path
            assert problem.path or not readable(data), str(problem)
    return False


MANY = pytest.mark.parametrize("number", [40, pytest.param(300, marks=pytest.mark.slow)])
"""How many cases are tried."""


def experiments(cases: st.SearchStrategy, number: int, path: Path) -> float:
    """Try so many cases, each a document and its overrides; return the share of those that are experiments."""
    loaded = []

    @settings(BOUNDED, max_examples=number)
    @given(case=cases)
    def every(case: tuple[bytes, list[str]]) -> None:
        loaded.append(answers(path, case[0], *case[1]))

    every()
    return sum(loaded) / len(loaded)


def test_the_good_document_is_an_experiment(tmp_path):
    assert answers(tmp_path / "c.yaml", GOOD.encode())
    assert not answers(tmp_path / "c.yaml", GOOD.encode(), "model.units=3")


@st.composite
def encoded(draw: st.DrawFn) -> tuple[bytes, list[str]]:
    """A mutated document or any text, mostly in UTF-8."""
    text = draw(st.one_of(retouched(), mutated(), mutated(), st.text(max_size=60)))
    encoding = draw(st.sampled_from(["utf-8"] * 9 + ["utf-16", "latin-1"]))
    return text.encode(encoding, "replace" if encoding == "latin-1" else "surrogatepass"), []


@MANY
def test_mutated_documents(tmp_path, number):
    assert experiments(encoded(), number, tmp_path / "c.yaml") > 0.1


@st.composite
def changed(draw: st.DrawFn) -> tuple[bytes, list[str]]:
    """The good document with values of any form in some of its places."""
    document = json.loads(json.dumps(TREE))
    for path in draw(st.lists(st.sampled_from(list(paths(TREE))), min_size=1, max_size=3)):
        put(document, path, draw(st.one_of(near(at(TREE, path)), near(at(TREE, path)), values)))
    return dump(document).encode("utf-8", "surrogatepass"), []


@MANY
def test_values_of_any_form_in_every_place(tmp_path, number):
    assert experiments(changed(), number, tmp_path / "c.yaml") > 0.3


@MANY
def test_overrides_of_any_form(tmp_path, number):
    cases = st.tuples(st.just(GOOD.encode()), st.lists(overridden(), min_size=1, max_size=3))
    assert experiments(cases, number, tmp_path / "c.yaml") > 0.05
