"""The forms of reductions that XLA computes by vectors, against the plain ones."""

import numpy as np
import pytest
from conformance.running import BACKEND

from rnnlab import reductions
from rnnlab.models.losses import cross_entropy

pytestmark = pytest.mark.skipif(BACKEND != "tensorflow", reason="the forms are plain on other backends")


@pytest.fixture(scope="module")
def compiled():
    import tensorflow as tf

    return tf.function(lambda values: (reductions.greatest(values), reductions.by_vectors()), jit_compile=True)


@pytest.mark.parametrize("width", [1, 7, 8, 65])
def test_the_greatest_of_a_row_is_the_same_bits_wherever_it_stands(compiled, width):
    rows = np.random.default_rng(0).standard_normal((width, width), np.float32)
    rows[np.diag_indices(width)] += 9
    greatest, by_vectors = compiled(rows)
    assert by_vectors
    np.testing.assert_array_equal(greatest, rows.max(-1, keepdims=True))


def test_infinities_and_what_is_no_number_reach_the_loss():
    import tensorflow as tf

    loss = tf.function(cross_entropy, jit_compile=True)
    for value in (np.nan, np.inf):
        rows = np.zeros((9, 9), np.float32)
        rows[np.diag_indices(9)] = value
        assert np.isnan(loss(np.zeros(9, np.int32), rows)).all()
