"""What a form asks, and what the typed text becomes: a value, or problems at their places."""

import json
from dataclasses import dataclass
from enum import Enum
from typing import Any, Literal, TypedDict

import pytest

from flowkit.core.schema import NO_ANNOTATION, schema_of
from flowkit.journal import pack, register, unpack
from flowkit.widgets.form import form_of, read_form


class Size(Enum):
    SMALL = 1
    BIG = 2


@dataclass
class Part:
    name: str
    price: float
    size: Size | None = None
    count: int = 1


class Place(TypedDict):
    city: str
    code: int


class Order(TypedDict):
    place: Place
    parts: list[Part]


register(Part)
register(Size)


def read(annotation: Any, typed: Any) -> Any:
    """The value as the journal gives it back."""
    value, problems = read_form(schema_of(annotation), typed)
    assert problems == []
    return unpack(pack(value))


def problems(annotation: Any, typed: Any) -> list[str]:
    value, found = read_form(schema_of(annotation), typed)
    assert value is None or found == []
    return [problem.path for problem in found]


@pytest.mark.parametrize(
    ("annotation", "typed", "value"),
    [
        (bool, {"choice": 0}, True),
        (bool, {"choice": 1}, False),
        (int, {"text": " 12 "}, 12),
        (float, {"text": "12.50"}, 12.5),
        (float, {"text": "12"}, 12.0),
        (str, {"text": " kept as typed "}, " kept as typed "),
        (str, {"text": ""}, ""),
        (Literal["a", "b"], {"choice": 1}, "b"),
        (Literal[1, "1"], {"choice": 0}, 1),
        (Size, {"choice": 1}, Size.BIG),
        (list[int], {"text": "[1, 2]"}, [1, 2]),
        (dict[str, int], {"text": '{"a": 1}'}, {"a": 1}),
        (int | None, {"none": True}, None),
        (int | None, {"text": "3"}, 3),
        (None, {"none": True}, None),
        (NO_ANNOTATION, {"text": '{"free": [true]}'}, {"free": [True]}),
        (
            Part,
            {"fields": {"name": {"text": "chain"}, "price": {"text": "9"}, "size": {"choice": 0}}},
            Part("chain", 9.0, Size.SMALL),
        ),
        (
            Part,
            {
                "fields": {
                    "name": {"text": "chain"},
                    "price": {"text": "9"},
                    "size": {"none": True},
                    "count": {"text": ""},
                }
            },
            Part("chain", 9.0),
        ),
        (
            Order,
            {
                "fields": {
                    "place": {"fields": {"city": {"text": "Ulm"}, "code": {"text": "7"}}},
                    "parts": {"text": "[]"},
                }
            },
            {"place": {"city": "Ulm", "code": 7}, "parts": []},
        ),
    ],
)
def test_what_was_typed_becomes_the_value(annotation, typed, value):
    found = read(annotation, typed)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("annotation", "typed", "paths"),
    [
        (bool, {"choice": None}, [""]),
        (bool, {"text": "yes"}, [""]),
        (bool, None, [""]),
        (int, {"text": "12.5"}, [""]),
        (int, {"text": ""}, [""]),
        (float, {"text": "twelve"}, [""]),
        (float, {"none": True}, [""]),
        (Literal["a", "b"], {"choice": 7}, [""]),
        (list[int], {"text": '[1, "2"]'}, ["[1]"]),
        (list[int], {"text": "[1,"}, [""]),
        (Part, {"fields": {"name": {"text": "x"}, "price": {"text": "a lot"}}}, ["price"]),
        (Part, {"fields": {"price": {"text": "a lot"}, "count": {"text": "?"}}}, ["price", "count"]),
        (
            Order,
            {
                "fields": {
                    "place": {"fields": {"city": {"text": "Ulm"}, "code": {"text": "seven"}}},
                    "parts": {"text": '[{"name": "a", "price": "b"}]'},
                }
            },
            ["place.code", "parts[0].price"],
        ),
    ],
)
def test_what_does_not_fit_is_told_at_its_place(annotation, typed, paths):
    assert problems(annotation, typed) == paths


def test_a_field_that_must_be_there_is_missed():
    assert problems(Part, {"fields": {"name": {"text": "x"}}}) == ["price"]


@pytest.mark.parametrize(
    "annotation", [bool, int, float, str, Size, Part, Order, list[int], int | None, None]
)
def test_every_form_is_plain_data_and_says_in_words_what_it_asks(annotation):
    form = form_of(schema_of(annotation))
    assert json.loads(json.dumps(form)) == form
    assert form["hint"]


def test_a_choice_shows_how_python_would_write_it():
    assert form_of(schema_of(Size))["choices"] == [["SMALL", "Size.SMALL"], ["BIG", "Size.BIG"]]
    assert form_of(schema_of(Literal["it's", 3]))["choices"] == [["it's", '"it\'s"'], ["3", "3"]]


def test_a_class_that_holds_itself_ends_in_a_field_for_json():
    @dataclass
    class Tree:
        name: str
        left: "Tree | None" = None

    form = form_of(schema_of(Tree))
    assert json.dumps(form)


def test_an_optional_number_left_empty_is_not_taken_for_none():
    schema = schema_of(int | None)
    value, problems = read_form(schema, {"text": " "})
    assert value is None
    assert "no value" in problems[0].message
    assert read_form(schema, {"text": "", "none": True}) == (None, [])
    assert read_form(schema, {"text": "3"}) == (3, [])
