"""Which masks a layer draws: how long each lives, who shares it, and that no two places ever share one."""

from itertools import combinations, product

import keras
import numpy as np
import pytest
from conformance.running import arrays, gradient, normal, once, operands, pure, randomise, recorded
from conformance.table import EVERYWHERE, LSTM, NONE, PLAIN, SCHEMES, Scheme, noise
from thinning import thinned_on_jax

STEPS, BATCH, INPUTS, UNITS = 3, 40, 25, 30
X = normal((BATCH, STEPS, INPUTS))
NOISY = [scheme for scheme in SCHEMES if scheme is not NONE]


def built(cell, scheme, **options):
    return cell.build(scheme, inputs=INPUTS, units=UNITS, **options)


def masks(layer, x=X):
    """The masks of one training call, by site."""
    with recorded() as drawn:
        layer(x, training=True)
    assert all(len(calls) == 1 for calls in drawn.values())
    return {site: calls[0] for site, calls in drawn.items()}


def same(one, other):
    """Whether two masks, or as much of them as have a common shape, drop the same elements."""
    if min(one.ndim, other.ndim) < 2 or min(one.size, other.size) < 100 or (one.min() < 0) or (other.min() < 0):
        return False
    n, m = (min(a, b) for a, b in zip(one.shape[-2:], other.shape[-2:], strict=True))
    one, other = (mask.reshape(-1, *mask.shape[-2:])[0, :n, :m] > 0 for mask in (one, other))
    return bool((one == other).mean() > 0.9 or (one != other).mean() > 0.9)


@pytest.mark.parametrize(("cell", "scheme"), thinned_on_jax(product(PLAIN[:2], NOISY)), ids=str)
def test_each_mask_lives_as_long_and_is_shared_by_whom_the_scheme_says(cell, scheme):
    layer = built(cell, scheme, return_state=False)
    first, second = masks(layer), masks(layer)
    assert set(first) == set(scheme.draws(cell))
    for site in scheme.draws(cell):
        value, middle = scheme.noises(cell)[site], np.median(first[site])
        mask, width = first[site] > 0 if value.distribution == "bernoulli" else first[site] > middle, UNITS
        if value.lifetime == "batch":
            rows = {"kernel": (INPUTS,), "recurrent_kernel": (UNITS,), "bias": () if cell is LSTM else (2,)}[site]
            assert mask.shape == (*((1,) if value.sharing == "rows" else rows), UNITS * len(cell.gates))
        else:
            gates, steps = () if value.tied else (len(cell.gates),), (STEPS,) if value.lifetime == "step" else ()
            width = {"units": 1, "batch": 1}.get(value.sharing, INPUTS if site == "input" else UNITS)
            assert mask.shape == (*gates, *steps, 1 if value.sharing == "batch" else BATCH, width)
        if mask.size < 100:
            continue
        for axis in range(mask.ndim):  # nothing repeats over gates, steps, examples or units
            if mask.shape[axis] > 1:
                assert (np.diff(mask.astype(int), axis=axis) != 0).mean() > 0.3
        if value.distribution == "bernoulli":
            assert (mask != (second[site] > 0)).mean() > 0.3, "a call must draw new masks"
        assert (first[site] != second[site]).any(), "a call must draw new masks"
    sites = list(first)
    assert not any(same(first[a], first[b]) for a, b in combinations(sites, 2)), "two sites must never share a mask"


def test_a_seed_and_a_name_decide_the_masks_and_nothing_else_does():
    """Faults 1 and 6: tying and masks of one site must not change with another site's rate, nor repeat in another layer."""
    alone = masks(built(LSTM, Scheme("input", 0.4)))["input"]
    for other in NOISY:
        if other.dropout == () and other.noises(LSTM):
            together = Scheme("both", 0.4, other.recurrent_dropout)
            np.testing.assert_array_equal(masks(built(LSTM, together))["input"], alone)
    for changed in ({"name": "another"}, {"seed": 8}, {"seed": None}):
        assert not same(masks(built(LSTM, Scheme("input", 0.4), **changed))["input"], alone)


