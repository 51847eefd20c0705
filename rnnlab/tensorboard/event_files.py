"""Event files: TensorBoard's own records, appended while it may be reading, and cut where a kill has torn them."""

import os
import struct
import time
from collections.abc import Iterable, Iterator, Mapping
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from rnnlab import files

if TYPE_CHECKING:
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.compat.proto.summary_pb2 import Summary

FILE = "events.out.tfevents.0000000000.rnnlab"
"""The one event file of a folder; TensorBoard knows it by the middle of its name."""


def append(folder: Path, step: int, values: Iterable["Summary.Value"]) -> None:
    """Append what a step says to the event file of a folder, which is made where it is missing; TensorBoard may be reading it.

    The values are those of `scalars`, `histogram`, `image` and `text`. Raises StorageError where they cannot be written.
    """
    begun = (folder / FILE).exists() and (folder / FILE).stat().st_size
    files.append(files.make(folder) / FILE, _file({step: values}, [] if begun else [_version()]))


def replace(folder: Path, steps: Mapping[int, Iterable["Summary.Value"]]) -> None:
    """Write what steps say in place of all that the event files of a folder said; TensorBoard may be reading them.

    TensorBoard does not notice that a file which it reads was replaced, so this is a new file with a later name, which says
    that it starts again. Two processes may do so at once: the later file counts.
    """
    from tensorboard.compat.proto.event_pb2 import Event, SessionLog

    begin = Event(wall_time=time.time(), step=0, session_log=SessionLog(status=SessionLog.START))
    path = files.make(folder) / FILE.replace("0" * 10, f"{time.time_ns():020d}")
    files.write(path, _file(steps, [_version(), begin]))
    for older in folder.glob(FILE.replace("0" * 10, "*")):
        if older.name < path.name:
            files.remove(older)


def _version() -> "Event":
    from tensorboard.compat.proto.event_pb2 import Event

    return Event(wall_time=time.time(), file_version="brain.Event:2")


def _file(steps: Mapping[int, Iterable["Summary.Value"]], before: Iterable["Event"]) -> bytes:
    """The records of events, and of what steps say."""
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.compat.proto.summary_pb2 import Summary
    from tensorboard.summary.writer.record_writer import RecordWriter

    said = [Event(wall_time=time.time(), step=step, summary=Summary(value=values)) for step, values in steps.items()]
    records = BytesIO()
    for event in (*before, *said):
        RecordWriter(records).write(event.SerializeToString())
    return records.getvalue()


def cut(folder: Path, steps: int) -> bool:
    """Cut an event file behind the last whole record before a step, where a killed process may have torn it.

    Return whether a record of each of the `steps` (counted from 0) stays. Records of how the training began stay too; they
    belong to no step. Records that stay keep their times, and TensorBoard, which may be reading the file, keeps its position
    in it.
    """
    end, written = 0, []
    try:
        content = (folder / FILE).read_bytes()
    except OSError:
        return False
    for event, after in _events(content):
        if event.HasField("summary") and not _begins(event):
            if event.step >= steps:
                break
            written.append(event.step)
        end = after
    with files.told(folder / FILE):
        os.truncate(folder / FILE, end)
    return written == list(range(steps))


def begun(folder: Path) -> bool:
    """Return whether an event file says with which settings a training began."""
    try:
        content = (folder / FILE).read_bytes()
    except OSError:
        return False
    return any(_begins(event) for event, _ in _events(content))


def forget(folder: Path, tag: str = "_hparams_/") -> None:
    """Remove from an event file the records with such a tag: with which settings a training began and how it ended."""
    try:
        content = (folder / FILE).read_bytes()
    except OSError:
        return
    if tag.encode() not in content:
        return
    start, kept = 0, []
    for event, end in _events(content):
        if not _says(event, tag):
            kept.append(content[start:end])
        start = end
    if sum(map(len, kept)) < start:
        files.write(folder / FILE, b"".join(kept))


def _begins(event: "Event") -> bool:
    return _says(event, "_hparams_/session_start_info")


def _says(event: "Event", tag: str) -> bool:
    return any(value.tag.startswith(tag) for value in event.summary.value)


def _events(content: bytes) -> Iterator[tuple["Event", int]]:
    from tensorboard.compat.proto.event_pb2 import Event

    for record, end in _records(content):
        yield Event.FromString(record), end


def _records(content: bytes) -> Iterator[tuple[bytes, int]]:
    """The whole records from the beginning on, each with the place where it ends."""
    from tensorboard.compat.tensorflow_stub.pywrap_tensorflow import masked_crc32c

    end = 0
    while len(content) >= end + 12:
        length, check = struct.unpack_from("<QI", content, end)
        start, stop = end + 12, end + 12 + length
        if masked_crc32c(content[end : end + 8]) != check or len(content) < stop + 4:
            return
        record = content[start:stop]
        if struct.unpack_from("<I", content, stop)[0] != masked_crc32c(record):
            return
        end = stop + 4
        yield record, end
