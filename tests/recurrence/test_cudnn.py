"""When cuDNN is chosen, what it is handed, and where it is refused by name. No GPU is needed: cuDNN is played."""

import keras
import numpy as np
import pytest
from conformance.oracle import Masks, Oracle
from conformance.running import arrays, close, normal, randomise, recorded, stepwise
from conformance.table import CELLS, EVERYWHERE, GRUS, LSTM, NONE, ROWS, Scheme, noise

from rnnlab.layers import Bidirectional
from rnnlab.recurrence import cudnn

INSIDE = {"recurrent", "candidate", "cell", "hold_cell", "hold_hidden", "hold_output", "detach"}
STORED = {"kernel", "bias"}
"""What cuDNN is handed as it is stored."""
OUTSIDE = Scheme("outside", [noise("input"), noise("output")], noise("recurrent_kernel"))


@pytest.fixture
def gpu(monkeypatch):
    """A machine whose cuDNN is the papers' equation in NumPy; returns the calls that it gets."""
    calls = []

    def kernel(sequences, *states_and_mask, kernel, recurrent_kernel, bias, return_sequences, **activations):
        *states, mask = states_and_mask
        assert mask is None
        assert return_sequences
        calls.append({"kernel": kernel, "recurrent_kernel": recurrent_kernel, "sequences": sequences})
        weights = dict(zip(("kernel", "recurrent_kernel", "bias"), arrays([kernel, recurrent_kernel, bias]), strict=True))
        cell = LSTM if len(states) == 2 else GRUS[0]
        outputs, final = Oracle(cell, weights, Masks({}))(*arrays([sequences]), arrays(states))
        final = [keras.ops.convert_to_tensor(state.astype("float32")) for state in final]
        return final[0], keras.ops.convert_to_tensor(outputs.astype("float32")), final

    monkeypatch.setattr(cudnn.backend, "cudnn_ok", lambda *_, use_bias=True, **__: use_bias)
    monkeypatch.setattr(cudnn.backend, "lstm", kernel)
    monkeypatch.setattr(cudnn.backend, "gru", kernel)
    return calls


def run(layer, training, mask=None):
    with stepwise():
        return arrays(list(layer(normal((3, 4, 2)), mask=mask, training=training)))


def fits(cell, scheme):
    """Whether no noise of the scheme acts inside the loop or on one gate alone."""
    noises = scheme.noises(cell).values()
    return not any(value.site in INSIDE | STORED for value in noises) and all(value.tied for value in noises)


def test_cudnn_suits_exactly_the_schemes_without_noise_inside_the_loop(gpu):
    """Under each scheme; fault 12: where cuDNN is not taken, XLA stays possible."""
    rows = [(cell, scheme) for cell, scheme in ROWS if cell in (LSTM, GRUS[0])]
    expected = {(cell.name, scheme.name): fits(cell, scheme) for cell, scheme in rows}
    layers = {(cell.name, scheme.name): cell.build(scheme) for cell, scheme in rows}
    assert {row: layer._takes_cudnn() for row, layer in layers.items()} == expected
    on_tensorflow = keras.backend.backend() == "tensorflow"
    assert {row: layer.supports_jit for row, layer in layers.items()} == {
        row: not (fit and on_tensorflow) for row, fit in expected.items()
    }
    assert {True, False} == set(expected.values())


@pytest.mark.parametrize("cell", [LSTM, GRUS[0]], ids=str)
@pytest.mark.parametrize("scheme", [NONE, OUTSIDE, *EVERYWHERE], ids=str)
def test_a_layer_calls_cudnn_exactly_where_it_suits(cell, scheme, gpu):
    run(cell.build(scheme), training=True)
    assert len(gpu) == fits(cell, scheme)


@pytest.mark.parametrize("cell", CELLS, ids=str)
def test_only_cells_that_cudnn_knows_are_given_to_it(cell, gpu):
    run(cell.build(NONE), training=False)
    assert len(gpu) == (cell.name in ("lstm", "gru reset after"))