def test_two_layers_and_two_directions_with_one_seed_share_no_mask():
    """Fault 6: in Keras one integer seed gives two layers, and both directions of Bidirectional, the same masks."""
    both = keras.layers.Bidirectional(built(LSTM, EVERYWHERE[0]))
    stack = [both, built(LSTM, EVERYWHERE[0], name="second")]
    x = X
    with recorded() as calls:
        for layer in stack:
            x = layer(x, training=True)[0][..., :INPUTS]
    for site, drawn in calls.items():
        assert len(drawn) == 3
        assert not any(same(a, b) for a, b in combinations(drawn, 2)), site
    assert set(calls) == set(EVERYWHERE[0].draws(LSTM))


def test_any_batch_and_length_after_any_other():
    """A cached mask breaks on another batch size (allennlp#2320); ours are drawn for the call."""
    layer = built(PLAIN[1], EVERYWHERE[1])
    for shape in ((4, 3), (7, 5), (1, 1)):
        assert masks(layer, normal((*shape, INPUTS)))["recurrent"].shape == (3, shape[1], shape[0], UNITS)


def test_a_compiled_layer_draws_anew_at_every_call():
    """Fault 8: a mask that is kept from the first call makes dropout a fixed pruning."""
    layer = built(LSTM, Scheme("variational", 0.0, 0.5), return_state=False)
    randomise(layer)
    model = keras.Sequential([keras.Input((None, INPUTS)), layer])
    model.compile("sgd", "mse")
    losses = {model.train_on_batch(X, np.zeros((BATCH, STEPS, UNITS)))}
    model.optimizer.learning_rate = 0.0
    losses |= {float(model.train_on_batch(X, np.zeros((BATCH, STEPS, UNITS)))) for _ in range(3)}
    assert len(losses) == 4


def test_gates_have_masks_of_their_own_for_the_input_alone():
    """Fault 2: Keras crashes in training with untied input dropout and no recurrent dropout."""
    layer = built(LSTM, Scheme("untied", {"scheme": "variational", "rate": 0.4, "tied": False}))
    assert masks(layer)["input"].shape == (4, BATCH, INPUTS)


@pytest.mark.parametrize("cell", PLAIN, ids=str)
def test_weight_drop_leaves_the_stored_kernel_alone(cell):
    """Fault Better_LSTM#7: dropped weights written back decay to zero."""
    layer = built(cell, Scheme("weight drop", 0.0, {"scheme": "weight_drop", "rate": 0.5}), return_state=False)
    randomise(layer, 0.3)
    before = arrays([layer.cell.recurrent_kernel.value])[0]
    model = keras.Sequential([keras.Input((None, INPUTS)), layer])
    model.compile(keras.optimizers.SGD(0.0), "mse")
    model.fit(X, np.zeros((BATCH, STEPS, UNITS)), epochs=2, batch_size=20, verbose=0)
    np.testing.assert_array_equal(arrays([layer.cell.recurrent_kernel.value])[0], before)
    quiet = built(cell, NONE, return_state=False)
    quiet.set_weights(layer.get_weights())
    np.testing.assert_array_equal(arrays([layer(X)])[0], arrays([quiet(X)])[0])


def test_a_dropped_weight_gets_no_gradient_and_every_kept_one_does():
    layer = built(LSTM, Scheme("weight drop", 0.0, noise("recurrent_kernel")))
    values = operands(layer, BATCH, STEPS, INPUTS)
    with recorded() as drawn:
        pure(layer)(*values)
    _, _, _, _, recurrent_kernel, *_ = gradient(layer, values, how=once)
    np.testing.assert_array_equal(recurrent_kernel != 0, drawn["recurrent_kernel"][0] > 0)
