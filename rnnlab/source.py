"""Source code as it decides bits: without comments, docstrings and annotations; which files of this package import which."""

import ast
from collections.abc import Iterable, Iterator
from hashlib import sha256
from pathlib import Path

HOME = Path(__file__).resolve().parent


def fingerprint(files: Iterable[Path]) -> str:
    """Return the sha256 of files of this package; comments, docstrings, annotations and formatting do not count."""
    digest = sha256()
    for path in sorted(files):
        digest.update(f"{path.relative_to(HOME)}\n{bare(path.read_text(encoding='utf-8'))}\n".encode())
    return digest.hexdigest()


def texts() -> str:
    """Return the sha256 of all files of this package as they are written, which takes little time."""
    digest = sha256()
    for path in sorted(HOME.rglob("*.py")):
        digest.update(f"{path.relative_to(HOME)}\n{sha256(path.read_bytes()).hexdigest()}\n".encode())
    return digest.hexdigest()


def reached(*files: str | Path, within: str = "") -> set[Path]:
    """Return files of this package, given from its folder, and whatever they import of it, or of one room of it."""
    left, seen = [HOME / file for file in files], set[Path]()
    while left:
        path = left.pop()
        if path not in seen and path.is_relative_to(HOME / within):
            seen.add(path)
            left += _imported(path)
    return seen


def _imported(path: Path) -> Iterator[Path]:
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


def bare(text: str) -> str:
    """Return code without comments, docstrings and a function's annotations, in one form however it is laid out.

    Annotations of a class stay, for they declare its fields. Text that is no code is returned as it is.

    >>> bare("def f(x: int) -> int: return (1+  x)  # one more")
    'def f(x):\\n    return 1 + x'
    """
    try:
        tree = ast.parse(text)
    except SyntaxError:
        return text
    for node in statements(tree):
        if isinstance(body := getattr(node, "body", None), list):
            node.body = [one for one in body if not _is_text(one)]  # type: ignore[attr-defined]
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            node.returns = None
            for argument in ast.walk(node.args):
                if isinstance(argument, ast.arg):
                    argument.annotation = None
    return ast.unparse(tree).replace('"', "'")  # Python 3.12 writes the quotes in f-strings otherwise than 3.11


def statements(tree: ast.AST) -> Iterator[ast.AST]:
    """Return a module and every statement in it, without their expressions, which are most of its nodes."""
    left = [tree]
    while left:
        yield (node := left.pop())
        for inner in ("body", "orelse", "finalbody", "handlers", "cases"):
            left += getattr(node, inner, [])


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
