"""Rates that change: what a layer does at each of them, its gradient by a learnt one, and that nothing is compiled anew."""

import keras
import numpy as np
import pytest
from conformance.running import BACKEND, arrays, close, double, each, normal, operands, pulled, pure, randomise, stepwise
from conformance.table import LSTM as CELL
from conformance.table import NONE, PLAIN, Scheme
from thinning import thinned_on_jax

from rnnlab.layers import LSTM, Embedding
from rnnlab.layers.noise_rates import is_rate
from rnnlab.noise import sampling
from rnnlab.training.rates import NoiseRates

X = normal((4, 5, 2))
FULL = {
    "variational": (0.4, 0.4),
    "naive": (0.0, {"scheme": "naive", "rate": 0.4}),
    "gaussian": ({"scheme": "gaussian", "rate": 0.4}, {"scheme": "variational_gaussian", "rate": 0.4}),
    "semeniuta": (0.0, {"scheme": "semeniuta", "rate": 0.4}),
    "zoneout": (0.0, {"scheme": "zoneout", "cell": 0.4, "hidden": 0.2}),
    "shared": (0.0, {"scheme": "zoneout_shared", "rate": 0.4}),
    "weights": ({"scheme": "weight_noise", "sigma": 0.4}, {"scheme": "weight_drop", "rate": 0.4}),
    "reset": (0.0, {"scheme": "state_reset", "rate": 0.4}),
}


def scheduled(setting, schedule):
    setting = {"scheme": "variational", "rate": setting} if isinstance(setting, float) else setting
    return setting | {"schedule": schedule}


def outputs(layer, training):
    with stepwise():
        return arrays([layer(X, training=training)])[0]


def built(name, schedule=None):
    given = [scheduled(setting, schedule) if schedule else setting for setting in FULL[name]]
    layer = CELL.build(Scheme(name, *given), return_state=False)
    for weight, value in zip([w for w in layer.weights if not is_rate(w)], weights(), strict=True):
        weight.assign(value)
    return layer


def weights():
    layer = CELL.build(NONE)
    return list(randomise(layer).values())


@pytest.mark.parametrize("name", FULL)
def test_a_layer_at_the_full_rate_and_at_none_is_that_of_a_fixed_rate_and_of_none(name):
    late = {"name": "late", "after": 1}
    for training in (True, False):
        layer, full = built(name, late), built(name)
        plain = CELL.build(NONE, return_state=False)
        randomise(plain)
        np.testing.assert_allclose(outputs(layer, training), outputs(plain, training), atol=1e-6)
        layer = built(name, late)
        layer.set_rates(1, 0)
        np.testing.assert_allclose(outputs(layer, training), outputs(full, training), atol=1e-6)
        assert np.abs(outputs(full, True) - outputs(plain, True)).max() > 1e-3 or name == "reset"


def test_words_are_dropped_at_the_rate_of_now():
    words = np.arange(400).reshape(2, 200)
    layer = Embedding(400, 2, {"scheme": "word", "rate": 0.5, "schedule": {"name": "linear", "until": 10}}, seed=1)
    layer.build()
    for epoch, rate in ((0, 0.0), (5, 0.25), (20, 0.5)):
        layer.set_rates(epoch, 0)
        with stepwise():
            dropped = (arrays([layer(words, training=True)])[0] == 0).all(-1).mean()
        assert dropped == pytest.approx(rate, abs=0.08)


@pytest.mark.skipif(BACKEND != "tensorflow", reason="TensorFlow's own program")
@pytest.mark.parametrize("rate", [0.0, 0.1, 1 / 3, 0.5, 0.9999999])
def test_a_rate_in_a_tensor_draws_the_same_masks(rate, monkeypatch):
    import tensorflow as tf

    monkeypatch.setattr(sampling, "MANY", 1)
    noise = CELL.build(Scheme("one", 0.4)).noise["input"]
    seeds = [keras.random.SeedGenerator(3) for _ in range(3)]
    graph = tf.function(lambda rate: sampling.sample(noise, (5, 7), seeds[0], "float32", rate) > 0, autograph=False)
    known = tf.function(lambda: sampling.sample(noise, (5, 7), seeds[1], "float32", rate) > 0, autograph=False)
    eager = sampling.sample(noise, (5, 7), seeds[2], "float32", rate) > 0
    np.testing.assert_array_equal(graph(tf.constant(rate, tf.float32)).numpy(), known().numpy())
    np.testing.assert_array_equal(graph(tf.constant(rate, tf.float32)).numpy().shape, eager.numpy().shape)


class Rates(keras.callbacks.Callback):
    """Remembers the rate of every step and what is logged, and how often the layer is traced."""

    def __init__(self, layer):
        super().__init__()
        self.layer, self.seen, self.logged, self.traced, call = layer, [], [], 0, layer.inner_loop

        def counting(*args, **kwargs):
            self.traced += 1
            return call(*args, **kwargs)

        layer.inner_loop = counting

    def on_train_batch_begin(self, batch, logs=None):
        _ = self.model
        self.seen.append(float(keras.ops.convert_to_numpy(self.layer.rate_weights["recurrent"])))

    def on_epoch_end(self, epoch, logs=None):
        self.logged.append(logs["noise_rate/rnn/recurrent"])


