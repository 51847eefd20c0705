"""One sweep in one process, timed by its parts: python -m rnnlab.bench.whole_process JSON; prints JSON on its last line."""

import json
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from rnnlab.bench.parts import Parts, timed
from rnnlab.documents import Record
from rnnlab.quiet import start_quietly


def measure(what: str, file: str, overrides: list[str], began: float) -> Record:
    """Make all runs of an experiment by `rnnlab`, or by a loop in plain `keras`; return seconds and milliseconds."""
    parts = Parts(began)
    from rnnlab.bench import whole_sweep
    from rnnlab.config import load

    experiment = load(file, overrides)
    parts.to("records")
    with timed(parts), TemporaryDirectory() as folder:
        steps = getattr(whole_sweep, what)(experiment, parts, Path(folder))
    parts.to("records")
    parts.settle()
    return {"seconds": parts.seconds, **steps}


if __name__ == "__main__":
    start_quietly()
    print("\n" + json.dumps(measure(**json.loads(sys.argv[1]))))
