"""A small sweep that can be started quickly and often, and all its bits."""

import contextlib
import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import tensorboards
import yaml

from rnnlab.storage.integrity import damaged_in
from rnnlab.storage.store import CHECKPOINT, RESULT, TENSORBOARD, WEIGHTS, read
from rnnlab.training import weights_file

DOCUMENT: dict[str, Any] = {
    "name": "small",
    "data": {"name": "python_reference", "vocabulary": 40, "window": 6, "batch_size": 4, "limit_tokens": 300},
    "model": {"embedding": {"width": 4}, "recurrent": [{"units": 4, "dropout": 0.3, "recurrent_dropout": 0.3}]},
    "training": {"epochs": 4, "monitor": "perplexity", "checkpoint": {"every_minutes": 0.0}, "early_stopping": {"patience": 3}},
    "compare": {"variants": {"ours": {}, "builtin": {"implementation": "keras"}}, "seeds": 1},
    "executor": {"name": "in_process"},
}


def config(folder: Path, **sections: dict[str, Any]) -> Path:
    """The file of the small sweep, with changes in its sections."""
    folder.mkdir(parents=True, exist_ok=True)
    document = {**DOCUMENT, **{name: {**DOCUMENT[name], **section} for name, section in sections.items()}}
    document |= {"executor": sections["executor"]} if "executor" in sections else {}
    (folder / "small.yaml").write_text(yaml.safe_dump(document))
    return folder / "small.yaml"


def command(folder: Path) -> list[str]:
    """What makes the sweep in a folder that has its config."""
    return ["run", str(folder / "small.yaml"), "--runs", str(folder / "runs")]


def untimed(record: Any) -> Any:
    """A record without what the clock says and where it was made."""
    if isinstance(record, dict):
        return {
            key: untimed(value)
            for key, value in record.items()
            if "second" not in key and "throughput" not in key and key not in ("origin", "events")
        }
    if isinstance(record, str):
        return re.sub(r", about .+? one after the other", "", record)
    return [untimed(part) for part in record] if isinstance(record, list) else record


def bits(folder: Path) -> list[Any]:
    """Results, curves and weights of every run, without what the clock says; nothing is damaged, nothing half-written."""
    found = []
    for run in read(folder / "runs" / "small").runs:
        assert run.result is not None, run.folder
        assert run.damaged == []
        assert not [*run.folder.rglob("*.partial")]
        curves = [(epoch.epoch, epoch.train, epoch.validation) for epoch in run.epochs]
        assert not (run.folder / CHECKPOINT).exists()
        assert damaged_in(run.folder) == []
        found.append(
            (run.variant, untimed(run.result.document()), curves, shown(run.folder), weights_file.arrays(run.folder / WEIGHTS))
        )
    return found


def answer(folder: Path) -> Any:
    """What the sweep's comparison says, which is written anew whenever one ends, without what the clock says."""
    return untimed(json.loads((folder / "runs" / "small" / "comparison.json").read_text()))


def shown(folder: Path) -> list[Any]:
    """What TensorBoard shows of a run, and of the mean over its variant's seeds, without what the clock says."""
    board, mean = folder / TENSORBOARD, folder.parent / "mean"
    numbers = [untimed({tag: [*map(repr, points)] for tag, points in tensorboards.shown(one).items()}) for one in (board, mean)]
    configs = [text.item() for text in tensorboards.tensors(board, "text")["config"]]
    others = {**tensorboards.histograms(board), **tensorboards.images(board)}
    return [numbers, configs, {tag: [step.tobytes() for step in steps] for tag, steps in others.items()}]


FORKED = """
import os, signal, sys, threading, types
from rnnlab.sweep.executors import worker, worker_process

class Forked:
    def __init__(self, command, stdin, stdout, stderr, env, text):
        (work, give), (hear, tell) = os.pipe(), os.pipe()
        self.pid, self.status, self.waited = os.fork(), None, threading.Lock()
        if not self.pid:
            os.dup2(work, 0), os.dup2(tell, 1), os.dup2(stderr.fileno(), 2), os.closerange(3, 1024)
            os.environ.update(env)
            sys.stdin, sys.stdout, sys.argv = os.fdopen(0), os.fdopen(1, "w"), ["worker", *command[3:]]
            try:
                worker.main()
            finally:
                os._exit(3)
        os.close(work), os.close(tell)
        self.stdin, self.stdout = os.fdopen(give, "w"), os.fdopen(hear)
    def wait(self):
        with self.waited:
            if self.status is None:
                self.status = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
            return self.status
    def kill(self):
        if self.status is None:
            os.kill(self.pid, signal.SIGKILL)

worker_process.subprocess = types.SimpleNamespace(Popen=Forked, PIPE=None)
"""
"""What a forked command line executes first so that its workers too are forks, which need not import TensorFlow."""


def alive(process: int) -> bool:
    """Whether a process still runs."""
    return Path(f"/proc/{process}/exe").exists()


