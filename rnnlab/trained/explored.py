"""The states, gates and masks of a finished run for some sequences, reduced to what a page can hold."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np

from rnnlab.data.dataset import PADDING
from rnnlab.documents import Fields, Record
from rnnlab.errors import UserError
from rnnlab.inspection.gates import MEMORY, gates, saturation, states, time_constant
from rnnlab.inspection.masks import masks
from rnnlab.inspection.snapshot import first_batch
from rnnlab.noise.sites import Noise
from rnnlab.trained import short_answers
from rnnlab.trained.answers import FORMS
from rnnlab.trained.inputs import of_split
from rnnlab.trained.loading import data_of
from rnnlab.trained.predictor import Input, Predictor, predictor

STEPS, UNITS, ROWS = 160, 96, 8
"""What a page shows at most of a sequence, of a layer, of a run."""
BUDGET = 380_000
"""Numbers of one run; two runs stay below 3 MiB."""
SEED = 1
"""The seed of the masks."""


class Correlate(NamedTuple):
    """The label that units are correlated with: a name, and a number for each row (rows,) or each step (rows, steps)."""

    name: str
    values: np.ndarray


@dataclass(frozen=True)
class Explored:
    """One run: sequences, and by layer every gate and state of its units."""

    name: str
    about: str
    sequences: list[Record]
    """`tokens`, and `label` and `prediction` where there are any."""
    layers: list[Record]
    """`name`, `states` (the output first), `size`, `units` (the numbers of those shown), `order` (by what they can be sorted),
    by sequence `values` (units, steps) and by site `masks`."""
    label: str
    """The label of the units' correlations; empty where there is none."""


