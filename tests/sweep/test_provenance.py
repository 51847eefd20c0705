"""Where a run is made: the commit of the code beside it."""

import os
import subprocess
from pathlib import Path

from rnnlab.sweep.provenance import git


def test_the_commit_and_changes_are_told_and_nothing_is_written(tmp_path: Path) -> None:
    assert git(tmp_path) is None
    name = ("-c", "user.name=me", "-c", "user.email=me@example.org")
    (tmp_path / "file").write_text("one")
    subprocess.run(["git", "-C", str(tmp_path), "init", "--quiet"], check=True)
    assert git(tmp_path) is None  # no commit yet
    for command in (("add", "file"), (*name, "commit", "--quiet", "-m", "one")):
        subprocess.run(["git", "-C", str(tmp_path), *command], check=True)
    os.utime(tmp_path / "file", (1, 1))  # after which git would write its index anew
    index = tmp_path / ".git" / "index"
    before = index.read_bytes()
    known = git(tmp_path)
    assert known is not None
    assert (len(str(known["commit"])), known["changed"]) == (40, False)
    assert index.read_bytes() == before
    (tmp_path / "file").write_text("two")
    assert git(tmp_path) == {**known, "changed": True}
