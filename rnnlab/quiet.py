"""Keeps the terminal free of what TensorFlow's libraries write while they are loaded, before any log level applies."""

import importlib.util
import os
import re
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

LOGGED = re.compile(
    rb"WARNING: All log messages before absl|To enable the following|"
    rb"[IWE]\d{4} \d\d:\d\d:\d+\.|\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+: [IWE] "
)
"""The beginning of a log line of these libraries; an error that ends the process has another level (F) and stays."""


def start_quietly() -> None:
    """Let TensorFlow, when this process imports it, say nothing but what ends the process; does nothing a second time."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    if "tensorflow" not in sys.modules and not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Finder())


class _Finder(MetaPathFinder):
    """Finds TensorFlow as all others would, and has it loaded without its log lines."""

    def find_spec(self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None) -> ModuleSpec | None:
        if name != "tensorflow":
            return None
        sys.meta_path.remove(self)
        try:
            spec = importlib.util.find_spec(name)
        finally:
            sys.meta_path.insert(0, self)  # who only asks whether TensorFlow is there loads nothing
        if spec and spec.loader:
            spec.loader.exec_module = _quietly(spec.loader.exec_module)  # type: ignore[assignment, method-assign]
        return spec


def _quietly(load: Callable[[ModuleType], None]) -> Callable[[ModuleType], None]:
    def loaded(module: ModuleType) -> None:
        with without_log_lines():
            load(module)

    return loaded


@contextmanager
def without_log_lines() -> Iterator[None]:
    """Hold back what is written to file descriptor 2 meanwhile, and write it afterwards but for log lines."""
    try:
        terminal = os.dup(2)
    except OSError:  # there is none
        yield
        return
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(terminal, 2)
            os.close(terminal)
            held.seek(0)
            os.write(2, b"".join(line for line in held if not LOGGED.match(line)))