def explore(folder: str | Path, text: str | None = None, like: Path | None = None) -> Explored:
    """Return what passes through the cells of a run, with noise off, for its validation sequences or for a `text`.

    `like` is another run whose sequences are to be the same. Raises UserError where the folder is not a finished run, where it
    reads no text, and where the data of the two runs differ.
    """
    reader = predictor(folder)
    if text is None and like is not None and predictor(like).run.result.data != reader.run.result.data:
        raise UserError(f"{folder} and {like} were trained on different data: give a --text that both read")
    inputs = list(_inputs(reader, text))
    steps = max(len(one.x) for one in inputs)
    if not steps:
        raise UserError(f"{text!r} has no tokens: there is nothing to show")
    x = _padded([one.x for one in inputs], steps)
    layers = gates(reader.model, x, fresh=True)
    drawn = masks(reader.model, x, SEED)
    labels = _labels(reader, inputs, steps)
    kept = min(len(inputs), max(1, BUDGET // _cost(layers, steps)))
    shown = [_layer(reader, name, of, drawn.get(name, {}), labels, inputs[:kept]) for name, of in layers.items()]
    run = reader.run.record
    return Explored(f"{run.variant}, seed {run.seed}", _about(reader), _told(reader, inputs[:kept]), shown, labels.name)


def _inputs(reader: Predictor, text: str | None) -> Iterator[Input]:
    if text is not None:
        yield reader.text(text)
        return
    try:
        yield from islice((one for one in of_split(reader, "validation") if len(one.x)), 32)
    except UserError:  # one long sequence: its first batch
        batch, _ = first_batch(data_of(reader.run))
        vocabulary = reader.codec.vocabulary
        for x, y in zip(batch.x, batch.y, strict=True):
            if steps := _real(x):
                x, y = x[:steps], y[:steps]
                yield Input(x, {}, [vocabulary.tokens[int(number)] for number in x] if vocabulary else [], y)


def _real(x: np.ndarray) -> int:
    """The steps of a row before its padding."""
    real = x != PADDING if x.ndim == 1 else ~np.isnan(x).all(axis=-1)
    return int(np.flatnonzero(real)[-1]) + 1 if real.any() else 0


def _padded(rows: Sequence[np.ndarray], steps: int) -> np.ndarray:
    numbers = rows[0].dtype.kind == "f"
    x = np.full((len(rows), steps, *rows[0].shape[1:]), np.nan if numbers else PADDING, rows[0].dtype)
    for place, row in zip(x, rows, strict=True):
        place[: len(row)] = row
    return x


def _cost(layers: Mapping[str, Mapping[str, np.ndarray]], steps: int) -> int:
    return sum(min(steps, STEPS) * min(value.shape[2], UNITS) for of in layers.values() for value in of.values())


def _about(reader: Predictor) -> str:
    result = reader.run.result
    metric = result.monitor.removeprefix("val_")
    value = result.metrics.get(f"test_{metric}")
    return f"{reader.run.config.name}" + (f", test {metric.replace('_', ' ')} {value:.4g}" if value is not None else "")


def _told(reader: Predictor, inputs: Sequence[Input]) -> list[Record]:
    known = reader.task.name in FORMS or reader.reads_on or reader.task.kind.own
    answers = reader.answers(inputs, samples=0, top=3) if known else ({} for _ in inputs)
    return [_sequence(reader, one, said) for one, said in zip(inputs, answers, strict=True)]


def _sequence(reader: Predictor, one: Input, said: Fields) -> Record:
    words = one.words or [_step(reader, np.ravel(value)) for value in one.x]
    offset = len(one.x) - len(words)  # a language model's text begins after <eos>
    tokens = [*["<eos>"] * offset, *words][:STEPS]
    return {"tokens": tokens, "prediction": short_answers.prediction(said), "label": short_answers.truth(said)}


def _step(reader: Predictor, value: np.ndarray) -> str:
    """A step of numbers: of a frame the numbers of its notes, else the first feature in the units of the data."""
    if reader.task.name == "multilabel":
        return " ".join(map(str, np.flatnonzero(value))) or "rest"
    scale = reader.codec.inputs
    if not scale:
        return f"{value[0]:.3g}"
    unit = scale.deviation[0]
    return f"{round(float(value[0]) * unit + scale.mean[0], 3 - int(np.floor(np.log10(unit)))):.4g}"


def _class(reader: Predictor, number: int) -> str:
    names = reader.codec.labels or (reader.codec.vocabulary.tokens if reader.reads_on and reader.codec.vocabulary else ())
    return str(names[number]) if number < len(names) else str(number)


def _labels(reader: Predictor, inputs: Sequence[Input], steps: int) -> Correlate:
    """The label of every row or step: a number as it is, a class as whether it is the most frequent one."""
    if any(one.truth is None for one in inputs) or len(inputs) < 2:
        return Correlate("", np.zeros(0))
    per_step = reader.task.kind.per_step
    truths = [np.asarray(one.truth, float) for one in inputs]
    if not reader.task.kind.classes:
        rows = [np.reshape(truth, (len(truth) if per_step else 1, -1))[:, 0] for truth in truths]
        name = "the target"
    else:
        rows = [np.ravel(truth) for truth in truths]
        values, counts = np.unique(np.concatenate(rows), return_counts=True)
        most = values[counts.argmax()]
        rows, name = [row == most for row in rows], f"the label {_class(reader, int(most))!r}"
    if not per_step:
        return Correlate(name, np.array([float(row[0]) for row in rows]))
    table = np.full((len(rows), steps), np.nan)
    for place, row in zip(table, rows, strict=True):
        place[: len(row)] = row
    return Correlate(name, table)


def _layer(
    reader: Predictor,
    name: str,
    of: Mapping[str, np.ndarray],
    drawn: Fields,
    labels: Correlate,
    inputs: Sequence[Input],
) -> Record:
    carried = states(of)
    size = of[carried[0]].shape[2]
    of = {what: value for what, value in of.items() if value.shape[2] == size}
    units = np.unique(np.linspace(0, size - 1, min(size, UNITS)).round().astype(int))
    lengths = [min(len(one.x), STEPS) for one in inputs]
    return {
        "name": name,
        "states": [state for state in carried if state in of],
        "size": size,
        "units": units.tolist(),
        "order": {key: _numbers(value[units]) for key, value in _orders(of, labels).items()},
        "values": [{what: value[row, :n][:, units].T for what, value in of.items()} for row, n in enumerate(lengths)],
        "masks": {site: _mask(noise, mask, units, size, lengths) for site, (noise, mask) in drawn.items()},
    }


def _orders(of: Mapping[str, np.ndarray], labels: Correlate) -> dict[str, np.ndarray]:
    """By what units can be sorted, (units,) each."""
    memory = next((of[gate] for gate in reversed(MEMORY) if gate in of), None)
    orders = {"time constant": time_constant(memory)} if memory is not None else {}
    shares = [saturation(value) for name, value in of.items() if name not in (*states(of), "candidate", "retained")]
    if shares:
        orders["saturation"] = np.mean([one.below + one.above for one in shares], axis=0)
    if labels.name:
        orders["correlation"] = _correlations(of[states(of)[0]], labels.values)
    return orders


def _correlations(hidden: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Pearson's correlation of every unit of h with the label: at each real step, or where a row has one, at its last."""
    real = np.isfinite(hidden[..., 0])
    if labels.ndim == 1:
        h, y = hidden[np.arange(len(real)), real.shape[1] - 1 - np.argmax(real[:, ::-1], axis=1)], labels
    else:
        both = real & np.isfinite(labels)
        h, y = hidden[both], labels[both]
    h, y = h.astype(float) - h.mean(axis=0), y - y.mean()
    spread = np.sqrt((h**2).sum(axis=0) * (y**2).sum())
    return np.divide((h * y[:, None]).sum(axis=0), spread, out=np.zeros(h.shape[1]), where=spread > 0)


def _numbers(values: np.ndarray) -> list[float | None]:
    return [float(f"{value:.4g}") if np.isfinite(value) else None for value in values]


def _mask(noise: Noise, drawn: np.ndarray, units: np.ndarray, size: int, lengths: Sequence[int]) -> Record:
    """The mask of a site by sequence, (gates, steps, units) each; an input that is no unit is thinned by itself."""
    width = drawn.shape[-1]
    shown = units if width == size else np.unique(np.linspace(0, width - 1, min(width, UNITS)).round().astype(int))
    rows = [drawn[:, :n, min(row, drawn.shape[2] - 1)][..., shown] for row, n in enumerate(lengths)]
    return {"rate": noise.rate, "lifetime": noise.lifetime, "tied": noise.tied, "rows": rows, "width": width}
