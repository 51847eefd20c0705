"""A part to begin with, written under the name that a user gives it."""

import keyword
import re
from pathlib import Path

from rnnlab import files
from rnnlab.errors import UserError

HERE = Path(__file__).parent
KINDS = ("cell", "scheme", "dataset", "task", "metric", "optimizer", "schedule", "callback", "tracker")
"""What there are templates of."""


def write(kind: str, name: str, folder: Path) -> tuple[Path, Path, Path]:
    """Write NAME.py, test_NAME.py and NAME.yaml for a kind of `KINDS`; return where they are.

    Raises UserError, with nothing written, for a name that is no name of a function in small letters, and where one of the
    files is there.
    """
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name) or keyword.iskeyword(name):
        raise UserError(f"a name has small letters, digits and _, and begins with a letter; got {name!r}")
    texts = {
        folder / f"{name}.py": f"{kind}.py.txt",
        folder / f"test_{name}.py": f"{kind}_test.py.txt",
        folder / f"{name}.yaml": f"{kind}.yaml.txt",
    }
    if there := [str(path) for path in texts if path.exists()]:
        raise UserError(
            f"{', '.join(there)} {'is' if len(there) == 1 else 'are'} there already; give another name, or --to FOLDER"
        )
    files.make(folder)
    for path, template in texts.items():
        files.write(path, (HERE / template).read_text(encoding="utf-8").replace("NAME", name))
    part, test, experiment = texts
    return part, test, experiment
