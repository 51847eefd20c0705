"""SimpleRNN, minGRU, minLSTM, sLSTM, projected and Mogrifier LSTM against their papers' equations in NumPy."""

from functools import partial

import keras
import numpy as np
import pytest
from cells.further_equations import CELLS, unrolled
from conformance.running import BACKEND, arrays, close, compiled, double, normal, once, pulled, pure, randomise, recorded
from conformance.table import CELLS as TABLE
from thinning import thinned_on_jax

from rnnlab.cells import StepCell
from rnnlab.cells.builtin_cells import CELLS as REGISTERED
from rnnlab.config import Experiment
from rnnlab.config.tree import ConfigError
from rnnlab.data.task import Task
from rnnlab.inspection.gates import gates
from rnnlab.layers import GRU, LSTM, RNN
from rnnlab.models.build_model import build
from rnnlab.models.model_config import ModelConfig
from rnnlab.models.size import parameters
from rnnlab.recurrence import linear_rounds

UNITS = 4
MINIMAL = ("min gru", "min lstm")


def layer(name, noise=0.0, **arguments):
    cell, options = CELLS[name]
    settings = {"name": "layer", "seed": 7, "return_sequences": True, "return_state": True, "recurrent_dropout": noise}
    rnn = RNN(StepCell(cell, UNITS, **options, dtype=arguments.get("dtype")), **settings | arguments)
    rnn.build((None, 7, 3))
    return rnn


def values(rnn, steps=7, dtype="float32"):
    """Random weights, inputs and initial states; what the sLSTM divides by is positive."""
    weights = list(randomise(rnn, 0.5).values())
    sizes = [rnn.cell.state_size] if isinstance(rnn.cell.state_size, int) else rnn.cell.state_size
    states = [normal((5, size), 30 + n, 0.5, dtype) for n, size in enumerate(sizes)]
    states = [np.abs(state) if n == 2 else state for n, state in enumerate(states)]
    return keras.tree.map_structure(keras.ops.convert_to_tensor, (weights, normal((5, steps, 3), 20, 1, dtype), states))


def cotangents(rnn, given, mask=None):
    shapes = keras.tree.map_structure(lambda result: result.shape, pure(rnn, mask)(*given))
    kind = rnn.compute_dtype
    return [keras.ops.convert_to_tensor(normal(tuple(shape), 40 + n, 1, kind)) for n, shape in enumerate(shapes)]


def gradient(rnn, given, mask=None):
    return arrays(once(lambda *operands: pulled(pure(rnn, mask), cotangents(rnn, given, mask), *operands))(*given))


def test_every_registered_cell_has_an_oracle_here_or_in_the_conformance_table():
    assert {cell for cell, _ in CELLS.values()} | {row.layer.__name__.lower() for row in TABLE} == set(REGISTERED)


MASK = np.array([[1] * 7, [0, 0, 1, 1, 0, 1, 1], [1] * 3 + [0] * 4, [0] * 7, [0] + [1] * 6], bool)


@pytest.mark.parametrize(
    ("name", "way", "padded"), thinned_on_jax([(n, w, p) for n in CELLS for w in ("auto", "loop") for p in (0, 1)])
)
def test_outputs_are_those_of_the_equation(name, way, padded):
    rnn = layer(name, implementation=way)
    weights, x, states = values(rnn)
    named = {weight.name: np.asarray(arrays([value])[0], "float64") for weight, value in zip(rnn.weights, weights, strict=True)}
    expected = unrolled(name, named, *arrays([x]), arrays(states), MASK if padded else np.ones_like(MASK))
    close(arrays(pure(rnn, MASK if padded else None, training=False)(weights, x, states)), expected, 1e-5)


ZONEOUT = {"scheme": "zoneout", "hidden": 0.3}
NOISE = {
    "none": lambda name: 0.0,
    "a step": lambda name: [ZONEOUT, *([{"scheme": "semeniuta", "rate": 0.3}] * (name != "simple"))],
    "a product": lambda name: [{"site": "hold_hidden", "rate": 0.2, "lifetime": "sequence"}, *([0.4] * (name not in MINIMAL))],
}
CASES = [(name, noise) for name in CELLS for noise in NOISE if not (name == "rectified" and noise == "a step")]


