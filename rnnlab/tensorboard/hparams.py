"""The settings by which TensorBoard sorts and filters runs: cell, scheme, site, lifetime, rates, and what variants change."""

from collections.abc import Iterable, Mapping

from rnnlab.config import RunSpec
from rnnlab.config.paths import flatten, parts
from rnnlab.documents import Fields
from rnnlab.models.recurrent_config import RecurrentConfig
from rnnlab.noise.schemes import DropoutSetting
from rnnlab.tensorboard.hparams_sessions import HparamValue

ARGUMENTS = ("dropout", "recurrent_dropout")
FIELDS = ("cell", "units", "implementation")
RESULT = "result"
"""The section of the metrics with which a run ended."""


def settings(spec: RunSpec, compare: Fields) -> dict[str, HparamValue]:
    """Return the settings of a run by name, those that its experiment's `compare` section changes among them.

    The recurrent layers have the names of their fields, as in a variant (`cell`, `recurrent_dropout.scheme`); where a layer
    differs from the first, its own stand by their path (`model.recurrent.1.cell`).
    """
    config = spec.config.model_dump()
    model = spec.config.model
    layers = [_layer(section) for section in model.recurrent]
    values: dict[str, HparamValue] = {"variant": spec.variant, "seed": spec.seed, **layers[0]}
    for index, layer in enumerate(layers[1:], 1):
        values |= {f"model.recurrent.{index}.{name}": value for name, value in layer.items() if value != layers[0].get(name)}
    if model.embedding:
        values |= _noise("embedding.dropout", model.embedding.dropout, "embedding")
    said = tuple(f"model.recurrent.0.{name}" for name in (*ARGUMENTS, *FIELDS))
    return {**values, **{path: value for path, value in _changed(config, compare) if not path.startswith(said)}}


def _layer(section: RecurrentConfig) -> dict[str, HparamValue]:
    values: dict[str, HparamValue] = {name: getattr(section, name) for name in FIELDS}
    for argument in ARGUMENTS:
        values |= _noise(argument, getattr(section, argument), argument)
    return values


def _noise(name: str, setting: DropoutSetting, argument: str) -> dict[str, HparamValue]:
    """Scheme, site, lifetime and the largest rate, of several joined; and the rate at each site, where there are several."""
    values = setting.noise
    rates: dict[str, HparamValue] = {f"{name}.rate.{noise.site}": noise.rate for noise in values if len(values) > 1}
    return {
        f"{name}.scheme": _scheme(setting.spelling, argument) if values else "none",
        f"{name}.site": _joined(noise.site for noise in values),
        f"{name}.lifetime": _joined(noise.lifetime for noise in values),
        f"{name}.rate": max((noise.rate for noise in values), default=0.0),
        **rates,
    }


def _scheme(setting: object, argument: str) -> str:
    match setting:
        case Mapping():
            return str(setting.get("scheme", "by coordinates"))
        case list():
            return _joined(_scheme(one, argument) for one in setting)
    return "word" if argument == "embedding" else "variational"


def _joined(names: Iterable[str]) -> str:
    return " + ".join(dict.fromkeys(names)) or "none"


def _changed(config: Fields, compare: Fields) -> Iterable[tuple[str, HparamValue]]:
    """Every value of the config at a path that a variant or the grid sets, as one that TensorBoard takes."""
    patches = [patch for patch in (compare.get("variants") or {}).values() if patch]
    paths = dict.fromkeys(path for patch in (*patches, compare.get("grid") or {}) for path in patch)
    known = parts(config)
    for path in paths:
        path = path if path in known else f"model.recurrent.0.{path}"
        below = flatten(known.get(path)) if isinstance(known.get(path), dict | list) else {"": known.get(path)}
        for name, value in below.items():
            yield f"{path}.{name}".rstrip("."), value if isinstance(value, str | int | float) else str(value)
