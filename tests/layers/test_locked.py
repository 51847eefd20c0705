"""Locked dropout: one mask an example for all its steps."""

import keras
import numpy as np
import pytest
from conformance.running import arrays

from rnnlab.layers import LockedDropout

ONES = np.ones((200, 5, 30), "float32")


def test_one_mask_an_example_for_all_its_steps_and_a_new_one_every_call():
    layer = LockedDropout(0.4, seed=1)
    first, second = (arrays([layer(ONES, training=True)])[0] for _ in range(2))
    np.testing.assert_allclose(np.unique(first), [0, 1 / 0.6], rtol=1e-6)
    np.testing.assert_array_equal(first, first[:, :1].repeat(5, 1))
    assert len(np.unique(first[:, 0], axis=0)) == 200
    assert first.mean() == pytest.approx(1, abs=0.05)
    assert (first != second).any()


def test_evaluation_is_the_input_and_draws_nothing():
    layer = LockedDropout(0.4, seed=1)
    layer.build(ONES.shape)
    before = arrays([layer.draws.state.value])
    np.testing.assert_array_equal(arrays([layer(ONES, training=False)])[0], ONES)
    np.testing.assert_array_equal(arrays([LockedDropout(0.0)(ONES, training=True)])[0], ONES)
    np.testing.assert_array_equal(arrays([layer.draws.state.value]), before)


def test_two_layers_with_one_seed_share_no_mask():
    one, two = (arrays([LockedDropout(0.5, seed=1, name=name)(ONES, training=True)])[0] for name in ("a", "b"))
    assert 0.3 < (one != two).mean() < 0.7


def test_the_padding_mask_goes_on_in_a_functional_model_of_unknown_length():
    inputs = keras.Input((None, 2))
    outputs = LockedDropout(0.5, dtype="mixed_float16")(keras.layers.Masking()(inputs))
    assert outputs.shape == (None, None, 2)
    model = keras.Model(inputs, keras.layers.GlobalAveragePooling1D()(outputs))
    x = np.array([[[1, 2], [3, 4], [0, 0]]], "float32")
    np.testing.assert_allclose(model.predict(x, verbose=0), [[2, 3]])


@pytest.mark.parametrize("rate", [1.0, -0.1, True, "half"])
def test_a_rate_outside_0_1_is_refused(rate):
    with pytest.raises(ValueError, match=r"a dropout rate must be a number in \[0, 1\), got"):
        LockedDropout(rate)


@pytest.mark.parametrize("shape", [(2, 3), (2, 3, 4, 5), (2,)])
def test_inputs_of_another_rank_are_refused_before_training(shape):
    with pytest.raises(ValueError, match="expected ndim=3, found ndim"):
        LockedDropout(0.5)(np.ones(shape, "float32"))
