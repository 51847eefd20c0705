"""Where does the time of the grid's training step go, as one program of XLA on TensorFlow?

python experiments/speed/program/operations.py > experiments/speed/program/operations.json

TensorFlow's profiler times every operation of the program. Of each the least time counts, times how often a step runs it, so
that other work on the machine disturbs little; what takes less than `LEAST` is in the sums only.
"""

import json
import re
from collections import defaultdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import tensorflow as tf
from measure import CALL, GRID, batches_of, taken  # it sets the backend and the number of threads
from tensorflow.tsl.profiler.protobuf import xplane_pb2

from rnnlab.config import load
from rnnlab.data.build_dataset import build
from rnnlab.sweep.provenance import machine
from rnnlab.training import fit

CALLS = 5
PRODUCT = re.compile(r"MatMul|dot")
LEAST = 0.03


def profiled() -> Any:
    """Return what TensorFlow's profiler recorded of some calls."""
    config = load(GRID, []).first_runs["variational"]
    dataset = build(config.data)
    model, batches = fit.compiled(config.model, dataset, config.training, 1), batches_of(dataset)
    taken(model.program, batches)
    with TemporaryDirectory() as folder:
        with tf.profiler.experimental.Profile(folder, tf.profiler.experimental.ProfilerOptions(host_tracer_level=3)):
            for _ in range(CALLS):
                taken(model.program, batches)
        space = xplane_pb2.XSpace()
        space.ParseFromString(next(Path(folder).rglob("*.xplane.pb")).read_bytes())
    return space


def durations(space: Any) -> dict[str, list[float]]:
    """Return the milliseconds of every run of an operation in the thread of the program, without those it contains."""
    plane, line = max(((p, line) for p in space.planes for line in p.lines), key=lambda pair: len(pair[1].events))
    names, inside, own = {key: value.name for key, value in plane.event_metadata.items()}, [], []
    for event in sorted(line.events, key=lambda event: (event.offset_ps, -event.duration_ps)):
        while inside and inside[-1][0] <= event.offset_ps:
            inside.pop()
        if inside:
            inside[-1][1][1] -= event.duration_ps / 1e9
        own.append([names[event.metadata_id], event.duration_ps / 1e9])
        inside.append((event.offset_ps + event.duration_ps, own[-1]))
    found = defaultdict(list)
    for name, duration in own:
        found[name].append(duration)
    return found


def by_group() -> dict[str, Any]:
    """Return the milliseconds of a step by group, and those of its operations."""
    groups: dict[str, dict[str, float]] = defaultdict(dict)
    for name, runs in durations(profiled()).items():
        times = len(runs) / (CALL * CALLS)
        kind, often = "products" if PRODUCT.match(name) else "other operations", "of the scan" if times > 2 else "once a step"
        groups[f"{kind} {often}"][name] = min(runs) * times
    return {group: summary(times) for group, times in groups.items()}


def summary(times: dict[str, float]) -> dict[str, Any]:
    """Return the sum of the milliseconds of some operations, and the largest of them."""
    largest = sorted(times.items(), key=lambda pair: -pair[1])
    return {"ms": round(sum(times.values()), 2), "operations": {name: round(ms, 3) for name, ms in largest if ms >= LEAST}}


if __name__ == "__main__":
    print(json.dumps({"machine": machine(), **by_group()}, indent=1))
