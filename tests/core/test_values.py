"""Stored values: their text, when two are the same, and the one line that people see of them."""

import collections
import dataclasses
import enum
import json
import math
import time

import hypothesis.strategies as st
import msgspec
import pytest
from hypothesis import given

from flowkit.core.values import (
    SCALARS,
    Json,
    Live,
    Opaque,
    Record,
    class_key,
    preview,
    same,
    text_of,
    type_name,
    visible,
)

scalars = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(st.characters(exclude_categories=()))
)


@given(scalars)
def test_the_text_of_a_scalar_is_json_that_any_file_takes(value):
    assert type(value) in SCALARS
    text = text_of(value)
    text.encode()
    data = json.loads(text, parse_constant=pytest.fail)  # which would be called for NaN and Infinity
    if type(data) is not dict:
        assert (type(data), data) == (type(value), value)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "null"),
        (True, "true"),
        (7, "7"),
        (2**53, "9007199254740992"),
        (2**53 + 1, '{"$int":"9007199254740993"}'),
        (-(2**53) - 1, '{"$int":"-9007199254740993"}'),
        (1.0, "1.0"),
        (math.nan, '{"$float":"nan"}'),
        (-math.inf, '{"$float":"-inf"}'),
        ("ü", '"ü"'),
        ("a\ud800", '{"$str":"a\\\\ud800"}'),
        (Json("[1]"), "[1]"),
    ],
)
def test_what_json_cannot_say_has_a_tag(value, text):
    assert text_of(value) == text


def test_only_scalars_and_json_have_a_text():
    for value in (Live(1), [1], (1,)):
        with pytest.raises(TypeError):
            text_of(value)


@given(scalars, scalars)
def test_scalars_are_the_same_when_type_and_value_are(one, other):
    equal = type(one) is type(other) and (one == other or (one != one and other != other))
    assert same(one, other) is equal
    assert same(one, Json(text_of(other))) is equal
    assert same(Json(text_of(one)), Json(text_of(other))) is equal


def test_texts_that_are_no_json_are_the_same_only_letter_by_letter():
    assert same(Json("{"), Json("{"))
    assert not same(Json("{"), Json("{ "))
    assert same(Json('{"a": 1, "b": 2}'), Json('{"b":2,"a":1}'))


def test_stored_values_cannot_be_changed():
    with pytest.raises(AttributeError):
        Json("1").text = "2"
    with pytest.raises(AttributeError):
        Live(1).object = 2


# Records


def quote() -> Record:
    return Record("shop:Quote", "dataclass", {"price": 12.5, "type": "net"})


def test_a_record_reads_like_the_value_it_stands_for():
    assert quote().price == 12.5
    assert quote().fields["type"] == "net"
    assert quote().type == "shop:Quote"
    with pytest.raises(AttributeError, match="no recorded field 'prize'"):
        quote().prize
    assert not hasattr(quote(), "__len__")
    assert quote() == quote()
    assert repr(quote()) == "<Record Quote(price=12.5, type='net')>"


def test_a_record_can_be_a_key_and_be_copied():
    import copy

    low, high = (Record("m:Level", "enum", {"name": name}) for name in ("LOW", "HIGH"))
    table = {low: 1, high: 2}
    assert table[Record("m:Level", "enum", {"name": "HIGH"})] == 2
    assert copy.deepcopy(quote()) == quote()
    assert {quote(), quote()} == {quote()}


# Previews


class Shaped:
    def __init__(self, *shape: int) -> None:
        self._shape = shape

    shape = property(lambda self: self._shape)


class Hostile:
    def __repr__(self) -> str:
        raise RuntimeError("no")

    shape = property(lambda self: 1 / 0)


class Color(enum.Enum):
    RED = 1


