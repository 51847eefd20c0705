"""Examples of unequal lengths: padded, bucketed, and each one counted once."""

from itertools import combinations, pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rnnlab.data.splits.buckets import best_widths
from rnnlab.data.splits.variable_length import Ragged

LENGTHS = np.random.default_rng(0).geometric(0.08, 137)
OFFSETS = np.concatenate([[0], np.cumsum(LENGTHS)])
TOTAL = int(OFFSETS[-1])
TOKENS = np.arange(100, 100 + TOTAL, dtype=np.int32)


def ragged(per_step: bool = False, features: bool = False, **settings: Any) -> Ragged:
    values = np.stack([TOKENS, -TOKENS], axis=1).astype(np.float64) if features else TOKENS
    targets = TOKENS * 2 if per_step else np.arange(len(LENGTHS), dtype=np.int64)
    return Ragged(values, OFFSETS, targets, rows=8, per_step=per_step, **settings)


def cells(split: Ragged, seed: int, epoch: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """The real part of every row, and its targets."""
    examples = []
    for x, y, weights in split.batches(seed, epoch):
        real = ~np.isnan(x).any(axis=-1) if x.ndim == 3 else x >= 0
        for row in range(len(x)):
            assert (np.diff(real[row].astype(int)) <= 0).all()
            assert ((weights[row] > 0) == (real[row] if split.per_step else real[row].any())).all()
            if real[row].any():
                examples.append((x[row][real[row]], y[row][real[row]] if split.per_step else y[row]))
            assert not (y[row][~real[row]] if split.per_step else y[row] * (not real[row].any())).any()
    return examples


@pytest.mark.parametrize("shuffled", [False, True])
@pytest.mark.parametrize("features", [False, True])
@pytest.mark.parametrize("per_step", [False, True])
def test_an_epoch_is_the_data_once(per_step: bool, features: bool, shuffled: bool) -> None:
    split = ragged(per_step, features, shuffled=shuffled)
    for epoch in range(2):
        examples = {int(x.ravel()[0]): (x, y) for x, y in cells(split, seed=3, epoch=epoch)}
        assert len(examples) == len(LENGTHS)
        for number, (start, stop) in enumerate(pairwise(OFFSETS)):
            x, y = examples[100 + int(start)]
            np.testing.assert_array_equal(x, split.values[start:stop])
            np.testing.assert_array_equal(y, split.targets[start:stop] if per_step else number)


@pytest.mark.parametrize("keep", ["head", "tail"])
@pytest.mark.parametrize("per_step", [False, True])
def test_of_a_long_example_the_head_or_the_tail_is_kept(per_step: bool, keep: str) -> None:
    examples = cells(ragged(per_step, max_length=5, keep=keep), seed=1, epoch=0)
    assert len(examples) == len(LENGTHS)
    pieces = [TOKENS[start:stop][:5] if keep == "head" else TOKENS[start:stop][-5:] for start, stop in bounds()]
    for x, y in examples:
        (place,) = [place for place, piece in enumerate(pieces) if piece[0] == x[0]]
        np.testing.assert_array_equal(x, pieces[place])
        np.testing.assert_array_equal(y, 2 * x if per_step else place)


def bounds() -> list[tuple[int, int]]:
    return list(zip(OFFSETS[:-1].tolist(), OFFSETS[1:].tolist(), strict=True))


@pytest.mark.parametrize("per_step", [False, True])
def test_summed_over_steps_and_averaged_over_rows_every_cell_counts_once(per_step: bool) -> None:
    split = ragged(per_step, shuffled=True)
    batches = list(split.batches(seed=1, epoch=0))
    assert len(batches) == split.count
    assert len({batch.x.shape[1] for batch in batches}) > 2
    means = [(batch.sample_weight * batch.y).sum() / split.rows for batch in batches]
    assert np.mean(means) == pytest.approx(split.targets.mean(), rel=1e-6)
    real = np.concatenate([batch.sample_weight.ravel() for batch in batches])
    assert len(np.unique(real[real > 0])) == 1
    assert real[real > 0][0] == pytest.approx(1 / split.density)


def test_order_depends_on_seed_and_epoch_alone() -> None:
    orders = {(seed, epoch): ragged(shuffled=True).order(seed, epoch).tolist() for seed in (1, 2) for epoch in (0, 1)}
    assert len({str(order) for order in orders.values()}) == 4
    assert all(ragged(shuffled=True).order(seed, epoch).tolist() == order for (seed, epoch), order in orders.items())
    widths = [batch.x.shape[1] for batch in ragged(shuffled=True).batches(1, 0)]
    assert widths != sorted(widths)


@pytest.mark.parametrize("rows", [1, 4, 32])
def test_no_other_widths_need_fewer_cells(rows: int) -> None:
    lengths = np.random.default_rng(rows).choice([1, 3, 4, 7, 11, 12, 20, 31], 60)

    def needed(widths: tuple[int, ...]) -> int:
        held = np.bincount(np.searchsorted(widths, lengths), minlength=len(widths))
        return int(sum(-(-held // rows) * rows * np.array(widths)))

    for most in (1, 2, 3, 4):
        best = best_widths(lengths, rows, most)
        others = [(*chosen, 31) for k in range(most) for chosen in combinations([1, 3, 4, 7, 11, 12, 20], k)]
        assert len(best) <= most
        assert needed(best) == min(map(needed, others))


def test_widths_of_another_split_serve_unless_they_pad_too_much() -> None:
    taken = []
    for seed in range(50):
        random = np.random.default_rng(seed)
        given = np.array(best_widths(random.integers(1, 40, 200), rows=8))[-random.integers(1, 7) :]
        own, like = ragged(), ragged(like=given)
        needed = [sum(batch.x.size for batch in split.batches(1, 0)) for split in (own, like)]
        taken.append(set(like.widths) <= {*given, LENGTHS.max()})
        assert needed[1] <= 1.25 * needed[0]
        assert taken[-1] or like.widths.tolist() == own.widths.tolist()
    assert 0 < sum(taken) < 50


def test_arrays_on_the_disk_give_the_same_batches(tmp_path: Path) -> None:
    for name, array in {"values": TOKENS.astype(np.uint16), "targets": TOKENS.astype(np.uint16) * 2}.items():
        np.save(tmp_path / f"{name}.npy", array)
    values, targets = (np.load(tmp_path / f"{name}.npy", mmap_mode="r") for name in ("values", "targets"))
    split = Ragged(values, OFFSETS, targets, rows=8, per_step=True, shuffled=True)
    assert split.values is values
    for mine, theirs in zip(split.batches(1, 0), ragged(per_step=True, shuffled=True).batches(1, 0), strict=True):
        for one, two in zip(mine, theirs, strict=True):
            assert one.dtype == two.dtype
            np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"offsets": [0, 3, 3, 5]}, "example 1 has 0 steps"),
        ({"offsets": [0, 3, 6]}, "offsets must go from 0 to the 5 steps"),
        ({"offsets": [0]}, "offsets must go from 0"),
        ({"targets": [1]}, "expected 2 targets, one an example, got 1"),
        ({"per_step": True}, "expected 5 targets, one a step, got 2"),
        ({"values": np.arange(5.0)}, "numbers need an axis of features"),
        ({"widths": (2,)}, "an example of 3 steps is longer than the widest batch, 2"),
    ],
)
def test_what_does_not_fit_is_refused(arguments: dict[str, Any], message: str) -> None:
    given: dict[str, Any] = {"values": np.arange(5), "offsets": [0, 3, 5], "targets": [1, 0], **arguments}
    given["offsets"], given["targets"] = np.array(given["offsets"]), np.array(given["targets"])
    with pytest.raises(ValueError, match=message):
        Ragged(rows=2, **given)
