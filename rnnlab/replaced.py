"""Attributes of a library's class or module, replaced for a while."""

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def replaced(owner: object, **attributes: object) -> Iterator[None]:
    """Give a class or module other attributes inside, and its own again afterwards, whatever happens.

    >>> import math
    >>> with replaced(math, pi=3):
    ...     math.pi
    3
    >>> round(math.pi, 2)
    3.14
    """
    before = {name: getattr(owner, name) for name in attributes}
    try:
        for name, value in attributes.items():
            setattr(owner, name, value)
        yield
    finally:
        for name, value in before.items():
            setattr(owner, name, value)
