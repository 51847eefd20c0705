"""A ranking of variants over several studies, for a notebook, a script, a paper."""

import json
from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rnnlab import files
from rnnlab.comparison.ranking import Ranking, rank
from rnnlab.study.study import Study

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Ranks:
    """Which variants come first over several tasks; shown as a table in a notebook."""

    ranking: Ranking
    """Every number."""

    @classmethod
    def of(cls, studies: Iterable[Study | str | Path], only: Collection[str] = ()) -> "Ranks":
        """Rank the variants of studies; see `rnnlab.rank`."""
        return cls(rank([one.folder if isinstance(one, Study) else one for one in studies], only))

    @property
    def answer(self) -> str:
        """The answer in words."""
        return self.ranking.answer

    def rows(self) -> list[dict[str, str]]:
        """Return the table as text: one row per variant, the best mean rank first."""
        from rnnlab.report.ranking_table import ranking_columns
        from rnnlab.report.tables import rows

        titles, *body = rows(ranking_columns(self.ranking), titles=True)
        return [dict(zip(titles, row, strict=True)) for row in body]

    def to_frame(self) -> "pd.DataFrame":
        """Return a row for each variant: mean rank, p against the baseline, and its rank in each task."""
        import pandas as pd

        of = self.ranking
        rows = {
            name: {"mean rank": mean, "p": of.p.get(name), **{task: its.ranks[name] for task, its in of.tasks.items()}}
            for name, mean in of.ranks.items()
        }
        return pd.DataFrame.from_dict(rows, orient="index").rename_axis("variant")

    def to_json(self) -> str:
        """Return every number as JSON."""
        return json.dumps(asdict(self.ranking), indent=1, allow_nan=False) + "\n"

    def to_markdown(self) -> str:
        """Return the table for a README."""
        from rnnlab.report import comparison_text

        return comparison_text.ranking(self.ranking)

    def draw(self, file: str | Path) -> Path:
        """Write the critical-difference diagram as an SVG file; return where it is."""
        from rnnlab.plots.critical_difference import picture
        from rnnlab.plots.svg import standalone

        files.write(Path(file), standalone(picture(self.ranking).wide))
        return Path(file)

    def __str__(self) -> str:
        return self.answer

    def _repr_html_(self) -> str:
        from html import escape

        return f"<p>{escape(self.answer)}</p>{self.to_frame().to_html(float_format='%.4g')}"
