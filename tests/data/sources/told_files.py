"""Files as people have them, and what `data describe` says of them."""

import numpy as np
import pandas
from pydantic import TypeAdapter

from rnnlab.data.data_config import DataConfig
from rnnlab.data.describe import describe
from rnnlab.data.sources.build_source import prepared_for

ROWS = [(f"film number {n}", "pos" if n % 2 else "neg") for n in range(40)]
CSV = "text,label\n" + "".join(f"{text},{label}\n" for text, label in ROWS)
RECORDS = [{"text": text, "label": label} for text, label in ROWS]
HOURS = pandas.DataFrame({"date": pandas.date_range("2024-01-01", periods=200, freq="h"), "y": np.arange(200) % 24})


def told(home, file, content, **section):
    """What `data describe` says of a file, by itself of a table of texts with labels."""
    (home / file).write_bytes(content if isinstance(content, bytes) else content.encode())
    data = {"name": "table", "train": file, "text": "text", "label": "label"} if "name" not in section else {"train": file}
    return describe(prepared_for(TypeAdapter(DataConfig).validate_python(data | section)))


def series(home, frame, **section):
    return told(home, "a.csv", frame.to_csv(index=False), name="series", columns="y", time="date", **section)


CONSTANT = {
    "table": {"name": "table", "train": "a.csv", "text": "text", "value": "y"},
    "series": {"name": "series", "train": "a.csv", "columns": "y"},
    "npz": {"name": "npz", "train": "a.npz", "input": "x", "value": "y"},
}
