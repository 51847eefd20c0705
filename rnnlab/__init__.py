"""Experiments on recurrent networks and their dropout: declared in YAML, compared over seeds, explained.

>>> import rnnlab
>>> experiment = rnnlab.Experiment.from_dict({
...     "name": "sums",
...     "data": {"name": "adding", "length": 10},
...     "model": {"recurrent": [{"units": 8}]},
...     "training": {"epochs": 1},
...     "compare": {"variants": {"none": {}, "gal": {"recurrent_dropout": 0.2}}},
... })
>>> [spec.variant for spec in experiment.runs()][:2]
['none', 'gal']

`rnnlab.run(experiment)` trains it, `rnnlab.open("runs/sums")` reads its results; both return a study.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.2.0"

if TYPE_CHECKING:
    from rnnlab import layers, register, testing
    from rnnlab.config import Experiment
    from rnnlab.study.public import load, open_study, run
    from rnnlab.study.study import Study

    open = open_study

_PUBLIC = {
    "Experiment": ("rnnlab.config", "Experiment"),
    "Study": ("rnnlab.study.study", "Study"),
    "layers": ("rnnlab.layers", None),
    "load": ("rnnlab.study.public", "load"),
    "open": ("rnnlab.study.public", "open_study"),
    "rank": ("rnnlab.study.public", "rank"),
    "register": ("rnnlab.register", None),
    "run": ("rnnlab.study.public", "run"),
    "testing": ("rnnlab.testing", None),
}
"""Where each public name lives; a part is loaded when it is touched, so that `import rnnlab` stays light."""

__all__ = ["Experiment", "Study", "__version__", "layers", "load", "open", "rank", "register", "run", "testing"]


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module 'rnnlab' has no attribute {name!r}; it has {', '.join(_PUBLIC)}")
    module, attribute = _PUBLIC[name]
    loaded = import_module(module)
    return getattr(loaded, attribute) if attribute else loaded


def __dir__() -> list[str]:
    return __all__
