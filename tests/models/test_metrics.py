"""Perplexity against its definition."""

import keras
import numpy as np
import pytest

from rnnlab.models.metrics import Perplexity


def test_perplexity_counts_tokens_not_batches() -> None:
    random = np.random.default_rng(0)
    logits = random.normal(size=(3, 2, 4, 7)).astype("float32")
    tokens = random.integers(0, 7, (3, 2, 4))
    weights = random.integers(0, 2, (3, 2, 4)).astype("float32")
    metric = Perplexity()
    for batch in zip(tokens, logits, weights, strict=True):
        metric.update_state(*batch)
    log_p = logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))
    surprise = -np.take_along_axis(log_p, tokens[..., None], axis=-1)[..., 0]
    assert float(metric.result()) == pytest.approx(np.exp((surprise * weights).sum() / weights.sum()), rel=1e-5)
    metric.reset_state()
    metric.update_state(tokens[0], 0 * logits[0])
    assert float(metric.result()) == pytest.approx(7)


def test_perplexity_survives_a_round_trip() -> None:
    again = keras.metrics.deserialize(keras.metrics.serialize(Perplexity(name="words")))
    assert isinstance(again, Perplexity)
    assert again.name == "words"
