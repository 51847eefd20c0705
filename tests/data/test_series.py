"""Series to forecast: every step scored once, after the same context whatever the batch."""

import numpy as np
import pytest

from rnnlab.data.splits.series_windows import Ahead, Series, part


@pytest.mark.parametrize("seed", range(40))
def test_every_step_is_forecast_once_after_the_context_of_its_window(seed: int) -> None:
    random = np.random.default_rng(seed)
    sizes = random.integers(8, 60, 3)
    origins = np.concatenate([[0], sizes.cumsum()])
    values = np.arange(float(sizes.sum()))[:, None]
    window, rows = int(random.integers(1, 9)), int(random.integers(1, 7))
    ahead = Ahead.of(int(random.integers(1, 4)), path=bool(random.integers(2)))
    begins = [int(random.integers(0, size // 2)) for size in sizes]
    parts = [part(int(origins[k]), int(sizes[k]), begins[k], int(sizes[k]), ahead) for k in range(3)]
    wanted = [origins[k] + t for k in range(3) for t in range(max(0, begins[k] - ahead.first), sizes[k] - ahead.last)]
    for shuffled in (False, True):
        split = Series(values, rows, window, ahead, parts=parts, shuffled=shuffled)
        batches = list(split.batches(seed, epoch=2))
        assert (len(batches), split.size) == (split.count, len(wanted))
        scored = [batch.sample_weight > 0 for batch in batches]
        x, y = (np.concatenate([batch[k][real] for batch, real in zip(batches, scored, strict=True)]) for k in (0, 1))
        assert sorted(x[:, 0]) == wanted
        np.testing.assert_array_equal(y, x + ahead.steps)
        for batch, real in zip(batches, scored, strict=True):
            for row in np.flatnonzero(real.any(axis=1)):
                first = int(real[row].argmax())
                step = batch.x[row, first, 0]
                origin = origins[np.searchsorted(origins, step, side="right") - 1]
                assert first == min(window, step - origin), "context as long as the window, of the same series"
        mean = np.mean([(batch.sample_weight * batch.y[..., 0]).sum(axis=1).mean() for batch in batches])
        assert mean == pytest.approx(np.mean(wanted) + ahead.first, rel=1e-5)


def test_windows_of_training_begin_elsewhere_in_every_epoch() -> None:
    split = Series(np.arange(100.0)[:, None], 4, 10, Ahead.of(1), shuffled=True)
    starts = [set((split.order(1, epoch)[..., 1] % 10).ravel().tolist()) - {9} for epoch in range(8)]
    assert len(set(map(frozenset, starts))) > 3
    np.testing.assert_array_equal(split.order(1, 3), split.order(1, 3))


def test_what_is_known_ahead_is_that_of_the_step_that_is_forecast() -> None:
    values, known = np.arange(30.0)[:, None], 100 + np.arange(30.0)[:, None]
    for ahead in (Ahead.of(3), Ahead.of(3, path=True)):
        split = Series(values, 2, 4, ahead, known=known)
        assert split.features == 1 + len(ahead.steps)
        for batch in split.batches(0, 0):
            real = batch.sample_weight > 0
            np.testing.assert_array_equal(batch.x[real][:, 1:], batch.y[real] + 100)


def test_a_series_without_a_step_to_score_is_refused() -> None:
    for horizon in (0, 50):
        with pytest.raises(ValueError, match="horizon must be from 1 to 49"):
            Series(np.zeros((50, 1)), 3, 4, Ahead.of(horizon))
