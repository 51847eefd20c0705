"""The section of a recurrent layer: the settings of every layer, and the options of its cell."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, PlainSerializer, PlainValidator, ValidationInfo, WithJsonSchema, field_validator, model_validator
from pydantic.fields import FieldInfo

from rnnlab.cells.builtin_cells import CELLS
from rnnlab.cells.kinds import CellKind
from rnnlab.choice import Choice
from rnnlab.noise.fitting import check_once, check_sites
from rnnlab.noise.schemes import DropoutSetting, noises, plain
from rnnlab.section import NO_SOURCE, Section, conflict

Width = Annotated[int, Field(ge=1, le=1_000_000)]
"""A number of units."""
Weight = Annotated[float, Field(ge=0, allow_inf_nan=False)]
"""The weight of a penalty, at least 0."""
CELL = "lstm"
"""The cell of a layer that names none."""


def _floats(setting: Any) -> Any:
    """The setting with whole numbers as floats, so that 0 and 0.0 are one config."""
    match setting:
        case Mapping():
            return {key: _floats(value) for key, value in setting.items()}
        case list():
            return [_floats(value) for value in setting]
        case int() if not isinstance(setting, bool):
            return float(setting)
    return setting


def _read(argument: str) -> PlainValidator:
    """Return the reader of a field that takes a rate, a scheme, coordinates, or a list of these."""

    def read(setting: Any) -> DropoutSetting:
        try:
            return DropoutSetting.of(_floats(setting), argument)
        except ValueError:
            noises(setting, argument)  # tells what is wrong in the user's own numbers
            raise

    return PlainValidator(read)


_SCHEMA = WithJsonSchema({"anyOf": [{"type": "number", "minimum": 0, "exclusiveMaximum": 1}, {"type": ["object", "array"]}]})
_SPELLING = PlainSerializer(plain)
Vertical = Annotated[DropoutSetting, _read("dropout"), _SPELLING, _SCHEMA]
"""Noise on what enters or leaves the layer: a rate, `{scheme: ...}`, `{site: ...}`, or a list of these."""
Horizontal = Annotated[DropoutSetting, _read("recurrent_dropout"), _SPELLING, _SCHEMA]
"""Noise on what passes from step to step: a rate, `{scheme: ...}`, `{site: ...}`, or a list of these."""
Words = Annotated[DropoutSetting, _read("embedding"), _SPELLING, _SCHEMA]
"""Noise on rows of the embedding table: a rate, `{scheme: word, ...}` or `{site: word, ...}`."""
NO_RATE: Any = 0.0
"""The spelling of no dropout, read like every other."""


class RecurrentConfig(Section):
    """One recurrent layer; a registered cell adds its options."""

    cell: str
    """The cell, which computes one time step."""
    units: Width
    """The size of the hidden state."""
    implementation: Literal["auto", "loop", "keras"] = "auto"
    """auto uses the fastest implementation that fits, loop the plain loop, keras the built-in layer of Keras."""
    dropout: Vertical = NO_RATE
    """Vertical noise: a rate or a scheme."""
    recurrent_dropout: Horizontal = NO_RATE
    """Horizontal noise: a rate or a scheme."""
    ar: Weight = 0.0
    """Activation regularisation: the weight of the mean square of the outputs in the training loss (Merity et al. 2017)."""
    tar: Weight = 0.0
    """Temporal activation regularisation: the weight of the mean squared change from output to output in the training loss."""
    norm_stabiliser: Weight = 0.0
    """The weight of the mean squared change of the outputs' norm in the training loss (Krueger & Memisevic 2016 use 50)."""
    bidirectional: bool = False
    """Read the sequence in both directions and concatenate the outputs."""
    initial_state: Literal["zero", "learned"] = "zero"
    """The state before every sequence or window: zeros, or a trained vector for each state, instead of a carried state."""

    @property
    def options(self) -> Section:
        """The options of the cell, as a separate section."""
        kind = CELLS[self.cell].options
        return kind.model_validate({name: getattr(self, name) for name in kind.model_fields})

    @property
    def outputs(self) -> int:
        """The size of the layer's output."""
        return CELLS[self.cell].output_size(self.units, self.options) * (2 if self.bidirectional else 1)

    @model_validator(mode="before")
    @classmethod
    def _without_others(cls, values: object) -> object:
        """Drop options of other cells that have their defaults, which older files and changed variants contain."""
        if not isinstance(values, dict):
            return values
        foreign = {name: fields for name, fields in option_fields().items() if name in values and name not in cls.model_fields}
        for name, fields in foreign.items():
            if not any(values[name] == field.default for field in fields):
                own = CELLS[values.get("cell", CELL)].options.model_fields
                has = f"its options are {', '.join(own)}" if own else "it has none"
                raise conflict((name,), f"cell: {values.get('cell', CELL)} has no option {name}; {has}", values[name])
        return {name: value for name, value in values.items() if name not in foreign}

    @field_validator("initial_state")
    @classmethod
    def _of_one_direction(cls, value: str, info: ValidationInfo) -> str:
        if value == "learned" and info.data.get("bidirectional"):
            raise ValueError("a bidirectional layer starts from zeros; leave out initial_state: learned")
        return value

    @field_validator("implementation")
    @classmethod
    def _known_to_keras(cls, value: str, info: ValidationInfo) -> str:
        if value == "keras" and info.data.get("cell") and not CELLS[info.data["cell"]].keras:
            raise ValueError(f"Keras has no layer with the cell {info.data['cell']}; leave out implementation: keras")
        return value

    @field_validator("dropout", "recurrent_dropout")
    @classmethod
    def _fits_cell(cls, setting: DropoutSetting, info: ValidationInfo) -> DropoutSetting:
        kind = CELLS[info.data["cell"]] if "cell" in info.data else None
        sites = (kind.states, kind.all_sites()) if kind else ()
        inside = check_sites(setting.noise, str(info.field_name), *sites)
        if info.field_name == "recurrent_dropout" and "dropout" in info.data:
            check_once([noise.site for noise in (*info.data["dropout"].noise, *inside)])
        if info.data.get("implementation") == "keras" and not isinstance(setting.spelling, float):
            raise ValueError(f"implementation: keras takes a plain rate, got {setting.spelling!r}")
        return setting

    @model_validator(mode="after")
    def _has_gates(self) -> "RecurrentConfig":
        for argument in ("dropout", "recurrent_dropout"):
            setting: DropoutSetting = getattr(self, argument)
            try:
                CELLS[self.cell].check_noise(setting.noise, self.units, self.options)
            except ValueError as error:
                raise conflict((argument,), str(error), setting.spelling) from None
        return self

    @field_validator("*")
    @classmethod
    def _computed_by_keras(cls, value: object, info: ValidationInfo) -> object:
        name = str(info.field_name)
        if info.data.get("implementation") != "keras" or name in _COMMON:
            return value
        if value != cls.model_fields[name].default and name not in CELLS[info.data["cell"]].keras_options:
            raise ValueError(f"implementation: keras has no option {name}")
        return value


