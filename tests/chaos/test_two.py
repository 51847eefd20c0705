"""Two sweeps over one folder share its runs: each is made once, and both end when all are there."""

import re
from collections import Counter
from pathlib import Path

from chaos.small import Forker, bits, command, config


def test_two_sweeps_make_every_run_once(both: tuple[Forker, Forker], tmp_path: Path) -> None:
    config(tmp_path, compare={"seeds": 3}, training={"epochs": 2})
    logs = [tmp_path / "log-0", tmp_path / "log-1"]
    for one, log in zip(both, logs, strict=True):
        one.start(command(tmp_path), log)
    assert [one.wait() for one in both] == [0, 0], [log.read_text() for log in logs]
    ended = [re.findall(r"(\S+ seed \d)  epoch 2/2", log.read_text()) for log in logs]
    wanted = {f"{variant} seed {seed}": 1 for variant in ("ours", "builtin") for seed in (1, 2, 3)}
    assert Counter(run for runs in ended for run in runs) == wanted
    assert all(ended), "one of them did everything"
    assert len(bits(tmp_path)) == 6
