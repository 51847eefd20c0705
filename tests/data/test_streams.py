"""Streams for language models: rows go on, every token is scored once."""

import numpy as np
import pytest

from rnnlab.data.splits.streams import TokenStream


def test_two_windows_worked_by_hand() -> None:
    # 11 tokens in 2 rows: columns of 6, the last place of row 1 empty; windows of 4: the second one half empty.
    stream = TokenStream(np.array([11, 12, 13, 14, 15, 16, 21, 22, 23, 24, 25], np.int32), rows=2, steps=4, start=9)
    first, second = stream.batches(seed=1, epoch=0)
    np.testing.assert_array_equal(first.x, [[9, 11, 12, 13], [16, 21, 22, 23]])
    np.testing.assert_array_equal(first.y, [[11, 12, 13, 14], [21, 22, 23, 24]])
    np.testing.assert_array_equal(second.x[:, :2] * (second.sample_weight[:, :2] > 0), [[14, 15], [24, 0]])
    np.testing.assert_array_equal(second.y[:, :2] * (second.sample_weight[:, :2] > 0), [[15, 16], [25, 0]])
    np.testing.assert_array_equal(second.sample_weight > 0, [[1, 1, 0, 0], [1, 0, 0, 0]])


@pytest.mark.parametrize("size", [1, 7, 64, 65, 127, 1000])
@pytest.mark.parametrize(("rows", "steps"), [(1, 1), (4, 8), (5, 3), (3, 70)])
def test_every_token_is_scored_once_and_in_context(size: int, rows: int, steps: int) -> None:
    text = np.arange(100, 100 + size)
    stream = TokenStream(text, rows, steps, start=99)
    batches = list(stream.batches(seed=3, epoch=5))
    assert len(batches) == stream.count
    x, y, weight = (np.concatenate([batch[part] for batch in batches], axis=1) for part in range(3))
    real = weight > 0
    np.testing.assert_array_equal(np.sort(y[real]), text)
    np.testing.assert_array_equal(x[real], y[real] - 1)
    both = real[:, 1:] & real[:, :-1]
    np.testing.assert_array_equal(x[:, 1:][both], y[:, :-1][both])
    assert all(batch.x.shape == batch.y.shape == batch.sample_weight.shape == (rows, steps) for batch in batches)


def test_summed_over_steps_and_averaged_over_rows_every_token_counts_once() -> None:
    text = np.arange(1000)
    batches = list(TokenStream(text, rows=7, steps=13, start=0).batches(seed=0, epoch=0))
    mean = np.mean([np.mean((batch.sample_weight * batch.y).sum(axis=1)) for batch in batches])
    assert mean == pytest.approx(text.mean(), rel=1e-6)
