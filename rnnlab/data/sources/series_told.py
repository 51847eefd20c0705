"""Messages about series beside their counts: guesses, uneven times, overlapping splits."""

from collections import Counter
from collections.abc import Mapping

from rnnlab.data.sources import times
from rnnlab.data.sources.encoders import STRANGE, Encoder
from rnnlab.data.sources.series_config import NumberSeries
from rnnlab.data.sources.tracks import Track
from rnnlab.documents import Record

Spans = list[tuple[int, str, int, int]]
"""For every split of every series: the number of the series, the split, begin and end."""


def told(config: NumberSeries, tracks: list[Track], spans: Spans) -> Record:
    """Return what was guessed of the files, and in words what is odd about the times."""
    odd: list[str | None] = [_day_first(tracks)] if any(track.guessed for track in tracks) else []
    odd += [times.uneven(track.times, track.place(0)) for track in tracks if track.times is not None and not config.every]
    ends = {tracks[number].id: tracks[number].times for number, name, _, _ in spans if name == "train"}
    for number, name, begin, _ in spans:
        own, trained = tracks[number], ends.get(tracks[number].id)
        if trained is None or own.times is None or own.times is trained or own.times[begin] > trained[-1]:
            continue
        reach = f"begins at {times.shown(own.times[begin])}, and training reaches to {times.shown(trained[-1])}"
        odd.append(f"{own.place(begin)}: {name} {reach}: what is evaluated may have been trained on")
    odd += dict.fromkeys(line for track in tracks for line in track.odd)
    layout = {key: value for track in tracks for key, value in track.layout.items()}
    return {"told": [line for line in odd if line], "guessed": layout}


def strange(tracks: list[Track], encoding: Mapping[str, Encoder]) -> list[str]:
    """Return in words which names of a column the training split lacks.

    >>> track = Track("", {"sky": ["wet", "dry", "wet"]}, str, None)
    >>> strange([track], {"sky": {"kind": "category", "names": ["dry"]}})
    ['sky=wet is not in the training split, and is read as none; 2 rows have it']
    """
    counts: Counter[str] = Counter()
    for column, encoder in encoding.items():
        known = encoder.get("names", [])
        cells = [cell for track in tracks for cell in track.cells[column]] if known else []
        counts.update(f"{column}={name}" for cell in cells if cell is not None and (name := str(cell).strip()) not in known)
    return [f"{one} {STRANGE}; {count} {'row has' if count == 1 else 'rows have'} it" for one, count in counts.items()]


def _day_first(tracks: list[Track]) -> str:
    day_first = any(track.day_first for track in tracks)
    read, other = ("day", "false") if day_first else ("month", "true")
    return f"dates such as 01/02/2024 are read with the {read} first, which is a guess; day_first: {other} says otherwise"
