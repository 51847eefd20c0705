"""Every source of one's own files, and for every key of it the settings it is tried with."""

from rnnlab.data.sources.conllu import Conllu
from rnnlab.data.sources.npz import Arrays
from rnnlab.data.sources.series import NumberSeries
from rnnlab.data.sources.table import Table
from rnnlab.data.sources.text import Text

SOURCES = {"text": Text, "table": Table, "conllu": Conllu, "npz": Arrays, "series": NumberSeries}
BASES = {
    "text": {"train": "a.txt", "window": 4},
    "table": {"train": "a.csv", "text": "text", "label": "mood"},
    "conllu": {"train": "a.conllu", "validation": "a.conllu", "test": "a.conllu"},
    "npz": {"train": "a.npz", "input": "x", "label": "mood"},
    "series": {"train": "s.csv", "columns": "heat", "window": 8, "batch_size": 2},
}
"""The least that a source needs."""


def files(name):
    return [{"train": f"a{name}"}, {"train": [f"a{name}", f"a{name}"]}]


def parts(key, name):
    return [{key: 0.2}, {key: f"a{name}"}, {key: [f"a{name}"]}]


COMMON = {"batch_size": [{"batch_size": 3}], "limit_examples": [{"limit_examples": 200}, {"limit_examples": None}]}
TOKENS = {
    "vocabulary": [{"vocabulary": 300}, {"vocabulary": None}],
    "level": [{"level": "word"}, {"level": "blank"}, {"level": "character"}, {"level": "subword", "vocabulary": 300}],
    "lower": [{"lower": True}],
}
LENGTHS = [{"lengths": {"max_length": 3, "keep": "tail"}}]
LAYOUT = {
    "separator": [{"separator": ";", "train": "semicolon.csv"}, {"separator": None, "train": "semicolon.csv"}],
    "encoding": [{"encoding": "latin-1"}, {"encoding": None}],
    "decimal": [{"decimal": "."}, {"decimal": ",", "train": "semicolon.csv"}, {"decimal": None}],
    "thousands": [{"thousands": ","}, {"thousands": None}],
    "header": [{"header": "first"}, {"header": "none", "names": ["text", "mood", "heat", "more", "by"], "train": "bare.csv"}],
    "names": [{"names": ["text", "mood", "heat", "more", "by"], "header": "none", "train": "bare.csv"}, {"names": None}],
    "quote": [{"quote": "'"}, {"quote": None}],
    "comment": [{"comment": "#"}, {"comment": None}],
    "missing_values": [{"missing_values": ["", "?"]}],
}
KEYS = {
    "text": {
        **COMMON,
        **TOKENS,
        "train": files(".txt"),
        "validation": parts("validation", ".txt"),
        "test": parts("test", ".txt"),
        "encoding": [{"encoding": "utf-8"}, {"encoding": None}],
        "window": [{"window": 5}],
        "window_sampling": [{"window_sampling": {"deviation": 1}}, {"window_sampling": None}],
        "carry": [{"carry": False}],
    },
    "table": {
        **COMMON,
        **TOKENS,
        **LAYOUT,
        "train": [*files(".csv"), *({"train": f"a{name}"} for name in (".CSV", ".tsv", ".json", ".jsonl", ".csv.gz"))],
        "validation": parts("validation", ".csv"),
        "test": parts("test", ".csv"),
        "text": [{"text": "text"}, {"text": ["text", "by"]}],
        "beside": [{"beside": "heat"}, {"beside": ["heat", "by"]}],
        "label": [{"label": "mood"}, {"label": None, "value": "heat"}],
        "labels": [{"labels": "mood", "label": None}, {"labels": None}],
        "label_separator": [{"label_separator": "|", "labels": "mood", "label": None}, {"label_separator": None}],
        "value": [{"value": "heat", "label": None}, {"value": ["heat", "more"], "label": None}, {"value": None}],
        "missing": [{"missing": "refuse"}, {"missing": "drop", "train": "gaps.csv"}],
        "split_by": [{"split_by": "by"}, {"split_by": None}],
        "split_seed": [{"split_seed": 7}],
        "fold": [{"fold": {"number": 2, "of": 4}}, {"fold": None}],
        "lengths": LENGTHS,
    },
    "conllu": {
        **COMMON,
        **TOKENS,
        "train": files(".conllu"),
        "validation": parts("validation", ".conllu")[1:],
        "test": parts("test", ".conllu")[1:],
        "tags": [{"tags": "upos"}, {"tags": "xpos"}, {"tags": "deprel"}],
        "lengths": LENGTHS,
    },
    "npz": {
        **COMMON,
        "train": files(".npz"),
        "validation": [*parts("validation", ".npz"), {"validation": {"input": "x", "label": "mood"}}],
        "test": [*parts("test", ".npz"), {"test": {"input": "x", "label": "mood"}}],
        "input": [{"input": "x"}, {"input": None, "label": None, "frames": "roll"}],
        "label": [{"label": "mood"}, {"label": None, "value": "heat"}],
        "value": [{"value": "heat", "label": None}, {"value": None}],
        "tag": [{"tag": "tag", "label": None}, {"tag": None}],
        "frames": [{"frames": "roll", "input": None, "label": None}, {"frames": None}],
        "sizes": [{"sizes": "sizes"}, {"sizes": None}],
        "read_as": [{"read_as": "tokens", "input": "ids"}, {"read_as": "numbers"}],
        "vocabulary": [{"vocabulary": 12, "read_as": "tokens", "input": "ids"}, {"vocabulary": None}],
        "standardise": [{"standardise": False}],
        "split_seed": [{"split_seed": 7}],
        "fold": [{"fold": {"number": 2, "of": 4}}, {"fold": None}],
        "lengths": LENGTHS,
    },
    "series": {
        **COMMON,
        **LAYOUT,
        "train": [{"train": "s.csv"}, {"train": ["s.csv", "s.csv"]}, {"train": "s.npz"}],
        "validation": [{"validation": 0.2}, {"validation": "s.csv"}, {"validation": ["s.csv"]}],
        "test": [{"test": 0.2}, {"test": "s.csv"}, {"test": ["s.csv"]}],
        "columns": [{"columns": "heat"}, {"columns": ["heat", "more"]}],
        "target": [{"target": "heat"}, {"target": ["heat"]}, {"target": None}],
        "horizon": [{"horizon": 2}],
        "path": [{"path": True, "horizon": 2}],
        "quantiles": [{"quantiles": [0.1, 0.5, 0.9]}, {"quantiles": None}],
        "season": [{"season": 12}, {"season": None}],
        "time": [{"time": "day"}, {"time": None}],
        "day_first": [{"day_first": True, "time": "day"}, {"day_first": None}],
        "every": [{"every": "1d", "time": "day"}, {"every": None}],
        "id": [{"id": "by"}, {"id": None}],
        "known": [{"known": "more"}, {"known": ["more"]}, {"known": None}],
        "calendar": [
            {"calendar": ["minute", "hour", "weekday", "day", "month", "yearday"], "time": "day"},
            {"calendar": None},
        ],
        "window": [{"window": 6}],
        "missing": [
            {"missing": "refuse"},
            *({"missing": how, "train": "gaps.csv"} for how in ("interpolate", "mask", {"fill": 0.0})),
        ],
        "sentinel": [{"sentinel": -200.0}, {"sentinel": None}],
        "standardise": [{"standardise": False}],
    },
}
"""For every key of a source the settings it is tried with."""
