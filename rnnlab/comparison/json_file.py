"""comparison.json: the comparison of an experiment, kept in its folder."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path

from pydantic import TypeAdapter

from rnnlab import files
from rnnlab.comparison import tensorboard_answer
from rnnlab.comparison.compare import Comparison
from rnnlab.documents import Record
from rnnlab.errors import StorageError, UserError
from rnnlab.statistics.alpha_spending import ALPHA, FILE, earlier_analyses, next_alpha
from rnnlab.statistics.rounding import count


def document(comparison: Comparison) -> Record:
    """Return the fields of a comparison as plain values, seeds by number as text, as JSON has it; ensembles where asked."""
    fields = json.loads(json.dumps(asdict(comparison), allow_nan=False))
    return fields if comparison.ensembles else {name: value for name, value in fields.items() if name != "ensembles"}


def read(file: str | Path) -> Comparison:
    """Return the comparison that a comparison.json holds; raise UserError where it is none."""
    try:
        return TypeAdapter(Comparison).validate_json(Path(file).read_bytes())
    except (OSError, ValueError) as error:
        raise UserError(f"{file} is not a comparison: {str(error).splitlines()[0]}") from None


def write(comparison: Comparison, folders: Iterable[str | Path]) -> None:
    """Write comparison.json where the comparison answers the question that the folder's own config asks.

    Another question (metric, baseline, grouping, several folders) leaves only its analysis there. Raises UserError where the
    folder cannot be written.
    """
    for folder in map(Path, folders):
        own = (
            document(comparison)
            if comparison.declared
            else {**_known(folder / FILE), "analyses": document(comparison)["analyses"]}
        )
        files.write(folder / FILE, json.dumps(own, indent=1) + "\n")
        if comparison.declared:
            tensorboard_answer.write(comparison, folder)


def keep(comparison: Comparison, folders: Sequence[str | Path]) -> list[str]:
    """Write comparison.json where that can be done; return in sentences what this analysis spends, and what was not written."""
    now, lines = comparison.analysis, []
    if now.alpha and now not in earlier_analyses(folders):
        left = next_alpha(comparison.analyses, now.question)
        lines.append(
            f"This analysis at {count(now.seeds, 'seed')} spends {now.alpha:.2g} of the level {ALPHA:g} that the question "
            f"{now.question!r} has in all; one at more seeds will spend {left:.2g}."
        )
    try:
        write(comparison, folders)
    except StorageError as error:
        lines.append(f"Not recorded: {error}; a later comparison will not know of this one.")
    return lines


def _known(file: Path) -> Record:
    return dict(json.loads(file.read_text(encoding="utf-8"))) if file.exists() else {}
