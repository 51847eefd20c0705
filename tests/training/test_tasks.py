"""Every kind of task from its example config to metrics; what a loss summed over time means; unigrams of real text."""

from collections import Counter
from pathlib import Path

import keras
import numpy as np
import pytest
from thinning import kept

from rnnlab.config import load
from rnnlab.data.build_dataset import build
from rnnlab.data.data_config import PythonReference
from rnnlab.data.dataset import Dataset
from rnnlab.data.keras_adapter import Feed
from rnnlab.data.splits.streams import TokenStream
from rnnlab.data.task import Task
from rnnlab.models.model_config import ModelConfig
from rnnlab.training.fit import compiled
from rnnlab.training.isolate_evaluation import SeparatePasses
from rnnlab.training.train import train
from rnnlab.training.training_config import TrainingConfig


@pytest.mark.parametrize("name", kept(["copy", "parity", "mackey_glass"]))
def test_an_example_config_trains(root: Path, name: str) -> None:
    run = load(
        root / "configs" / f"{name}.yaml", ["data.limit_examples=150", "training.epochs=2", "recurrent_dropout=0.1"]
    ).runs()[0]
    dataset = build(run.config.data)
    _, outcome = train(run.config.model, dataset, run.config.training, seed=1)
    assert outcome.status == "done"
    assert set(dataset.task.kind.metrics) == {key[5:] for key in outcome.metrics if key.startswith("test_")}


def words(limit: int = 700) -> Dataset:
    return build(PythonReference(name="python_reference", vocabulary=40, window=7, batch_size=3, limit_tokens=limit))


MODEL = ModelConfig.model_validate({"recurrent": [{"units": 4}], "embedding": {"width": 5}})


@pytest.mark.slow
def test_a_loss_summed_over_time_has_a_gradient_as_many_times_larger_as_a_row_has_steps() -> None:
    data, moved, losses = words(), [], []
    for loss, rate in (("mean", 0.01 * words().train.density), ("sum", 0.01)):
        optimizer = {"name": "sgd", "learning_rate": rate}
        model = compiled(MODEL, data, TrainingConfig.model_validate({"epochs": 1, "loss": loss, "optimizer": optimizer}), 1)
        before = model.get_weights()
        losses.append(model.evaluate(Feed(data.train), verbose=0, callbacks=[SeparatePasses()])[0])
        model.fit(Feed(data.train), epochs=1, verbose=0, callbacks=[SeparatePasses()])
        moved.append([after - first for after, first in zip(model.get_weights(), before, strict=True)])
    assert data.train.density == pytest.approx(7, rel=0.05)
    assert losses[1] == pytest.approx(losses[0] * data.train.density, rel=1e-5)
    for mean, total in zip(*moved, strict=True):
        np.testing.assert_allclose(mean, total, rtol=1e-3, atol=1e-6)


def test_all_windows_give_the_perplexity_of_one_row_read_in_one_go() -> None:
    """Zaremba's evaluation: one row, the state carried; against the whole text as a single window."""
    tokens = words(2000).test.arrays()[0]
    perplexity = {}
    for steps in (7, len(tokens)):
        stream = TokenStream(tokens, rows=1, steps=steps, start=1)
        task = Task("language_model", (1, steps), 40, "words", vocabulary=40, carried=True)
        dataset = Dataset("text", task, stream, stream, stream)
        model = compiled(MODEL, dataset, TrainingConfig(epochs=1), seed=3)
        model.set_weights([8 * weight for weight in model.get_weights()])
        metrics = model.evaluate(Feed(stream), verbose=0, return_dict=True, callbacks=[SeparatePasses()])
        perplexity[steps] = metrics["perplexity"]
    assert perplexity[7] == pytest.approx(perplexity[len(tokens)], rel=1e-5)
    assert abs(perplexity[7] - 40) > 1


def unigram_perplexities(splits: dict[str, np.ndarray], vocabulary: int, rows: int, steps: int) -> tuple[float, float]:
    """The perplexity of the test part by the counts of the training part, plus one: by a model of bias alone, and by hand."""
    streams = [TokenStream(splits[name], rows, steps, start=0) for name in ("train", "validation", "test")]
    task = Task("language_model", (rows, steps), vocabulary, "words", vocabulary=vocabulary, carried=True)
    config = ModelConfig.model_validate({"recurrent": [{"units": 2}], "embedding": {"width": 2}})
    model = compiled(config, Dataset("text", task, *streams), TrainingConfig(epochs=1), seed=1)
    counts = Counter(splits["train"].tolist())
    log_p = np.log([counts[token] + 1 for token in range(vocabulary)]) - np.log(len(splits["train"]) + vocabulary)
    model.set_weights([np.zeros_like(weight) for weight in model.get_weights()])
    model.get_layer("head").bias.assign(log_p)
    metrics = model.evaluate(Feed(streams[2]), verbose=0, return_dict=True, callbacks=[SeparatePasses()])
    return metrics["perplexity"], float(np.exp(-log_p[splits["test"]].mean()))


def test_unigrams_of_the_language_reference() -> None:
    data = build(PythonReference(name="python_reference", vocabulary=500, limit_tokens=20_000))
    parts = {name: getattr(data, name).arrays()[0] for name in ("train", "validation", "test")}
    measured, expected = unigram_perplexities(parts, 500, rows=20, steps=35)
    assert measured == pytest.approx(expected, rel=1e-5)


@pytest.mark.slow
def test_unigrams_of_the_penn_treebank(shared_data: Path) -> None:
    if keras.backend.backend() != "tensorflow":
        pytest.skip("once is enough")
    texts = {}
    for name, file in {"train": "train", "validation": "valid", "test": "test"}.items():
        (path,) = (shared_data / "ptb").rglob(f"ptb.{file}.txt")
        texts[name] = path.read_text().replace("\n", " <eos> ").split()
    numbers = {word: number for number, word in enumerate(dict.fromkeys(texts["train"]))}
    parts = {name: np.array([numbers[word] for word in text], np.int32) for name, text in texts.items()}
    assert [len(part) for part in parts.values()] == [929_589, 73_760, 82_430]
    measured, expected = unigram_perplexities(parts, 10_000, rows=20, steps=35)
    assert measured == pytest.approx(expected, rel=1e-5)
