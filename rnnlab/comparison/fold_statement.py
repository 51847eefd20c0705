"""Whether the runs are folds of the same rows, and what that means for the numbers."""

from collections.abc import Mapping
from dataclasses import dataclass

from rnnlab.config.fold_runs import overlap
from rnnlab.documents import Fields


@dataclass(frozen=True)
class Folds:
    """Runs whose test splits are folds of the same rows; every row is tested once per repeat."""

    of: int
    """The number of folds."""
    overlap: float
    """Test rows over training rows."""
    test: str = "corrected resampled t (Nadeau & Bengio 2003)"
    """The test of differences."""

    @property
    def words(self) -> str:
        """A statement for readers of the metrics."""
        return (
            f"Every row was tested on in one of {self.of} folds for each seed. Folds share training rows, so intervals and p "
            f"are those of the {self.test}: the variance of the mean of J differences is theirs times "
            f"(1/J + {self.overlap:.3g}), test rows over training rows."
        )


def folds_of(configs: Mapping[str, Fields]) -> Folds | None:
    """Return the folds of the variants' data, of several those with the largest overlap; None where there are none."""
    dealt = [data for config in configs.values() if (data := config["data"]).get("fold")]
    if not dealt:
        return None
    most = max(dealt, key=overlap)
    return Folds(most["fold"]["of"], overlap(most))
