"""The masks themselves: their values, their mean, their shapes, and what a draw depends on."""

import keras
import numpy as np
import pytest
from conformance.table import COORDINATES, RATE, noise

from rnnlab.noise.mask_shapes import Sizes, shape
from rnnlab.noise.sampling import mean, neutral, sample
from rnnlab.noise.sites import Noise

WEIGHTS = {"kernel": (5, 12), "recurrent_kernel": (3, 12), "bias": (2, 12)}
SIZES = Sizes(7, 2, 3, {"input": 4, "recurrent": 4}, {"input": 5}, WEIGHTS)
SITES = [(site, scale) for site, (*_, scales) in COORDINATES.items() for scale in scales]


def drawn(value, size=(200, 300), seed=1, dtype="float32"):
    return keras.ops.convert_to_numpy(sample(value, size, keras.random.SeedGenerator(seed), dtype))


@pytest.mark.parametrize(("site", "scale"), SITES)
def test_a_mask_has_two_values_and_its_expectation(site, scale):
    value = noise(site, scale=scale)
    mask = drawn(value)
    top = 1 / (1 - RATE) if scale == "train" else 1
    np.testing.assert_allclose(np.unique(mask), [0, top], rtol=1e-6)
    kept = RATE if site.startswith("hold") or site == "detach" else 1 - RATE
    assert (mask > 0).mean() == pytest.approx(kept, abs=0.01)  # the standard deviation is 0.002
    if site in ("carried", "detach"):  # evaluation stops no gradient and resets no state
        assert mean(value) == neutral(value)
        return
    assert mean(value) == pytest.approx(kept * top)
    assert mask.mean() == pytest.approx(mean(value), abs=0.02)


@pytest.mark.parametrize(("distribution", "expected"), [("gaussian", (1, (0.4 / 0.6) ** 0.5)), ("additive", (0, 0.4))])
def test_normal_noise_has_the_mean_and_the_deviation_that_it_says(distribution, expected):
    value = Noise(site="recurrent_kernel", distribution=distribution, rate=0.4)
    numbers = drawn(value)
    assert numbers.mean() == pytest.approx(expected[0], abs=0.01)
    assert numbers.std() == pytest.approx(expected[1], abs=0.01)
    assert ((numbers - expected[0]) ** 4).mean() / expected[1] ** 4 == pytest.approx(3, abs=0.1)  # of a normal number
    assert mean(value) == neutral(value) == expected[0]


def test_units_and_examples_are_independent():
    mask = drawn(noise("input"), (2000, 40)) > 0
    together = np.corrcoef(mask, rowvar=False) - np.eye(40)
    assert np.abs(together).max() < 0.12  # five standard deviations
    assert len(np.unique(mask, axis=0)) == 2000


def test_a_draw_depends_on_seed_and_draw_number_alone():
    value, seed = noise("input"), keras.random.SeedGenerator(1)
    first, second = (keras.ops.convert_to_numpy(sample(value, (50, 50), seed, "float32")) for _ in range(2))
    keras.random.normal((3,))  # other people's draws don't matter
    again = keras.random.SeedGenerator(1)
    repeated = [keras.ops.convert_to_numpy(sample(value, (50, 50), again, "float32")) for _ in range(2)]
    np.testing.assert_array_equal([first, second], repeated)
    assert (first != second).any()
    assert (first != drawn(value, (50, 50), seed=2)).any()


def test_a_higher_rate_drops_what_a_lower_one_drops_and_more():
    """Runs that differ in their rate alone stay as alike as they can be."""
    low, high = (drawn(noise("input", rate=rate)) == 0 for rate in (0.2, 0.6))
    assert (high >= low).all()


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32"])
def test_the_precision_is_that_of_the_layer_and_the_units_dropped_are_not(dtype):
    mask = sample(noise("input"), (50, 50), keras.random.SeedGenerator(1), dtype)
    assert keras.backend.standardize_dtype(mask.dtype) == dtype
    values = keras.ops.convert_to_numpy(keras.ops.cast(mask, "float32"))
    np.testing.assert_array_equal(values > 0, drawn(noise("input"), (50, 50)) > 0)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (noise("input", "sequence"), (2, 5)),
        (noise("input", "step"), (7, 2, 5)),
        (noise("input", "sequence", tied=False), (4, 2, 5)),
        (noise("recurrent", "step", tied=False), (4, 7, 2, 3)),
        (noise("hold_cell"), (7, 2, 3)),
        (Noise(site="hold_cell", rate=0.5, sharing="units"), (7, 2, 1)),
        (noise("detach"), (7, 1, 1)),
        (noise("carried"), (2, 1)),
        (noise("kernel"), (5, 12)),
        (noise("recurrent_kernel"), (3, 12)),
        (Noise(site="recurrent_kernel", rate=0.5, sharing="rows"), (1, 12)),
        (Noise(site="bias", rate=0.5), (2, 12)),
    ],
)
def test_the_axes_are_gate_step_example_unit_as_far_as_they_differ(value, expected):
    assert shape(value, SIZES) == expected
