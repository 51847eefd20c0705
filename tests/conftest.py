"""What all tests share: a quiet backend that leaves the other worker its core, real data, a browser."""

import gc
import os
import shutil
import signal
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]

signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background ignores Ctrl-C, and so would what it starts
gc.set_threshold(20_000)  # every search for garbage looks through TensorFlow and JAX too

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# Much is compiled to run once.
XLA = ["--xla_backend_optimization_level=0", "--xla_llvm_disable_expensive_passes=true", "--xla_cpu_use_fusion_emitters=false"]
os.environ |= {"TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "1", "NPROC": "1"}  # as `training.threads` has it
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ["OMP_NUM_THREADS"] = "1"
    XLA += ["--xla_cpu_multi_thread_eigen=false", "intra_op_parallelism_threads=1"]
os.environ.setdefault("XLA_FLAGS", " ".join(XLA))
os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(ROOT / ".pytest_cache" / "jax"))
os.environ |= {"JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0", "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "-1"}


FINISHED = count(1)
LONG = ("slow", "process", "browser", "cluster")
"""The marks of what the short suite leaves out."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--kills", type=int, default=12, help="How often tests/chaos kill at random, all tests together.")
    parser.addoption("--proven", default="", help="What the names of short tests begin with that have been run.")
    parser.addoption("--part", default="1/1", help="K/N: of the files in alphabetical order, the Kth and every Nth after it.")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark what asks for the browser below, and leave out what is proven."""
    for item in items:
        if "chromium" in getattr(item, "fixturenames", ()):
            item.add_marker("browser")
    names = (*config.getoption("--proven").split(),)
    proven = {item for item in items if item.nodeid.startswith(names) and not any(map(item.get_closest_marker, LONG))}
    left_out = proven | outside(config.getoption("--part"), items)
    if left_out:
        config.hook.pytest_deselected(items=[*left_out])
        items[:] = [item for item in items if item not in left_out]


def outside(part: str, items: list[pytest.Item]) -> set[pytest.Item]:
    """Return the tests in files of other parts."""
    number, _, of = part.partition("/")
    if not (number.isdecimal() and of.isdecimal() and 1 <= int(number) <= int(of)):
        raise pytest.UsageError(f"--part is K/N with K from 1 to N; got {part}")
    files = sorted({item.path for item in items})
    mine = {*files[int(number) - 1 :: int(of)]}
    return {item for item in items if item.path not in mine}


def pytest_collection_finish() -> None:
    freeze()


def pytest_runtest_logfinish() -> None:
    """Freeze again after every few tests: Keras looks for garbage at every `clear_session`, and a test imports much more."""
    if next(FINISHED) % 20 == 0:
        freeze()


def freeze() -> None:
    """Take everything there is for lasting to the end, so that no search for garbage looks through it again."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def _forgotten() -> Iterator[None]:
    """Forget every part that a test registers, and no file of rnnlab: the next test finds the built-in ones alone."""
    yield
    from rnnlab import plugins
    from rnnlab.registry import ALL

    home = str(Path(plugins.__file__).parent)
    for registry in ALL:
        for source in {file for file in registry.sources.values() if file and not file.startswith(home)}:
            registry.discard(source)
    plugins._LOADED.clear()
    plugins._FINGERPRINTS.clear()


@pytest.fixture
def in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make all runs here, whatever their config says: workers take longer to start than such runs to train."""
    from rnnlab.sweep import sweep
    from rnnlab.sweep.executors.in_process import InProcess

    monkeypatch.setattr(sweep, "executor", lambda config, jobs: InProcess())


@pytest.fixture
def make(tmp_path: Path) -> Any:
    """Writes folders of runs from known metrics."""
    from made_runs import Maker  # it imports Keras, which the process that only hands out the tests does not need

    return Maker(tmp_path / "runs")


@pytest.fixture(scope="module")
def lasting_models() -> Iterator[None]:
    """Let sweeps in this process that are alike share their compiled models, as the seeds of one sweep do."""
    from lasting import lasting

    from rnnlab.sweep import execute
    from rnnlab.training import kept

    models: dict[str, Any] = {}
    with pytest.MonkeyPatch.context() as patch:
        for module in (kept, execute):
            patch.setattr(module, "Kept", lasting(models))
        yield
    for model, _ in reversed(models.values()):
        model.close()


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return ROOT


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """A folder of published data sets, which a developer may keep beside the checkout."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("no folder of published data sets lies beside the checkout")
    return folder


@pytest.fixture(scope="session")
def forkers() -> Iterator[Callable[[str], Any]]:
    """Returns what starts commands on a backend without importing it again for each: one server a backend for all tests."""
    from chaos.forker import Forker

    servers: dict[str, Forker] = {}
    yield lambda backend: servers.get(backend) or servers.setdefault(backend, Forker(backend))
    for server in servers.values():
        server.close()


@pytest.fixture(scope="session")
def forker(forkers: Callable[[str], Any]) -> Any:
    """Starts commands on TensorFlow."""
    return forkers("tensorflow")


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """A headless browser whose console and network can be read by `get_log("browser")` and `get_log("performance")`."""
    driver = shutil.which("chromedriver")
    if not driver:
        pytest.skip("no chromedriver is installed (Debian: chromium-driver)")
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    browser = webdriver.Chrome(options, webdriver.ChromeService(driver))
    yield browser
    browser.quit()
