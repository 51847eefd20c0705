"""One compiled model serves every seed of a variant: to the bits of a model of its own, and nothing is left behind."""

import gc
from contextlib import closing
from functools import wraps
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from rnnlab import compat, register
from rnnlab.data.build_dataset import build
from rnnlab.data.data_config import PythonReference
from rnnlab.data.keras_adapter import Feed
from rnnlab.layers import LSTM
from rnnlab.models.model_config import ModelConfig
from rnnlab.recurrence.recorder import Watch
from rnnlab.tensorboard import Callback
from rnnlab.training import program
from rnnlab.training.checkpoint import variables
from rnnlab.training.fit import compiled
from rnnlab.training.kept import Kept
from rnnlab.training.repeatable import repeatable
from rnnlab.training.train import TrainingOutcome, train
from rnnlab.training.training_config import TrainingConfig

WORDS = build(PythonReference(name="python_reference", vocabulary=30, window=4, batch_size=4, limit_tokens=150))
CONFIG = TrainingConfig.model_validate({"epochs": 2, "optimizer": {"name": "adam", "learning_rate": 0.05, "clip_norm": 1.0}})
MODELS = {
    "ours": {"dropout": 0.3, "recurrent_dropout": {"scheme": "zoneout", "cell": 0.3, "hidden": 0.2}},
    "built-in": {"implementation": "keras", "dropout": 0.3, "recurrent_dropout": 0.3},
}


def model(name: str) -> ModelConfig:
    return ModelConfig.model_validate(
        {"embedding": {"width": 3}, "recurrent": [{"units": 3, **MODELS[name]}], "head": {"dropout": 0.2}}
    )


def made(kept: Kept | None, name: str, seed: int) -> tuple[list[np.ndarray], dict[str, Any]]:
    if kept is None:
        with closing(Kept()) as alone:
            return made(alone, name, seed)
    with kept.serving(model(name), WORDS, CONFIG):
        trained, outcome = train(model(name), WORDS, CONFIG, seed, make=kept.compiled)
        return trained.get_weights(), untimed(outcome)


def untimed(outcome: TrainingOutcome) -> dict[str, Any]:
    metrics = {name: value for name, value in outcome.metrics.items() if "second" not in name and "throughput" not in name}
    return {**vars(outcome), "metrics": metrics}


@pytest.mark.slow
@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("steps", [1, 10**6], ids=["xla", "graph"])
def test_other_seeds_get_the_bits_of_a_model_of_their_own(name: str, steps: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(program, "STEPS", steps)
    with closing(Kept()) as kept:
        together = [made(kept, name, seed) for seed in (1, 2, 1)]
    first, second, again = together  # the first has a model of its own
    for (weights, outcome), (expected, its) in ((second, made(None, name, 2)), (again, first)):
        assert outcome == its
        for mine, other in zip(weights, expected, strict=True):
            np.testing.assert_array_equal(mine, other)
    assert first[1]["metrics"] != second[1]["metrics"]


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="JAX's random numbers have no state")
def test_tensorflow_forgets_its_kernels_only_for_the_parts_of_others() -> None:
    import tensorflow as tf
    from tensorflow.python.eager import context

    def drawn() -> tuple[float, int]:
        """A number from a kernel with a state, and whether TensorFlow still has such a kernel from the run before."""
        with pytest.MonkeyPatch.context() as patch:
            cleared: list[int] = []
            clear = context.pywrap_tfe.TFE_ContextClearCaches
            patch.setattr(context.pywrap_tfe, "TFE_ContextClearCaches", lambda of: cleared.append(1) or clear(of))
            repeatable(3)
            return float(tf.random.uniform(())), len(cleared)

    (first, cleared), (second, again) = drawn(), drawn()
    assert (cleared, again) == (0, 0)
    assert first != second  # what the state would do to a part that draws so
    register.schedule("halves")(lambda config, epoch: 0.5**epoch)
    (first, cleared), (second, again) = drawn(), drawn()
    assert (cleared, again) == (1, 1)
    assert first == second