@pytest.mark.parametrize(("name", "noise"), thinned_on_jax(CASES))
def test_fast_and_loop_agree_with_their_gradients(name, noise):
    setting = NOISE[noise](name)
    masks = (None, MASK) if BACKEND == "tensorflow" or noise == "none" else (MASK,)  # its first row has no padding either
    results = []
    for way in ("auto", "loop"):
        rnn = layer(name, setting, implementation=way)
        given = values(rnn)
        results.append([gradient(rnn, given, mask) for mask in masks])
    for fast, loop in zip(*results, strict=True):
        close(fast, loop, 2e-5)


@pytest.mark.slow
@pytest.mark.skipif(BACKEND == "jax", reason="on JAX the loop, above, is differentiated automatically")
@pytest.mark.parametrize("name", CELLS)
def test_gradients_are_those_of_central_differences(name):
    with double():
        rnn = layer(name, dtype="float64")
        given = values(rnn, dtype="float64")
        along = [normal(tuple(value.shape), 60 + n, 1, "float64") for n, value in enumerate(keras.tree.flatten(given))]
        results, slopes = pulled(pure(rnn), cotangents(rnn, given), *given)
        weights = cotangents(rnn, given)

        def loss(step):
            moved = [value + step * way for value, way in zip(keras.tree.flatten(given), along, strict=True)]
            moved = pure(rnn)(*keras.tree.pack_sequence_as(given, moved))
            return sum(float(keras.ops.sum(result * weight)) for result, weight in zip(moved, weights, strict=True))

        slope = sum(float(keras.ops.sum(d * way)) for d, way in zip(keras.tree.flatten(slopes), along, strict=True))
        assert slope == pytest.approx((loss(1e-5) - loss(-1e-5)) / 2e-5, rel=1e-6)
        assert len(results) == 1 + len(given[2])


@pytest.mark.parametrize("name", MINIMAL)
@pytest.mark.parametrize("steps", [1, 2, 3, 6, 13, 64])
def test_all_steps_side_by_side_are_the_steps_one_by_one(name, steps):
    results = []
    for way in ("auto", "loop"):
        rnn = layer(name, implementation=way)
        results.append(arrays(pure(rnn)(*values(rnn, steps))))
    close(*results, 1e-5)


@pytest.mark.parametrize("masked", [False, True])
def test_a_compiled_step_of_many_steps_has_the_gradients_of_the_loop(masked):
    real = np.broadcast_to(np.arange(70) % 7 != 3, (5, 70)) if masked else None
    results = []
    for way in ("auto", "loop"):
        rnn = layer("min gru", ZONEOUT, implementation=way)
        given = values(rnn, 70)
        how = partial(pulled, pure(rnn, real), cotangents(rnn, given, real))
        results.append(arrays((compiled(how, xla=False) if way == "auto" else once(how))(*given)))
    close(*results, 2e-5)


@pytest.mark.slow
@pytest.mark.skipif(BACKEND != "tensorflow", reason="JAX takes its own way")
def test_the_programs_of_the_scan_have_a_second_derivative():
    import tensorflow as tf

    from rnnlab.recurrence import tf_linear

    a, b, h, g, along = (tf.constant(normal((70, 2, 3), n, 0.5)) for n in range(5))
    sources = (a, b, h[0])

    def derivatives(way):
        with tf.GradientTape() as outer:
            outer.watch(sources)
            with tf.GradientTape() as inner:
                inner.watch(sources)
                loss = tf.reduce_sum(way(*sources) ** 2 * g)
            first = inner.gradient(loss, sources)
            total = tf.reduce_sum(first[0] * along) + sum(map(tf.reduce_sum, first[1:]))
        return [*first, *outer.gradient(total, sources)]

    ours = tf.function(lambda: derivatives(tf_linear.linear), autograph=False)()
    close(arrays(ours), arrays(derivatives(linear_rounds.rounds)), 1e-4)


