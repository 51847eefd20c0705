"""Command lines of rnnlab as forks of one process that has imported everything."""

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

from chaos.small import later

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