@pytest.mark.parametrize("cell", [LSTM, GRUS[0]], ids=str)
def test_it_is_handed_the_dropped_input_and_the_dropped_kernel(cell, gpu):
    """Weight drop acts before the loop, so cuDNN runs it; evaluation is handed everything whole (fault keras#19645)."""
    layer, slow = cell.build(OUTSIDE), cell.build(OUTSIDE, implementation="loop")
    randomise(layer), randomise(slow)
    x, kernel = normal((3, 4, 2)), arrays([layer.cell.recurrent_kernel.value])[0]
    with recorded() as drawn:
        fast = run(layer, training=True)
    given = {name: arrays([value])[0] for name, value in gpu[0].items()}
    masks = Masks(OUTSIDE.noises(cell), {site: calls[0] for site, calls in drawn.items()})
    np.testing.assert_allclose(given["recurrent_kernel"], kernel * masks("recurrent_kernel"), rtol=1e-6)
    np.testing.assert_allclose(given["sequences"], np.stack([x[:, t] * masks("input", t) for t in range(4)], 1), rtol=1e-6)
    close(fast, run(slow, training=True), 1e-5)
    close(run(layer, training=False), run(slow, training=False), 1e-5)
    np.testing.assert_array_equal(arrays([gpu[1]["recurrent_kernel"]])[0], kernel)
    np.testing.assert_array_equal(arrays([gpu[1]["sequences"]])[0], x)


def test_padded_input_backwards_and_a_declining_backend_come_out_right(gpu, monkeypatch):
    """Fault 11: cuDNN puts out zeros at padded steps where Keras repeats, so padded input goes through the scan."""
    layer, slow = (LSTM.build(NONE, implementation=name, go_backwards=True) for name in ("auto", "loop"))
    randomise(layer), randomise(slow)
    mask = np.arange(4) < [[4], [2], [1]]
    close(run(layer, False, mask), run(slow, False, mask), 1e-5)
    assert not gpu
    close(run(layer, False), run(slow, False), 1e-5)
    assert len(gpu) == 1

    def declines(*_, **__):
        raise NotImplementedError

    monkeypatch.setattr(cudnn.backend, "lstm", declines)
    close(run(layer, False), run(slow, False), 1e-5)


@pytest.mark.parametrize("options", [{"use_cudnn": False}, {"implementation": "loop"}, {"unroll": True}, {"use_bias": False}])
def test_whoever_declines_is_heard(options, gpu):
    layer = LSTM.layer(3, name="layer", return_state=True, **options)
    layer.build((3, 4, 2))
    run(layer, training=False)
    assert not gpu


@pytest.mark.parametrize(
    "options", [{"recurrent_dropout": 0.5}, {"peephole": True}, {"implementation": "loop"}, {"unroll": True}]
)
def test_demanding_it_where_it_cannot_run_is_refused(options, gpu):
    LSTM.layer(3, use_cudnn=True).build((3, 4, 2))
    with pytest.raises(ValueError, match="use_cudnn=True, but cuDNN can't run 'mine' with its noise, cell"):
        LSTM.layer(3, use_cudnn=True, name="mine", **options).build((3, 4, 2))


def test_demanding_it_on_a_machine_without_gpu_is_refused(monkeypatch):
    monkeypatch.setattr(cudnn.backend, "cudnn_ok", lambda *_, **__: False)
    with pytest.raises(ValueError, match="use_cudnn=True, but cuDNN can't run"):
        LSTM.layer(3, use_cudnn=True).build((3, 4, 2))


@pytest.mark.parametrize(
    ("cell", "options", "fuses"),
    [
        (LSTM, {}, True),
        (GRUS[0], {}, True),
        (GRUS[1], {}, False),
        *((LSTM, options, False) for options in ({"peephole": True}, {"use_cudnn": False}, {"implementation": "loop"})),
        *((LSTM, options, False) for options in ({"unroll": True}, {"stateful": True}, {"use_bias": False}, {"ar": 0.1})),
        *((GRUS[0], {argument: 0.2}, False) for argument in ("dropout", "recurrent_dropout")),
        (GRUS[0], {"activity_regularizer": "l2"}, False),
    ],
    ids=str,
)
def test_one_kernel_runs_both_directions_where_it_computes_the_same(cell, options, fuses):
    both = Bidirectional(cell.layer(3, **cell.options | options))
    both.build((2, 4, 2))
    ways = both._can_attempt_fused_lstm, both._can_attempt_fused_gru
    assert [way(None) for way in ways] == [fuses and cell is LSTM, fuses and cell is not LSTM]
    states = [np.zeros((2, 3))] * 2 * cell.states
    assert any(way(None, states) for way in ways) == fuses
    assert not any(way(None, states[1:]) or way(np.ones((2, 4), bool)) for way in ways)
    both.backward_layer.cell.activation = keras.activations.relu
    assert not any(way(None) for way in ways)
