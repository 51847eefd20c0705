"""Names that people type: the nearest known one, and which ones are safe as a folder."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from difflib import get_close_matches
from inspect import Parameter, signature

_FOLDER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._=,+-]{0,99}")
_FILES = (".yaml", ".json", ".jsonl", ".html")
_WORDS = frozenset(("none", "no", "off", "null", "nan", "missing", "baseline", "all", "both", "nothing", "better", "worse"))


def nearest(name: object, names: Iterable[object]) -> str:
    """Return ` (did you mean x?)` for the nearest of `names`, or nothing where none is near.

    >>> nearest("recurent_dropout", ["dropout", "recurrent_dropout"])
    ' (did you mean recurrent_dropout?)'
    """
    close = get_close_matches(str(name), [str(known) for known in names], n=1)
    return f" (did you mean {close[0]}?)" if close else ""


def check_named(what: str, function: Callable[..., object]) -> None:
    """Raise ValueError where a function cannot be given the values of all its parameters by their names."""
    by_name = (Parameter.POSITIONAL_OR_KEYWORD, Parameter.KEYWORD_ONLY)
    if others := [str(one) for one in signature(function).parameters.values() if one.kind not in by_name]:
        raise ValueError(f"{what} is given values by their names; it has the parameter {others[0]}: give it a name")


def check_settings(what: str, known: Sequence[Parameter], settings: Mapping[str, object]) -> None:
    """Raise ValueError for a setting that none of the parameters takes, and where one without a default has none."""
    names = [parameter.name for parameter in known]
    if unknown := [key for key in settings if key not in names]:
        allowed = f"takes {', '.join(names)}{nearest(unknown[0], names)}" if names else "takes no settings"
        raise ValueError(f"{what} has no setting {unknown[0]!r}; it {allowed}")
    if missing := [one.name for one in known if one.default is one.empty and one.name not in settings]:
        raise ValueError(f"{what} needs {' and '.join(missing)}")


def folder(name: str) -> str:
    """Return `name` if it can be a folder of its own among the files of an experiment; otherwise raise ValueError.

    >>> folder("zoneout-0.5")
    'zoneout-0.5'
    """
    if not _FOLDER.fullmatch(name) or name.endswith(_FILES):
        rule = "up to 100 letters, digits and . _ = , + -, beginning with a letter or digit"
        raise ValueError(f"a name that becomes a folder needs {rule}, and no file's ending such as .yaml; got {name!r}")
    return name


def quoted(name: str) -> str:
    """Return a name for the middle of a sentence: in quotes where it would be read as a word, such as "none".

    >>> quoted("zoneout"), quoted("none")
    ('zoneout', '"none"')
    """
    return f'"{name}"' if name.lower() in _WORDS else name
