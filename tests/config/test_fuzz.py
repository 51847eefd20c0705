"""Whatever a file contains, the answer is an experiment or an error that says where: never a traceback."""

import json
import re
from collections.abc import Iterator
from typing import Any

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
    gal: {dropout: 0.3, recurrent_dropout: {scheme: zoneout, cell: 0.1}, training.epochs: 3}
  grid: {}
  seeds: 2
"""
WORDS = sorted({*re.findall(r"[\w.]+", GOOD), "extends", "site", "candidate", "null", "-1", "1.5", "1e400", "~"})
PIECES = [*WORDS, *"{}[],:&*!|>%@`'\"#?-\t\n \x00\x85\ufeff\ud800\\é", "\n  ", ": ", "*layer", "---\n", "<<"]
BOUNDED = settings(
    max_examples=1500, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)

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


def put(tree: Any, path: tuple[Any, ...], value: Any) -> None:
    """Put the value at the path, unless an earlier change took the path away."""
    try:
        for key in path[:-1]:
            tree = tree[key]
        tree[path[-1]] = value
    except (KeyError, IndexError, TypeError):
        return


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
def overridden(draw: st.DrawFn) -> str:
    """An override of a path of the good document, or nearly."""
    path = draw(st.lists(st.sampled_from([*WORDS, "0", "1", ""]), min_size=1, max_size=4))
    return ".".join(path) + draw(st.sampled_from(["=", "= ", ""])) + draw(st.sampled_from(WORDS) | st.text(max_size=8))


def readable(data: bytes) -> bool:
    """Whether the file is a mapping in YAML, so that what is wrong with it lies at a dotted path."""
    try:
        return isinstance(parse(data.decode("utf-8-sig"), "again").value, dict)
    except (ConfigError, UnicodeDecodeError):
        return False


def answers(path, data: bytes, *overrides: str) -> None:
    """Load the document; an error must say where each problem is, and an experiment must survive its own document."""
    path.write_bytes(data)
    try:
        experiment = load(path, overrides)
    except ConfigError as error:
        problems = error.problems
    else:
        path.write_text(dump(experiment.document))
        assert load(path) == experiment
        return
    assert problems
    for problem in problems:
        assert re.match(rf"({re.escape(str(path.parent))}\S*:\d+:\d+|command line): \S", str(problem)), str(problem)
        assert all(line.isprintable() for line in str(problem).split("\n"))
        if problem.place.line and "unknown key ''" not in problem.message:  # an argument is quoted with its path
            assert problem.path or not readable(data), str(problem)


@BOUNDED
@given(text=mutated() | st.text(max_size=60), encoding=st.sampled_from(["utf-8"] * 9 + ["utf-16", "latin-1"]))
def test_mutated_documents(tmp_path, text, encoding):
    answers(tmp_path / "c.yaml", text.encode(encoding, "replace" if encoding == "latin-1" else "surrogatepass"))


@BOUNDED
@given(changes=st.lists(st.tuples(st.sampled_from(list(paths(TREE))), values), min_size=1, max_size=3))
def test_values_of_any_form_in_every_place(tmp_path, changes):
    document = json.loads(json.dumps(TREE))
    for path, value in changes:
        put(document, path, value)
    answers(tmp_path / "c.yaml", dump(document).encode("utf-8", "surrogatepass"))


@settings(BOUNDED, max_examples=500)
@given(overrides=st.lists(overridden(), min_size=1, max_size=3))
def test_overrides_of_any_form(tmp_path, overrides):
    answers(tmp_path / "c.yaml", GOOD.encode(), *overrides)
