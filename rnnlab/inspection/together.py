"""Several models as one: the mean of what each of them predicts."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import tee

import numpy as np

from rnnlab.inspection.montecarlo import Samples

Predict = Callable[[Iterable[np.ndarray]], Iterator[Samples]]
"""Yields the predictions for each of the inputs, or of the batches, in order."""


def together(members: Sequence[Predict], inputs: Iterable[np.ndarray]) -> Iterator[Samples]:
    """Yield for each input the mean of what the members predict, their variance and their mean entropy.

    p(y | x) = 1/K sum_k p_k(y | x): probabilities are averaged, not their logarithms (Lakshminarayanan et al. 2017, arXiv
    1612.01474); so are numbers. A member that carries its state carries its own. One prediction of each is held at a time.

    >>> members = [lambda batches, p=p: (Samples(x * 0 + p, x * 0, x[:, 0] * 0) for x in batches) for p in (0.25, 0.75)]
    >>> next(together(members, [np.ones((1, 2))]))
    Samples(mean=array([[0.5, 0.5]]), variance=array([[0.0625, 0.0625]]), entropy=array([0.]))
    """
    streams = [member(part) for member, part in zip(members, tee(inputs, len(members)), strict=True)]
    for first in streams[0]:
        mean, square, entropy = first.mean.copy(), np.square(first.mean) + first.variance, first.entropy.copy()
        for stream in streams[1:]:
            one = next(stream)
            mean += one.mean
            square += np.square(one.mean) + one.variance
            entropy += one.entropy
        mean /= len(members)
        yield Samples(mean, np.maximum(square / len(members) - mean**2, 0), entropy / len(members))
