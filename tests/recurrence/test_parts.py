"""On TensorFlow a batch runs in parts side by side: how many there are, and that the results are those of the whole."""

import os
from functools import partial

import numpy as np
import pytest
from conformance.running import BACKEND, arrays, close, compiled, gradient, normal, operands, pure
from conformance.table import EVERYWHERE, LSTM, WIDEST
from recurrence.test_fast_against_loop import MASK

pytestmark = pytest.mark.skipif(BACKEND != "tensorflow", reason="XLA on JAX runs one loop after the other")


@pytest.fixture(params=[4, pytest.param(5, marks=pytest.mark.slow)], ids=["compiled", "plain"])
def three(request, monkeypatch):
    """The sizes of the parts that are run, of batches in three parts, in loops of 4 steps that are compiled or plain."""
    from rnnlab.recurrence import tf_batch_split, tf_dispatch, tf_scan

    sizes, forward = [], tf_scan.Scan.forward

    def counted(scan, given):
        outputs, final, saved = forward(scan, given)
        sizes.extend(part.states[0].shape[0] for part, _ in saved)
        return outputs, final, saved

    monkeypatch.setattr(tf_scan.Scan, "forward", counted)
    monkeypatch.setattr(tf_dispatch, "COMPILED_FROM", request.param)
    monkeypatch.setattr(tf_batch_split, "ROWS", 1)
    monkeypatch.setattr(tf_batch_split, "_threads", lambda: 3)
    return sizes


@pytest.mark.parametrize(
    ("cell", "scheme", "mask"),
    [
        (WIDEST[0], EVERYWHERE[0], MASK),
        *(pytest.param(*row, MASK, marks=pytest.mark.slow) for row in zip(WIDEST[1:], EVERYWHERE[1:], strict=True)),
        pytest.param(WIDEST[0], EVERYWHERE[0], None, marks=pytest.mark.slow),
    ],
    ids=lambda part: getattr(part, "name", "padded"),
)
def test_three_parts_together_are_the_whole(three, cell, scheme, mask):
    """Uneven parts, padded or not: results and gradients of the scan of the whole, step by step."""
    layer = cell.build(scheme)
    values = operands(layer, batch=len(MASK))
    whole = gradient(layer, values, mask)
    assert three == [len(MASK)]
    close(gradient(layer, values, mask, how=partial(compiled, xla=False)), whole, 1e-5)
    assert three[1:] == [1, 2, 2]


@pytest.mark.slow
def test_a_batch_of_unknown_size_may_be_smaller_than_the_number_of_parts(three):
    import tensorflow as tf

    layer = LSTM.build(EVERYWHERE[0])
    weights = [weight.value for weight in layer.trainable_variables]

    def results(x, *states):
        with tf.GradientTape() as tape:
            tape.watch(x)
            outputs = pure(layer)(weights, x, states)
            loss = tf.add_n([tf.reduce_sum(tensor**2) for tensor in outputs])
        return outputs, tape.gradient(loss, x)

    graph = tf.function(results, [tf.TensorSpec(shape) for shape in ((None, 4, 2), *[(None, layer.units)] * 2)])
    for batch in (5, 2):
        values = [normal((batch, 4, 2)), *(normal((batch, layer.units), n) for n in (1, 2))]
        whole = arrays(results(*map(tf.convert_to_tensor, values)))
        three.clear()
        close(arrays(graph(*values)), whole, 1e-5)
        assert three == ([None] * 3 if batch == 5 else [])  # traced once


@pytest.mark.parametrize(
    ("batch", "threads", "parts"),
    [(32, 2, 2), (8, 2, 2), (7, 2, 1), (1, 2, 1), (32, 16, 4), (9, 16, 2), (None, 16, 4), (None, 2, 2), (32, 1, 1)],
)
def test_as_many_parts_as_threads_but_four_at_most_and_none_of_few_examples_or_with_a_large_kernel(
    batch, threads, parts, monkeypatch
):
    import tensorflow as tf

    from rnnlab.recurrence import tf_batch_split as module

    def asked(units=512):
        kernel = tf.TensorSpec((units, 4 * units))
        return module.parts(module.Given(tf.TensorSpec((4, batch, 4 * units)), (), {}, {}, {"recurrent": kernel}, {}, {}))

    def number_of_parts(units=512, xla=False):
        counts = []
        compiled(lambda: counts.append(asked(units)), xla)()
        return counts[0]

    monkeypatch.setattr(module, "_threads", lambda: threads)
    assert number_of_parts() == parts
    assert number_of_parts(units=513) == 1
    assert number_of_parts(xla=True) == 1
    assert asked() == 1  # eagerly
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: [kind])
    assert number_of_parts() == 1


def test_threads_are_those_set_in_the_program_or_the_environment_or_all(monkeypatch):
    import tensorflow as tf

    from rnnlab.recurrence import tf_batch_split as module

    monkeypatch.setattr(tf.config.threading, "get_inter_op_parallelism_threads", lambda: 3)
    monkeypatch.setenv("TF_NUM_INTEROP_THREADS", "2")
    assert module._threads() == 3
    monkeypatch.setattr(tf.config.threading, "get_inter_op_parallelism_threads", lambda: 0)
    assert module._threads() == 2
    monkeypatch.delenv("TF_NUM_INTEROP_THREADS")
    assert module._threads() == os.cpu_count()


def test_masks_and_weights_go_to_the_right_examples():
    """A part has its own rows of what has rows, and all of what has none."""
    import tensorflow as tf

    from rnnlab.recurrence.tf_batch_split import Given

    sequence, rows, kernel, mean = normal((4, 5, 6)), normal((5, 2)), normal((2, 6)), np.float32(0.5)
    given = Given(sequence, (rows,), {"hidden": (rows, rows), "cell": mean}, {"mask": sequence}, {"recurrent": kernel}, {}, {})
    given = tf.nest.map_structure(tf.convert_to_tensor, given)
    for part, own in zip(given.split(2), (slice(0, 2), slice(2, 5)), strict=True):
        np.testing.assert_array_equal(part.input(3), sequence[3, own])
        np.testing.assert_array_equal(part.noise(3)["mask"], sequence[3, own])
        for value in (*part.states, *part.fixed["hidden"]):
            np.testing.assert_array_equal(value, rows[own])
        np.testing.assert_array_equal(part.kernels["recurrent"], kernel)
        assert part.fixed["cell"] == mean