def workers(parent: int) -> list[int]:
    """The processes that a process has started and that live."""
    try:
        return [int(one) for one in Path(f"/proc/{parent}/task/{parent}/children").read_text().split()]
    except FileNotFoundError:
        return []


def unfinished(folder: Path) -> list[tuple[Path, int]]:
    """The states of runs that have not ended, and when they were written."""
    found = []
    for state in folder.glob("runs/small/*/*/checkpoint/state"):
        with contextlib.suppress(FileNotFoundError):
            found += [] if (state.parents[1] / RESULT).exists() else [(state, state.stat().st_mtime_ns)]
    return found


def later(folder: Path, rng: random.Random, process: int) -> bool:
    """Wait until a random instant: before anything is saved, between two saves, or in one, however slow the machine is.

    A process that has ended is not waited for. Return whether it was to save something.
    """
    saves, before = rng.choice([0, 0, 1, 2, 5, 20]), unfinished(folder)
    seconds, left = rng.uniform(0, 0.05 if saves else 2), saves
    while left and alive(process):
        time.sleep(0.005)
        if (now := unfinished(folder)) != before:
            left, before = left - 1, now
    time.sleep(seconds)
    return saves > 0


class Forker:
    """Starts rnnlab's command line in processes that need not import a backend: forks of one that did nothing but import.

    On JAX a small run takes three quarters of the time that it takes on TensorFlow.
    """

    SERVER = """
import gc, json, os, resource, sys
import rnnlab.report.html, rnnlab.comparison.compare, rnnlab.cli, rnnlab.sweep.execute, rnnlab.sweep.sweep
import rnnlab.sweep.executors.local, rnnlab.sweep.executors.worker
import keras, tensorflow, tensorboard.summary.writer.record_writer, tensorboard.compat.proto.event_pb2
import rnnlab.config, rnnlab.sweep.makers
rnnlab.sweep.makers.code()  # which no child then has to read, nor to make the sections of a config
rnnlab.config.load(os.path.join(os.path.dirname(rnnlab.__file__), "../configs/quickstart.yaml"))
gc.set_threshold(20_000), gc.freeze()  # a child need not look through TensorFlow
for line in sys.stdin:
    order = json.loads(line)
    child = os.fork()
    if not child:
        os.setsid()
        log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(log, 1), os.dup2(log, 2), os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        sys.argv = ["rnnlab", *order["arguments"]]
        if "run" in order["arguments"][:1]:
            rnnlab.report.html.pictures = lambda *what: []  # they would take long, and `report` draws them
        exec(order["first"])
        try:
            rnnlab.cli.main(order["arguments"])
        except SystemExit as end:
            sys.stdout.flush()
            os._exit(end.code or 0)
        except BaseException:
            import traceback
            traceback.print_exc()
        os._exit(99)
    print(child, flush=True)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""

    def __init__(self, backend: str = "jax") -> None:
        pipe, own = subprocess.PIPE, {**os.environ, "KERAS_BACKEND": backend}
        self._server = subprocess.Popen(
            [sys.executable, "-c", self.SERVER], stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, text=True, env=own
        )
        assert self._server.stdin
        assert self._server.stdout
        self._orders, self._answers, self._running = self._server.stdin, self._server.stdout, False

    def ends_well(self, arguments: list[str], folder: Path) -> None:
        """A command, started in a folder, ends with status 0 and prints something."""
        out, err = (folder / f"{len([*folder.iterdir()])}.{name}" for name in ("out", "err"))
        first = f"os.chdir({str(folder)!r}); os.dup2(os.open({str(err)!r}, os.O_WRONLY | os.O_CREAT), 2)"
        assert self.run(arguments, out, first) == 0, f"{arguments}\n{err.read_text()}"
        assert out.read_text()

    def start(self, arguments: list[str], log: Path, first: str = "") -> int:
        """Start a process that says what it says in a file and executes `first` before; return its number.

        One that a failed test has left is ended first, or its status would be read as the answer.
        """
        if self._running:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.child, signal.SIGKILL)
            self.wait()
        self._orders.write(json.dumps({"arguments": arguments, "log": str(log), "first": first}) + "\n")
        self._orders.flush()
        self.child, self._running = int(self._answers.readline()), True
        return self.child

    def wait(self) -> int:
        """Return the exit status, once there is one; a kill is its signal, negative."""
        self._running = False
        return int(self._answers.readline())

    def run(self, arguments: list[str], log: Path, first: str = "") -> int:
        """Start and wait."""
        self.start(arguments, log, first)
        return self.wait()

    def kill(self, folder: Path, rng: random.Random, interrupts: float = 0.0) -> int:
        """Kill the process and all that it started at a random instant, and return how it ended; it may be quicker.

        One that is at work is interrupted as by Ctrl-C so often.
        """
        at_work = later(folder, rng, self.child)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.child, signal.SIGINT if at_work and rng.random() < interrupts else signal.SIGKILL)
        return self.wait()

    def close(self) -> None:
        """End the server."""
        self._orders.close()
        self._server.wait()
        self._answers.close()
