"""On TensorFlow many numbers are drawn by a program of ours; Keras's numbers decide which units drop all the same."""

import keras
import numpy as np
import pytest
from conformance.running import BACKEND
from conformance.table import COORDINATES, noise
from scipy import stats

from rnnlab.noise import sampling
from rnnlab.noise.sites import Noise

pytestmark = pytest.mark.skipif(BACKEND != "tensorflow", reason="other backends draw by Keras alone")

RATES = [1e-9, 0.1, 0.3, 0.5, 2 / 3, 0.99, 1 - 1e-9]
SEEDS = [0, 1, 2**31 - 2, 2**31 - 1, 2**31, 2**32 - 1]
"""Of them some that Keras makes smaller before TensorFlow takes them."""


def streams(seed, before=0):
    """Two generators that have drawn so many times before."""
    both = [keras.random.SeedGenerator(seed) for _ in range(2)]
    for generator in both * before:
        generator.next()
    return both


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("shape", [(1,), (2, 3), (5, 7, 11), (4, 3, 32, 64)])
def test_numbers_are_at_least_a_rate_where_kerass_are(seed, shape):
    from rnnlab.noise import philox

    for draw, rate in enumerate(RATES):
        ours, theirs = streams(seed, draw)
        told = philox.at_least(rate, shape, ours.next()).numpy()
        np.testing.assert_array_equal(told, keras.random.uniform(shape, seed=theirs).numpy() >= rate)


def test_a_number_that_equals_the_rate_is_not_dropped():
    from rnnlab.noise import philox

    ours, theirs = streams(1)
    numbers = keras.random.uniform((200,), seed=theirs).numpy()
    seed = ours.next()
    for number in numbers[:20]:
        above = np.nextafter(number, np.float32(1))
        for rate in (float(number), float(number) + 1e-12, float(above)):
            np.testing.assert_array_equal(philox.at_least(rate, (200,), seed).numpy(), numbers >= np.float32(rate))


def in_graph(value, shape, seed, dtype):
    import tensorflow as tf

    return tf.function(lambda: sampling.sample(value, shape, seed, dtype))


@pytest.fixture
def shapes(monkeypatch):
    """The shapes that are drawn by our program."""
    from rnnlab.noise import philox

    drawn, draw = [], philox.at_least
    monkeypatch.setattr(philox, "at_least", lambda rate, shape, seed: drawn.append(shape) or draw(rate, shape, seed))
    return drawn


@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16"])
@pytest.mark.parametrize(("site", "scale"), [(site, scale) for site, (*_, scales) in COORDINATES.items() for scale in scales])
def test_a_mask_drawn_in_a_graph_is_the_one_drawn_eagerly(shapes, monkeypatch, site, scale, dtype):
    monkeypatch.setattr(sampling, "MANY", 1)
    value, (graphs, eager) = noise(site, scale=scale), streams(3)
    draw = in_graph(value, (3, 5, 7), graphs, dtype)
    for _ in range(3):
        np.testing.assert_array_equal(draw().numpy(), sampling.sample(value, (3, 5, 7), eager, dtype).numpy())
    assert shapes == [(3, 5, 7)]


@pytest.mark.parametrize("distribution", ["gaussian", "additive"])
def test_many_normal_numbers_follow_from_the_seed_and_are_normal_and_independent(distribution):
    value = Noise(site="recurrent_kernel", distribution=distribution, rate=0.2)
    graphs, eager = streams(3)
    draw = in_graph(value, (400, 1000), graphs, "float32")
    first, second = (draw().numpy() for _ in range(2))
    np.testing.assert_array_equal(first, sampling.sample(value, (400, 1000), eager, "float32").numpy())
    np.testing.assert_array_equal(second, sampling.sample(value, (400, 1000), eager, "float32").numpy())
    center, deviation = (1, 0.5) if distribution == "gaussian" else (0, 0.2)
    numbers = ((first - center) / deviation).astype(np.float64)
    assert stats.kstest(numbers[:100].ravel(), "norm").pvalue > 1e-3
    assert np.abs(numbers).max() > 4  # tails
    pairs = (numbers[:, 1:], numbers[:, :-1]), (numbers[1:], numbers[:-1]), (numbers, (second - center) / deviation)
    assert all(abs(np.mean(one * other)) < 0.01 for one, other in pairs)


@pytest.mark.parametrize(("size", "ours"), [(sampling.MANY, [(1, sampling.MANY)]), (sampling.MANY - 1, [])])
def test_few_numbers_are_not_worth_a_program(shapes, size, ours):
    graphs, eager = streams(4)
    drawn = in_graph(noise("input"), (1, size), graphs, "float32")()
    assert shapes == ours
    np.testing.assert_array_equal(drawn.numpy(), sampling.sample(noise("input"), (1, size), eager, "float32").numpy())


def test_a_program_of_xla_draws_the_same_masks(shapes):
    import tensorflow as tf

    compiled, eager = streams(5)
    drawn = tf.function(lambda: sampling.sample(noise("input"), (3, 5), compiled, "float32"), jit_compile=True)()
    np.testing.assert_array_equal(drawn.numpy(), sampling.sample(noise("input"), (3, 5), eager, "float32").numpy())
    assert shapes == [(3, 5)]


def test_a_program_of_xla_draws_a_mask_for_all_steps_once():
    import tensorflow as tf

    steps, seed = tf.ones((7, 3, 5)), keras.random.SeedGenerator(5)
    masked = tf.function(lambda x: x * sampling.sample(noise("input"), (3, 5), seed, "float32"), jit_compile=True)
    assert "f32[15]{0} fusion(" in masked.experimental_get_compiler_ir(steps)(stage="optimized_hlo")


def test_a_batch_of_unknown_size_is_drawn_by_keras(shapes, monkeypatch):
    import tensorflow as tf

    monkeypatch.setattr(sampling, "MANY", 1)
    seed = keras.random.SeedGenerator(5)
    unknown = tf.function(lambda x: sampling.sample(noise("input"), tuple(tf.unstack(tf.shape(x))), seed, "float32"))
    assert unknown(tf.ones((3, 5))).shape == (3, 5)
    assert shapes == []
