"""AR, TAR and the norm stabiliser against their equations, over real elements only, and in the training loss alone."""

import keras
import numpy as np
import pytest

from rnnlab import layers
from rnnlab.layers import penalty


def outputs_and_losses(layer, x, mask=None, training=True):
    layer.build(x.shape)
    outputs = keras.ops.convert_to_numpy(layer(x, mask=mask, training=training))
    return outputs, [float(loss) for loss in layer.losses]


@pytest.mark.parametrize("padded", [False, True])
@pytest.mark.parametrize("cell", ["LSTM", "GRU"])
def test_means_over_real_elements(cell, padded):
    x = np.random.default_rng(0).normal(size=(3, 5, 2)).astype("float32")
    mask = np.array([[1, 1, 1, 1, 1], [1, 1, 0, 0, 0], [1, 0, 1, 1, 0]], bool) if padded else None
    layer = getattr(layers, cell)(4, ar=2.0, tar=3.0, norm_stabiliser=50.0, return_sequences=True)
    h, losses = outputs_and_losses(layer, x, mask)
    real = np.ones((3, 5), bool) if mask is None else mask
    pairs = [(h[n, t] - h[n, t - 1]) ** 2 for n in range(3) for t in range(1, 5) if real[n, t] and real[n, t - 1]]
    norms = np.sqrt((h**2).sum(-1))
    steps = [(norms[n, t] - norms[n, t - 1]) ** 2 for n in range(3) for t in range(1, 5) if real[n, t] and real[n, t - 1]]
    wanted = [2 * np.mean(h[real] ** 2), 3 * np.mean(pairs), 50 * np.mean(steps)]
    np.testing.assert_allclose(losses, wanted, rtol=1e-5)


def test_steps_of_the_norm_have_a_gradient_also_at_zero():
    random = np.random.default_rng(1)
    h = random.normal(size=(4, 2, 3))
    h[1] = h[2, 0] = 0
    real = np.array([[1, 1], [1, 1], [1, 0], [1, 1]], bool)

    def value(flat):
        return float(penalty.norm_stabiliser(keras.ops.convert_to_tensor(flat.reshape(h.shape), "float32"), real))

    got = gradient(lambda x: penalty.norm_stabiliser(x, real), h.astype("float32"))
    assert np.isfinite(got).all()
    places = [place for place in range(h.size) if h.ravel()[place]]
    for place in places:
        away = np.zeros(h.size)
        away[place] = 1e-2
        slope = (value(h.ravel() + away) - value(h.ravel() - away)) / 2e-2
        assert got.ravel()[place] == pytest.approx(slope, abs=2e-3)
    assert np.abs(got.ravel()[[place for place in range(h.size) if place not in places]]).max() == 0


def gradient(of, x):
    if keras.backend.backend() == "jax":
        import jax

        return np.asarray(jax.grad(of)(x))
    import tensorflow as tf

    given = tf.Variable(x)
    with tf.GradientTape() as tape:
        loss = of(given)
    return tape.gradient(loss, given).numpy()


def test_constant_norms_cost_nothing():
    angles = np.linspace(0, 2, 5)
    circle = np.stack([np.cos(angles), np.sin(angles)], axis=-1)[:, None].astype("float32")
    assert float(penalty.norm_stabiliser(keras.ops.convert_to_tensor(circle), None)) == pytest.approx(0, abs=1e-12)
    assert float(penalty.temporal(keras.ops.convert_to_tensor(circle), None)) > 0.1


def test_ar_sees_the_dropped_output_and_the_others_the_raw_one():
    x = np.ones((2, 4, 3), "float32")
    dropped = layers.LSTM(
        8, dropout={"scheme": "locked", "rate": 0.5}, ar=1.0, tar=1.0, norm_stabiliser=1.0, return_sequences=True
    )
    y, (ar, tar, stabiliser) = outputs_and_losses(dropped, x)
    h = keras.ops.convert_to_numpy(dropped(x, training=False))
    assert ar == pytest.approx(np.mean(y**2), rel=1e-5)
    assert tar == pytest.approx(np.mean((h[:, 1:] - h[:, :-1]) ** 2), rel=1e-5)
    assert stabiliser == pytest.approx(np.mean(np.diff(np.sqrt((h**2).sum(-1)), axis=1) ** 2), rel=1e-4)
    assert not np.allclose(y, h)


def test_evaluation_and_single_steps_add_nothing():
    assert (
        outputs_and_losses(layers.GRU(4, ar=1.0, tar=1.0, norm_stabiliser=1.0), np.ones((2, 3, 1), "float32"), training=False)[
            1
        ]
        == []
    )
    assert outputs_and_losses(layers.GRU(4, tar=1.0), np.ones((2, 1, 1), "float32"))[1] == [0.0]


@pytest.mark.parametrize("value", [-1.0, True, "much"])
def test_a_weight_that_is_none_is_refused(value):
    with pytest.raises(ValueError, match="ar must be a number from 0 up, got"):
        layers.LSTM(2, ar=value)
