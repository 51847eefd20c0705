"""Generated tasks: someone who solves them, and someone who guesses, get the scores that are known beforehand."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from rnnlab.data.build_dataset import build
from rnnlab.data.dataset import Dataset
from rnnlab.data.generators import mackey_glass
from rnnlab.data.generators.agreement import NOUNS, VERBS, Grammar, draw, last_noun
from rnnlab.data.generators.drawn_splits import DrawnTask, seed_of
from rnnlab.data.generators.generator_config import (
    Adding,
    Agreement,
    AssociativeRecall,
    CopyMemory,
    MackeyGlass,
    Parity,
    SplitSizes,
    TemporalOrder,
)
from rnnlab.models.objective import OBJECTIVES
from rnnlab.seeds import derive

Solver = Callable[[np.ndarray], np.ndarray]
MANY = SplitSizes(train=10, validation=10, test=20_000)


def copied(x: np.ndarray) -> np.ndarray:
    """What follows the sign (the greatest token) is the symbols before the first blank."""
    answer = np.zeros_like(x)
    for row, target in zip(x, answer, strict=True):
        symbols = row[: np.flatnonzero(row == 0)[0]]
        target[np.flatnonzero(row == x.max())[0] + 1 :] = symbols
    return answer


def ordered(x: np.ndarray) -> np.ndarray:
    marks = [row[(row == 4) | (row == 5)] for row in x]
    return np.array([["XX", "XY", "YX", "YY"].index("".join("XY"[mark - 4] for mark in pair)) for pair in marks])


def recalled(x: np.ndarray) -> np.ndarray:
    return np.array([dict(zip(row[:-3:2], row[1:-3:2], strict=True))[row[-1]] - 26 for row in x])


def agreeing(x: np.ndarray) -> np.ndarray:
    """The first noun after an end decides what the verb is labelled; written from the words, not from the generator."""
    words = Grammar(nouns=20, verbs=10, attractors=3, adverbs=2).words()
    answer = np.zeros_like(x)
    for row, labels in zip(x, answer, strict=True):
        subject = ""
        for step, word in enumerate(words[token] for token in row):
            if word == ".":
                subject = ""
            elif word.rstrip("s") in NOUNS.split() and not subject:
                subject = word
            elif word in VERBS.split():
                labels[step] = 2 if subject.endswith("s") else 1
    return answer


SOLVED: list[tuple[Any, Solver]] = [
    (Adding(name="adding", length=21, examples=MANY), lambda x: (x[..., 0] * x[..., 1]).sum(axis=1, keepdims=True)),
    (CopyMemory(name="copy_memory", delay=12, symbols=5, examples=MANY), copied),
    (CopyMemory(name="copy_memory", delay=12, symbols=5, repeat_sign=True, examples=MANY), copied),
    (TemporalOrder(name="temporal_order", length=30, examples=MANY), ordered),
    (Parity(name="parity", length=9, examples=MANY), lambda x: x.sum(axis=1) % 2),
    (Parity(name="parity", length=9, every_step=True, examples=MANY), lambda x: np.bitwise_xor.accumulate(x, axis=1)),
    (AssociativeRecall(name="associative_recall", pairs=4, examples=MANY), recalled),
    (Agreement(name="agreement", length=25, examples=SplitSizes(train=10, validation=10, test=2000)), agreeing),
]


def scores(data: Dataset, predict: Solver) -> dict[str, float]:
    """The metrics of the test split, by the loss and the metrics that a run has."""
    objective = OBJECTIVES[data.task.name]
    loss, metrics = objective.loss(), objective.metrics(data.task.outputs)
    losses = []
    for x, y, weights in data.test.batches(0, 0):
        prediction = predict(x).astype("float32")
        losses.append(float(loss(y, prediction, weights)))
        for metric in metrics:
            metric.update_state(y, prediction, weights)
    return {"loss": float(np.mean(losses)), **{metric.name: float(metric.result()) for metric in metrics}}


def sure(data: Dataset, solve: Solver) -> Solver:
    """Logits of one who is sure."""
    return lambda x: solve(x) if data.task.name == "regression" else 60.0 * np.eye(data.task.outputs)[solve(x)]


def guess(data: Dataset) -> Solver:
    """The best that can be said without the part of the input that matters."""
    match data.name:
        case "adding":
            return lambda x: np.ones((len(x), 1))
        case "copy_memory":
            logits = np.full((*data.test.arrays()[1].shape[1:], data.task.outputs), -60.0)
            logits[:-5, 0] = logits[-5:, 1:] = 60.0
            return lambda x: np.stack([logits] * len(x))
        case "agreement":  # singular and plural alike where a verb stands, tokens 9 to 18
            verb = np.array([[60.0, -60, -60], [-60.0, 60, 60]])
            return lambda x: verb[((x >= 9) & (x < 19)).astype(int)]
    shape = (*data.test.arrays()[1].shape[1:], data.task.outputs)
    return lambda x: np.zeros((len(x), *shape))


def test_the_sign_to_answer_comes_once_or_until_the_end() -> None:
    for repeated in (False, True):
        x, _ = build(CopyMemory(name="copy_memory", delay=6, symbols=3, repeat_sign=repeated, examples=MANY)).train.arrays()[:2]
        assert ((x == 9).sum(axis=1) == (4 if repeated else 1)).all()
        assert (x[:, 3 + 6 - 1] == 9).all()


@pytest.mark.parametrize("config", [config for config, _ in SOLVED], ids=lambda config: config.name)
def test_throughput_is_in_the_unit_that_is_counted(config: Any) -> None:
    x, y = build(config).train.arrays()[:2]
    counted = ("steps", len(x) * x.shape[1]) if y.shape[1:2] == x.shape[1:2] else ("examples", len(x))
    assert (build(config).task.unit, build(config).train.size) == counted


@pytest.mark.parametrize(("config", "solve"), SOLVED, ids=lambda part: getattr(part, "name", ""))
def test_who_solves_it_and_who_guesses_get_the_known_scores(config: Any, solve: Solver) -> None:
    data = build(config.model_copy(update={"batch_size": 999}))
    for who, predict in {"perfect": sure(data, solve), "guessing": guess(data)}.items():
        values = scores(data, predict)
        for metric, known in data.known_scores.items():
            # 20,000 examples: four standard errors of a rate are 0.014, of the adding problem's loss 0.006.
            exact = who == "perfect" or (metric == "loss" and config.name != "adding")
            assert values[metric] == pytest.approx(known[who], abs=1e-5 if exact else 0.014), (who, metric)


@pytest.mark.parametrize("config", [config for config, _ in SOLVED], ids=lambda config: config.name)
def test_splits_are_drawn_from_seeds_of_their_own(config: DrawnTask) -> None:
    names = ("train", "validation", "test")
    seeds = {seed_of(config.model_copy(update={"seed": seed}), name) for seed in range(50) for name in names}
    assert len(seeds) == 150
    few = config.model_copy(update={"examples": SplitSizes(train=10, validation=10, test=10)})
    data, other = build(few), build(few.model_copy(update={"seed": 1}))
    parts = [split.arrays()[0].tobytes() for one in (data, other) for split in (one.train, one.validation, one.test)]
    assert len(set(parts)) == 6
    assert build(few).sha256 == data.sha256


def test_copy_memory_answers_after_the_delay() -> None:
    x, y = build(CopyMemory(name="copy_memory", delay=7, symbols=3, kinds=4, examples=MANY)).test.arrays()
    assert x.shape == y.shape == (20_000, 13)
    np.testing.assert_array_equal(x[:, :3], y[:, 10:])
    np.testing.assert_array_equal(np.unique(x[:, :3]), [1, 2, 3, 4])
    assert (x[:, 9] == 5).all()
    assert not x[:, 3:9].any()
    assert not x[:, 10:].any()
    assert not y[:, :10].any()


def test_temporal_order_has_one_symbol_in_each_place() -> None:
    x, y = build(TemporalOrder(name="temporal_order", length=40, examples=MANY)).test.arrays()
    marked = (x == 4) | (x == 5)
    assert (marked.sum(axis=1) == 2).all()
    assert (marked[:, 4:8].sum(axis=1) == 1).all()
    assert (marked[:, 20:24].sum(axis=1) == 1).all()
    assert np.bincount(y) == pytest.approx([5000] * 4, rel=0.06)


def test_mackey_glass_is_the_solution_of_its_equation() -> None:
    """Against Euler's rule in steps so small that their error is, too, from a past of 1.2."""
    size, points = 1 / 1000, 40
    x = [1.2] * (17 * 1000 + 1)
    for _ in range(points * 1000):
        delayed = x[-17 * 1000 - 1]
        x.append(x[-1] + size * (0.2 * delayed / (1 + delayed**10) - 0.1 * x[-1]))
    ours = mackey_glass.continued([1.2] * (17 * mackey_glass.FINE + 1), 17, points)
    np.testing.assert_allclose(ours[17 * mackey_glass.FINE :: mackey_glass.FINE], x[17 * 1000 :: 1000], atol=3e-4)