@dataclasses.dataclass
class Quote:
    price: float
    note: str = "n"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "None"),
        (12.5, "12.5"),
        ("a 'b'", "\"a 'b'\""),
        ([1, "x", (2,), {"k": None}], "[1, 'x', (2,), {'k': None}]"),
        ({3, 1, 2}, "{1, 2, 3}"),
        (set(), "set()"),
        (frozenset({1}), "frozenset({1})"),
        (b"abc", "b'abc'"),
        (b"x" * 5000, "5,000 bytes"),
        (Color.RED, "Color.RED"),
        (Quote(1.5), "Quote(price=1.5, note='n')"),
        (Record("m:Quote", "dataclass", {"price": 1}), "Quote(price=1)"),
        (Record("m:Shop.Color", "enum", {"name": "RED"}), "Color.RED"),
        (Opaque("$path", '"a/b"'), "a/b"),
        (Opaque("$odd", "[1]"), "odd [1]"),
        (Shaped(3, 8), "Shaped 3 x 8"),
        (Shaped(1000000), "Shaped 1,000,000"),
        (collections.OrderedDict(a=1), "OrderedDict of 1"),
        (Live([1]), "[1]"),
        ([10**5000], "[an int of 16,610 bits]"),
        (set(range(1000)), "set of 1,000"),
        (Json('{"$tuple":[1,{"$float":"nan"},{"$bytes":"YWJj"}]}'), "(1, nan, 3 bytes)"),
        (Json('{"$dict":[[1,"a"]]}'), "{1: 'a'}"),
        (Json('{"$set":[]}'), "set()"),
        (Json('{"$frozenset":[1]}'), "frozenset({1})"),
        (Json('{"$datetime":"2026-01-02T03:04:05"}'), "2026-01-02T03:04:05"),
        (Json('{"$str":"\\\\ud800"}'), "'\\ud800'"),
        (Json('{"$enum":{"type":"m:Color","name":"RED","value":1}}'), "Color.RED"),
        (Json('{"$dataclass":{"type":"m:Quote","fields":{"price":12.5}}}'), "Quote(price=12.5)"),
        (Json('{"ok":true,"none":null}'), "{'ok': True, 'none': None}"),
        (Json("not json"), "not json"),
    ],
)
def test_previews(value, shown):
    assert preview(value) == shown


def test_no_preview_raises_or_shows_an_address():
    assert preview(Hostile()).endswith("Hostile>")
    assert preview([1, Hostile(), 2]).startswith("[1, <")
    assert preview([1, Hostile(), 2]).endswith("Hostile>, 2]")
    assert "0x" not in preview(object())
    assert "0x" not in preview(lambda: 1)
    assert "0x" not in preview([object()])
    loop: list[object] = []
    loop.append(loop)
    assert len(preview(loop)) <= 80
    deep: list[object] = []
    for _ in range(100_000):
        deep = [deep]
    assert len(preview(deep)) <= 80
    assert preview(Json("[" * 90000)).startswith("[[[")


def test_no_text_moves_the_cursor_or_turns_the_line():
    for nasty in ("\x1b[31mred", "a\nb", "\u202egnp.exe", "\x00", "\u200b", "\ud800"):
        for value in (nasty, [nasty], {nasty: nasty}, Json(json.dumps([nasty])), Json("*" * 5000 + nasty)):
            shown = preview(value)
            assert shown.isprintable()
            shown.encode()
    assert visible("a\tb\u202e") == "a\\tb\\u202e"
    assert visible("plain ü 漢") == "plain ü 漢"


nested = st.recursive(
    scalars, lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=5), inner), max_leaves=6
)


@given(nested, st.integers(1, 200))
def test_a_preview_is_one_printable_line_within_its_limit(value, limit):
    shown = preview(value, limit)
    assert len(shown) <= limit
    assert shown.isprintable() or shown == ""


def test_what_does_not_fit_ends_in_dots():
    assert preview("x" * 1000, 10) == "'xxxxxxxx…"
    assert preview(list(range(1000)), 20) == "[0, 1, 2, 3, 4, 5, …"
    big = Json("[" + "1," * 5000 + "1]")
    assert preview(big).endswith("characters of JSON)")
    assert len(preview(big)) <= 80


def test_only_what_is_shown_is_looked_at():
    touched = []

    class Item:
        def __repr__(self) -> str:
            touched.append(1)
            return "item"

    preview([Item() for _ in range(10_000)])
    assert len(touched) < 40


def test_names_of_classes():
    assert type_name(int) == "int"
    assert type_name(time.struct_time) == "time.struct_time"
    assert type_name(json.JSONDecoder) == "json.JSONDecoder"
    assert class_key(json.JSONDecoder) == "json.decoder:JSONDecoder"
    here = type_name(Quote)
    assert here.endswith("Quote")
    assert "<locals>" not in type_name(msgspec.defstruct("Made", []))
