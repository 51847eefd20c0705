"""A worker process, as seen by the process that gives it its jobs."""

import contextlib
import json
import os
import signal
import subprocess
import sys
from queue import SimpleQueue
from tempfile import TemporaryFile
from threading import Thread
from traceback import format_exc

from rnnlab.progress.base import Display
from rnnlab.sweep.executors.protocol import Argument, Heard
from rnnlab.sweep.job import Job
from rnnlab.training import freed_memory
from rnnlab.training.threads import environment

COMMAND = [sys.executable, "-m", "rnnlab.sweep.executors.worker"]
LAST_WORDS = 4000
"""Bytes of a process's output that are kept when it ends."""

LAST_MESSAGES = 5.0
"""Seconds in which the messages of a process that has ended are read to their end."""

Inbox = SimpleQueue[tuple["Process", str, Argument]]
"""The messages of all processes of an executor: process, name and argument; `gone` when a process has ended."""


class Process:
    """One process that makes one run after the other."""

    def __init__(self, inbox: Inbox, threads: int, environ: dict[str, str]):
        self.threads, self.ready = threads, False
        self.heard: Heard | None = None
        """Its messages about the run that it is making."""
        self.variant = ""
        """The variant of the last run that it was given."""
        self._said = TemporaryFile()  # noqa: SIM115  it is open as long as the process
        self._process = subprocess.Popen(
            [*COMMAND, *sys.argv],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._said,
            env={**os.environ, **environment(threads), **freed_memory.environment(threads), **environ},
            text=True,
        )
        self._unread = ""
        self._reader = Thread(target=self._listen, args=(inbox,), daemon=True)
        self._reader.start()
        self._watcher = Thread(target=self._watch, args=(inbox,), daemon=True)
        self._watcher.start()

    def give(self, job: Job, progress: Display) -> None:
        """Give it a run to make, shown in `progress`."""
        self.heard, self.variant = Heard(job, progress), job.spec.variant
        assert self._process.stdin
        with contextlib.suppress(BrokenPipeError):  # it is gone, as its output tells
            self._process.stdin.write(json.dumps(job.document()) + "\n")
            self._process.stdin.flush()

    def end(self) -> None:
        """End it at once."""
        self._process.kill()
        self._process.wait()
        self._watcher.join()
        assert self._process.stdin
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        self._said.close()

    @property
    def how(self) -> str:
        """How it ended, in words."""
        status = self._process.wait()
        if self._unread:
            return "its worker process sent a message that cannot be read"
        if status >= 0:
            return f"its worker process ended with status {status}"
        memory = ", perhaps by the system's out-of-memory killer" if status == -signal.SIGKILL else ""
        return f"its worker process was killed ({signal.Signals(-status).name}{memory})"

    @property
    def killed(self) -> bool:
        """Whether it was killed from outside."""
        return self._process.wait() < 0

    @property
    def last_words(self) -> str:
        """The end of its output beside its messages."""
        self._said.seek(max(0, self._said.seek(0, os.SEEK_END) - LAST_WORDS))
        return self._said.read().decode(errors="replace") + self._unread

    def _listen(self, inbox: Inbox) -> None:
        """Hand on what it sends; a message that cannot be read ends it."""
        assert self._process.stdout
        with self._process.stdout as messages:
            try:
                for line in messages:
                    if not line.endswith("\n"):  # it was killed while it spoke
                        break
                    name, argument = json.loads(line)
                    inbox.put((self, name, argument))
            except Exception:
                self._unread = format_exc()
                self._process.kill()

    def _watch(self, inbox: Inbox) -> None:
        """Tell when it has ended, after its last message, also where a process that it forked holds its output open."""
        self._process.wait()
        self._reader.join(LAST_MESSAGES)
        inbox.put((self, "gone", None))
