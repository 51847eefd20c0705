"""A step whose outcome is known in closed form: h_t = k h_{t-1} + x_t, so h_T = k^T h_0 + sum k^(T-s) x_s."""

import keras
import numpy as np
import pytest
from conformance.running import arrays, normal, pulled

from rnnlab.recurrence import fast, keras_loop

STEPS, K = 6, 0.8
X, START = normal((STEPS, 2, 1)), normal((2, 1), 1)


def step(x, states, noise, params, matmul, keep=None):
    new = matmul("k", states[0]) + x
    return new, (new,)


def run(scan, k, x, start, mask=None):
    outputs, final = scan(step, x, (start,), {"k": k}, {}, {}, {}, {}, mask)
    return [outputs, *final]


@pytest.mark.parametrize("scan", [fast(), keras_loop.scan], ids=["fast", "loop"])
def test_the_scan_is_the_geometric_sum_and_its_gradient(scan):
    values = [keras.ops.convert_to_tensor(value) for value in (np.array([[K]], "float32"), X, START)]
    cotangents = [keras.ops.zeros((STEPS, 2, 1)), keras.ops.ones((2, 1))]
    (outputs, final), gradients = pulled(lambda *operands: run(scan, *operands), cotangents, *values)
    powers = K ** np.arange(STEPS)[::-1]
    expected = K**STEPS * START + np.einsum("t,tbi->bi", powers, X)
    np.testing.assert_allclose(arrays([final])[0], expected, rtol=1e-5)
    np.testing.assert_allclose(arrays([outputs])[0][-1], expected, rtol=1e-5)
    ages = np.arange(STEPS)[::-1]
    slope = STEPS * K ** (STEPS - 1) * START + np.einsum("t,tbi->bi", ages * K ** np.maximum(ages - 1, 0), X)
    d_k, d_x, d_start = arrays(gradients)
    np.testing.assert_allclose(d_k, [[slope.sum()]], rtol=1e-5)
    np.testing.assert_allclose(d_x, np.broadcast_to(powers[:, None, None], X.shape), rtol=1e-5)
    np.testing.assert_allclose(d_start, np.full((2, 1), K**STEPS), rtol=1e-5)


@pytest.mark.parametrize("scan", [fast(), keras_loop.scan], ids=["fast", "loop"])
def test_a_masked_step_does_not_count(scan):
    real = np.array([[1, 1], [0, 1], [1, 0], [0, 1], [1, 1], [1, 0]], bool)
    k, x, start = (keras.ops.convert_to_tensor(value) for value in (np.array([[K]], "float32"), X, START))
    _, final = arrays(run(scan, k, x, start, keras.ops.convert_to_tensor(real)))
    for n in range(2):
        h = START[n]
        for t in np.flatnonzero(real[:, n]):
            h = K * h + X[t, n]
        np.testing.assert_allclose(final[n], h, rtol=1e-5)
