"""The failure of a check."""

import numpy as np
from numpy.typing import ArrayLike

from rnnlab.tensors import Tensor


class CheckError(AssertionError):
    """A part violates a requirement of all parts."""


def require(holds: bool, message: str) -> None:
    """Raise CheckError with the message unless something holds."""
    if not holds:
        raise CheckError(message)


def require_close(ours: ArrayLike | Tensor, theirs: ArrayLike | Tensor, message: str, tolerance: float = 2e-4) -> None:
    """Raise CheckError where arrays differ by more than the tolerance, relative to their largest element."""
    one, other = np.asarray(ours), np.asarray(theirs)
    require(one.shape == other.shape, f"{message}: the shapes {one.shape} and {other.shape} differ")
    scale = max(1.0, float(np.abs(other).max(initial=0.0)))
    apart = float(np.abs(one - other).max(initial=0.0)) / scale
    require(bool(np.isfinite(apart)) and apart <= tolerance, f"{message}: they differ by {apart:.2g} of the largest element")
