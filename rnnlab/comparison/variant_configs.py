"""The variants' configs for a comparison: values by path, the choice of the epoch, the factors of a grid."""

from collections.abc import Iterable, Mapping, Sequence

from rnnlab.config.paths import parts
from rnnlab.documents import Fields
from rnnlab.errors import UserError
from rnnlab.names import nearest

Configs = Mapping[str, Fields]
"""The resolved config of every variant that has been started."""


def selection(configs: Configs) -> str:
    """Return in words how the epoch of every value was chosen."""
    sections = [config["training"] for config in configs.values()]
    metrics = dict.fromkeys(section["monitor"].removeprefix("val_").replace("_", " ") for section in sections)
    stopped = [section for section in sections if section.get("early_stopping")]
    fixed = [section["epochs"] for section in sections if section not in stopped]
    said = [f"always {_span(fixed)} epochs"] if fixed else []
    if stopped:
        most, patience = (
            _span(n) for n in zip(*((of["epochs"], of["early_stopping"]["patience"]) for of in stopped), strict=True)
        )
        said.append(f"at most {most} epochs, stopped after {patience} without a better one")
    return f"best epoch by validation {' or '.join(metrics)}; {' or '.join(said)}"


def _span(values: Sequence[int]) -> str:
    """Return "6", or "6 to 9"."""
    return " to ".join(map(str, sorted({min(values), max(values)})))


def values(configs: Configs, variants: Iterable[str], path: str) -> dict[str, str]:
    """Return for every variant "key=value" of its config at a dotted path; raise UserError where there is none."""
    of_variants = {name: parts(configs.get(name, {})) for name in variants}
    lacking = [name for name, config in of_variants.items() if path not in config]
    if lacking:
        known = {key for config in of_variants.values() for key in config}
        raise UserError(f"the config of {', '.join(lacking)} has no {path!r}{nearest(path, known)}")
    return {name: f"{path.rpartition('.')[2]}={config[path]}" for name, config in of_variants.items()}


def levels(configs: Configs, compare: Fields) -> dict[str, dict[str, str]]:
    """Return the value of every factor by variant, as the `compare` section crosses them; nothing where it has no grid.

    The named variants are a factor too, called variant.
    """
    grid = compare.get("grid") or {}
    paths = {key: key if "." in key else f"model.recurrent.0.{key}" for key in grid}
    of_variants = {name: parts(config) for name, config in configs.items() if paths}
    return {
        name: {"variant": _named(name, compare.get("variants") or {}), **{key: str(of.get(paths[key])) for key in grid}}
        for name, of in of_variants.items()
    }


def _named(variant: str, names: Iterable[str]) -> str:
    """Return which of the named variants a point of the grid belongs to: it begins with that name."""
    return max((name for name in names if f"{variant},".startswith(f"{name},")), key=len, default="")
