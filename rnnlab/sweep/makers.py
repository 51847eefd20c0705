"""Everything beside config and data that decides a run's bits: this package's code, and the libraries that compute."""

import ast
import platform
from collections.abc import Iterable
from functools import cache
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from rnnlab import __version__, backend
from rnnlab.plugins import bare, statements
from rnnlab.storage.run_result import RunResult

PACKAGES = ("rnnlab", "keras", "numpy")
BACKENDS = {"tensorflow": ("tensorflow",), "jax": ("jax", "jaxlib"), "torch": ("torch",)}
"""The libraries that compute, by backend."""
ROOTS = (
    *("training.train", "models.build_model", "data.build_dataset"),
    *("inspection.evaluation", "inspection.classes", "inspection.forecasts"),
)
"""The modules that train, build and evaluate; with all that they import they decide the bits of a run."""
HOME = Path(__file__).parents[1]


def versions(computed_on: str | None = None) -> dict[str, str]:
    """Return the versions of what computes on a backend, the present one unless it is named."""
    on = computed_on or backend.current()
    return {name: known for name in (*PACKAGES, *BACKENDS.get(on, (on,))) if (known := _version(name))}


def makers() -> dict[str, str]:
    """Return what makes runs in this process, as their results keep it."""
    return {"code": code()[:12], "python": platform.python_version(), "backend": backend.current(), **versions()}


@cache
def code() -> str:
    """Return the fingerprint of the code that decides bits; comments, docstrings and formatting decide none."""
    digest = sha256()
    for path in sorted(modules()):
        digest.update(f"{path.relative_to(HOME)}\n{bare(path.read_text(encoding='utf-8'))}\n".encode())
    return digest.hexdigest()


def modules() -> set[Path]:
    """Return the files of the modules that decide bits: the roots, and whatever they import of this package."""
    left, reached = [HOME.joinpath(*root.split(".")).with_suffix(".py") for root in ROOTS], set()
    while left:
        path = left.pop()
        if path not in reached:
            reached.add(path)
            left += _imported(path)
    return reached


def _imported(path: Path) -> Iterable[Path]:
    names: list[str] = []
    for node in statements(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    for name in names:
        package, *parts = name.split(".")
        if package == "rnnlab" and parts:
            files = HOME.joinpath(*parts).with_suffix(".py"), HOME.joinpath(*parts, "__init__.py")
            yield from (file for file in files if file.is_file())


def others(results: Iterable[RunResult | None]) -> list[str]:
    """Return in a line how many runs were made by other code or versions than the present ones, and by which."""
    known = [result.makers for result in results if result and result.makers]
    if not known:
        return []  # and the code need not be read
    now = makers()
    runs = [before for before in known if before != now]
    if not runs:
        return []
    names = {
        f"{name} {one.get(name, 'unknown')}, now {now[name]}": None
        for one in runs
        for name in now
        if one.get(name) != now[name]
    }
    verb, are = ("run was", "is") if len(runs) == 1 else ("runs were", "are")
    return [f"{len(runs)} finished {verb} made by other code or versions and {are} kept: {'; '.join(names)}"]


def _version(name: str) -> str | None:
    if name == "rnnlab":
        return __version__  # the version of this code, also where another one is installed
    try:
        return version(name)
    except PackageNotFoundError:
        return None
