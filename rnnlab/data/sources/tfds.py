"""Data sets of TensorFlow Datasets by name, as texts, tagged sentences or images read as sequences."""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from pydantic import model_validator

from rnnlab.data.sources.holdout import held_out
from rnnlab.data.sources.reading import Reading, Row
from rnnlab.data.sources.source_config import Fraction, Lengths, TokenSource, spelt
from rnnlab.data.sources.tfds_download import builder
from rnnlab.data.splits.windows import Windowed
from rnnlab.errors import UserError
from rnnlab.names import nearest
from rnnlab.section import conflict

if TYPE_CHECKING:
    import tensorflow_datasets as tfds

BLOCK = 1000
"""Examples that are read at once."""
HEAD = "head"
"""The feature of a tagged sentence that only words have."""


class Known(NamedTuple):
    """The defaults of a data set."""

    task: str
    text: str
    label: str | None = None
    validation: str | None = None
    test: str | None = "test"
    level: str = "word"


KNOWN = {
    "tfds/imdb_reviews": Known("classification", "text", "label"),
    "tfds/ag_news_subset": Known("classification", "description", "label"),
    "tfds/glue/sst2": Known("classification", "sentence", "label", test="validation"),  # its own test split has no labels
    "tfds/trec": Known("classification", "text", "label-coarse"),
    "tfds/tiny_shakespeare": Known("language_model", "text", validation="validation", level="character"),
    "tfds/lm1b": Known("language_model", "text", level="blank"),
    "tfds/universal_dependencies/en_ewt": Known("tagging", "tokens", "upos", "dev"),
}
"""Data sets whose columns and splits are known."""


class Tfds(Windowed, TokenSource):
    """Texts from TensorFlow Datasets, prepared once by the data set's own builder, from the network or from the user's
    files."""

    name: Literal[
        "tfds",
        "tfds/imdb_reviews",
        "tfds/ag_news_subset",
        "tfds/glue/sst2",
        "tfds/trec",
        "tfds/tiny_shakespeare",
        "tfds/lm1b",
        "tfds/universal_dependencies/en_ewt",
    ]
    """The name of the data set; `tfds` is any data set, named by `dataset`."""
    dataset: str | None = None
    """With name: tfds, the name in TensorFlow Datasets, such as yelp_polarity_reviews."""
    level: Literal["word", "blank", "character", "subword"] | None = None  # type: ignore[assignment]
    """The unit of a token; null uses the usual one of the data set."""
    text: str | None = None
    """The text feature."""
    label: str | None = None
    """The label feature; without one the task is language modelling."""
    train: str = "train"
    """The split to train on, in the notation of TensorFlow Datasets, such as train[:10%]."""
    validation: str | Fraction | None = None
    """The split that selects the best epoch, or a fraction of the training examples; null uses the data set's own, or else a
    tenth."""
    test: str | None = None
    """The split for the final score."""
    split_seed: int = 0
    """The seed that decides which examples are held out."""
    lengths: Lengths = Lengths()
    """How long texts with labels are cut."""

    @property
    def files(self) -> dict[str, str | list[str]]:
        """None: the splits are named in the notation of TensorFlow Datasets."""
        return {}

    @property
    def known(self) -> Known:
        """The defaults of the data set, replaced by the settings of the section."""
        usual = KNOWN.get(self.name) or Known("classification" if self.label else "language_model", "text")
        own = {name: getattr(self, name) for name in ("text", "label", "validation", "test", "level")}
        return usual._replace(**{name: value for name, value in own.items() if value is not None})

    @property
    def splitting(self) -> str:
        """How texts are split."""
        return spelt(self.known.level)

    @property
    def tokens(self) -> bool:
        """Texts are read as tokens."""
        return True

    @property
    def task(self) -> str:
        """The kind of task: a key of `rnnlab.data.task.KINDS`."""
        known = self.known
        return "character_model" if (known.task, known.level) == ("language_model", "character") else known.task

    @model_validator(mode="after")
    def _named(self) -> "Tfds":
        if (self.name == "tfds") != (self.dataset is not None):
            raise conflict(("dataset",), "name: tfds needs dataset:, the name of any data set; others take none", self.dataset)
        if self.name == "tfds" and self.text is None:
            raise conflict(("text",), "name the feature of the text", self.text)
        return self


def read(config: Tfds) -> Reading:
    """Return the rows of each split, prepared by the data set's own builder if necessary."""
    known = config.known
    made = builder(config.dataset or config.name.removeprefix("tfds/"))
    columns = [known.text, *([known.label] if known.label else [])]
    _check_features(made.info, columns)

    def rows(split: str) -> Callable[[], Iterable[Row]]:
        try:
            source = made.as_data_source(split=split)
        except (ValueError, KeyError) as error:
            there = ", ".join(f"{name} ({part.num_examples:,})" for name, part in made.info.splits.items())
            raise UserError(f"{made.info.full_name} has no split {split!r}, or no example in it: it has {there}") from error
        return partial(_rows, source, columns, made.info.features, f"{made.info.full_name} {split}")

    splits = {"train": rows(config.train), "test": rows(known.test or "test")}
    if isinstance(known.validation, str):
        splits["validation"] = rows(known.validation)
    else:
        total = len(made.as_data_source(split=config.train))
        splits |= held_out(splits["train"], {"validation": known.validation or 0.1}, config.split_seed, total)
    about = {"version": str(made.version), "citation": made.info.citation, "url": made.info.homepage}
    return Reading(splits, {**about, "licence": made.info.redistribution_info.license or "see the url"})


def _check_features(info: "tfds.core.DatasetInfo", columns: list[str]) -> None:
    for column in columns:
        if column not in info.features:
            there = ", ".join(info.features)
            raise UserError(f"{info.full_name} has no feature {column!r}{nearest(column, info.features)}; it has {there}")


def _rows(source: Any, columns: list[str], features: Any, place: str) -> Iterator[Row]:
    for begin in range(0, len(source), BLOCK):
        block = source.__getitems__(range(begin, min(begin + BLOCK, len(source))))
        for number, record in enumerate(block, begin):
            text, *labels = (_plain(record[column], features[column]) for column in columns)
            text = text if labels or not isinstance(text, str) else text.rstrip("\n") + "\n"
            row = Row(text, labels[0] if labels else None, f"{place}, example {number}")
            yield _words(row, record[HEAD]) if isinstance(row.target, list) and HEAD in features else row


def _words(row: Row, heads: Iterable[bytes]) -> Row:
    """The words of a tagged sentence: ranges, such as don't over do and n't, and empty nodes have no head and are left out.

    >>> _words(Row(["don't", "do", "n't"], ["_", "AUX", "PART"]), [b"None", b"0", b"1"]).input
    ['do', "n't"]
    """
    kept = [(word, tag) for word, tag, head in zip(row.input, row.target, heads, strict=True) if head != b"None"]
    return row._replace(input=[word for word, _ in kept], target=[tag for _, tag in kept])


def _plain(value: Any, feature: Any) -> Any:
    """Text as text and classes by their names."""
    inner = getattr(feature, "feature", None)
    if inner is not None:
        return [_plain(one, inner) for one in value]
    if hasattr(feature, "int2str"):
        return feature.int2str(int(value))
    return value.decode() if isinstance(value, bytes) else str(value)
