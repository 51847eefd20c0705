"""The parts of nested values by dotted path."""

from rnnlab.documents import Plain, Record


def parts(value: Plain, path: str = "") -> Record:
    """Return every part of nested mappings and lists, inner ones and leaves, by dotted path.

    >>> parts({"model": {"recurrent": [{"units": 96}]}})["model.recurrent.0"]
    {'units': 96}
    """
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    below = {key: part for name, one in inner for key, part in parts(one, f"{path}.{name}".lstrip(".")).items()}
    return {path: value, **below} if path else below


def flatten(value: Plain) -> Record:
    """Return the leaves of nested mappings and lists by dotted path.

    >>> flatten({"model": {"recurrent": [{"units": 96}]}, "name": "quickstart"})
    {'model.recurrent.0.units': 96, 'name': 'quickstart'}
    """
    return {path: part for path, part in parts(value).items() if not isinstance(part, dict | list) or not part}
