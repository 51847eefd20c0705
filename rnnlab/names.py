"""Names that people type: the nearest known one, and which ones are safe as a folder."""

import re
from collections.abc import Iterable
from difflib import get_close_matches

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
