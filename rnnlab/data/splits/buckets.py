"""The widths to which examples are padded: few shapes to compile, and little padding."""

import numpy as np

CANDIDATES = 256
"""Most lengths that are considered as a width."""
SPARE = 1.25
"""How many times the fewest positions another split's widths may need: more would take longer than a program compiles."""


def best_widths(lengths: np.ndarray, rows: int, most: int = 6) -> tuple[int, ...]:
    """Return at most `most` widths, in rising order, that need the fewest positions when batches of `rows` are filled up.

    Exact but for the choice among `CANDIDATES` of the lengths, by dynamic programming: positions(k widths up to length j) =
    min over i < j of positions(k - 1 widths up to i) + width_j * rows * ceil(examples longer than i, up to j / rows).

    >>> best_widths(np.array([2, 2, 2, 9, 9, 3]), rows=2)
    (3, 9)
    """
    candidates = np.unique(lengths)
    candidates = candidates[np.unique(np.linspace(0, len(candidates) - 1, CANDIDATES).round().astype(int))]
    widths = np.concatenate([[0], candidates])
    shorter = np.concatenate([[0], np.searchsorted(np.sort(lengths), candidates, side="right")])
    within = shorter[None, :] - shorter[:, None]
    positions = np.where(within > 0, widths * rows * -(-within // rows), np.inf)
    least, cuts = positions[0], []
    for _ in range(most - 1):
        total = least[:, None] + positions
        cuts.append(np.where(total.min(axis=0) < least, total.argmin(axis=0), 0))
        least = np.minimum(least, total.min(axis=0))
    return tuple(int(widths[place]) for place in _walk(cuts, len(widths) - 1))


def shared_widths(lengths: np.ndarray, rows: int, others: np.ndarray) -> tuple[int, ...]:
    """Return those widths of another split that are needed, and the longest length where it is longer than all of them.

    What is compiled for a width then serves both splits. Where `SPARE` times the positions of the best widths would not do,
    the best widths.

    >>> shared_widths(np.array([3, 4, 8, 9, 9, 9]), rows=1, others=np.array([4, 9, 20]))
    (4, 9)
    >>> shared_widths(np.array([3, 4, 9]), rows=1, others=np.array([1000]))
    (3, 4, 9)
    """
    offered = np.unique([*others, max(lengths.max(), others[-1])])
    needed = np.unique(offered[np.searchsorted(offered, lengths)])
    best = best_widths(lengths, rows)
    ours, least = (_positions(widths, lengths, rows) for widths in (needed, np.array(best)))
    return tuple(needed.tolist()) if ours <= SPARE * least else best


def _positions(widths: np.ndarray, lengths: np.ndarray, rows: int) -> int:
    """The positions of all batches of `rows` examples, each padded to the least width that holds it."""
    held = np.bincount(np.searchsorted(widths, lengths), minlength=len(widths))
    return int((widths * rows * -(-held // rows)).sum())


def _walk(cuts: list[np.ndarray], last: int) -> list[int]:
    """The places of the widths up to `last`, found back from the best cut of each round."""
    places = [last]
    for cut in reversed(cuts):
        if before := int(cut[places[0]]):
            places.insert(0, before)
    return places
