"""A comparison for a notebook, a script, a paper."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rnnlab.comparison.compare import Comparison

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Answer:
    """Which variants differ from the baseline; shown as a table in a notebook."""

    comparison: Comparison
    """Every number, as comparison.json has it."""

    @property
    def answer(self) -> str:
        """The answer in words."""
        return self.comparison.answer

    def to_frame(self) -> "pd.DataFrame":
        """Return a row for each variant: n, mean, sd, difference from the baseline with its interval, p, verdict."""
        import pandas as pd

        rows = {}
        for name, one in self.comparison.variants.items():
            row = {"n": one.value.n, "mean": one.value.mean, "sd": one.value.sd}
            if one.against:
                its = one.against.difference
                row |= {"difference": its.estimate.mean, "low": its.estimate.low, "high": its.estimate.high, "p": its.p}
            rows[name] = {**row, "verdict": one.against.verdict if one.against else "baseline"}
        return pd.DataFrame.from_dict(rows, orient="index").rename_axis("variant")

    def to_markdown(self) -> str:
        """Return the table for a README."""
        from rnnlab.report import comparison_text

        return comparison_text.markdown(self.comparison)

    def to_latex(self) -> str:
        """Return the table for a paper, for the package booktabs."""
        from rnnlab.report import comparison_text

        return comparison_text.latex(self.comparison)

    def __str__(self) -> str:
        return self.answer

    def _repr_html_(self) -> str:
        from html import escape

        return f"<p>{escape(self.answer)}</p>{self.to_frame().to_html(float_format='%.4g')}"
