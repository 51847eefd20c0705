"""Translates pydantic's errors for the user: the place, what was received, what is allowed, the nearest known name."""

from collections.abc import Iterator
from types import UnionType
from typing import Annotated, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from rnnlab.choice import Choice
from rnnlab.config.dialect import LITERALS
from rnnlab.config.tree import Node, Path, Problem, locate
from rnnlab.documents import Record
from rnnlab.names import nearest

Schema = TypeVar("Schema", bound=BaseModel)

_WANTED = {
    "bool_type": "must be true or false",
    "dict_type": "must be a mapping (key: value)",
    "float_type": "must be a number",
    "int_type": "must be a whole number",
    "list_type": "must be a list",
    "model_type": "must be a mapping (key: value)",
    "model_attributes_type": "must be a mapping (key: value)",
    "string_too_short": "must be text that is not empty",
    "string_too_long": r"must be one character ('\t' in double quotes is a tab)",
    "string_type": "must be text",
    "too_short": "must be a list that is not empty",
}

RENAMED = {"limit": ("limit_tokens", "limit_examples")}
"""Keys of older versions, with their possible new names."""


def check(root: Node, schema: type[Schema]) -> tuple[Schema | None, list[Problem]]:
    """Return the section that the tree declares, or None, and all problems."""
    try:
        return schema.model_validate(root.plain()), []
    except ValidationError as error:
        return None, list(_problems(error, schema, root))


def _problems(error: ValidationError, schema: type[BaseModel], root: Node) -> Iterator[Problem]:
    details, choices = _alone(error.errors(include_url=False), root)
    for path, group in choices.items():
        yield Problem(locate(root, path), ".".join(map(str, path)), _choice(group))
    unknown = [detail["loc"] for detail in details if detail["type"] == "extra_forbidden"]
    for detail in details:
        if detail["type"] == "missing" and any(_is_typo(loc, detail["loc"]) for loc in unknown):
            continue
        path = _written(detail["loc"], root)
        if detail["type"].startswith("union_tag"):
            path = (*path, str(detail["ctx"]["discriminator"]).strip("'"))
        place = locate(root, path, key=detail["type"] == "extra_forbidden")
        yield Problem(place, ".".join(map(str, path)), _message(detail, schema, path, root))


def _renamed(name: object, known: list[str]) -> str:
    """The new name of a key of an older version, or nothing."""
    now = [new for new in RENAMED.get(str(name), ()) if new in known]
    return f" (it is now called {now[0]})" if now else ""


def _alone(details: list[ErrorDetails], root: Node) -> tuple[list[ErrorDetails], dict[Path, list[ErrorDetails]]]:
    """The errors to report one by one, and by path those of a value that fits none of its possible types."""
    alone: list[ErrorDetails] = []
    choices: dict[Path, list[ErrorDetails]] = {}
    for detail in details:
        path = _written(detail["loc"], root)
        there = next(end for end in range(len(path), -1, -1) if root.below(*path[:end]))
        if (
            there == len(path)
            or detail["type"] in ("missing", "extra_forbidden", "conflict")
            or detail["type"].startswith("union_tag")
        ):
            alone.append(detail)
        else:
            choices.setdefault(path[:there], []).append(detail)
    return alone, choices


def _choice(group: list[ErrorDetails]) -> str:
    """What a value of several possible types may be."""
    items = [detail for detail in group if isinstance(detail["loc"][-1], int)]
    if items:
        return f"item {items[0]['loc'][-1]} of the list must be {_bare(items[0])}, got {shown(items[0]['input'])}"
    wanted = list(dict.fromkeys(_bare(detail) for detail in group))
    choice = " or ".join([", ".join(wanted[:-1]), wanted[-1]] if len(wanted) > 1 else wanted)
    return f"must be {choice}, got {shown(group[0]['input'])}"


