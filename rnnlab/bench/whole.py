"""Where the time of a sweep goes, measured in turn with a plain Keras loop, each in its own process."""

import json
import subprocess
import sys
import time
from collections.abc import Sequence
from os import environ
from pathlib import Path

from rnnlab.backend import VARIABLE as KERAS
from rnnlab.bench.parts import NAMES
from rnnlab.config import Experiment, load
from rnnlab.documents import Record
from rnnlab.errors import UserError
from rnnlab.training import freed_memory
from rnnlab.training.compile_cache import VARIABLE as CACHE
from rnnlab.training.threads import environment

OURS, PLAIN = "rnnlab", "plain"


def whole(file: Path, overrides: Sequence[str] = (), repeats: int = 1) -> dict[str, list[Record]]:
    """Make all runs of an experiment `repeats` times; return the rows of two tables, `parts` and `steps`.

    `parts`: seconds of a sweep with one worker and of a plain Keras loop over the same models, counted from the start of the
    process; of several rounds, the one with the least sum. `steps`: milliseconds of a training step by variant, beside those
    of the bare matrix products of its model; the least of the rounds. Both use `training.threads`, and neither uses programs
    compiled before. Raises UserError where variants differ in threads or backend, since each is timed in one process.
    """
    experiment = load(file, overrides)
    environments = _environments(experiment)
    rounds = [{what: _timed(what, file, overrides, env) for what, env in environments.items()} for _ in range(repeats)]
    least = {
        what: min((one[what]["seconds"] for one in rounds), key=lambda seconds: sum(seconds[name] for name in NAMES))
        for what in (OURS, PLAIN)
    }
    return {"parts": _parts(least[OURS], least[PLAIN]), "steps": _steps(rounds, list(experiment.first_runs))}


def _environments(experiment: Experiment) -> dict[str, dict[str, str]]:
    """The environments of both processes, ours as a worker has it; raise UserError where variants differ in it."""
    configs = experiment.first_runs.values()
    threads, backends = {config.training.threads for config in configs}, {config.backend for config in configs}
    for what, values in (("training.threads", threads), ("backend", backends)):
        if len(values) > 1:
            raise UserError(f"variants differ in {what}, and --whole times them in one process")
    backend, count = backends.pop(), threads.pop()
    plain = {**environ, **environment(count), CACHE: "off", **({KERAS: backend} if backend else {})}
    return {OURS: {**plain, **freed_memory.environment(count, backend)}, PLAIN: plain}


def _timed(what: str, file: Path, overrides: Sequence[str], env: dict[str, str]) -> Record:
    given = {"what": what, "file": str(file), "overrides": list(overrides), "began": time.monotonic()}
    command = [sys.executable, "-m", "rnnlab.bench.whole_process", json.dumps(given)]
    done = subprocess.run(command, capture_output=True, text=True, env=env)
    if done.returncode:
        raise UserError(f"the process that times {what} ended with status {done.returncode}:\n{done.stderr[-4000:]}")
    answer: Record = json.loads(done.stdout.splitlines()[-1])
    return answer


def _parts(ours: dict[str, float], plain: dict[str, float]) -> list[Record]:
    rows = [(name, ours[name], plain[name]) for name in NAMES]
    rows.append(("all", sum(row[1] for row in rows), sum(row[2] for row in rows)))
    return [
        {"part": name, "rnnlab, s": mine, "plain Keras, s": its, "rnnlab / plain": mine / its if its else None}
        for name, mine, its in rows
    ]


def _steps(rounds: list[dict[str, Record]], variants: list[str]) -> list[Record]:
    def least(what: str, table: str, variant: str) -> float | None:
        times = [one[what][table][variant] for one in rounds]
        return None if None in times else min(times)

    rows = []
    for variant in variants:
        mine, its = (least(what, "steps", variant) for what in (OURS, PLAIN))
        bare = least(OURS, "products", variant)
        row = {"variant": variant, "rnnlab, ms": mine, "plain Keras, ms": its, "bare products, ms": bare}
        row["rnnlab / plain"] = mine / its if mine and its else None
        rows.append({**row, "rnnlab / products": mine / bare if mine and bare else None})
    return rows
