"""What the chaos tests share."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from chaos.small import Forker, bits, command, config

Whole = tuple[Path, list[Any]]
Forkers = Callable[[str], Forker]


@pytest.fixture(scope="session")
def forker(forkers: Forkers) -> Forker:
    """Starts processes on JAX, which is quicker."""
    return forkers("jax")


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
def backend(request: pytest.FixtureRequest, forkers: Forkers, tmp_path_factory: pytest.TempPathFactory) -> tuple[Forker, Whole]:
    """What starts processes on a backend, and a sweep there that nobody disturbed."""
    if request.param == "jax":
        return forkers("jax"), request.getfixturevalue("whole")
    return forkers(request.param), undisturbed(forkers(request.param), tmp_path_factory.mktemp("whole"))


def undisturbed(forker: Forker, folder: Path) -> Whole:
    config(folder)
    assert forker.run(command(folder), folder / "log") == 0, (folder / "log").read_text()
    return folder, bits(folder)
