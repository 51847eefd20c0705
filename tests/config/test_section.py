"""Sections as keys: equal ones are one key, whatever they hold."""

from functools import cache

from rnnlab.section import Section


class Inner(Section):
    names: str | list[str] = "a"


class Outer(Section):
    inner: Inner = Inner()
    table: dict[str, list[float]] = {}  # noqa: RUF012
    both: list[Inner] = []  # noqa: RUF012


def outer(order=("x", "y"), number=2.0):
    return Outer.model_validate(
        {"inner": {"names": ["a", "b"]}, "table": {key: [1.0, number] for key in order}, "both": [{"names": ["c"]}]}
    )


def test_equal_sections_with_lists_and_mappings_are_one_key():
    assert outer() == outer(("y", "x"), 2)
    assert hash(outer()) == hash(outer(("y", "x"), 2))
    assert hash(outer()) != hash(outer(number=3.0))
    assert hash(Inner(names="a")) != hash(Inner(names=["a"]))


def test_what_is_built_from_equal_sections_is_built_once():
    built = []
    build = cache(lambda section: built.append(section) or len(built))
    assert [build(section) for section in (outer(), outer(("y", "x")), outer(number=3.0), outer())] == [1, 1, 2, 1]
