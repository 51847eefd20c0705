"""What was predicted for a text, in lines that a person reads."""

from collections.abc import Iterator

from rnnlab.trained.predictor import Answer


def lines(answer: Answer) -> Iterator[str]:
    """Yield the text and below it what is predicted, each with its deviation over the samples where there are several.

    >>> label = {"name": "good", "probability": 0.75, "deviation": 0.125}
    >>> print("\\n".join(lines({"text": "a fine film", "samples": 20, "unknown": ["fine"], "labels": [label]})))
    a fine film
      not in the vocabulary, read as <unk>: fine
      good  0.750 ± 0.125
    """
    yield answer["text"]
    if answer["unknown"]:
        yield f"  not in the vocabulary, read as <unk>: {', '.join(answer['unknown'])}"
    several = answer.get("samples", 1) > 1
    if "perplexity" in answer:
        yield f"  perplexity of the text {answer['perplexity']:.4g}; most likely to follow:"
    for key in ("labels", "next", "tags"):
        rows = answer.get(key, [])
        names = [[_shown(row[field]) for field in ("token", "name") if field in row] for row in rows]
        widths = [max(map(len, column)) for column in zip(*names, strict=True)]
        for row, parts in zip(rows, names, strict=True):
            padded = "  ".join(part.ljust(width) for part, width in zip(parts, widths, strict=True))
            yield f"  {padded}  {row['probability']:.3f}" + (f" ± {row['deviation']:.3f}" if several else "")
    for row in answer.get("values", []):
        spread = f" ± {row['deviation']:.3g}" if several else ""
        yield f"  {row['value']:.4g}{spread}, {answer['level']:.0%} interval {row['low']:.4g} to {row['high']:.4g}"


def _shown(name: str) -> str:
    """A token that can be seen."""
    return name if name.strip() else repr(name)
