"""One run seed, many independent streams: every tensor and every mask has its own seed."""

import random
from hashlib import sha256


def derive(seed: int, *path: str | int) -> int:
    """Return the seed in [0, 2**31) that belongs to `path` under `seed`.

    A stream depends on its path alone, so adding a layer or a noise never shifts another one.

    >>> derive(1, "recurrent_0", "kernel") == derive(1, "recurrent_0", "kernel")
    True
    >>> derive(1, "recurrent_0", "kernel") == derive(1, "recurrent_0", "recurrent_kernel")
    False
    """
    text = "\x1f".join(str(part) for part in (seed, *path))
    return int.from_bytes(sha256(text.encode()).digest()[:4], "big") >> 1


def fresh(seed: int | None) -> int:
    """Return the seed itself, or where none is given one that follows from Python's `random`, as Keras draws its own."""
    return random.randint(1, 10**9) if seed is None else seed
