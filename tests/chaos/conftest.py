"""What the chaos tests share."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from chaos.forker import Forker
from chaos.small import DOCUMENT, bits, command, config

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


SEVERAL = {"training": {**DOCUMENT["training"], "checkpoint": {"every_minutes": 0.0003}}}
"""Several steps run in one call, and a call may end in the middle of an epoch with a state to be kept."""
SWEEPS = {"tensorflow-several": SEVERAL, "jax": {}, "jax-several": SEVERAL}


@pytest.fixture(scope="module", params=SWEEPS)
def sweep(
    request: pytest.FixtureRequest, forkers: Forkers, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Forker, Callable[[Path], Path], Whole]:
    """What starts processes on a backend, what writes the config of a sweep, and that sweep undisturbed."""
    backend, sections = request.param.split("-")[0], SWEEPS[request.param]
    if not sections:
        return forkers(backend), config, request.getfixturevalue("whole")
    write = partial(config, **sections)
    return forkers(backend), write, undisturbed(forkers(backend), tmp_path_factory.mktemp("whole"), write)


def undisturbed(forker: Forker, folder: Path, write: Callable[[Path], Path] = config) -> Whole:
    write(folder)
    assert forker.run(command(folder), folder / "log") == 0, (folder / "log").read_text()
    return folder, bits(folder)