def test_masks_of_the_parallel_scan_are_those_of_the_loop():
    """Zoneout of minGRU: where the mask is 1 the old state stays."""
    rnn = layer("min gru", ZONEOUT)
    with recorded() as drawn:
        output = arrays(list(rnn(normal((5, 7, 3)), training=True)))[0]
    held = drawn["hold_hidden"][0].transpose(1, 0, 2).astype(bool)
    before = np.concatenate([np.zeros_like(output[:, :1]), output[:, :-1]], 1)
    np.testing.assert_allclose(output[held], before[held], rtol=1e-5, atol=1e-6)
    assert (np.abs(output[~held] - before[~held]) > 1e-6).all()
    assert 0.15 < held.mean() < 0.45


def test_slstm_stays_finite_for_the_largest_gates():
    rnn = layer("slstm", return_state=False)
    output = arrays([rnn(1e4 * normal((5, 7, 3)))])[0]
    assert np.isfinite(output).all()
    assert np.abs(output).max() <= 1


def test_a_rectified_cell_starts_as_the_identity():
    np.testing.assert_array_equal(arrays([layer("rectified").cell.recurrent_kernel.value])[0], np.eye(UNITS))


def test_simple_rnn_is_that_of_keras():
    ours, theirs = layer("simple"), keras.layers.SimpleRNN(UNITS, return_sequences=True, return_state=True)
    x = normal((5, 7, 3))
    theirs.build(x.shape)
    randomise(ours)
    theirs.set_weights(ours.get_weights())
    close(arrays(list(ours(x))), arrays(list(theirs(x))), 1e-6)


@pytest.mark.parametrize("name", CELLS)
def test_a_config_builds_it_counts_its_weights_and_it_is_saved_and_seen(name, tmp_path):
    cell, options = CELLS[name]
    config = ModelConfig.model_validate({"recurrent": [{"cell": cell, "units": 4, "recurrent_dropout": ZONEOUT, **options}]})
    task = Task("regression", (5, 7, 2), 1, "numbers")
    model = build(config, task, seed=1)
    assert model.count_params() == parameters(config, task)
    model.save(tmp_path / "model.keras")
    x = normal((5, 7, 2))
    np.testing.assert_array_equal(keras.saving.load_model(tmp_path / "model.keras")(x), model(x))
    assert "candidate" in gates(model, x)["recurrent_0"]


@pytest.mark.parametrize("cell", ["min_gru", "min_lstm"])
@pytest.mark.parametrize(
    "noise",
    [0.3, {"scheme": "weight_drop", "rate": 0.5}, {"scheme": "zoneout", "cell": 0.1}, {"scheme": "rnndrop", "rate": 0.1}],
)
def test_noise_without_a_meaning_is_refused_by_name(cell, noise):
    layer = {"cell": cell, "units": 4, "recurrent_dropout": noise}
    document = {"name": "x", "data": {"name": "adding"}, "model": {"recurrent": [layer]}, "training": {"epochs": 1}}
    with pytest.raises(ConfigError, match=r"the cell has no site '\w+'; its sites|needs a cell state"):
        Experiment.from_dict(document)


@pytest.mark.parametrize("kind", [LSTM, GRU])
def test_chrono_starts_gates_for_dependencies_of_all_lengths(kind):
    biases = []
    for seed in (1, 1, 2):
        made = kind(400, chrono=50, seed=seed)
        made.build((None, 3, 2))
        biases.append(arrays([made.cell.bias.value])[0])
    np.testing.assert_array_equal(biases[0], biases[1])
    assert (biases[0] != biases[2]).any()
    first, second, *others = np.split(biases[0], 4 if kind is LSTM else 3, -1)
    forget = second if kind is LSTM else first[0]
    assert 1 <= np.exp(forget).min() < 5
    assert 45 < np.exp(forget).max() <= 49
    assert abs(np.exp(forget).mean() - 25) < 2
    np.testing.assert_array_equal(first, -second if kind is LSTM else np.stack([forget, 0 * forget]))
    assert not np.concatenate([*others, *([second] * (kind is GRU))], -1).any()
