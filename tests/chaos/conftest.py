"""What the chaos tests share."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chaos.small import Forker, bits, command, config

Whole = tuple[Path, list[Any]]


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
def whole(forker: Forker, tmp_path_factory: pytest.TempPathFactory) -> Whole:
    """The folder of a sweep that nobody disturbed, and its bits."""
    return undisturbed(forker, tmp_path_factory.mktemp("whole"))


@pytest.fixture(scope="module", params=["tensorflow", "jax"])
def backend(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Forker, Whole]]:
    """What starts processes on a backend, and a sweep there that nobody disturbed."""
    server = Forker(request.param)
    yield server, undisturbed(server, tmp_path_factory.mktemp("whole"))
    server.close()


def undisturbed(forker: Forker, folder: Path) -> Whole:
    config(folder)
    assert forker.run(command(folder), folder / "log") == 0, (folder / "log").read_text()
    return folder, bits(folder)
