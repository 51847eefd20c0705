"""A ranking as a table: one row per variant, the best mean rank first."""

from rnnlab.comparison.ranking import RankedTask, Ranking
from rnnlab.report.tables import Column, TableCell
from rnnlab.statistics.rounding import bare_p, with_interval


def ranking_columns(of: Ranking) -> list[Column]:
    """Return mean ranks, their p against the baseline, and in each task the rank with the effect in brackets."""
    p = [TableCell("" if name == of.baseline else bare_p(of.p[name])) for name in of.ranks]
    effects = "rank: improvement over the baseline in standard deviations over seeds, [95 %]"
    return [
        Column("variant", "a patch of the config", [TableCell(name, name) for name in of.ranks], words=True),
        Column("mean rank", "over the tasks, 1 is best", [TableCell(f"{mean:.2f}", mean) for mean in of.ranks.values()]),
        Column("p", "against the baseline, corrected by Holm", p),
        *(Column(task, effects, [_cell(its, name) for name in of.ranks]) for task, its in of.tasks.items()),
    ]


def _cell(task: RankedTask, name: str) -> TableCell:
    effect = task.effects.get(name)
    told = f": {with_interval(effect, plus=True)}" if effect and effect.mean is not None else ""
    return TableCell(f"{task.ranks[name]:g}{told}", task.ranks[name])
