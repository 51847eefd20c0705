"""The one writer of TensorBoard event files: TensorBoard's own records, and no TensorFlow."""

import time
from collections.abc import Mapping
from pathlib import Path

FILE = "events.out.tfevents.0000000000.rnnlab"
"""The one event file of a folder; TensorBoard knows it by the middle of its name."""


def append_scalars(folder: Path, step: int, values: Mapping[str, float]) -> None:
    """Append figures to the event file of a folder, which is made where it is missing; TensorBoard may be reading it."""
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.compat.proto.summary_pb2 import Summary
    from tensorboard.summary.writer.record_writer import RecordWriter

    folder.mkdir(parents=True, exist_ok=True)
    summary = Summary(value=[Summary.Value(tag=tag, simple_value=value) for tag, value in values.items()])
    with (folder / FILE).open("ab") as file:
        writer = RecordWriter(file)
        if file.tell() == 0:
            writer.write(Event(wall_time=time.time(), file_version="brain.Event:2").SerializeToString())
        writer.write(Event(wall_time=time.time(), step=step, summary=summary).SerializeToString())


def append_epoch(folder: Path, epoch: int, logs: Mapping[str, float]) -> None:
    """Append the logs of a Keras epoch (counted from 0) under Keras's own tags to the sub-runs `train` and `validation`."""
    for split, prefix in (("train", ""), ("validation", "val_")):
        own = {name: value for name, value in logs.items() if name.startswith("val_") == bool(prefix)}
        if own:
            append_scalars(folder / split, epoch, {f"epoch_{name.removeprefix(prefix)}": own[name] for name in own})
