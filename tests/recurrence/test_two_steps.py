"""Noise that says something of two steps: h-detach against a cell whose h is frozen, the kept output gate in closed form."""

import keras
import numpy as np
import pytest
from conformance.oracle import Masks, Oracle
from conformance.running import arrays, close, double, gradient, normal, operands, randomise, recorded, stepwise
from conformance.table import CELLS, GRUS, LSTM, NONE, Scheme

EPSILON = 1e-6


def detach(rate):
    return Scheme("h-detach", 0.0, {"scheme": "h_detach", "rate": rate})


class Frozen(Oracle):
    """An LSTM of which h enters the products as it was without the change, where the coin of the step says so."""

    def __init__(self, cell, weights, frozen, coins):
        super().__init__(cell, weights, Masks({}))
        self.frozen, self.coins = frozen, coins

    def lstm(self, t, x, h, c):
        return super().lstm(t, x, np.where(self.coins[t], self.frozen[t], h), c)


@pytest.mark.parametrize("rate", [0.5, 1.0])
@pytest.mark.parametrize("implementation", ["auto", "loop"])
def test_h_detach_gives_the_gradient_of_a_cell_whose_h_is_frozen_where_the_coin_says_so(rate, implementation):
    with double(), stepwise():
        layer = LSTM.build(detach(rate), dtype="float64", implementation=implementation)
        values = operands(layer, dtype="float64")
        with recorded() as drawn:
            output, *rest = gradient(layer, values)
        weights = dict(zip([weight.name for weight in layer.trainable_variables], arrays(values[0]), strict=True))
        x, states = arrays(values[1])[0], arrays(values[2])
        coins = drawn["detach"][0][:, 0, 0] == 1
        assert coins.all() == (rate == 1)
        frozen = [states[0], *np.moveaxis(output, 1, 0)[:-1]]
        cotangents = [normal(shape, 40 + n, 1, "float64") for n, shape in enumerate([output.shape, *(s.shape for s in states)])]

        def loss(name, change):
            moved = weights | {name: weights[name] + change} if name in weights else weights
            start = states if name in weights else [states[0] + (name == "h") * change, states[1] + (name == "c") * change]
            outputs, final = Frozen(LSTM, moved, frozen, coins)(x, start)
            return sum((c * r).sum() for c, r in zip(cotangents, [outputs, *final], strict=True))

        gradients = dict(zip([*weights, "x", "h", "c"], rest[-len(weights) - 3 :], strict=True))
        for name in [*weights, "h", "c"]:
            along = normal(gradients[name].shape, 90, 1, "float64")
            slope = (loss(name, EPSILON * along) - loss(name, -EPSILON * along)) / (2 * EPSILON)
            assert (gradients[name] * along).sum() == pytest.approx(slope, rel=1e-6, abs=1e-8), name
        if rate == 1:
            assert (gradients["h"] == 0).all()
            assert (gradients["c"] != 0).all()


def test_h_detach_changes_no_value():
    noisy, quiet = (LSTM.build(scheme, return_state=False) for scheme in (detach(0.5), NONE))
    randomise(noisy), randomise(quiet)
    x = normal((3, 5, 2))
    np.testing.assert_array_equal(arrays([noisy(x, training=True)])[0], arrays([quiet(x)])[0])


@pytest.mark.parametrize("name", ["h_detach", "zoneout_shared", "zoneout_reused_output", "stochastic_depth"])
@pytest.mark.parametrize("cell", GRUS, ids=str)
def test_a_cell_without_cell_state_refuses_what_needs_one(cell, name):
    with pytest.raises(ValueError, match=r"needs a cell state; this cell's states: hidden"):
        cell.layer(3, recurrent_dropout={"scheme": name, "rate": 0.5})


def test_a_unit_that_keeps_everything_repeats_its_output_and_the_first_step_has_its_own_gate():
    layer = LSTM.build(Scheme("kept", 0.0, {"scheme": "zoneout_reused_output", "rate": 0.9}), units=40, return_state=False)
    randomise(layer)
    with recorded() as drawn, stepwise():
        output = arrays([layer(normal((30, 6, 2)), training=True)])[0]
    kept = drawn["hold_cell"][0].transpose(1, 0, 2)[:, 1:] == 1
    before, now = output[:, :-1], output[:, 1:]
    twice = kept[:, 1:] & kept[:, :-1]  # of a unit kept twice the gate is that of two steps before, which the second step shows
    assert (now == before)[kept].mean() > 0.5
    assert (now[:, 1:] != before[:, 1:])[~kept[:, 1:]].all()
    assert twice.mean() > 0.7


def test_the_mask_is_shared_by_state_and_output():
    layer = CELLS[0].build(Scheme("shared", 0.0, {"scheme": "variational_shared", "rate": 0.5}), units=20, return_state=False)
    randomise(layer)
    with recorded() as drawn:
        output = arrays([layer(normal((4, 3, 2)), training=True)])[0]
    assert list(drawn) == ["recurrent"]
    np.testing.assert_array_equal(output == 0, np.broadcast_to(drawn["recurrent"][0][:, None] == 0, output.shape))


def test_two_settings_that_reach_one_site_are_refused():
    with pytest.raises(ValueError, match="two noises act on site 'output'; give one"):
        LSTM.layer(
            3, dropout={"scheme": "locked", "rate": 0.1}, recurrent_dropout={"scheme": "variational_shared", "rate": 0.1}
        )


def test_state_reset_clears_whole_examples_of_all_states_while_training_alone():
    layer = LSTM.build(Scheme("reset", 0.0, {"scheme": "state_reset", "rate": 0.5}), return_state=True)
    plain = LSTM.build(NONE, return_state=True)
    randomise(layer), randomise(plain)
    x, states = normal((40, 1, 2)), [normal((40, 3), n) for n in (1, 2)]
    with recorded() as drawn:
        ours = arrays(list(layer(x, initial_state=states, training=True)))
    cleared = drawn["carried"][0] == 0
    close(ours, arrays(list(plain(x, initial_state=[np.where(cleared, 0, s).astype("float32") for s in states]))), 1e-6)
    assert 5 < cleared.sum() < 35
    close(arrays(list(layer(x, initial_state=states))), arrays(list(plain(x, initial_state=states))), 1e-6)


def test_a_cell_alone_refuses_what_only_a_layer_can_do():
    cell = keras.utils.get_registered_object("rnnlab>LSTMCell")(3, recurrent_dropout={"scheme": "h_detach", "rate": 0.5})
    with pytest.raises(ValueError, match=r"noise at detach needs rnnlab.layers.RNN to run the cell"):
        cell(normal((2, 2)), cell.get_initial_state(2), training=True)
