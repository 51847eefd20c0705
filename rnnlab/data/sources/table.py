"""Texts from a table, each with a label, several labels, or numbers."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from pydantic import Field, model_validator

from rnnlab.data.sources import frames, label_cells
from rnnlab.data.sources.folds import Fold, fold_owners, objection
from rnnlab.data.sources.frames import Frame, RowPlace
from rnnlab.data.sources.gaps import dropped, gaps
from rnnlab.data.sources.holdout import grouped, only_trained, owners, parted, rarest, trained_first
from rnnlab.data.sources.label_cells import labels_of
from rnnlab.data.sources.layout import Entry, Layout, Sign
from rnnlab.data.sources.numbers import numbers, numbers_or_names
from rnnlab.data.sources.reading import Reading, Row, files_matching
from rnnlab.data.sources.source_config import Files, Fraction, Lengths, TokenSource
from rnnlab.documents import Record
from rnnlab.section import conflict

ColumnName = Annotated[str, Field(min_length=1)]
"""The name of a column."""


class Table(Layout, TokenSource):
    """Texts from a table, each with one label (classification), several labels, or numbers (regression)."""

    name: Literal["table"]
    """The name of the data set."""
    train: Files
    """Files in .csv, .tsv, .txt, .json, .jsonl or .parquet, optionally compressed (.gz, .bz2, .xz)."""
    validation: Files | Fraction = 0.1
    """The files, or a fraction of the training rows, drawn with `split_seed` and stratified by label."""
    test: Files | Fraction = 0.1
    """The files, or a fraction of the training rows, drawn with `split_seed` and stratified by label."""
    text: ColumnName | Annotated[list[ColumnName], Field(min_length=1)]
    """The text column, or several, which are joined with the token `<eos>` between them."""
    beside: ColumnName | list[ColumnName] = Field(default_factory=list)
    """Further columns of numbers and categories, which are passed to the head. Numbers have mean 0 and standard deviation 1
    over the training rows; a category that occurs in no training row counts as none."""
    label: ColumnName | None = None
    """The label column, for classification."""
    labels: ColumnName | None = None
    """The column with several labels per text: a list in JSON, or labels separated by `label_separator`."""
    label_separator: Sign | None = None
    """The separator between several labels that are not a list; null guesses among bar, semicolon and comma."""
    value: ColumnName | Annotated[list[ColumnName], Field(min_length=1)] | None = None
    """The column or columns of numbers to predict, for regression."""
    missing: Literal["refuse", "drop"] = "refuse"
    """What to do with a row that lacks a text, a label or a number: refuse the data, or drop the row and count it."""
    split_by: ColumnName | None = None
    """A grouping column: rows with the same value, such as those of one author, are all in the same split."""
    split_seed: int = 0
    """The seed that decides which rows are held out."""
    fold: Fold | None = None
    """The fold of the training rows that is the test split instead of `test`; set by `compare.folds`, null without folds."""
    lengths: Lengths = Lengths()
    """How long texts are cut."""

    @property
    def tokens(self) -> bool:
        """Texts are read as tokens."""
        return True

    @property
    def task(self) -> str:
        """The kind of task: a key of `rnnlab.data.task.KINDS`."""
        return "classification" if self.label else "labelling" if self.labels else "regression"

    @property
    def texts(self) -> list[str]:
        """The text columns."""
        return [self.text] if isinstance(self.text, str) else self.text

    @property
    def besides(self) -> list[str]:
        """The further columns that are passed to the head."""
        return [self.beside] if isinstance(self.beside, str) else self.beside

    @property
    def values(self) -> list[str]:
        """The columns of numbers."""
        return [self.value] if isinstance(self.value, str) else self.value or []

    @model_validator(mode="after")
    def _folds_are_dealt(self) -> "Table":
        if self.fold and (message := objection(self.fold.of, self.validation, self.test)):
            raise conflict(("fold",), message, self.fold.number)
        return self

    @model_validator(mode="after")
    def _each_once(self) -> "Table":
        for key, named in (("text", self.texts), ("beside", self.besides), ("value", self.values)):
            if len(set(named)) < len(named):
                raise conflict((key,), "every column is named once", named)
        if twice := [name for name in self.texts if name in (self.label, self.labels, *self.values)]:
            raise conflict(("text",), f"{', '.join(twice)} is what is predicted, and cannot be the text", self.text)
        if answers := [name for name in self.besides if name in (self.label, self.labels, *self.values)]:
            raise conflict(("beside",), f"{', '.join(answers)} is what is predicted, and cannot be given", self.beside)
        return self

    @model_validator(mode="after")
    def _one_target(self) -> "Table":
        given = [name for name in ("label", "labels", "value") if getattr(self, name) is not None]
        if len(given) != 1:
            message = "name one column of labels (label:), of several labels per text (labels:), or of numbers (value:)"
            raise conflict((given[-1] if given else "label",), message, given)
        return self


class Rows:
    """The complete rows of the files of one split."""

    def __init__(self, paths: Sequence[Path], config: Table):
        named = filter(None, (config.label, config.labels, config.split_by))
        used = [*config.texts, *config.besides, *named, *config.values]
        self.frames = [frames.read(path, used, config) for path in paths]
        self.config = config
        self.between = _between(self.frames, config)
        self.targets = [_targets(frame, config, self.between) for frame in self.frames]
        self.beside = [{name: numbers_or_names(frame, name, config) for name in config.besides} for frame in self.frames]
        lacking = list(map(partial(gaps, config=config), self.frames, self.targets, self.beside))
        self.kept = [dropped(frame, gap, config) for frame, gap in zip(self.frames, lacking, strict=True)]
        self.lacking = sum(int((~kept).sum()) for kept in self.kept)

    def __call__(self) -> Iterator[Row]:
        """Yield the rows in their order."""
        for frame, targets, beside, kept in zip(self.frames, self.targets, self.beside, self.kept, strict=True):
            texts = joined([frame.columns[name] for name in self.config.texts])
            for row in np.flatnonzero(kept).tolist():
                yield Row(texts[row], targets[row], RowPlace(frame, row), [cells[row] for cells in beside.values()])

    def column(self, name: str) -> list[Entry]:
        """Return the cells of a column."""
        return self._of([frame.columns[name] for frame in self.frames])

    def all_targets(self) -> list[Entry]:
        """Return the targets."""
        return self._of(self.targets)

    def _of(self, cells: Sequence[Sequence[Entry]]) -> list[Entry]:
        return [mine[row] for mine, kept in zip(cells, self.kept, strict=True) for row in np.flatnonzero(kept).tolist()]

    def guessed(self) -> dict[str, str]:
        """Return what was guessed about the files."""
        between = {"label_separator": self.between} if self.between and not self.config.label_separator else {}
        return {key: value for frame in self.frames for key, value in frame.guessed.items()} | between


def joined(columns: Sequence[Sequence[Entry]]) -> Sequence[Entry]:
    """Return the text of each row; several columns become its lines, and line breaks within a column become blanks.

    >>> joined([["One", "Two"], ["good\\nfilm", "bad"]])
    ['One\\ngood film', 'Two\\nbad']
    """
    if len(columns) == 1:
        return columns[0]
    return ["\n".join(" ".join(str(cell or "").splitlines()) for cell in row) for row in zip(*columns, strict=True)]


def read(config: Table) -> Reading:
    """Return the rows of each split."""
    own = {name: getattr(config, name) for name in ("validation", "test")}
    fractions = {name: part for name, part in own.items() if isinstance(part, float)}
    files = {
        name: Rows(files_matching(part), config)
        for name, part in (("train", config.train), *own.items())
        if name not in fractions
    }
    owner, told = _owner(files["train"], fractions, config)
    splits: dict[str, Callable[[], Iterable[Row]]] = {**files}
    if fractions:
        splits |= parted(files["train"], owner, fractions)
    if config.label and len(kinds := _kinds(files.values())) > 1:
        told = [*told, f"the labels are of several types ({', '.join(kinds)}), told apart by how they are written"]
    about: Record = {"told": told} if told else {}
    if guessed := {key: value for rows in files.values() for key, value in rows.guessed().items()}:
        about["guessed"] = guessed
    if config.missing == "drop":
        about["dropped"] = {name: rows.lacking for name, rows in files.items()}
    return Reading(splits, about)


def _owner(rows: Rows, fractions: dict[str, float], config: Table) -> tuple[np.ndarray, list[str]]:
    """The split of every training row, and remarks about the splits."""
    targets = rows.all_targets()
    if not fractions:
        return np.zeros(len(targets), np.int8), []
    groups = list(map(str, rows.column(config.split_by))) if config.split_by else None
    labels = targets if config.labels else [[target] for target in targets] if config.label else None
    if config.fold:
        owner = fold_owners(config.fold, len(targets), fractions.get("validation"), config.split_seed, labels, groups)
        return owner, [] if labels is None else only_trained(owner, labels, list(fractions))
    if groups:
        owner = grouped(groups, fractions, config.split_seed)
    else:
        owner = owners(len(targets), fractions, config.split_seed, rarest(labels) if labels else None)
    if labels is None:
        return owner, []
    owner = trained_first(owner, labels, groups)
    return owner, only_trained(owner, labels, list(fractions))


def _kinds(splits: Iterable[Rows]) -> list[str]:
    """The types of the labels, by name."""
    cells = [cell for rows in splits for cell in rows.column(str(rows.config.label))]
    return sorted({type(cell).__name__ for cell in cells})


def _between(tables: Sequence[Frame], config: Table) -> str | None:
    """The separator between several labels of one row."""
    if not config.labels or config.label_separator:
        return config.label_separator
    return label_cells.between(cell for frame in tables for cell in frame.columns[str(config.labels)])


def _targets(frame: Frame, config: Table, between: str | None) -> Sequence[Entry]:
    """The target of each row: a label, a list of labels, or a list of numbers; None where it is missing."""
    if config.value is not None:
        return list(map(list, zip(*(numbers(frame, name, config).tolist() for name in config.values), strict=True)))
    return labels_of(frame, str(config.label or config.labels), bool(config.labels), config.missing_values, between)
