"""Predictions as rows of a table: one per input, or one per token, frame or output where an input has several."""

import json
from collections.abc import Iterator

from rnnlab.documents import Record
from rnnlab.trained.answers import Prediction

UNKNOWN_BESIDE = "not in the training data, read as none"
"""The remark on numbers and categories beside a text that the model does not know."""
MOST = 50
"""Labels up to which each one's probability has a column."""


def rows(answer: Prediction) -> Iterator[Record]:
    """Yield the rows of an answer; one without a prediction has a note, and one with something unknown beside its text.

    >>> label = {"name": "good", "probability": 0.75, "deviation": 0.0}
    >>> list(rows({"row": 1, "text": "a film", "samples": 0, "unknown": [], "labels": [label], "truth": "bad"}))
    [{'row': 1, 'text': 'a film', 'label': 'good', 'probability': 0.75, 'deviation': 0.0, 'p(good)': 0.75, 'truth': 'bad'}]
    """
    told: Record = {name: answer[name] for name in ("row", "text") if name in answer}
    if "note" in answer:
        yield {**told, "note": answer["note"]}
    elif "position" in answer or "ahead" in answer:
        yield answer
    elif "labels" in answer:
        yield {**told, **_label(answer), **_note(answer)}
    elif "next" in answer:
        first = answer["next"][0]
        yield {**told, "perplexity": answer.get("perplexity"), "next": first["name"], "probability": first["probability"]}
    elif "values" in answer:
        yield {**told, **_values(answer["values"]), **_note(answer)}
    elif "predicted" in answer:
        yield {**told, **_named(answer)}
    elif "steps" in answer:
        told.pop("text", None)
        yield from ({**told, "step": place, **_named(step)} for place, step in enumerate(answer["steps"], 1))
    else:
        yield from _steps(told, answer)


def _note(answer: Prediction) -> dict[str, str]:
    """What stands beside a text that has no meaning to the model."""
    return {"note": f"{UNKNOWN_BESIDE}: {', '.join(unknown)}"} if (unknown := answer.get("unknown_beside")) else {}


def _label(answer: Prediction) -> Record:
    labels = answer["labels"]
    first = {"label": labels[0]["name"], "probability": labels[0]["probability"], "deviation": labels[0]["deviation"]}
    unsure: Record = {name: _cell(answer[name]) for name in ("entropy", "mutual_information", "truth") if name in answer}
    named = sorted(labels, key=lambda row: str(row["name"])) if len(labels) <= MOST else []
    return {**first, **{f"p({row['name']})": row["probability"] for row in named}, **unsure}


def _values(values: list[Prediction]) -> Record:
    """The columns of every output, numbered where there are several."""
    several = len(values) > 1
    return {f"{name}_{place}" if several else name: v for place, row in enumerate(values, 1) for name, v in row.items()}


def _named(answer: Prediction) -> Record:
    """Numbers by their names, with their deviations, and the truth."""
    predicted = answer["predicted"]
    columns = {name: one["value"] for name, one in predicted.items()}
    columns |= {f"{name}_deviation": one["deviation"] for name, one in predicted.items()}
    truth = answer.get("truth", [])
    return columns | {f"truth_{place}" if len(truth) > 1 else "truth": value for place, value in enumerate(truth, 1)}


def _steps(told: Record, answer: Prediction) -> Iterator[Record]:
    told.pop("text", None)
    for place, step in enumerate(answer.get("tags") or answer.get("frames") or [], 1):
        plain = {name: _cell(value) for name, value in step.items()}
        if "name" in plain:
            plain["label"] = plain.pop("name")
        yield {**told, "step": place, **plain}


def _cell(value: object) -> object:
    """Several values as JSON, one as it is."""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else value
