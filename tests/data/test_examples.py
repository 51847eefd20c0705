"""Shuffled examples: an epoch is the data once, in an order that (seed, epoch) decides."""

import numpy as np
import pytest

from rnnlab.data.splits.fixed_length import Examples


def examples(size: int = 23, shuffled: bool = True) -> Examples:
    return Examples(np.arange(size * 2.0).reshape(size, 2, 1), np.arange(float(size))[:, None], rows=5, shuffled=shuffled)


def real(split: Examples, seed: int, epoch: int) -> tuple[np.ndarray, np.ndarray]:
    batches = list(split.batches(seed, epoch))
    keep = [batch.sample_weight > 0 for batch in batches]
    x = np.concatenate([batch.x[k] for batch, k in zip(batches, keep, strict=True)])
    return x, np.concatenate([batch.y[k] for batch, k in zip(batches, keep, strict=True)]).ravel()


@pytest.mark.parametrize("size", [1, 4, 5, 23])
def test_an_epoch_is_the_data_once_and_inputs_stay_with_targets(size: int) -> None:
    split = examples(size)
    for epoch in range(3):
        x, y = real(split, seed=7, epoch=epoch)
        np.testing.assert_array_equal(np.sort(y), np.arange(size))
        np.testing.assert_array_equal(x[:, 0, 0], 2 * y)


def test_order_depends_on_seed_and_epoch_alone() -> None:
    orders = {(seed, epoch): examples().order(seed, epoch).tolist() for seed in (1, 2) for epoch in (0, 1)}
    assert len({str(order) for order in orders.values()}) == 4
    assert all(examples().order(seed, epoch).tolist() == order for (seed, epoch), order in orders.items())


def test_unshuffled_examples_stay_in_order() -> None:
    np.testing.assert_array_equal(real(examples(shuffled=False), seed=1, epoch=4)[1], np.arange(23))


def test_the_plain_mean_over_batches_counts_the_last_partial_batch_right() -> None:
    mean = np.mean([np.mean(batch.sample_weight * batch.y[:, 0]) for batch in examples().batches(seed=1, epoch=0)])
    assert mean == pytest.approx(11, rel=1e-6)
