"""Arrays from .npz files: sequences of numbers with labels, numbers or tags, and frames such as those of polyphonic music."""

from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np
from pydantic import model_validator

from rnnlab.data.sources import arrays
from rnnlab.data.sources.arrays import Sequences
from rnnlab.data.sources.folds import Fold, fold_owners, objection
from rnnlab.data.sources.holdout import owners
from rnnlab.data.sources.npz_targets import numbering, scaled
from rnnlab.data.sources.numbers import LARGEST, LARGEST_TARGET
from rnnlab.data.sources.reading import files_matching
from rnnlab.data.sources.source_config import SPLITS, Files, Fraction, Lengths, Source
from rnnlab.data.splits.windows import Count
from rnnlab.data.tokenizer import Scale
from rnnlab.documents import Record
from rnnlab.errors import UserError
from rnnlab.section import Section, conflict

TASKS = {"label": "classification", "value": "regression", "tag": "tagging", "frames": "multilabel"}
"""The kind of task, by the setting that names the array of targets."""


class Named(Section):
    """The names of one split's arrays, where the training files contain that split under names of its own."""

    input: str | None = None
    """The input array."""
    label: str | None = None
    """The array of labels."""
    value: str | None = None
    """The array of numbers to predict."""
    tag: str | None = None
    """The array of step labels."""
    frames: str | None = None
    """The array of frames."""
    sizes: str | None = None
    """The array with the number of steps of each example."""


class Arrays(Source):
    """Sequences of numbers from NumPy's .npz files, of equal or unequal lengths.

    The input is [examples, steps, features], or [examples, steps] for one feature. With `sizes` it may be padded at the end of
    each example, or contain all examples end to end, [total steps, features].
    """

    name: Literal["npz"]
    """The name of the data set."""
    train: Files
    """The files to train on."""
    validation: Files | Fraction | Named = 0.1
    """The files, or a fraction of the training examples, drawn with `split_seed`, or the names of the split's own arrays in the
    training files, such as `{input: x_validation, label: y_validation}`."""
    test: Files | Fraction | Named = 0.1
    """The files, or a fraction of the training examples, drawn with `split_seed`, or the names of the split's own arrays in the
    training files, such as `{input: x_test, label: y_test}`."""
    input: str | None = None
    """The input array, which needs a `label`, `value` or `tag`."""
    label: str | None = None
    """The array of labels, one per example, numbers or strings: classification."""
    value: str | None = None
    """The array of numbers to predict, [examples] or [examples, outputs]: regression."""
    tag: str | None = None
    """The array of step labels, in the layout of the input: tagging."""
    frames: str | None = None
    """An array of frames of zeros and ones, such as a piano roll; every frame is predicted from the frames before it."""
    sizes: str | None = None
    """The array with the number of steps of each example; null uses all steps."""
    read_as: Literal["numbers", "tokens"] = "numbers"
    """How the input is read: as numbers, or as tokens, integers from 0 in [examples, steps], each with an embedding vector."""
    vocabulary: Count | None = None
    """With read_as: tokens, the number of tokens, one more than the largest; null takes it from the training split."""
    standardise: bool = True
    """Scale each feature and each number to predict to mean 0 and standard deviation 1 over the training split; frames are left
    unchanged."""
    split_seed: int = 0
    """The seed that decides which examples are held out."""
    fold: Fold | None = None
    """The fold of the training rows that is the test split instead of `test`; set by `compare.folds`, null without folds."""
    lengths: Lengths = Lengths()
    """How long examples are cut."""

    @property
    def tokens(self) -> bool:
        """Whether the inputs are tokens."""
        return self.read_as == "tokens"

    @property
    def target(self) -> str:
        """The setting that names what is predicted."""
        return next(name for name in TASKS if getattr(self, name))

    @property
    def task(self) -> str:
        """The kind of task: a key of `rnnlab.data.task.KINDS`."""
        return TASKS[self.target]

    @model_validator(mode="after")
    def _one_target(self) -> "Arrays":
        named = [name for name in TASKS if getattr(self, name)]
        if len(named) != 1:
            raise conflict((named[-1] if named else "label",), f"name one array of {', '.join(TASKS)}", named)
        if (self.frames is None) != (self.input is not None):
            raise conflict(("input",), "label, value and tag need an input; frames are their own input", self.input)
        return self

    @model_validator(mode="after")
    def _folds_are_dealt(self) -> "Arrays":
        if self.fold and (message := objection(self.fold.of, self.validation, self.test)):
            raise conflict(("fold",), message, self.fold.number)
        return self

    @model_validator(mode="after")
    def _tokens_alone(self) -> "Arrays":
        if self.tokens and self.frames:
            raise conflict(("read_as",), "frames are zeros and ones, not tokens", self.read_as)
        if self.vocabulary and not self.tokens:
            raise conflict(("vocabulary",), "numbers have no vocabulary; read_as: tokens reads them as tokens", self.vocabulary)
        return self

    @model_validator(mode="after")
    def _all_named(self) -> "Arrays":
        used = [name for name in Named.model_fields if getattr(self, name)]
        for split in ("validation", "test"):
            part = getattr(self, split)
            if isinstance(part, Named) and (given := [name for name in Named.model_fields if getattr(part, name)]) != used:
                has = ", ".join(given) or "nothing"
                raise conflict(
                    (split,), f"it should name the same arrays as training, {', '.join(used)}; it names {has}", given
                )
        return self


