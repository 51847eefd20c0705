"""A run.yaml that is damaged, or that nobody should read, is refused in one line."""

from pathlib import Path

import pytest

from rnnlab.errors import UserError
from rnnlab.storage.run_origin import read_origin

BOMB = "config: &a0 x\n" + "\n".join(f"k{n}: &a{n} [*a{n - 1}, *a{n - 1}, *a{n - 1}]" for n in range(1, 40))


TEXTS = {
    "missing": None,
    "empty": "",
    "list": "- 1",
    "no config": "seed: 1",
    "cut": "config: [",
    "aliases": BOMB,
    "large": "config: " + "x" * 300_000,
    "tag": "config: !!python/name:os.system x",
    "deep": "a: " + "[" * 9000,
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_it_is_refused(text: str | None, tmp_path: Path) -> None:
    if text is not None:
        (tmp_path / "run.yaml").write_text(text)
    with pytest.raises(UserError, match=r"run\.yaml is damaged; rnnlab run repairs it"):
        read_origin(tmp_path)
