"""Rows that do not stand in the order of their dates, where the section of a series does not name these."""

from collections.abc import Sequence

import numpy as np

from rnnlab.data.sources import dates
from rnnlab.data.sources.frames import Frame
from rnnlab.data.sources.layout import Entry
from rnnlab.errors import UserError


def told(frame: Frame, ids: Sequence[Entry] | None) -> list[str]:
    """Say which columns of dates have a row earlier than the row before it, of the same series where these have ids.

    A column is left out where a cell is no date, and where its dates can be read in two ways and one of them is in order.
    """
    names = np.array([str(one) for one in ids or [""] * len(frame)])
    rows = np.argsort(names, kind="stable")
    within = names[rows[1:]] == names[rows[:-1]]
    odd = []
    for column, cells in frame.dated.items():
        late = [rows[1:][within & (times[rows[1:]] < times[rows[:-1]])] for times in _read(cells)]
        if late and all(map(len, late)):
            said = f"{column!r} is earlier here than in the row before, and rows stay as in the file; time: {column} sorts them"
            odd.append(f"{frame.place(int(late[0].min()))}: {said}")
    return odd


def _read(cells: Sequence[Entry]) -> list[np.ndarray]:
    """The times, as often as there are ways to read them; none where a cell is no time."""
    try:
        ways = dates.readings(cells) or [False]
    except UserError:
        return []
    read = [dates.read(cells, day_first) for day_first in ways]
    return [] if np.isnat(read[0]).any() else read
