"""One run seed, many independent streams: every tensor and every mask has a seed of its own."""

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