def test_mackey_glass_is_forecast_by_who_goes_on_with_the_equation_and_not_by_the_mean() -> None:
    data = build(MackeyGlass(name="mackey_glass", horizon=9, batch_size=1))
    past = np.random.default_rng(derive(0, "mackey_glass", "test")).uniform(1.1, 1.3, 171).tolist()
    raw = mackey_glass.draw(17, 10_000, derive(0, "mackey_glass", "train"))
    targets = np.concatenate([batch.y[0, batch.sample_weight[0] > 0, 0] for batch in data.test.batches(0, 0)])
    for point in (0, 60, 500):
        seen = mackey_glass.continued(past, 17, mackey_glass.SETTLING + 1 + point)
        forecast = mackey_glass.continued(seen[-171:], 17, 9)[-1]
        assert (forecast - raw.mean()) / raw.std() == pytest.approx(targets[point], abs=1e-5)
    values = scores(data, lambda x: np.zeros_like(x))
    for metric, known in data.known_scores.items():
        assert values[metric] == pytest.approx(known["guessing"], rel=0.1)
    assert data.train.arrays()[0].mean() == pytest.approx(0, abs=1e-5)
    assert data.train.arrays()[0].std() == pytest.approx(1, abs=1e-5)


def test_the_last_noun_misleads_as_often_as_the_grammar_says():
    """With 0 to A nouns between, each number as likely, it is right with the probability (1 + A / 2) / (A + 1) at a verb."""
    grammar = Grammar(nouns=20, verbs=10, attractors=3, adverbs=0)
    x, y = draw(grammar, length=200, held_out=False, examples=500, seed=1)
    right = (last_noun(grammar, x, y) == y)[y > 0].mean()
    assert right == pytest.approx((1 + 3 / 2) / 4, abs=0.02)
    assert (y[y > 0] == 1).mean() == pytest.approx(1 / 2, abs=0.02)


def test_pairs_of_subject_and_last_noun_are_those_of_training_or_those_of_the_test():
    grammar = Grammar(nouns=8, verbs=2, attractors=2, adverbs=1)
    pairs: dict[bool, set[tuple[int, int]]] = {False: set(), True: set()}
    for held_out, pairs_seen in pairs.items():
        for row in draw(grammar, length=60, held_out=held_out, examples=300, seed=2)[0]:
            for sentence in np.split(row, np.flatnonzero(row == 1) + 1)[:-1]:
                nouns = (sentence[grammar.number(sentence) >= 0] - grammar.first_noun) // 2
                if len(nouns) > 1:
                    pairs_seen.add((int(nouns[0]), int(nouns[-1])))
    assert not pairs[False] & pairs[True]
    assert len(pairs[True]) == 8 * 2
    assert len(pairs[False]) == 8 * 6
