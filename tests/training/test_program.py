"""Compiled steps: how many a call runs changes no bit, and each value is computed once."""

from functools import partial
from typing import Any

import keras
import numpy as np
import pytest

from rnnlab.data.build_dataset import build
from rnnlab.data.data_config import Adding, PythonReference, SplitSizes
from rnnlab.data.dataset import Dataset
from rnnlab.data.keras_adapter import Feed
from rnnlab.data.splits.fixed_length import Examples as Fixed
from rnnlab.data.splits.variable_length import Ragged
from rnnlab.data.task import Task
from rnnlab.models import losses
from rnnlab.models.losses import cross_entropy
from rnnlab.models.model_config import ModelConfig
from rnnlab.training import fit, program
from rnnlab.training.fit import compiled
from rnnlab.training.train import TrainingOutcome, train
from rnnlab.training.training_config import TrainingConfig

WORDS = build(PythonReference(name="python_reference", vocabulary=40, window=6, batch_size=4, limit_tokens=400))
NUMBERS = build(Adding(name="adding", length=5, examples=SplitSizes(train=50, validation=9, test=9), batch_size=4))
ON_JAX = keras.backend.backend() == "jax"
ON_TENSORFLOW = pytest.mark.skipif(ON_JAX, reason="it is about the graphs of TensorFlow")
NOISE = {"dropout": 0.3, "recurrent_dropout": {"scheme": "zoneout", "cell": 0.3, "hidden": 0.2}}


class Batches(keras.callbacks.Callback):
    """Counts how often it is told that batches are done."""

    def __init__(self, several: bool) -> None:
        super().__init__()
        self.several = several
        self.told: list[int] = []

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        self.told.append(batch)


def run(dataset: Dataset, several: bool, **settings: Any) -> tuple[list[np.ndarray], dict[str, Any], list[int]]:
    words = {"embedding": {"width": 4}} if dataset.task.vocabulary else {}
    model = ModelConfig.model_validate({"recurrent": [{"units": 3, **NOISE}], **words})
    config = TrainingConfig.model_validate({"epochs": 3, "optimizer": {"learning_rate": 0.05, "clip_norm": 1.0}, **settings})
    watch = Batches(several)
    trained, outcome = train(model, dataset, config, 5, [watch])
    return trained.get_weights(), untimed(outcome), watch.told


def untimed(outcome: TrainingOutcome) -> dict[str, Any]:
    metrics = {name: value for name, value in outcome.metrics.items() if "second" not in name and "throughput" not in name}
    return {**vars(outcome), "metrics": metrics}


