"""What the chaos tests share."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chaos.small import Forker, bits, command, config


@pytest.fixture(scope="session")
def forker() -> Iterator[Forker]:
    """Starts processes quickly."""
    server = Forker()
    yield server
    server.close()


@pytest.fixture(scope="session")
def both(forker: Forker) -> Iterator[tuple[Forker, Forker]]:
    """Starts two at once."""
    second = Forker()
    yield forker, second
    second.close()


@pytest.fixture(scope="session")
def whole(forker: Forker, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Any]]:
    """The folder of a sweep that nobody disturbed, and its bits."""
    folder = tmp_path_factory.mktemp("whole")
    config(folder)
    log = folder / "log"
    assert forker.run(command(folder), log) == 0, log.read_text()
    return folder, bits(folder)
