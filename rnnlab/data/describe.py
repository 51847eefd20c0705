"""What is in a prepared data set: sizes, lengths, unknown words, labels, numbers, examples."""

from collections.abc import Sequence
from unicodedata import category, normalize

import numpy as np

from rnnlab.data.prepared import ABOUT, Prepared, home, read_about
from rnnlab.data.sources import beside
from rnnlab.data.sources.source_config import SPLITS
from rnnlab.data.tokenizer import Codec
from rnnlab.documents import Fields, Plain, Record

SHOWN = {"words": 20, "subwords": 40, "characters": 80}
"""Tokens of an example that are shown."""
EXAMPLES = 3
TOLD = ("guessed", "dropped", "missing", "told", "version", "licence", "citation", "url")
"""What is reported about a data set in addition to its counts."""
EXCEL = ("#div/0!", "#name?", "#null!", "#num!", "#ref!", "#value!")
LIKE_NOTHING = ("-", "--", "?", "none", "missing", "unknown", "nil", "n/a", "na", "nan", "null", "tbd", *EXCEL)
"""Labels that may mean a missing one, in lower case."""
FEATURES = 4
"""The largest number of features whose mean and deviation are shown one by one."""


def known() -> list[Record]:
    """Return a row for everything that is prepared in the data folder."""
    files = sorted((home() / "prepared").glob(f"[!.]*/{ABOUT}"))
    return [_row(path.parent.name, read_about(path.parent)) for path in files]


def _row(folder: str, about: Fields) -> Record:
    steps = {name: about["splits"].get(name, {}).get("steps") for name in SPLITS}
    tokens = about["codec"]["vocabulary"]
    level = _level(about["codec"]["level"]) if tokens else "numbers"
    return {"name": about["key"]["name"], "level": level, **steps, "vocabulary": tokens and len(tokens), "folder": folder}


def _level(name: str) -> str:
    """The level as a section spells it."""
    return "word" if name == "unicode" else name


def describe(prepared: Prepared) -> Record:
    """Return the description of a prepared data set."""
    about, codec = prepared.about, Codec.of(prepared.about["codec"])
    kept: Record = {key: about[key] for key in TOLD if key in about}
    tokens: Record = {"level": _level(codec.level), "vocabulary": len(codec.vocabulary)} if codec.vocabulary else {}
    splits = {name: _split(prepared, name, codec) for name in SPLITS if name in about["splits"]}
    if lines := odd(prepared):
        kept["told"] = lines
    tokens |= {"tokens": about["tokens"]} if about.get("tokens") else {}
    tokens |= {"beside": beside.features(codec.beside)} if codec.beside else {}
    return {"name": about["key"]["name"], **tokens, "splits": splits, "folder": str(prepared.folder), **kept}


def odd(prepared: Prepared) -> list[str]:
    """Say what looks odd in a prepared data set."""
    about, labels = prepared.about, prepared.about["codec"]["labels"]
    return [*about.get("told", []), *_alike(labels), *(_like_nothing(labels) if "missing_values" in about["key"] else [])]


def _split(prepared: Prepared, name: str, codec: Codec) -> Record:
    """Counts of a split; lengths and labels where it has examples."""
    about, values = prepared.about["splits"][name], _values(prepared, name)
    told: Record = dict(about)
    if codec.vocabulary:
        told["unknown_rate"] = told.pop("unknown") / about["steps"]
    elif values.ndim > 1:
        told |= _numbers(values)
    else:
        told["distinct_tokens"] = len(np.unique(values))
    if f"{name}.targets" in prepared:
        told |= _targets(codec, prepared[f"{name}.targets"])
    if f"{name}.offsets" not in prepared:
        return {**told, **({"begins": _shown(codec, values)} if codec.vocabulary else {})}
    offsets = prepared[f"{name}.offsets"]
    told["length_quartiles"] = [int(value) for value in np.quantile(np.diff(offsets), [0, 0.25, 0.5, 0.75, 1])]
    if not codec.vocabulary:
        return told
    targets = prepared[f"{name}.targets"]
    return {**told, "examples_shown": [_example(codec, values, offsets, targets, place) for place in _places(len(offsets) - 1)]}


def _values(prepared: Prepared, name: str) -> np.ndarray:
    """The values of a split; those of series lie end to end, whatever split they are in."""
    if "series.values" not in prepared:
        return prepared[f"{name}.values"]
    own = [row for row in prepared["series.parts"].tolist() if SPLITS[row[0]] == name]
    return np.concatenate([prepared["series.values"][origin + begin : origin + end] for _, origin, _, begin, end in own])


def _places(total: int) -> list[int]:
    """A few examples from all over a split, which may be sorted by label."""
    return sorted({total * place // EXAMPLES for place in range(EXAMPLES)})


def _numbers(values: np.ndarray) -> Record:
    """What numbers there are, by feature where these are few."""
    features = values.shape[1]
    parts = values.T if features <= FEATURES else [values]
    return {"features": features, "numbers": [_spread_of(part) for part in parts]}


def _spread_of(values: np.ndarray) -> dict[str, float]:
    moments = {"mean": values.mean(dtype=np.float64), "deviation": values.std(dtype=np.float64)}
    return {
        name: round(float(value), 6) for name, value in {**moments, "least": values.min(), "greatest": values.max()}.items()
    }


def _targets(codec: Codec, targets: np.ndarray) -> Record:
    if codec.labels:
        several = targets.ndim > 1
        counts = targets.sum(axis=0) if several else np.bincount(targets, minlength=len(codec.labels))
        return {"labels": {label: int(count) for label, count in zip(codec.labels, counts, strict=True)}}
    return {"targets": {"outputs": targets.shape[1], "mean": float(targets.mean()), "deviation": float(targets.std())}}


def _example(codec: Codec, values: np.ndarray, offsets: np.ndarray, targets: np.ndarray, place: int) -> Record:
    begin, end = int(offsets[place]), int(offsets[place + 1])
    if len(targets) != len(offsets) - 1:  # a label for every word
        words = codec.decode(values[begin:end][: SHOWN[codec.unit]]).split(" ")
        return {"text": " ".join(f"{word}/{codec.labels[tag]}" for word, tag in zip(words, targets[begin:end], strict=False))}
    return {"text": _shown(codec, values[begin:end]), "target": _target(codec, targets[place])}


def _target(codec: Codec, target: np.ndarray) -> Plain:
    if not codec.labels:
        return np.round(target, 4).tolist()
    if target.ndim:
        return [codec.labels[label] for label in np.flatnonzero(target)]
    return codec.labels[int(target)]


def _alike(labels: Sequence[str]) -> list[str]:
    """In words which labels look like one, such as 1, 01 and 1.0, or pos and Pos."""
    groups: dict[str, list[str]] = {}
    for label in labels:
        plain = normalize("NFKC", "".join(sign for sign in label if category(sign) != "Cf")).strip().casefold()
        number = plain.removesuffix(".0")
        groups.setdefault(number.lstrip("0") if number.isdigit() else plain, []).append(label)
    return [f"{' and '.join(map(repr, group))} are different labels" for group in groups.values() if len(group) > 1]


def _like_nothing(labels: Sequence[str]) -> list[str]:
    """In words which labels look as if they stood for a missing one."""
    empty = [label for label in labels if label.strip().casefold() in LIKE_NOTHING]
    return [f"{label!r} is a label like any other; missing_values: names cells without one" for label in empty]


def _shown(codec: Codec, values: np.ndarray) -> str:
    return codec.decode(values[: SHOWN[codec.unit]])
