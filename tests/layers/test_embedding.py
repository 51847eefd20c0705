"""Word dropout: one fate for all occurrences of a word, over as many examples and steps as its lifetime says."""

import re
from functools import partial
from importlib import import_module

import keras
import numpy as np
import pytest
from conformance.running import arrays, randomise

from rnnlab import compat
from rnnlab.layers import Embedding
from rnnlab.models.losses import cross_entropy
from rnnlab.noise.sites import Noise

VOCABULARY, WIDTH, RATE = 50, 4, 0.4
WORDS = np.random.default_rng(0).integers(VOCABULARY, size=(30, 40))


def built(lifetime="sequence", scale="train", rate=RATE, **options):
    dropout = Noise(site="word", rate=rate, lifetime=lifetime, scale=scale)
    layer = Embedding(VOCABULARY, WIDTH, dropout, **{"seed": 1, "name": "words"} | options)
    layer.build()
    randomise(layer)
    return layer


def factors(layer, training=True):
    """What every word of every example is multiplied by, (batch, steps): the whole vector, or the proof fails."""
    dropped = arrays([layer(WORDS, training=training)])[0]
    table = arrays([layer.embeddings.value])[0][WORDS]
    ratio = dropped / table
    np.testing.assert_allclose(ratio, ratio[..., :1].repeat(WIDTH, -1), rtol=1e-5)
    return ratio[..., 0]


@pytest.mark.parametrize("lifetime", ["sequence", "batch", "step"])
def test_occurrences_share_a_mask_as_far_as_the_lifetime_says(lifetime):
    """Faults BayesianRNN#4, and section 6: the mask is equal for repeated words of an example, and only for them."""
    mask = factors(built(lifetime))
    np.testing.assert_allclose(np.unique(mask.round(4)), [0, np.round(1 / (1 - RATE), 4)])
    assert (mask == 0).mean() == pytest.approx(RATE, abs=0.15)
    fates = [[set(mask[n][WORDS[n] == word] > 0) for word in np.unique(WORDS[n])] for n in range(len(WORDS))]
    one_an_example = all(len(fate) == 1 for example in fates for fate in example)
    one_a_batch = all(len(set(mask[word == WORDS] > 0)) == 1 for word in range(VOCABULARY))
    assert (one_an_example, one_a_batch) == {"step": (False, False), "sequence": (True, False), "batch": (True, True)}[lifetime]


@pytest.mark.parametrize("scale", ["train", "test"])
def test_evaluation_is_the_mean_and_draws_nothing(scale):
    layer = built(scale=scale)
    before = arrays([layer.draws.state.value])
    np.testing.assert_allclose(factors(layer, training=False), 1 if scale == "train" else 1 - RATE, rtol=1e-5)
    np.testing.assert_array_equal(arrays([layer.draws.state.value]), before)
    drawn = np.mean([factors(layer).mean() for _ in range(20)])
    assert drawn == pytest.approx(1 if scale == "train" else 1 - RATE, abs=0.05)


def test_a_seed_and_a_name_decide_and_every_call_draws_anew():
    layer = built()
    first, second = factors(layer), factors(layer)
    assert (first != second).any()
    np.testing.assert_array_equal(factors(built()), first)
    assert (factors(built(seed=2)) != first).any()
    assert (factors(built(name="others")) != first).any()


def test_a_rate_of_zero_is_no_noise():
    layer = built(rate=0.0)
    assert layer.draws is None
    np.testing.assert_array_equal(factors(layer), 1)


def test_a_dropped_word_gets_no_gradient():
    layer = built("batch")
    model = keras.Sequential([keras.Input((None,), dtype="int32"), layer])
    model.compile(keras.optimizers.SGD(1.0), "mse")
    before = arrays([layer.embeddings.value])[0]
    model.train_on_batch(WORDS, np.zeros((*WORDS.shape, WIDTH)))
    changed = (arrays([layer.embeddings.value])[0] != before).any(-1)
    assert changed.mean() == pytest.approx(1 - RATE, abs=0.25)
    assert not changed.all()


def test_the_whole_table_serves_as_output_layer():
    """Word dropout acts on what comes in; the tied logits see every word."""
    layer = built()
    states = np.ones((2, 3, WIDTH), "float32")
    table = arrays([layer.embeddings.value])[0]
    for training in (False, True):
        np.testing.assert_allclose(arrays([layer(states, reverse=True, training=training)])[0], states @ table.T, rtol=1e-5)


def gradients(function, *operands):
    """The gradients of a scalar by every operand."""
    if keras.backend.backend() == "jax":
        import jax

        return jax.jit(jax.grad(function, argnums=(0, 1)))(*operands)
    return taped(function, *operands)


def taped(function, *operands):
    """The same by a tape of TensorFlow."""
    import tensorflow as tf

    with tf.GradientTape() as tape:
        operands = list(map(tf.convert_to_tensor, operands))
        tape.watch(operands)
        value = function(*operands)
    return tape.gradient(value, operands)


def compiled(function, *operands):
    """The gradients by a program of XLA, and its text."""
    if keras.backend.backend() == "jax":
        import jax

        program = jax.jit(jax.grad(function, argnums=(0, 1))).lower(*operands).compile()
        return program(*operands), program.as_text()
    import tensorflow as tf

    program, constants = tf.function(partial(taped, function), jit_compile=True), list(map(tf.constant, operands))
    return program(*constants), program.experimental_get_compiler_ir(*constants)(stage="optimized_hlo")