def test_every_step_has_its_rate_and_nothing_is_compiled_anew():
    setting = scheduled(0.5, {"name": "linear", "until": 4, "by": "step"})
    layer = LSTM(3, recurrent_dropout=setting, seed=1, name="rnn")
    model = keras.Sequential([keras.Input((5, 2)), layer])
    model.compile(keras.optimizers.SGD(0.0), "mse")
    watch = Rates(layer)
    model.fit(X, np.zeros((4, 3)), batch_size=2, epochs=1, verbose=0, callbacks=[NoiseRates(), watch])
    traced = watch.traced
    model.fit(X, np.zeros((4, 3)), batch_size=2, epochs=3, verbose=0, callbacks=[NoiseRates(), watch])
    assert watch.traced == traced
    np.testing.assert_allclose(watch.seen, [0, 0.125, 0, 0.125, 0.25, 0.375, 0.5, 0.5])
    np.testing.assert_allclose(watch.logged, [0.125, 0.125, 0.375, 0.5])


CONCRETE = {"scheme": "concrete", "rate": 0.3, "weight_penalty": 0.01, "rate_penalty": 0.02}
PADDING = np.array([[1, 1, 1, 1], [0, 1, 1, 0], [1, 0, 1, 1]], bool)


@pytest.mark.parametrize(("cell", "implementation"), thinned_on_jax((c, i) for c in PLAIN for i in ("auto", "loop")), ids=str)
def test_the_gradient_by_a_learnt_rate_is_its_slope(cell, implementation):
    epsilon = 1e-3  # masks and rates are float32
    with double(), stepwise():
        layer = cell.build(Scheme("concrete", CONCRETE, CONCRETE), dtype="float64", implementation=implementation)
        values, function = operands(layer, dtype="float64"), pure(layer, PADDING)
        shapes = [(*values[1].shape[:2], layer.units), *(state.shape for state in values[2])]
        cotangents = [normal(shape, 40 + n, 1, "float64") for n, shape in enumerate(shapes)]
        _, (gradients, *_) = pulled(function, [keras.ops.convert_to_tensor(c) for c in cotangents], *values)
        rates = [n for n, weight in enumerate(layer.trainable_variables) if is_rate(weight)]
        assert len(rates) == 2
        for n in rates:

            def results(e, n=n):
                moved = [value + e * (m == n) for m, value in enumerate(values[0])]
                return function(moved, *values[1:])

            high, low = (arrays(result) for result in each(results, [epsilon, -epsilon]))
            slope = sum((c * (a - b)).sum() for c, a, b in zip(cotangents, high, low, strict=True)) / (2 * epsilon)
            ours = float(keras.ops.convert_to_numpy(gradients[n]))
            assert ours == pytest.approx(slope, rel=1e-2, abs=1e-3)
            assert abs(slope) > 1e-2


def test_what_a_learnt_rate_costs_is_the_papers_regulariser_and_evaluation_costs_nothing():
    layer = CELL.build(Scheme("concrete", CONCRETE, CONCRETE), return_state=False)
    values = randomise(layer)
    layer(X, training=True)
    expected = 0.0
    for site, kernel in (("input", values["kernel"]), ("recurrent", values["recurrent_kernel"])):
        p = 1 / (1 + np.exp(-values[f"noise_rate_{site}"]))
        expected += 0.01 * (kernel**2).sum() / (1 - p) + 0.02 * len(kernel) * (p * np.log(p) + (1 - p) * np.log(1 - p))
    assert float(sum(layer.losses)) == pytest.approx(expected, rel=1e-5)
    layer(X)
    assert not layer.losses


def test_a_learnt_rate_is_drawn_by_its_soft_mask():
    """Its mean is 1 after division by 1 - p, within what the temperature bends."""
    layer = CELL.build(Scheme("concrete", CONCRETE), units=3, inputs=50)
    with stepwise():
        mask = sampling.masks(layer.noise, layer.cell.sizes(1, np.zeros((400, 50))), layer.seeds, "float32", layer.rates())[
            "input"
        ]
    mask = arrays([mask])[0]
    assert mask.mean() == pytest.approx(1, abs=0.02)
    assert ((mask < 0.05).mean(), (mask > 0.95 / 0.7).mean()) == pytest.approx((0.26, 0.64), abs=0.05)
    assert (np.diff(np.unique(mask)) > 0).all()


def test_a_learnt_rate_is_saved_and_evaluated_without_noise(tmp_path):
    keras.utils.set_random_seed(1)
    layer = LSTM(3, dropout=CONCRETE, recurrent_dropout=CONCRETE, seed=1, name="rnn")
    model = keras.Sequential([keras.Input((5, 2)), layer])
    model.compile(keras.optimizers.Adam(0.05), "mse")
    before = arrays([layer.rates()["recurrent"]])[0]
    model.fit(X, np.zeros((4, 3)), epochs=3, verbose=0)
    after = arrays([layer.rates()["recurrent"]])[0]
    assert before == pytest.approx(0.3)
    assert abs(after - before) > 1e-3
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    assert arrays([again.layers[0].rates()["recurrent"]])[0] == after
    plain = keras.Sequential([keras.Input((5, 2)), LSTM(3)])
    plain.set_weights([value for weight, value in zip(layer.weights, layer.get_weights(), strict=True) if not is_rate(weight)])
    close([model.predict(X, verbose=0)], [plain.predict(X, verbose=0)], 1e-6)
