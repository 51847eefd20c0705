"""Reading YAML: what each text means, where it stands, and what is refused."""

import re
from pathlib import Path

import pytest

from rnnlab.config import ConfigError
from rnnlab.config.dialect import dump
from rnnlab.config.reader import MAX_BYTES, parse, read


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-3", 0.001),
        ("3.0e-3", 0.003),
        (".5", 0.5),
        ("-4", -4),
        ("+4", 4),
        ("9" * 18, 10**18 - 1),
        ("9" * 40, 1e40),
        ("9" * 5000, float("inf")),
        ("true", True),
        ("false", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("-.inf", float("-inf")),
        ("no", "no"),
        ("on", "on"),
        ("True", "True"),
        ("012", "012"),
        ("0x1F", "0x1F"),
        ("1_000", "1_000"),
        ("12:30:45", "12:30:45"),
        ("2024-01-01", "2024-01-01"),
        ("'1e-3'", "1e-3"),
        ('"true"', "true"),
        ("<<", "<<"),
    ],
)
def test_scalars_are_those_of_yaml_1_2(text, value):
    plain = parse(f"a: {text}", "f").plain()["a"]
    assert plain == value
    assert type(plain) is type(value)


def test_every_key_and_value_knows_its_place():
    root = parse("a: 1\nb:\n  - {c: x}\n", "f.yaml")
    assert str(root.keys["b"]) == "f.yaml:2:1"
    item = root.value["b"].value[0]
    assert [str(item.keys["c"]), str(item.value["c"].place)] == ["f.yaml:3:6", "f.yaml:3:9"]
    assert item.value["c"].place.quote() == "\n      - {c: x}\n            ^"


def test_anchors_and_aliases_repeat_a_value():
    assert parse("a: &x {b: 1}\nc: *x\n", "f").plain() == {"a": {"b": 1}, "c": {"b": 1}}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "f:1:1: empty"),
        ("# only a comment\n", "f:1:1: empty"),
        ("a: 1\nb: 2\na: 3\n", "f:3:1: the key 'a' occurs twice, first in line 1"),
        ("a: {b: 1, b: 2}", "f:1:11: the key 'b' occurs twice, first in line 1"),
        ("a:\n\t- b", "f:2:1: YAML allows no tab here; use spaces before a key and after its colon"),
        ("a: 1\nb: c: d", "f:2:5: mapping values are not allowed here"),
        ("a: [1, 2\n", "f:2:1: .*expected ',' or ']'"),
        ("a: \x01", r"f:1:4: the character U\+0001 is not allowed"),
        ("a: 1\n---\nb: 2", "f:2:1: expected a single document"),
        ("a: *nowhere", "f:1:4: a value that begins with . needs quotes.*found undefined alias"),
        ("a: !!python/object/apply:os.system [ls]", "f:1:4: tags such as"),
        ("a: !ours 1", "f:1:4: tags such as"),
        ("? [1, 2]\n: 3", "f:1:3: a key must be text"),
        ("a: &x [*x]", "f:1:4: .*alias that contains itself"),
        ("[" * 50 + "]" * 50, "f:1:33: more than 32 levels of nesting"),
        ("- " * 5000, "f:1:65: more than 32 levels of nesting"),
        ('a: "\\ud800"', "f:1:4: half of a surrogate pair"),
        ('"\\udfff": 1', "f:1:1: half of a surrogate pair"),
        ('a: "\\UFFFFFFFF"', "f:1:"),
        ("%YAML 1." + "9" * 5000 + "\n--- a", "f:1:"),
    ],
)
def test_what_cannot_be_read_is_refused_where_it_stands(text, message):
    with pytest.raises(ConfigError, match="^" + message):
        parse(text, "f")


def test_aliases_within_aliases_cannot_fill_the_memory():
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 10)]
    with pytest.raises(ConfigError, match="more than 20000 values"):
        parse("\n".join(lines), "f")


def test_files_that_are_none(tmp_path: Path):
    good = tmp_path / "quick.yaml"
    good.write_text("a: 1")
    with pytest.raises(ConfigError, match=r"there is no file '.*quik.yaml' \(did you mean quick.yaml\?\)"):
        read(tmp_path / "quik.yaml")
    with pytest.raises(ConfigError, match=r"is a folder, not a file; it contains quick\.yaml"):
        read(tmp_path)
    with pytest.raises(ConfigError, match="Not a directory"):
        read(good / "below.yaml")
    with pytest.raises(ConfigError, match="embedded null"):
        read(tmp_path / "a\0b")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"a: 1\nb: \xff\n", ":2:1: not UTF-8 text: byte 0xff at position 8"),
        ("a: 1".encode("utf-16"), ":1:1: not UTF-8 text"),
        (b"#" * (MAX_BYTES + 1), ":1:1: larger than 256 KiB"),
        (b"- a\n- b\n", r":1:1: a config is a mapping .*got \['a', 'b'\]"),
        (b"", ":1:1: empty"),
    ],
)
def test_contents_that_are_no_config(tmp_path: Path, data, message):
    (tmp_path / "f.yaml").write_bytes(data)
    with pytest.raises(ConfigError, match=re.escape(str(tmp_path)) + "/f.yaml" + message):
        read(tmp_path / "f.yaml")


def test_a_byte_order_mark_is_no_part_of_the_first_key(tmp_path: Path):
    (tmp_path / "f.yaml").write_bytes(b"\xef\xbb\xbfa: 1")
    assert read(tmp_path / "f.yaml").plain() == {"a": 1}


@pytest.mark.parametrize(
    "value", ["1e3", "1e-3", "no", "012", "0x1F", "12:30", "", "~", "true", ".5", "a: b", "# x", 1e-5, 3, None]
)
def test_what_is_written_is_read_back(value):
    assert parse(dump({"a": value, "b": {str(value): [value]}}), "f").plain() == {"a": value, "b": {str(value): [value]}}
