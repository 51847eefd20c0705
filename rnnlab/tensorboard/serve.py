"""TensorBoard's own program under readable names of runs: `python -m rnnlab.tensorboard.serve --logdir FOLDER`."""

import atexit
import shutil
import sys
import tempfile
from pathlib import Path

from rnnlab.quiet import start_quietly
from rnnlab.tensorboard.readable_names import follow


def main() -> None:
    """Serve until it is stopped."""
    start_quietly()
    from tensorboard.main import run_main

    place = sys.argv.index("--logdir") + 1
    view = Path(tempfile.mkdtemp(prefix="rnnlab-tensorboard-"))
    atexit.register(shutil.rmtree, view, ignore_errors=True)
    follow(Path(sys.argv[place]).resolve(), view)
    sys.argv[place] = str(view)
    run_main()


if __name__ == "__main__":
    main()
