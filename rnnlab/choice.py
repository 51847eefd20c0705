"""A section of a config that is chosen among registered ones by one of its keys, whatever is registered when it is read."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Generic, Literal, TypeVar

from pydantic import BaseModel, Field, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, PydanticKnownError, core_schema

from rnnlab.documents import Record
from rnnlab.registry import Registry, file_of
from rnnlab.section import NO_SOURCE, Section

Sections = Callable[[], Mapping[str, type[Section]]]


class Choice:
    """Annotates a field whose section is the one that its `key` names, or `default` where the key is left out.

    >>> from pydantic import TypeAdapter
    >>> from typing import Annotated
    >>> class Dot(Section):
    ...     shape: str = "dot"
    >>> Shape = Annotated[Section, Choice("shape", lambda: {"dot": Dot})]
    >>> TypeAdapter(Shape).validate_python({"shape": "dot"})
    Dot(shape='dot')
    """

    def __init__(self, key: str, sections: Sections, default: str | None = None) -> None:
        self.key, self.sections, self.default = key, sections, default

    def validate(self, value: object) -> Any:
        """Return the section of a mapping, raising what pydantic raises for a tagged union."""
        if isinstance(value, Section):
            return value
        if not isinstance(value, dict):
            raise PydanticKnownError("model_type", {"class_name": "Section"})
        name, sections = value.get(self.key, self.default), self.sections()
        if name is None:
            raise PydanticKnownError("union_tag_not_found", {"discriminator": f"'{self.key}'"})
        if not isinstance(name, str) or name not in sections:
            told = {"discriminator": f"'{self.key}'", "tag": str(name), "expected_tags": ", ".join(map(repr, sections))}
            raise PydanticKnownError("union_tag_invalid", told)
        return sections[name].model_validate(value)

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        def dump(value: BaseModel, info: Any) -> Record:
            return value.model_dump(mode=info.mode, include=info.include, exclude=info.exclude)

        writer = core_schema.plain_serializer_function_ser_schema(dump, info_arg=True)
        return core_schema.no_info_plain_validator_function(self.validate, serialization=writer)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> Record:
        return {"oneOf": [handler(section.__pydantic_core_schema__) for section in self.sections().values()]}


def chosen(name: str, kind: str, options: type[Section], base: type[Section], about: str | None = None) -> type[Any]:
    """Return the section that `name` chooses of a kind of part: the fields of `base`, and the part's own options.

    >>> class Shape(Section):
    ...     size: int = 1
    >>> class Round(Section):
    ...     radius: float = 1.0
    >>> chosen("dot", "shape", Round, Shape)(size=2).model_dump()
    {'size': 2, 'radius': 1.0, 'name': 'dot'}
    """
    members = {
        "__annotations__": {"name": Literal[name]},
        "__module__": options.__module__,
        "__doc__": about or f"The {kind} {name}.",
        "model_config": NO_SOURCE,
        "name": Field(name, description=f"The name of the {kind}."),
    }
    title = f"{name} {kind}".replace("_", " ").title().replace(" ", "")
    return type(title, (base,) if options is Section else (options, base), members)


@dataclass(frozen=True, eq=False)
class DeclaredPart:
    """A registered part that a section of a config declares: what makes it, and the section of its options."""

    kind: str
    name: str
    part: Any
    """A class or function that takes the options by their names, unless its kind says otherwise."""
    options: type[Section]
    base: type[Section]
    """The fields that every part of its kind has."""

    @cached_property
    def section(self) -> type[Any]:
        """The section of a config that declares it."""
        return chosen(self.name, self.kind, self.options, self.base, self.part.__doc__)

    def given(self, config: Section) -> Record:
        """Return the options that a section holds, by name."""
        return {name: getattr(config, name) for name in self.options.model_fields}


Part = TypeVar("Part", bound=Callable)
Declared = TypeVar("Declared", bound=DeclaredPart)


class DeclaredParts(Registry[Declared], Generic[Declared]):
    """Registered parts of one kind, each declared by a section: the fields of `base`, and the options of the part.

    `declared` is the class that describes a part, `default` the part of a section that names none.

    >>> class Shape(Section):
    ...     size: int = 1
    >>> shapes = DeclaredParts("shape", Shape, DeclaredPart)
    >>> @shapes.register("dot")
    ... def dot():
    ...     "A point."
    ...     return "."
    >>> shapes.choice.validate({"name": "dot", "size": 2}), shapes.made(shapes["dot"].section())
    (DotShape(size=2, name='dot'), '.')
    """

    def __init__(self, kind: str, base: type[Section], declared: type[Declared], default: str | None = None) -> None:
        super().__init__(kind)
        self.base, self.declared = base, declared
        self.choice = Choice("name", lambda: {name: one.section for name, one in self.items()}, default)

    def register(self, name: str, options: type[Section] = Section, **about: Any) -> Callable[[Part], Part]:
        """Return the decorator of a part; `about` are further fields of its description."""

        def register(part: Part) -> Part:
            self.add(name, self.declared(self.kind, name, part, options, self.base, **about), file_of(part))
            return part

        return register

    def made(self, config: Any) -> Any:
        """Return the part that a section declares, called with its options."""
        one = self[config.name]
        return one.part(**one.given(config))
