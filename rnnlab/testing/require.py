"""How a check fails."""

from typing import Any

import numpy as np


class CheckError(AssertionError):
    """A part does not do what every part has to."""


def require(holds: bool, message: str) -> None:
    """Raise CheckError with the message unless something holds."""
    if not holds:
        raise CheckError(message)


def require_close(ours: Any, theirs: Any, message: str, tolerance: float = 2e-4) -> None:
    """Raise CheckError where arrays differ by more than the tolerance, relative to their largest element."""
    ours, theirs = np.asarray(ours), np.asarray(theirs)
    require(ours.shape == theirs.shape, f"{message}: the shapes {ours.shape} and {theirs.shape} differ")
    scale = max(1.0, float(np.abs(theirs).max(initial=0.0)))
    apart = float(np.abs(ours - theirs).max(initial=0.0)) / scale
    require(bool(np.isfinite(apart)) and apart <= tolerance, f"{message}: they differ by {apart:.2g} of the largest element")
