"""A prediction and its truth, each in one line, as a page shows them."""

from rnnlab.documents import Fields


def prediction(said: Fields) -> str:
    """The prediction for a sequence, its steps or its numbers, in one line.

    >>> prediction({"predicted": {"mean": {"value": 0.5, "deviation": 0.0}, "spread": {"value": 2.0, "deviation": 0.0}}})
    'mean 0.5, spread 2'
    """
    rows = [*said.get("labels", ()), *said.get("next", ())]
    steps = [row["name"] for row in said.get("tags", ())] + [_shown(row["value"]) for row in said.get("values", ())]
    steps += [f"{name} {_shown(of['value'])}" for name, of in said.get("predicted", {}).items()]
    steps += [_shown([of["value"] for of in step["predicted"].values()]) for step in said.get("steps", ())]
    return ", ".join([*(f"{row['name']} {row['probability']:.2f}" for row in rows[:3]), *steps])


def truth(said: Fields) -> str:
    """The truth of a sequence, or of its steps or numbers, in one line.

    >>> truth({"steps": [{"truth": [1.0, 2.5]}, {"truth": [3.0, 4.0]}]})
    '1 2.5, 3 4'
    """
    rows = [row["truth"] for name in ("tags", "values", "steps") for row in said.get(name, ()) if "truth" in row]
    known = said.get("truth", rows)
    return known if isinstance(known, str) else ", ".join(map(_shown, known))


def _shown(value: object) -> str:
    """A class by its name, a number, or the numbers of a step."""
    if isinstance(value, str):
        return value
    return " ".join(map(_shown, value)) if isinstance(value, list) else f"{value:.4g}"