def _bare(detail: ErrorDetails) -> str:
    """What one of the types asks for, in a few words."""
    kind, context = detail["type"], detail.get("ctx", {})
    if kind in _WANTED:
        return _WANTED[kind].removeprefix("must be ").removeprefix("must ")
    bounds = {"greater_than": "gt", "less_than": "lt", "greater_than_equal": "ge", "less_than_equal": "le"}
    if kind in bounds:
        words = {"gt": "above", "lt": "below", "ge": "from", "le": "up to"}
        return f"a number {words[bounds[kind]]} {context[bounds[kind]]:g}"
    if kind == "literal_error":
        return str(context["expected"]).replace("'", "")
    return detail["msg"].removeprefix("Input should be ").removeprefix("Value error, ")


def _is_typo(typed: Path, meant: Path) -> bool:
    """Whether the unknown key is a misspelling of the missing one, so that one message is enough."""
    return typed[:-1] == meant[:-1] and bool(nearest(typed[-1], [meant[-1]]))


def _written(path: Path, root: Node) -> Path:
    """The path as the user wrote it: pydantic inserts the name that selects a section of a union."""
    kept: list[str | int] = []
    node: Node | None = root
    for part in path:
        children = node.children() if node else {}
        if part not in children and "name" in children and children["name"].value == part:
            continue
        kept.append(part)
        node = children.get(part)
    return tuple(kept)


def _message(detail: ErrorDetails, schema: type[BaseModel], path: Path, root: Node) -> str:
    kind, name = detail["type"], path[-1] if path else ""
    context: Record = detail.get("ctx", {})
    match kind:
        case "extra_forbidden":
            known = list(_explained(schema, detail["loc"][:-1], root))
            return f"unknown key {name!r}{_renamed(name, known) or nearest(name, known)}; allowed: {', '.join(known)}"
        case "missing":
            return f"{name} is missing: {_explained(schema, detail['loc'][:-1], root)[str(name)]}"
        case "union_tag_not_found":
            return f"{name} is missing: {_explained(schema, detail['loc'], root)[str(name)]}"
        case "union_tag_invalid":
            known = [tag.strip(" '") for tag in context["expected_tags"].split(",")]
            return f"unknown {name} {context['tag']!r}{nearest(context['tag'], known)}; allowed: {', '.join(known)}"
        case "literal_error":
            known = context["expected"].replace(" or ", ", ").replace("'", "").split(", ")
            return f"must be one of {', '.join(known)}{nearest(detail['input'], known)}, got {shown(detail['input'])}"
        case "value_error" | "conflict":
            return detail["msg"].removeprefix("Value error, ")
    return f"{_WANTED.get(kind, detail['msg'].replace('Input should', 'must'))}, got {shown(detail['input'])}"


def shown(value: object) -> str:
    """Return the value in words that the user knows."""
    match value:
        case None | bool():
            return LITERALS[value]
        case str():
            return f"the text {value[:60]!r}"
        case dict():
            return "a mapping"
        case list():
            return "a list" if value else "an empty list"
    return repr(value)[:60]


def _explained(schema: object, path: Path, root: Node) -> dict[str, str | None]:
    """The keys, each with its description, that the schema allows in a section at a path of pydantic's."""
    types, node = _alternatives(schema, root), root
    for part in path:
        node = node.children().get(part, node)
        types = [below for kind in types for below in _below(kind, part, node)]
    return {key: field.description for kind in types for key, field in getattr(kind, "model_fields", {}).items()}


def _alternatives(annotation: object, node: Node, *about: object) -> list[object]:
    """The members of a union; for a choice among registered sections, the section named at the node."""
    if get_origin(annotation) is Annotated:
        kind, *more = get_args(annotation)
        return _alternatives(kind, node, *about, *more)
    for choice in about:
        if isinstance(choice, Choice):
            named, sections = node.children().get(choice.key), choice.sections()
            name = named.value if named else choice.default
            return [sections[name]] if isinstance(name, str) and name in sections else list(sections.values())
    if get_origin(annotation) in (Union, UnionType):
        return [kind for option in get_args(annotation) for kind in _alternatives(option, node)]
    return [annotation]


def _below(kind: object, part: str | int, node: Node) -> list[object]:
    if get_origin(kind) in (list, dict):
        return _alternatives(get_args(kind)[-1], node)
    known = getattr(kind, "model_fields", {})
    if part in known:
        return _alternatives(known[part].annotation, node, *known[part].metadata)
    return [kind] if "name" in known and part in get_args(known["name"].annotation) else []