def read(config: Arrays) -> dict[str, Sequences]:
    """Return the examples of each split."""
    fractions = {name: part for name in SPLITS if isinstance(part := getattr(config, name), float)}
    splits = {name: _split(config, getattr(config, name)) for name in SPLITS if name not in fractions}
    for part in splits.values():
        _check_alike(config, splits["train"], part)
    if fractions:
        whole = splits["train"]
        labels = whole.targets if config.label else None
        owner = _owner(config, whole, fractions, labels)
        splits |= {name: whole.chosen(owner == place) for place, name in enumerate(("train", *fractions))}
    return {name: part.chosen(np.arange(len(part.sizes)) < (config.limit_examples or np.inf)) for name, part in splits.items()}


def _check_alike(config: Arrays, train: Sequences, part: Sequences) -> None:
    """Raise UserError if the examples of a split differ from the training examples in features or outputs."""
    for what, own, wanted in (("features", part.values, train.values), (config.target, part.targets, train.targets)):
        if own.shape[1:] != wanted.shape[1:]:
            shapes = f"{list(own.shape[1:])} a row, and that of the training split {list(wanted.shape[1:])}"
            raise UserError(f"{part.place}: the shape of the {what} is {shapes}")


def _owner(config: Arrays, whole: Sequences, fractions: dict[str, float], labels: np.ndarray | None) -> np.ndarray:
    total, seed = len(whole.sizes), config.split_seed
    if not config.fold:
        return owners(total, fractions, seed, labels)
    each = None if labels is None else [[str(label)] for label in labels]
    return fold_owners(config.fold, total, fractions.get("validation"), seed, each)


def _split(config: Arrays, part: Files | Named) -> Sequences:
    """The examples of files, or of the arrays in the training files that a split names."""
    if not isinstance(part, Named):
        return _joined(config, files_matching(part))
    return _joined(config.model_copy(update=part.model_dump()), files_matching(config.train))


def _joined(config: Arrays, paths: list[Path]) -> Sequences:
    parts = [_file(config, path) for path in paths]
    shapes = {part.values.shape[1:] for part in parts}
    if len(shapes) > 1:
        raise UserError(f"the files differ in their features: {', '.join(map(str, shapes))} in {parts[0].place} ...")
    joined = [np.concatenate(columns) for columns in zip(*(part[:3] for part in parts), strict=True)]
    return Sequences(joined[0], joined[1], joined[2], ", ".join(map(str, paths)))


def _file(config: Arrays, path: Path) -> Sequences:
    target = str(getattr(config, config.target))
    name = config.input or target
    given = arrays.load(path, [array for array in (name, target, config.sizes) if array])
    x, y, place = given[name], given[target], f"{path}: {name!r}"
    sizes = arrays.sizes_of(place, x, given[config.sizes] if config.sizes else None)
    values = arrays.token_numbers(place, arrays.whole(x, sizes)) if config.tokens else arrays.columns(arrays.whole(x, sizes))
    if not config.tokens:
        arrays.check_finite(place, values, sizes)
    if config.frames and not np.isin(values, (0, 1)).all():
        raise UserError(f"{place} should be zeros and ones, got {values[~np.isin(values, (0, 1))][0]}")
    if config.frames or config.tag:
        y = arrays.whole(y, sizes)
    if config.label:
        y = arrays.classes(f"{path}: {target!r}", y)
    if config.value:
        most = LARGEST if config.standardise else LARGEST_TARGET
        arrays.check_finite(f"{path}: {target!r}", arrays.columns(y), np.ones(len(y), np.int64), most)
    unit, expected = ("examples", len(sizes)) if config.label or config.value else ("steps", len(values))
    if len(y) != expected:
        raise UserError(f"{path}: {target!r} has {len(y)} {unit}, {name!r} has {expected}")
    return Sequences(values, sizes, values if config.frames else y, str(path))


def make(config: Arrays, folder: Path) -> Record:
    """Write values, offsets and targets of each split, and return their description."""
    splits = read(config)
    plain = config.frames or config.tokens or not config.standardise
    scale = None if plain else arrays.measured(splits["train"].values)
    codec, number, told = numbering(config, splits["train"])
    size = _vocabulary(config, splits) if config.tokens else 0
    for name, part in splits.items():
        np.save(folder / f"{name}.values.npy", _values(config, part, scale))
        np.save(folder / f"{name}.offsets.npy", np.concatenate([[0], part.sizes.cumsum()]))
        np.save(folder / f"{name}.targets.npy", number(part))
    counts = {name: {"steps": len(part.values), "examples": len(part.sizes)} for name, part in splits.items()}
    return {
        "codec": replace(codec, inputs=scale).document(),
        "splits": counts,
        "tokens": size,
        **({"told": told} if told else {}),
    }


def _values(config: Arrays, part: Sequences, scale: Scale | None) -> np.ndarray:
    if config.frames:
        return arrays.before(part).astype(np.uint8)
    return part.values.astype(np.int32) if config.tokens else scaled(part.values, scale)


def _vocabulary(config: Arrays, splits: dict[str, Sequences]) -> int:
    """The number of tokens; raise UserError if a split contains larger ones."""
    size = config.vocabulary or int(splits["train"].values.max()) + 1
    for part in splits.values():
        if (largest := int(part.values.max())) >= size:
            hint = "vocabulary: says how many there are" if config.vocabulary is None else "vocabulary: allows no more"
            raise UserError(f"{part.place}: the token {largest} is not among the {size} known ones, from 0; {hint}")
    return size
