"""A worker process: makes the runs that its input names, and reports their progress on its output, a line of JSON a message."""

import gc
import json
import os
import signal
import sys
from functools import partial
from queue import SimpleQueue
from threading import Thread
from traceback import print_exc

from rnnlab.quiet import start_quietly
from rnnlab.sweep.job import Job, Unreadable, job_or_reason


def _listen(jobs: SimpleQueue[Job | Unreadable]) -> None:
    """Pass on the input; it ends when the process that gives the jobs ends, and this process ends with it, at once."""
    try:
        for line in sys.stdin:
            jobs.put(job_or_reason(partial(json.loads, line)))
        os._exit(0)
    except BaseException:
        print_exc()
        sys.stderr.flush()
        os._exit(1)  # no job could reach this process any more: it ends, which its parent sees


def main() -> None:
    """Work until the input ends. Ctrl-C is for the process that gives the jobs, though a terminal sends it to both."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    start_quietly()
    sys.argv = sys.argv[1:]  # the command that a person gave
    output = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what libraries print is not a message

    def send(name: str, argument: object) -> None:
        output.write(json.dumps([name, argument]) + "\n")
        output.flush()

    jobs: SimpleQueue[Job | Unreadable] = SimpleQueue()
    Thread(target=_listen, args=(jobs,), daemon=True).start()
    import rnnlab.sweep.execute  # noqa: F401  everything heavy, once
    from rnnlab.sweep.claim import Turns
    from rnnlab.sweep.executors.protocol import Sent

    gc.freeze()  # the collection after every run need not look through the libraries again

    sent, turns = Sent(send), Turns()
    send("ready", None)
    while True:
        sent.answer(jobs.get(), turns)


if __name__ == "__main__":
    main()