def test_tied_logits_have_the_gradient_of_a_product():
    rng = np.random.default_rng(3)
    states, seen = (rng.standard_normal(size, np.float32) for size in ((2, 3, WIDTH), (2, 3, VOCABULARY)))
    layer = built()
    table = arrays([layer.embeddings.value])[0]

    def loss(x, table):
        if keras.backend.backend() == "jax":
            return (layer.stateless_call([table], [layer.draws.state.value], x, reverse=True)[0] * seen).sum()
        with keras.StatelessScope([(layer.embeddings, table)]):
            return keras.ops.sum(layer(x, reverse=True) * seen)

    for found in (gradients(loss, states, table), compiled(loss, states, table)[0]):
        by_states, by_table = arrays(list(found))
        np.testing.assert_allclose(by_states, seen @ table, rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(by_table, np.einsum("rsv,rsw->vw", seen, states), rtol=1e-4, atol=1e-5)


def test_the_gradient_of_tied_logits_is_computed_once_and_read_by_rows():
    """Not a second time with rows and words exchanged, for the product that gives the table's gradient; that is (x^T d)^T."""
    module = import_module(f"rnnlab.layers.{'jax' if keras.backend.backend() == 'jax' else 'tf'}_tied")
    classes, x, table = np.zeros((4, 16), int), np.ones((4, 16, 32), np.float32), np.ones((300, 32), np.float32)
    program = compiled(lambda x, table: keras.ops.sum(cross_entropy(classes, module.logits(x, table))), x, table)[1]
    assert "f32[64,300]" in program
    assert "f32[300,64]" not in program
    assert re.search(r"f32(\[32,300\]\{1,0\}|\[300,32\]\{0,1\}) dot\(", program)


def test_the_padding_mask_goes_on():
    layer, inputs = built(mask_zero=True), keras.Input((None,), dtype="int32")
    model = keras.Model(inputs, keras.layers.GlobalAveragePooling1D()(layer(inputs)))
    words = WORDS % (VOCABULARY - 1) + 1
    padded = np.pad(words, [(0, 0), (0, 3)])
    np.testing.assert_allclose(model.predict(padded, verbose=0), model.predict(words, verbose=0), atol=1e-5)
    for training in (False, True):
        mask = compat.padding_mask(layer(keras.ops.convert_to_tensor(padded), training=training))
        np.testing.assert_array_equal(arrays([mask])[0], padded != 0)


def test_a_symbolic_call_may_say_that_it_trains():
    assert built()(keras.Input((None,), dtype="int32"), training=True).shape == (None, None, WIDTH)


@pytest.mark.parametrize("dtype", ["mixed_float16", "mixed_bfloat16"])
def test_half_precision(dtype):
    embedded = built(dtype=dtype)(WORDS, training=True)
    assert keras.backend.standardize_dtype(embedded.dtype) == dtype.removeprefix("mixed_")


def test_other_noise_is_refused():
    with pytest.raises(ValueError, match="noise at site 'input' belongs to dropout, not to embedding"):
        Embedding(9, 3, Noise(site="input", rate=0.5))
    with pytest.raises(ValueError, match="two noises act on site 'word'"):
        Embedding(9, 3, [0.1, 0.2])


@pytest.mark.parametrize("options", [{}, {"tie_weights": False}])
def test_the_table_may_be_given_as_weights(options):
    """As an array, or as a list of all weights."""
    table, back = np.random.default_rng(1).normal(size=(2, VOCABULARY, WIDTH)).astype("float32")
    for weights in (table, [table]) if not options else ([table, back.T],):
        layer = Embedding(VOCABULARY, WIDTH, weights=weights, dropout=0.3, **options)
        np.testing.assert_array_equal(arrays([layer(WORDS)])[0], table[WORDS])
        assert (arrays([layer(WORDS, training=True)])[0] == 0).any()


@pytest.mark.parametrize("dtype", ["int32", "int64", "float32"])
def test_words_that_are_zero_are_masked_by_compute_mask_too(dtype):
    words = (WORDS % 3).astype(dtype)
    layer = Embedding(VOCABULARY, WIDTH, mask_zero=True)
    np.testing.assert_array_equal(layer.compute_mask(keras.ops.convert_to_tensor(words)), words != 0)
    assert built().compute_mask(keras.ops.convert_to_tensor(words)) is None
    states = keras.ops.ones((2, 3, WIDTH))
    assert compat.padding_mask(layer(states, reverse=True)) is None


@pytest.mark.parametrize("lifetime", ["sequence", "batch", "step"])
@pytest.mark.parametrize("shape", [(6,), (6, 4), (6, 4, 5), (6, 2, 2, 2)])
def test_words_may_have_any_rank(shape, lifetime):
    """Dropout failed in training alone where tokens were not (batch, steps)."""
    words = np.random.default_rng(2).integers(5, size=shape)
    layer = built(lifetime)
    table, dropped = arrays([layer.embeddings.value, layer(words, training=True)])
    assert dropped.shape == (*shape, WIDTH)
    ratio = (dropped / table[words])[..., 0]
    if lifetime != "step":
        for word in range(5):
            for example in range(6):
                assert len(set(ratio[example][words[example] == word])) <= 1


@pytest.mark.parametrize("mode", ["int8", "int4"])
def test_the_table_may_be_quantised(mode):
    layer, before = built(), None
    before = arrays([layer(WORDS), layer(np.ones((2, 3, WIDTH), "float32"), reverse=True)])
    layer.quantize(mode)
    after = arrays([layer(WORDS), layer(np.ones((2, 3, WIDTH), "float32"), reverse=True)])
    for ours, exact in zip(after, before, strict=True):
        assert np.abs(ours - exact).max() < {"int8": 0.1, "int4": 1.0}[mode] * np.abs(exact).max()
    assert (arrays([layer(WORDS, training=True)])[0] == 0).any()