@pytest.mark.parametrize("steps", [pytest.param(1, marks=pytest.mark.slow, id="xla"), pytest.param(10**6, id="graph")])
def test_several_steps_a_call_change_no_bit(steps: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(program, "STEPS", steps)
    (weights, outcome, calls), (others, expected, batches) = (run(WORDS, several) for several in (True, False))
    assert batches == [*range(WORDS.train.count)] * 3
    assert len(calls) < len(batches) / 2
    assert outcome == expected
    assert outcome["xla"] == (steps == 1 or ON_JAX)
    for mine, theirs in zip(weights, others, strict=True):
        np.testing.assert_array_equal(mine, theirs)


QUANTILES = Task("quantile_forecasting", (4, 6, 1), 2, "steps", quantiles=(0.1, 0.5))
CLASSES = Task("classification", (4, None), 3, "words", vocabulary=9, padded=True)


def quantiles() -> Dataset:
    """Numbers whose next ones are forecast by two quantiles."""
    numbers = np.random.default_rng(3).normal(size=(30, 6, 1)).astype("float32")
    parts = [
        Fixed(numbers[part], np.tanh(numbers[part]), rows=4, per_step=True, shuffled=True)
        for part in np.split(np.arange(30), 3)
    ]
    return Dataset("numbers", QUANTILES, *parts)


def texts() -> Dataset:
    """Words of unequal lengths in three classes, one of them rare."""
    lengths = 1 + np.arange(50) % 7
    words = np.random.default_rng(4).integers(0, 9, lengths.sum())
    classes = np.digitize(words[np.cumsum(lengths) - 1], (5, 8)).astype(np.int32)
    parts = [Ragged(words, np.concatenate([[0], lengths.cumsum()]), classes, rows=4, shuffled=True, buckets=3) for _ in "123"]
    return Dataset("words", CLASSES, *parts)


@pytest.mark.parametrize(
    ("made", "settings"),
    [
        (lambda: WORDS, {}),
        *(
            pytest.param(*case, marks=pytest.mark.slow)
            for case in [
                (lambda: NUMBERS, {}),
                (quantiles, {}),
                (texts, {"class_weights": "balanced"}),
                (lambda: WORDS, {"consistency": {"name": "rdrop", "weight": 0.5}}),
                (lambda: NUMBERS, {"consistency": {"name": "fraternal", "weight": 0.5}}),
            ]
        ),
    ],
    ids=["words", "numbers", "quantiles", "class weights", "two passes of words", "two passes of numbers"],
)
def test_training_is_that_of_keras(made: Any, settings: dict, monkeypatch: pytest.MonkeyPatch) -> None:
    (weights, outcome, _) = run(made(), several=True, **settings)
    monkeypatch.setattr(fit, "program", lambda *given: None)
    (expected, by_keras, _) = run(made(), several=True, **settings)
    assert outcome["metrics"] == pytest.approx(by_keras["metrics"], rel=1e-4)
    for mine, theirs in zip(weights, expected, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-3, atol=1e-5)


def test_the_choice_does_not_depend_on_the_epochs_of_a_run(monkeypatch: pytest.MonkeyPatch) -> None:
    model = compiled(ModelConfig.model_validate({"recurrent": [{"units": 3}]}), NUMBERS, TrainingConfig(epochs=1), 1)
    for steps in (1, NUMBERS.train.count, NUMBERS.train.count + 1):
        monkeypatch.setattr(program, "STEPS", steps)
        one, many = (program.xla(model, NUMBERS, TrainingConfig(epochs=epochs)) for epochs in (1, 1000))
        assert one == many == (steps <= NUMBERS.train.count or ON_JAX)


@ON_TENSORFLOW
def test_batches_of_unequal_steps_share_one_graph(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Any] = []
    monkeypatch.setattr(fit, "program", lambda *given: made.append(program.program(*given)) or made[0])
    run(texts(), several=True)
    assert len({batch.x.shape for batch in texts().train.batches(5, 0)}) > 1
    assert [one.experimental_get_tracing_count() for one in made[0]._functions.values()] == [1, 1]


SITES = {
    "masks": lambda rate: {"dropout": rate, "recurrent_dropout": {"scheme": "variational", "rate": rate, "tied": False}},
    "numbers": lambda rate: {
        "dropout": {"scheme": "gaussian", "rate": rate},
        "recurrent_dropout": {"scheme": "naive", "rate": rate},
    },
    "states": lambda rate: {"recurrent_dropout": {"scheme": "zoneout", "cell": rate, "hidden": rate / 2}},
    "candidate": lambda rate: {"recurrent_dropout": {"scheme": "semeniuta", "rate": rate}},
    "weights": lambda rate: {
        "dropout": {"scheme": "weight_noise", "sigma": rate},
        "recurrent_dropout": {"scheme": "weight_drop", "rate": rate},
    },
    "outputs": lambda rate: {"dropout": {"scheme": "locked", "rate": rate}},
    "shared": lambda rate: {"recurrent_dropout": {"scheme": "variational_shared", "rate": rate}},
    "reset": lambda rate: {"recurrent_dropout": {"scheme": "state_reset", "rate": rate}},
    "scheduled": lambda rate: {
        "dropout": {"scheme": "vertical", "rate": rate},
        "recurrent_dropout": {"scheme": "naive", "rate": 0.3, "schedule": {"name": "early", "until": 1}},
    },
}


@pytest.mark.skipif(not ON_JAX, reason="TensorFlow keeps no programs for the next process")
@pytest.mark.parametrize("name", SITES)
def test_rates_are_inputs_of_a_program(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def trained(rate: float) -> tuple[str, list[np.ndarray]]:
        section = {"embedding": {"width": 4, "dropout": rate}, "recurrent": [{"units": 3, **SITES[name](rate)}]}
        model = compiled(
            ModelConfig.model_validate({**section, "head": {"dropout": rate}}),
            WORDS,
            TrainingConfig.model_validate({"epochs": 1, "optimizer": {"name": "sgd"}}),
            5,
        )
        given = program.stacked([Feed(WORDS.train)[0]], 1)
        functions, texts = model.program._functions, []
        for training, function in list(functions.items()):
            functions[training] = lambda *values, of=function: texts.append(of.lower(*values).as_text()) or of(*values)
        metrics = [model.program.run(given, 1, training)[1]["loss"] for training in (True, False)]
        return "\n".join(texts), [np.array(metrics), *model.get_weights()]

    (text, low), (same, high) = trained(0.1), trained(0.6)
    assert text == same
    monkeypatch.setattr("rnnlab.training.jax_program.constant_rates", lambda layers: {})
    (text, low_again), (other, high_again) = trained(0.1), trained(0.6)
    assert text != other
    for mine, constant in zip([*low, *high], [*low_again, *high_again], strict=True):
        np.testing.assert_allclose(mine, constant, rtol=1e-5, atol=1e-7)
    assert not np.isclose(low[0][0], high[0][0], rtol=1e-4)


def test_a_run_that_diverges_inside_a_call_ends_with_that_step() -> None:
    settings = {"optimizer": {"name": "sgd", "learning_rate": 1e30}}
    (_, outcome, _), (_, expected, _) = (run(NUMBERS, several, **settings) for several in (True, False))
    assert outcome == expected
    assert outcome["status"] == "diverged"


@pytest.mark.parametrize("shape", [(7,), (2, 5)])
def test_cross_entropy_is_that_of_keras_with_its_gradient(shape: tuple[int, ...]) -> None:
    rng = np.random.default_rng(1)
    logits = (100 * rng.standard_normal((*shape, 9))).astype("float32")
    classes, weights = rng.integers(0, 9, shape), rng.random(shape, np.float32)
    entropies = (cross_entropy, lambda y, x: keras.losses.sparse_categorical_crossentropy(y, x, from_logits=True))
    ours, theirs = (values_and_gradient(entropy, classes, logits, weights) for entropy in entropies)
    for mine, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(mine, other, rtol=1e-5, atol=1e-6)


@ON_TENSORFLOW
def test_in_a_graph_the_gradient_of_cross_entropy_has_the_bits_of_the_plain_formula() -> None:
    """Also at a position of no class, such as padding, from which nothing is taken off."""
    import tensorflow as tf

    rng = np.random.default_rng(1)
    logits, weights = rng.standard_normal((2, 5, 9)).astype("float32"), rng.random((2, 5), np.float32)
    classes = rng.integers(-1, 9, (2, 5))
    assert (classes == -1).any()
    function = partial(values_and_gradient, cross_entropy, classes, logits, weights)
    for plain, quick in zip(function(), tf.function(function, autograph=False)(), strict=True):
        np.testing.assert_array_equal(quick, plain)


def values_and_gradient(entropy: Any, classes: np.ndarray, logits: np.ndarray, weights: np.ndarray) -> tuple[Any, Any]:
    """The values and d sum(weights values) / d logits."""
    if ON_JAX:
        import jax

        return entropy(classes, logits), jax.grad(lambda x: (entropy(classes, x) * weights).sum())(logits)
    import tensorflow as tf

    x = tf.constant(logits)
    with tf.GradientTape() as tape:
        tape.watch(x)
        values = entropy(tf.constant(classes), x)
        total = tf.reduce_sum(values * weights)
    return values, tape.gradient(total, x)


@ON_TENSORFLOW
def test_loss_and_metrics_take_one_cross_entropy(monkeypatch: pytest.MonkeyPatch) -> None:
    words = {"recurrent": [{"units": 3}], "embedding": {"width": 4}}
    model, feed, asked = compiled(ModelConfig.model_validate(words), WORDS, TrainingConfig(epochs=1), 1), Feed(WORDS.train), []
    monkeypatch.setitem(losses.POSITION_LOSSES, "cross_entropy", lambda y, x: asked.append(x.shape) or cross_entropy(y, x))
    by_metric = []
    monkeypatch.setattr(losses.ops, "custom_gradient", counted(losses.ops.custom_gradient, by_metric))
    for training in (True, False):
        model.program.run(program.stacked([feed[0]], program.room(feed)), 1, training)
    assert 0 < len(asked) == len(by_metric)


def counted(function: Any, calls: list[Any]) -> Any:
    return lambda *given: calls.append(given) or function(*given)
