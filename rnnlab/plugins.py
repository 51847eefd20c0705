"""Files and modules of a user that register parts: imported where a config that a person runs names them, and hashed."""

import ast
import importlib
import importlib.util
import os
import sys
from collections.abc import Iterable, Iterator
from hashlib import sha256
from importlib.metadata import entry_points
from pathlib import Path

from rnnlab.errors import UserError
from rnnlab.registry import ALL
from rnnlab.source import bare

GROUP = "rnnlab.plugins"
"""The group of entry points whose modules register parts."""
FORBIDDEN = "RNNLAB_NO_PLUGINS"
"""The variable of the environment that forbids plug-ins, here and in worker processes."""
_LOADED: dict[str, dict[Path, str]] = {}
"""The files of each plug-in, and its own files that it imports, with their texts as they were imported."""

_FINGERPRINTS: dict[str, str] = {}
"""The results of `fingerprint`, until a plug-in is imported."""


def loaded() -> tuple[str, ...]:
    """Return the fingerprints of all imported plug-ins: code compiled before one of them changed is not used again."""
    return tuple(_digest(texts) for texts in _LOADED.values())


def resolved(name: str, folder: Path) -> str:
    """Return the name by which every process finds a plug-in: the absolute path of a file in `folder`, or a module's name."""
    return os.path.abspath(folder / Path(name).expanduser()) if name.endswith(".py") else name


def forbid() -> None:
    """Refuse plug-ins from now on, in this process and in those that it starts."""
    os.environ[FORBIDDEN] = "1"


def load(names: Iterable[str]) -> None:
    """Import plug-ins that are named by path or module, and all that are installed, each once, again where its text changed.

    Raises UserError where one cannot be imported, and where plug-ins are forbidden.
    """
    names = list(names)
    if os.environ.get(FORBIDDEN):
        if names:
            raise UserError(f"the plug-ins {', '.join(names)} are named, and --no-plugins forbids importing them")
        return
    for name in dict.fromkeys([*(entry.value.partition(":")[0] for entry in entry_points(group=GROUP)), *names]):
        _load(name)


def fingerprint(file: str) -> str:
    """Return the first 16 digits of the sha256 of a file that registered a part, and of its own files that it imports.

    Comments, docstrings and annotations of functions do not count. For a plug-in the imported text counts, even where the file
    has changed since.
    """
    if file not in _FINGERPRINTS:
        texts = {path: text for known in _LOADED.values() for path, text in known.items()}
        known = Path(file).is_file() or Path(file) in texts
        _FINGERPRINTS[file] = _digest(_closure(Path(file), texts)) if known else ""
    return _FINGERPRINTS[file]


def _load(name: str) -> None:
    file = _file(name)
    texts = _closure(file)
    before = _LOADED.get(name)
    if before is not None and _digest(before) == _digest(texts):
        return
    _FINGERPRINTS.clear()
    for path in before or ():
        for registry in ALL:
            registry.discard(str(path))
        for module in [key for key, module in sys.modules.items() if getattr(module, "__file__", None) == str(path)]:
            del sys.modules[module]
    _LOADED[name] = texts
    try:
        _import(name, file)
    except UserError:
        raise
    except Exception as error:
        del _LOADED[name]
        raise UserError(f"the plug-in {name} cannot be imported: {type(error).__name__}: {error}{_where(error)}") from error


def _import(name: str, file: Path) -> None:
    if not name.endswith(".py"):
        importlib.import_module(name)
        return
    if str(file.parent) not in sys.path:
        sys.path.append(str(file.parent))  # for what it imports of its own, also later
    module = f"rnnlab_plugin_{file.stem}_{sha256(str(file).encode()).hexdigest()[:8]}"
    spec = importlib.util.spec_from_file_location(module, file)
    assert spec
    assert spec.loader
    sys.modules[module] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(sys.modules[module])


def _file(name: str) -> Path:
    """The file of a plug-in."""
    if name.endswith(".py"):
        if not Path(name).is_file():
            raise UserError(f"there is no plug-in {name}")
        return Path(name).resolve()
    try:
        spec = importlib.util.find_spec(name)
    except (ImportError, ValueError):
        spec = None
    if spec is None or not spec.origin:
        raise UserError(f"there is no plug-in {name!r}: a plug-in is a file that ends in .py, or a module that can be imported")
    return Path(spec.origin).resolve()


def _where(error: BaseException) -> str:
    """The last place of a traceback."""
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    return f" ({trace.tb_frame.f_code.co_filename}, line {trace.tb_lineno})" if trace else ""


def _closure(file: Path, known: dict[Path, str] | None = None) -> dict[Path, str]:
    """The texts of a file and of its own files that it imports: of its package, or beside it."""
    left, texts = [file], dict[Path, str]()
    while left:
        path = left.pop()
        if path in texts:
            continue
        texts[path] = (known or {}).get(path) or path.read_text(encoding="utf-8")
        left += _own(path, texts[path])
    return texts


def _own(file: Path, text: str) -> Iterator[Path]:
    home, package = file.parent, ""
    while (home / "__init__.py").is_file():
        home, package = home.parent, home.name
    if not package and home.name in ("site-packages", "dist-packages"):
        return
    try:
        tree = ast.parse(text)
    except SyntaxError:
        return
    for node in ast.walk(tree):
        for name, start in _names(node, file, home):
            first, *parts = name.split(".")
            if start == home and package and first != package:
                continue
            place = start.joinpath(first, *parts)
            yield from (path for path in (place.with_suffix(".py"), place / "__init__.py") if path.is_file())


def _names(node: ast.AST, file: Path, home: Path) -> Iterator[tuple[str, Path]]:
    """What a statement imports, and the folder from which it is named."""
    if isinstance(node, ast.Import):
        yield from ((alias.name, home) for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        start = [home, *file.parents][node.level] if node.level else home
        base = f"{node.module}." if node.module else ""
        yield from ((name, start) for name in (*([node.module] if node.module else []), *(base + a.name for a in node.names)))


def _digest(texts: dict[Path, str]) -> str:
    digest = sha256()
    for path in sorted(texts):
        digest.update(f"{path.name}\n{bare(texts[path])}\n".encode())
    return digest.hexdigest()[:16]