PENALTIES = ("ar", "tar", "norm_stabiliser")
"""The weights of the penalties on a layer's outputs."""
_COMMON = tuple(name for name in RecurrentConfig.model_fields if name not in PENALTIES)
"""The fields that Keras's layers have too."""
_SECTIONS: dict[CellKind, type[RecurrentConfig]] = {}


def sections() -> dict[str, type[RecurrentConfig]]:
    """The section of a layer with each of the registered cells, by the cell's name."""
    return {name: _section(kind) for name, kind in CELLS.items()}


def _section(kind: CellKind) -> type[RecurrentConfig]:
    if kind not in _SECTIONS:
        about = RecurrentConfig.model_fields["cell"].description
        _SECTIONS[kind] = type(
            f"{kind.name.replace('_', ' ').title().replace(' ', '')}Layer",
            (kind.options, RecurrentConfig),
            {
                "__annotations__": {"cell": Literal[kind.name]},
                "__module__": __name__,
                "__doc__": f"One recurrent layer of {kind.name} cells.",
                "model_config": NO_SOURCE,
                "cell": Field(kind.name, description=about),
            },
        )
    return _SECTIONS[kind]


AnyLayer = Annotated[RecurrentConfig, Choice("cell", sections, CELL)]
"""The section of a layer with any registered cell."""


def option_fields() -> dict[str, list[FieldInfo]]:
    """The options of all cells by name, each with the fields of the cells that have it."""
    fields: dict[str, list[FieldInfo]] = {}
    for kind in CELLS.values():
        for name, field in kind.options.model_fields.items():
            fields.setdefault(name, []).append(field)
    return fields


def layer_fields() -> dict[str, FieldInfo]:
    """The fields of all recurrent layers by name."""
    return {**RecurrentConfig.model_fields, **{name: fields[0] for name, fields in option_fields().items()}}