@pytest.mark.slow
@pytest.mark.parametrize("name", MODELS)
def test_another_seed_begins_with_every_variable_of_a_model_of_its_own(name: str) -> None:
    with closing(Kept()) as kept:
        made(kept, name, 1)
        with kept.serving(model(name), WORDS, CONFIG):
            mine = values_of(kept.compiled(model(name), WORDS, CONFIG, 2))
    for one, other in zip(mine, values_of(compiled(model(name), WORDS, CONFIG, 2)), strict=True):
        np.testing.assert_array_equal(one, other)


def values_of(model: keras.Model) -> list[np.ndarray]:
    """The values of a model's variables; the last one is Keras's own generator, which the run seeds."""
    return [np.array(keras.ops.convert_to_numpy(variable)) for variable in variables(model)[:-1]]


@pytest.mark.slow
def test_a_seed_traces_and_keeps_nothing_more(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[bool] = []
    call = LSTM.call

    @wraps(call)
    def counted(*given: Any, **by: Any) -> Any:
        calls.append(True)
        return call(*given, **by)

    monkeypatch.setattr(LSTM, "call", counted)
    counts, kept = [], Kept()
    made(None, "ours", 1)  # the program that draws masks stays
    before = graphs()
    for seed in range(1, 5):
        made(kept, "ours", seed)
        counts.append((len(calls), graphs()))
    (first, _), (second, held), (third, after), (fourth, end) = counts
    assert held == after == end > before
    assert third - second == fourth - third < first
    kept.close()
    assert graphs() <= before


def graphs() -> int:
    """How many models and graphs with operations are in memory."""
    gc.collect()
    things = gc.get_objects()
    models = sum(type(thing).__name__ == "Functional" for thing in things)
    return models + sum(type(thing).__name__.endswith("FuncGraph") and bool(thing.get_operations()) for thing in things)


@pytest.mark.slow
def test_the_pass_that_shows_the_gates_is_compiled_once_for_all_seeds_and_given_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls, call, inputs = list[bool](), Watch.__call__, Feed(WORDS.validation)[0][0]
    monkeypatch.setattr(Watch, "__call__", lambda watch, *given, **by: (calls.append(True), call(watch, *given, **by))[1])
    made(None, "ours", 1)
    before, kept = graphs(), Kept()
    for seed in (1, 2, 3):
        with kept.serving(model("ours"), WORDS, CONFIG):
            board = Callback(tmp_path / str(seed), inputs)
            train(model("ours"), WORDS, CONFIG, seed, [board], make=kept.compiled)
        del board
        assert len(calls) == 1
    kept.close()
    assert graphs() <= before


@pytest.mark.slow
def test_another_variant_and_a_run_that_fails_give_the_model_back() -> None:
    kept = Kept()
    made(kept, "ours", 1)
    mine = kept._model
    with pytest.raises(RuntimeError, match="disk"), kept.serving(model("ours"), WORDS, CONFIG):
        raise RuntimeError("disk")
    assert kept._model is None
    made(kept, "ours", 1)
    assert kept._model is not mine
    with kept.serving(model("built-in"), WORDS, CONFIG):
        assert kept._model is None
    kept.close()


@pytest.mark.parametrize("name", MODELS)
def test_the_variables_are_those_that_keras_makes_by_tracing_the_model(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    quick = variables(compiled(model(name), WORDS, CONFIG, 3))
    monkeypatch.setattr(compat, "make_variables", lambda made, batch: made._symbolic_build(data_batch=batch))
    traced = variables(compiled(model(name), WORDS, CONFIG, 3))
    assert [(one.name, one.dtype) for one in quick] == [(one.name, one.dtype) for one in traced]
    for one, other in zip(quick, traced, strict=True):
        np.testing.assert_array_equal(keras.ops.convert_to_numpy(one), keras.ops.convert_to_numpy(other))


def test_one_that_is_dropped_clears_no_session() -> None:
    kept = Kept()
    with kept.serving(model("ours"), WORDS, CONFIG):
        pass
    generator = compat.global_generator()
    del kept
    gc.collect()
    assert compat.global_generator() is generator
