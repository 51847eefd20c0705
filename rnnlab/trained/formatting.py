"""The prediction for an input, as lines for a person to read."""

from collections.abc import Iterator

from rnnlab.documents import Record
from rnnlab.trained.answers import Prediction
from rnnlab.trained.flat import UNKNOWN_BESIDE


def lines(answer: Prediction) -> Iterator[str]:
    """Yield the text and below it what is predicted, each with its deviation over the samples where there are several.

    >>> label = {"name": "good", "probability": 0.75, "deviation": 0.125}
    >>> print("\\n".join(lines({"text": "a fine film", "samples": 20, "unknown": ["fine"], "labels": [label]})))
    a fine film
      not in the vocabulary, read as <unk>: fine
      good  0.750 ± 0.125
    """
    if "position" in answer:
        yield "  ".join(f"{value:.4g}" if isinstance(value, float) else _shown(str(value)) for value in answer.values())
    elif "ahead" in answer:
        yield _forecast(answer)
    else:
        yield from _predicted(answer)


def _forecast(answer: Prediction) -> str:
    place = "  ".join(str(answer[name]) for name in ("id", "time", "step", "target") if name in answer)
    spread = f" ± {answer['deviation']:.3g}" if answer["samples"] > 1 else ""
    interval = f"{answer['level']:.0%} interval {answer['low']:.4g} to {answer['high']:.4g}"
    truth = f", truth {answer['truth']:.4g}" if "truth" in answer else ""
    return f"{place}  {answer['value']:.4g}{spread}, {interval}{truth}"


def _predicted(answer: Prediction) -> Iterator[str]:
    yield answer.get("text", f"row {answer.get('row', 1)}")
    if "note" in answer:
        yield f"  {answer['note']}"
    if answer.get("unknown"):
        yield f"  not in the vocabulary, read as <unk>: {', '.join(answer['unknown'])}"
    if "unknown_beside" in answer:
        yield f"  {UNKNOWN_BESIDE}: {', '.join(answer['unknown_beside'])}"
    if "perplexity" in answer:
        yield f"  perplexity of the text {answer['perplexity']:.4g}; most likely to follow:"
    several = answer.get("samples", 1) > 1
    for key in ("labels", "next", "tags"):
        yield from _ranked(answer.get(key, []), several)
    yield from _numbers(answer, several)
    yield from _frames(answer.get("frames", []))
    for step in [answer] if "predicted" in answer else answer.get("steps", []):
        yield f"  {_named(step['predicted'], several)}" + (f", truth {_listed(step['truth'])}" if "truth" in step else "")
    if "truth" in answer and "predicted" not in answer:
        truth = answer["truth"]
        yield f"  truth: {_shown(truth) if isinstance(truth, str) else ', '.join(truth)}"


def _named(predicted: Record, several: bool) -> str:
    spread = {name: f" ± {one['deviation']:.3g}" if several else "" for name, one in predicted.items()}
    return ", ".join(f"{name} {one['value']:.4g}{spread[name]}" for name, one in predicted.items())


def _listed(values: list[float]) -> str:
    return " ".join(f"{value:.4g}" for value in values)


def _numbers(answer: Prediction, several: bool) -> Iterator[str]:
    for row in answer.get("values", []):
        spread = f" ± {row['deviation']:.3g}" if several else ""
        interval = f"{answer['level']:.0%} interval {row['low']:.4g} to {row['high']:.4g}"
        yield f"  {row['value']:.4g}{spread}, {interval}" + (f", truth {row['truth']:.4g}" if "truth" in row else "")


def _frames(frames: list[Record]) -> Iterator[str]:
    for place, frame in enumerate(frames, 1):
        truth = f" (truth {' '.join(frame['truth'])})" if "truth" in frame else ""
        yield f"  {place}  " + " ".join(f"{name} {p:.2f}" for name, p in frame["labels"].items()) + truth


def _ranked(rows: list[Record], several: bool) -> Iterator[str]:
    """Names with their probabilities, in columns."""
    names = [[_shown(row[field]) for field in ("token", "name") if field in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*names, strict=True)]
    for row, parts in zip(rows, names, strict=True):
        padded = "  ".join(part.ljust(width) for part, width in zip(parts, widths, strict=True))
        truth = f"  (truth {_shown(row['truth'])})" if "truth" in row else ""
        yield f"  {padded}  {row['probability']:.3f}" + (f" ± {row['deviation']:.3f}" if several else "") + truth


def _shown(name: str) -> str:
    """A token that can be seen."""
    return name if name.strip() else repr(name)
