"""Where the time of training goes: a clock that counts for one part at a time and is switched by Keras's callbacks."""

import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from statistics import median
from typing import TYPE_CHECKING

from rnnlab.replaced import replaced

if TYPE_CHECKING:
    from keras.callbacks import CallbackList

NAMES = ("start", "data", "compile", "steps", "evaluation", "records", "pictures")
"""The parts, in the order in which a sweep reaches them."""


class Parts:
    """Seconds by part; `start` runs from the moment `began` on."""

    def __init__(self, began: float, clock: Callable[[], float] = time.monotonic):
        self.seconds: dict[str, float] = defaultdict(float, dict.fromkeys(NAMES, 0.0))
        self.passes: dict[tuple[str, str], list[float]] = defaultdict(list)
        """Seconds of every pass over the training or validation data inside a training, by model and part."""
        self.model = ""
        """The key of compiled code: later passes of one model need no compiling."""
        self._part, self._since, self._clock = "start", began, clock

    def to(self, part: str) -> float:
        """Count for another part from now on; return the seconds of the part before."""
        now = self._clock()
        spent, self._since = now - self._since, now
        self.seconds[self._part] += spent
        self._part = part
        return spent

    @contextmanager
    def during(self, part: str) -> Iterator[None]:
        """Count for a part inside, then for the part before again."""
        before = self._part
        self.to(part)
        try:
            yield
        finally:
            self.to(before)

    def training_passed(self) -> None:
        """End a pass over the training data, if there was one, and begin an evaluation."""
        trained = self._part == "steps"
        spent = self.to("evaluation")
        if trained:
            self.passes[self.model, "steps"].append(spent)
        self._inside = trained

    def evaluation_passed(self) -> None:
        """End an evaluation."""
        spent = self.to("records")
        if self._inside:
            self.passes[self.model, "evaluation"].append(spent)

    def settle(self) -> None:
        """Count the seconds by which the first pass of a model exceeds its later ones as compiling."""
        for (_, part), (first, *others) in self.passes.items():
            if others:
                more = max(0.0, first - median(others))
                self.seconds[part] -= more
                self.seconds["compile"] += more

    def pass_seconds(self, model: str) -> float | None:
        """Return the median pass of training of a model after its first; None where there was none."""
        _, *others = self.passes.get((model, "steps"), [0.0])
        return median(others) if others else None


@contextmanager
def timed(parts: Parts) -> Iterator[None]:
    """Switch the clock inside whenever a training or evaluation calls its callbacks."""
    from keras.callbacks import CallbackList

    on_epoch_begin, on_test_begin = CallbackList.on_epoch_begin, CallbackList.on_test_begin
    on_test_end = CallbackList.on_test_end

    def epoch_begins(callbacks: CallbackList, *given: object, **named: object) -> None:
        on_epoch_begin(callbacks, *given, **named)
        parts.to("steps")

    def test_begins(callbacks: CallbackList, *given: object, **named: object) -> None:
        _await_steps(callbacks)
        parts.training_passed()
        on_test_begin(callbacks, *given, **named)

    def test_ends(callbacks: CallbackList, logs: Mapping[str, float] | None = None) -> None:
        on_test_end(callbacks, logs)
        for value in (logs or {}).values():
            float(value)
        parts.evaluation_passed()

    with replaced(CallbackList, on_epoch_begin=epoch_begins, on_test_begin=test_begins, on_test_end=test_ends):
        yield


def _await_steps(callbacks: "CallbackList") -> None:
    """Wait until the last step is computed, which JAX does while Python goes on."""
    import keras

    for callback in callbacks.callbacks[:1]:
        if callback.model.optimizer:
            keras.ops.convert_to_numpy(callback.model.optimizer.iterations)
