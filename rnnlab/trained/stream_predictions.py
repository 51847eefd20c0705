"""A language model's predictions of a split of its own text, token by token, the state carried as in training."""

from collections.abc import Iterable, Iterator

import numpy as np

from rnnlab.data.dataset import Dataset
from rnnlab.data.splits.streams import Windows
from rnnlab.documents import Record
from rnnlab.inspection.montecarlo import Samples, noisy, predictions, usual
from rnnlab.inspection.outputs import link
from rnnlab.trained.loading import Trained


def token_rows(run: Trained, name: str, samples: int, seed: int) -> Iterator[Record]:
    """Return for every token of a split, in order, its probability and the most probable token in its place.

    With samples the probability is the mean over that many passes, each with its own masks.
    """
    model, dataset, _ = run
    means, inputs = link(dataset.task), (batch.x for batch in getattr(dataset, name).batches(0, 0))
    drawn = predictions(model, inputs, samples, seed, means) if samples and noisy(model) else usual(model, inputs, means)
    return rows_of(dataset, name, drawn)


def rows_of(dataset: Dataset, name: str, draws: Iterable[Samples]) -> Iterator[Record]:
    """Yield the same of a split as it is predicted, one prediction a batch in its order."""
    split: Windows = getattr(dataset, name)
    truth, best = np.zeros((2, split.size), np.int32)
    p, most = np.zeros((2, split.size))
    for items, drawn in zip(split.order(0, 0), draws, strict=True):
        places = split.places(items)
        real = places >= 0
        y, mean, place = split.batch(items).y[real], drawn.mean[real], places[real]
        truth[place], best[place] = y, mean.argmax(axis=-1)
        p[place], most[place] = np.take_along_axis(mean, y[:, None], axis=-1)[:, 0], mean.max(axis=-1)
    tokens = dataset.vocabulary.tokens if dataset.vocabulary else None
    for number in range(split.size):
        names = [tokens[token] if tokens else str(token) for token in (truth[number], best[number])]
        yield {
            "position": number + 1,
            "truth": names[0],
            "probability": float(p[number]),
            "predicted": names[1],
            "predicted_probability": float(most[number]),
        }
