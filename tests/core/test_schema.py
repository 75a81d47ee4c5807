"""Form schemas: what an annotation becomes, which values fit, what is said of misfits, and form texts."""

import collections.abc
import dataclasses
import datetime as dt
import decimal
import enum
import inspect
import json
import pathlib
import typing
import uuid
from typing import (
    Annotated,
    Any,
    Literal,
    NewType,
    NotRequired,
    Optional,
    Required,
    TypedDict,
    TypeVar,
    Union,
)

import hypothesis.strategies as st
import pytest
from hypothesis import given

from flowkit.core.schema import Problem, check, classes_in, describe, read_text, schema_of
from flowkit.core.values import Opaque, Record


class Color(enum.Enum):
    RED = 1
    GREEN = "g"
    BLUE = (1, 2)


class Right(enum.Flag):
    READ = 1
    WRITE = 2


@dataclasses.dataclass
class Quote:
    price: float
    note: str | None = None
    color: Color = Color.RED
    until: dt.date = dt.date(2026, 1, 2)
    parts: list[str] = dataclasses.field(default_factory=list, metadata={"doc": "what is mended"})
    made: Any = dataclasses.field(default_factory=object)
    total: float = dataclasses.field(init=False, default=0.0)


@dataclasses.dataclass
class Offer:
    rows: list[Quote]


@dataclasses.dataclass
class Tree:
    name: str
    kids: "list[Tree]" = dataclasses.field(default_factory=list)


class Address(TypedDict, total=False):
    street: Required[str]
    number: int


class Person(TypedDict):
    name: str
    age: NotRequired[int]


QUOTE, COLOR, TREE = (f"{__name__}:{name}" for name in ("Quote", "Color", "Tree"))
T = TypeVar("T")
Euro = NewType("Euro", float)


# From annotations


@pytest.mark.parametrize(
    ("annotation", "schema"),
    [
        (bool, {"kind": "bool"}),
        (int, {"kind": "int"}),
        (float, {"kind": "float"}),
        (str, {"kind": "str"}),
        (bytes, {"kind": "bytes"}),
        (complex, {"kind": "complex"}),
        (None, {"kind": "none"}),
        (type(None), {"kind": "none"}),
        (Any, {"kind": "any"}),
        (object, {"kind": "any"}),
        (dt.datetime, {"kind": "datetime"}),
        (dt.date, {"kind": "date"}),
        (dt.time, {"kind": "time"}),
        (dt.timedelta, {"kind": "timedelta"}),
        (decimal.Decimal, {"kind": "decimal"}),
        (uuid.UUID, {"kind": "uuid"}),
        (pathlib.Path, {"kind": "path"}),
        (list, {"kind": "list"}),
        (typing.List, {"kind": "list"}),  # noqa: UP006
        (list[int], {"kind": "list", "items": {"kind": "int"}}),
        (set[int], {"kind": "set", "items": {"kind": "int"}}),
        (frozenset[int], {"kind": "frozenset", "items": {"kind": "int"}}),
        (dict[str, float], {"kind": "dict", "keys": {"kind": "str"}, "values": {"kind": "float"}}),
        (tuple, {"kind": "tuple"}),
        (tuple[int, ...], {"kind": "tuple", "items": {"kind": "int"}}),
        (tuple[int, str], {"kind": "tuple", "items": [{"kind": "int"}, {"kind": "str"}]}),
        (tuple[()], {"kind": "tuple", "items": []}),
        (collections.abc.Sequence[int], {"kind": "list", "also": ["tuple"], "items": {"kind": "int"}}),
        (int | None, {"kind": "int", "optional": True}),
        (Optional[int], {"kind": "int", "optional": True}),  # noqa: UP045
        (int | str, {"kind": "union", "options": [{"kind": "int"}, {"kind": "str"}]}),
        (
            Union[int, str, None],  # noqa: UP007
            {"kind": "union", "options": [{"kind": "int"}, {"kind": "str"}], "optional": True},
        ),
        (Annotated[float, "EUR", 7], {"kind": "float", "label": "EUR"}),
        (Annotated[float, "EUR"] | None, {"kind": "float", "label": "EUR", "optional": True}),
        (Euro, {"kind": "float"}),
        (T, {"kind": "any"}),
        (
            Literal["a", 1, None],
            {
                "kind": "choice",
                "choices": [{"label": "a", "value": "a"}, {"label": "1", "value": 1}],
                "optional": True,
            },
        ),
        (
            Literal["1", 1],
            {"kind": "choice", "choices": [{"label": "'1'", "value": "1"}, {"label": "1", "value": 1}]},
        ),
        (
            Color,
            {
                "kind": "choice",
                "name": "Color",
                "type": COLOR,
                "choices": [
                    {"label": "RED", "value": 1},
                    {"label": "GREEN", "value": "g"},
                    {"label": "BLUE"},
                ],
            },
        ),
        (
            Literal[Color.RED],
            {"kind": "choice", "name": "Color", "type": COLOR, "choices": [{"label": "RED", "value": 1}]},
        ),
        (
            Person,
            {
                "kind": "fields",
                "name": "Person",
                "type": None,
                "id": f"{__name__}:Person",
                "fields": [
                    {"name": "name", "schema": {"kind": "str"}, "required": True},
                    {"name": "age", "schema": {"kind": "int"}, "required": False},
                ],
            },
        ),
    ],
)
def test_schemas(annotation, schema):
    assert schema_of(annotation) == schema


def test_fields_of_a_dataclass():
    fields = schema_of(Quote)["fields"]
    color = schema_of(Color)
    assert fields == [
        {"name": "price", "schema": {"kind": "float"}, "required": True},
        {"name": "note", "schema": {"kind": "str", "optional": True}, "required": False, "default": None},
        {"name": "color", "schema": color, "required": False, "default": "RED"},
        {"name": "until", "schema": {"kind": "date"}, "required": False, "default": "2026-01-02"},
        {
            "name": "parts",
            "schema": {"kind": "list", "items": {"kind": "str"}},
            "required": False,
            "default": [],
            "doc": "what is mended",
        },
        {"name": "made", "schema": {"kind": "any"}, "required": False},
    ]


@pytest.mark.parametrize(
    ("annotation", "text"),
    [
        ("float", "float"),
        (collections.abc.Callable[[int], str], "Callable"),
        (Literal[b"x"], "Literal"),
        (lambda: 1, "function"),
        (5, "5"),
        (inspect.Parameter, "inspect.Parameter"),
        ("\ud800", "\\ud800"),
    ],
)
def test_what_has_no_schema_accepts_anything_and_keeps_its_text(annotation, text):
    schema = schema_of(annotation)
    assert schema["kind"] == "any"
    assert text in schema["annotation"]
    assert "0x" not in schema["annotation"]
    assert check(schema, [object]) == ([object], [])


def test_no_annotation_has_no_schema():
    assert schema_of() is None
    assert schema_of(inspect.Parameter.empty) is None
    assert schema_of(inspect.Signature.empty) is None
    assert check(None, object) == (object, [])
    assert classes_in(inspect.Parameter.empty) == []


def test_an_annotation_that_misbehaves_is_anything():
    class Nasty:
        def __getattr__(self, name: str) -> Any:
            raise RuntimeError(name)

        def __repr__(self) -> str:
            raise RuntimeError("no")

        def __eq__(self, other: object) -> bool:
            raise RuntimeError("no")

        __hash__ = None

    assert schema_of(Nasty())["kind"] == "any"
    assert schema_of(list[Nasty()])["kind"] == "list"

    @dataclasses.dataclass
    class Holder:
        x: int = dataclasses.field(default_factory=int)
        y: "Nowhere" = None  # noqa: F821

    fields = schema_of(Holder)["fields"]
    assert fields[0]["schema"] == {"kind": "int"}
    assert fields[1]["schema"] == {"kind": "any", "annotation": "Nowhere"}


def test_classes_that_name_one_another_end():
    names = [f"C{n}" for n in range(12)]
    made: dict[str, type] = {}
    for name in names:
        made[name] = dataclasses.make_dataclass(name, [(other.lower(), None) for other in names])
    for cls in made.values():
        cls.__annotations__ = {other.lower(): made[other] for other in names}
    assert len(json.dumps(schema_of(made["C0"]))) < 500_000
    assert schema_of(Tree)["fields"][1]["schema"]["items"] == {"kind": "ref", "to": TREE, "name": "Tree"}


def test_schemas_are_json_and_the_same_each_time():
    for annotation in (
        Offer,
        Tree,
        Address,
        Right,
        dict[str, Quote | Color | None],
        tuple[Literal[1, "a"], ...],
    ):
        schema = schema_of(annotation)
        assert json.loads(json.dumps(schema)) == schema
        assert schema_of(annotation) == schema
    schema_of(collections.abc.Sequence[int])["also"].append("x")
    assert schema_of(collections.abc.Sequence[int])["also"] == ["tuple"]


def test_the_classes_that_values_may_need():
    assert classes_in(dict[str, Offer] | None) == [Offer, Quote, Color]
    assert classes_in(Address) == []
    assert classes_in(Literal[Color.RED]) == [Color]
    assert classes_in(Tree) == [Tree]


# Values that fit


@pytest.mark.parametrize(
    ("annotation", "value"),
    [
        (bool, True),
        (int, 2**70),
        (float, 1.5),
        (str, ""),
        (None, None),
        (bytes, b"x"),
        (complex, 1j),
        (Any, object),
        (dt.datetime, dt.datetime(2026, 1, 2)),
        (dt.date, dt.date(2026, 1, 2)),
        (dt.time, dt.time(1)),
        (dt.timedelta, dt.timedelta(1)),
        (decimal.Decimal, decimal.Decimal("1.50")),
        (uuid.UUID, uuid.UUID(int=1)),
        (pathlib.Path, pathlib.Path("a")),
        (int | None, None),
        (Literal["a", 1], 1),
        (Color, Color.BLUE),
        (Right, Right.READ | Right.WRITE),
        (list[int], [1, 2]),
        (list, [object]),
        (collections.abc.Sequence[int], (1, 2)),
        (collections.abc.Iterable[int], {1, 2}),
        (collections.abc.Set[int], frozenset({1})),
        (set[int], {1}),
        (tuple[int, str], (1, "a")),
        (dict[int, str], {1: "a"}),
        (Quote, Quote(1.5)),
        (Offer, Offer([Quote(1.5)])),
        (Address, {"street": "x"}),
        (Tree, Tree("a", [Tree("b", [Tree("c")])])),
        (int | str, "a"),
        (float | int, 1),
        (list[int] | dict[str, int], {"a": 1}),
        (Quote, Record(QUOTE, "dataclass", {"price": 1.5})),
    ],
)
def test_a_value_that_fits_stays_the_very_same(annotation, value):
    checked, problems = check(schema_of(annotation), value)
    assert problems == []
    assert checked is value


@pytest.mark.parametrize(
    ("annotation", "value", "becomes"),
    [
        (float, 12, 12.0),
        (float, 2**60, float(2**60)),
        (list[float], [1, 2.5], [1.0, 2.5]),
        (tuple[float, str], [1, "a"], (1.0, "a")),
        (tuple[int, ...], [1, 2], (1, 2)),
        (tuple, [1], (1,)),
        (set[int], [1, 2], {1, 2}),
        (frozenset[str], ["a"], frozenset({"a"})),
        (set[float], {1}, {1.0}),
        (dict[str, float], {"a": 1}, {"a": 1.0}),
        (collections.abc.Sequence[float], (1, 2), (1.0, 2.0)),
        (dt.datetime, "2026-01-02T03:04:05+01:00", dt.datetime.fromisoformat("2026-01-02T03:04:05+01:00")),
        (dt.date, "2026-01-02", dt.date(2026, 1, 2)),
        (dt.time, "14:30", dt.time(14, 30)),
        (decimal.Decimal, "1.50", decimal.Decimal("1.50")),
        (decimal.Decimal, 3, decimal.Decimal(3)),
        (uuid.UUID, str(uuid.UUID(int=1)), uuid.UUID(int=1)),
        (pathlib.Path, "a/b", Opaque("$path", '"a/b"')),
        (Literal["a", 1], "1", 1),
        (Color, "RED", Record(COLOR, "enum", {"name": "RED", "value": 1})),
        (Color, "g", Record(COLOR, "enum", {"name": "GREEN", "value": "g"})),
        (Color, 1, Record(COLOR, "enum", {"name": "RED", "value": 1})),
        (Color, "BLUE", Record(COLOR, "enum", {"name": "BLUE"})),
        (float | None, 1, 1.0),
        (list[int] | dict[str, float], {"a": 1}, {"a": 1.0}),
        (dt.date | int, "2026-01-02", dt.date(2026, 1, 2)),
        (Address, {"street": "x", "number": 2}, {"street": "x", "number": 2}),
        (Quote, Quote(12), Record(QUOTE, "dataclass", {**vars(Quote(12.0)), "made": ..., "total": 0.0})),
    ],
)
def test_a_value_is_changed_only_without_loss(annotation, value, becomes):
    checked, problems = check(schema_of(annotation), value)
    assert problems == []
    if type(value) is Quote:
        becomes.fields["made"] = value.made
    assert checked == becomes
    assert type(checked) is type(becomes)


def test_a_dict_becomes_a_dataclass_with_its_defaults():
    rows, problems = check(schema_of(list[Quote]), [{"price": 12, "color": "GREEN"}])
    assert problems == []
    green = Record(COLOR, "enum", {"name": "GREEN", "value": "g"})
    fields = {"price": 12.0, "note": None, "color": green, "until": dt.date(2026, 1, 2), "parts": []}
    assert rows == [Record(QUOTE, "dataclass", fields)]
    assert type(rows[0].price) is float


def test_the_given_value_is_never_changed():
    given_value = {"a": [1, 2], "b": [{"price": 1}]}
    before = json.dumps(given_value)
    check(schema_of(dict[str, list[float] | list[Quote]]), given_value)
    assert json.dumps(given_value) == before


def test_a_subclass_keeps_its_class():
    @dataclasses.dataclass
    class Rush(Quote):
        fee: float = 1.0

    rush = Rush(1.5)
    assert check(schema_of(Quote), rush) == (rush, [])
    assert check(schema_of(Quote), Rush(1))[0].type.endswith("Rush")


# Values that don't


@pytest.mark.parametrize(
    ("annotation", "value", "path", "words"),
    [
        (bool, "yes", "", "a bool: True or False, not the str 'yes'"),
        (bool, 1, "", "a bool: True or False, not the int 1"),
        (int, True, "", "an int, not the bool True"),
        (int, 1.0, "", "an int, not the float 1.0"),
        (int, None, "", "an int, not None"),
        (float, "12", "", "a float, not the str '12'"),
        (float, True, "", "a float, not the bool True"),
        (float, 2**53 + 1, "", "a float, and none is exactly the int 9007199254740993"),
        (float, 10**400, "", "a float, and none is exactly the int"),
        (str, 1, "", "a str, not the int 1"),
        (None, 0, "", "None, not the int 0"),
        (bytes, "YQ==", "", "bytes (in a form: as base64 text), not the str"),
        (complex, 1, "", "a complex, not the int 1"),
        (int | None, "x", "", "an int, or None, not the str 'x'"),
        (dt.datetime, "yesterday", "", "a datetime such as 2026-01-31T14:30, not the str 'yesterday'"),
        (
            dt.date,
            dt.datetime(2026, 1, 2),
            "",
            "a date such as 2026-01-31, not datetime.datetime(2026, 1, 2, 0, 0)",
        ),
        (dt.date, "31.1.2026", "", "a date such as"),
        (dt.time, 1, "", "a time such as 14:30, not the int 1"),
        (dt.timedelta, "90", "", "a timedelta"),
        (decimal.Decimal, 1.5, "", "a decimal such as '12.50', as text, not the float 1.5"),
        (decimal.Decimal, "much", "", "a decimal"),
        (uuid.UUID, "x", "", "a uuid"),
        (pathlib.Path, 1, "", "a path, not the int 1"),
        (pathlib.Path, "", "", "a path, not the str ''"),
        (Literal["a", "b"], "c", "", "one of 'a', 'b', not the str 'c'"),
        (Literal[1, 2], True, "", "one of 1, 2, not the bool True"),
        (Color, "PINK", "", "one of RED, GREEN, BLUE, not the str 'PINK'"),
        (Color, Right.READ, "", "one of RED, GREEN, BLUE"),
        (Literal[Color.RED], Color.BLUE, "", "one of RED, not tests.Color.BLUE"),
        (Color, Record(COLOR, "enum", {"name": "PINK"}), "", "one of RED"),
        (list[int], (1,), "", "a list of int, not the tuple (1,)"),
        (list[int], [1, "x"], "[1]", "an int, not the str 'x'"),
        (set[int], [1, 1], "", "an item stands in it twice"),
        (set[Any], [[]], "", "values that can't change"),
        (set[int], ["x"], "[0]", "an int"),
        (set[int], (1,), "", "a set of int, not the tuple"),
        (tuple[int, str], (1,), "", "a tuple (int, str): 2 items, not 1"),
        (tuple[int, str], [1, 2], "[1]", "a str, not the int 2"),
        (tuple[int, ...], "ab", "", "a tuple of int, not the str"),
        (dict[str, float], [1], "", "a dict of str to float, not the list [1]"),
        (dict[str, float], {"a": "x"}, '["a"]', "a float, not the str 'x'"),
        (dict[str, float], {1: 1.0}, "", "the key 1: a str, not the int 1"),
        (Quote, {}, "price", "is missing: a float"),
        (Quote, {"price": "x"}, "price", "a float, not the str 'x'"),
        (Quote, {"price": 1, "colour": "RED"}, "", "Quote has no field \"colour\"; did you mean 'color'?"),
        (Quote, {"price": 1, "zzz": 1}, "", "the fields are price, note, color, until, parts, made"),
        (Quote, {"price": 1, "total": 1.0}, "", 'has no field "total"'),
        (Quote, 5, "", "a Quote(price: float, note: str or None, color: one of RED, GREEN, BLUE, "),
        (Quote, Quote("x"), "price", "a float, not the str 'x'"),
        (Quote, Record("m:Other", "dataclass", {}), "", "not Other()"),
        (Offer, {"rows": [{"price": 1}, {"price": 1}, {"price": "x"}]}, "rows[2].price", "a float"),
        (Offer, Offer([Quote(1.0), Quote(1.0, parts=["a", 2])]), "rows[1].parts[1]", "a str, not the int 2"),
        (dict[str, list[Quote]], {"a b": [{"price": None}]}, '["a b"][0].price', "a float, not None"),
        (Address, {"number": 1}, "street", "is missing: a str"),
        (Address, {"street": "x", "number": "1"}, "number", "an int"),
        (Address, Quote(1.0), "", "an Address(street: str, number: int), not tests.Quote(price=1.0"),
        (
            Tree,
            {"name": "a", "kids": [{"name": "b", "kids": [{"name": 1}]}]},
            "kids[0].kids[0].name",
            "a str",
        ),
        (int | str, 1.5, "", "int or str, not the float 1.5"),
        (list[int] | str, [1, "x"], "[1]", "an int, not the str 'x'"),
        (Quote | str | None, {"price": "x"}, "price", "a float"),
    ],
)
def test_a_misfit_names_its_place_and_what_would_be_right(annotation, value, path, words):
    checked, problems = check(schema_of(annotation), value)
    assert checked is value
    assert [problem.path for problem in problems] == [path]
    assert words in problems[0].message
    assert problems[0].expected
    assert str(problems[0]) == (f"{path}: {problems[0].message}" if path else problems[0].message)


def test_all_misfits_are_found_at_once():
    value = {"price": "x", "note": 1, "colour": 2, "parts": ["a", 3]}
    _, problems = check(schema_of(Quote), value)
    assert sorted(problem.path for problem in problems) == ["", "note", "parts[1]", "price"]


def test_a_value_without_end_is_a_misfit():
    loop: dict[str, Any] = {"name": "a"}
    loop["kids"] = [loop]
    checked, problems = check(schema_of(Tree), loop)
    assert checked is loop
    assert problems == [Problem("", "it is nested too deeply, or contains itself", describe(schema_of(Tree)))]


def test_problems_are_plain_printable_text():
    _, problems = check(schema_of(dict[str, int]), {"\x1b[31m": "\u202e", "\ud800": 0.5})
    for problem in problems:
        assert str(problem).isprintable()
        json.dumps(str(problem)).encode()


def test_a_schema_of_a_kind_from_the_future_takes_anything():
    assert check({"kind": "hologram"}, 1) == (1, [])
    assert check({"kind": "list", "items": {"kind": "hologram"}}, [1]) == ([1], [])


SEVERAL = [
    schema_of(a) for a in (Offer, Tree, Address, Right, set[int], tuple[float, ...], dict[int, Quote | int])
]
plain = st.none() | st.integers() | st.text(max_size=5) | st.floats()


@given(st.recursive(plain, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=6))
def test_checking_never_raises(value):
    for schema in SEVERAL:
        checked, problems = check(schema, value)
        assert problems == [] or checked is value


# Words


@pytest.mark.parametrize(
    ("annotation", "words"),
    [
        (bool, "bool"),
        (float | None, "float or None"),
        (Literal["a", "b"], "one of 'a', 'b'"),
        (Color, "one of RED, GREEN, BLUE"),
        (list[float], "list of float"),
        (list[float | None], "list of (float or None)"),
        (dict[str, list[int]], "dict of str to list of int"),
        (tuple[int, str], "tuple (int, str)"),
        (int | str, "int or str"),
        (Address, "Address(street: str, number: int)"),
        (Tree, "Tree(name: str, kids: list of Tree)"),
        (Any, "anything"),
        (None, "None"),
        ("Frame", "Frame"),
        (Literal[1, 2, 3, 4, 5, 6, 7, 8, 9, 10], "one of 1, 2, 3, 4, 5, 6, 7, 8 … (2 more)"),
    ],
)
def test_short_words(annotation, words):
    assert describe(schema_of(annotation)) == words


def test_no_schema_is_anything():
    assert describe(None) == "anything"


# Texts of forms


@pytest.mark.parametrize(
    ("annotation", "text", "value"),
    [
        (float, " 12.50 ", 12.5),
        (float, "12", 12.0),
        (float, "-1e3", -1000.0),
        (float, "inf", float("inf")),
        (int, "-12", -12),
        (int, "90071992547409931", 90071992547409931),
        (bool, "true", True),
        (bool, "False", False),
        (str, " as it is ", " as it is "),
        (str, "", ""),
        (None, "", None),
        (None, "null", None),
        (int | None, " ", None),
        (str | None, "", None),
        (complex, "1+2j", 1 + 2j),
        (bytes, "YWJj", b"abc"),
        (dt.date, "2026-01-02", dt.date(2026, 1, 2)),
        (dt.datetime, "2026-01-02 03:04", dt.datetime(2026, 1, 2, 3, 4)),
        (dt.time, "03:04", dt.time(3, 4)),
        (dt.timedelta, "90.5", dt.timedelta(seconds=90.5)),
        (dt.timedelta, "1:30:00", dt.timedelta(hours=1.5)),
        (
            dt.timedelta,
            "-1 day, 23:59:59.000001",
            dt.timedelta(days=-1, hours=23, minutes=59, seconds=59, microseconds=1),
        ),
        (decimal.Decimal, "1.50", decimal.Decimal("1.50")),
        (uuid.UUID, str(uuid.UUID(int=1)), uuid.UUID(int=1)),
        (pathlib.Path, "a/b", Opaque("$path", '"a/b"')),
        (Literal["a", " b "], " b ", " b "),
        (Literal["a", 1], " 1", 1),
        (Color, "RED", Record(COLOR, "enum", {"name": "RED", "value": 1})),
        (list[float], "[1, 2.5]", [1.0, 2.5]),
        (dict[int, dt.date], '{"1": "2026-01-02"}', {1: dt.date(2026, 1, 2)}),
        (dict[Color, int], '{"RED": 1}', {Record(COLOR, "enum", {"name": "RED", "value": 1}): 1}),
        (tuple[int, ...], "[1, 2]", (1, 2)),
        (Address, '{"street": "x"}', {"street": "x"}),
        (int | str, "12", 12),
        (int | str, "twelve", "twelve"),
        (str | list[int], "[1]", [1]),
        (Any, '{"a": [1, null]}', {"a": [1, None]}),
        ("Frame", "[1]", [1]),
    ],
)
def test_what_a_form_text_means(annotation, text, value):
    read, problems = read_text(schema_of(annotation), text)
    assert problems == []
    assert read == value
    assert type(read) is type(value)


def test_a_text_field_without_a_schema_is_json():
    assert read_text(None, "12") == (12, [])
    _, problems = read_text(None, "yes")
    assert "text stands in double quotes" in problems[0].message


@pytest.mark.parametrize(
    ("annotation", "text", "path", "words"),
    [
        (float, "12,50", "", "a float, not '12,50'; write a point: 12.50"),
        (float, "1e999", "", "a float, not '1e999'"),
        (float, "1_000", "", "a float"),
        (float, "", "", "a float, not an empty field"),
        (int, "12.0", "", "an int, not '12.0'"),
        (int, "9" * 5000, "", "an int"),
        (bool, "yes", "", "a bool: True or False, not 'yes'"),
        (None, "x", "", "None, not 'x'"),
        (dt.date, "31.1.2026", "", "a date such as 2026-01-31, not '31.1.2026'"),
        (dt.timedelta, "soon", "", "a timedelta (in a form: seconds, or 1:30:00), not 'soon'"),
        (dt.timedelta, "1e300", "", "a timedelta"),
        (decimal.Decimal, "1,5", "", "write a point: 1.5"),
        (bytes, "?", "", "base64"),
        (pathlib.Path, " ", "", "a path, not an empty field"),
        (Color, "pink", "", "one of RED, GREEN, BLUE, not the str 'pink'"),
        (list[int], "[1,\n 2,,]", "", "a list of int as JSON; expecting value (line 2, column 4)"),
        (list[int], "1, 2", "", "as JSON; extra data (line 1, column 2)"),
        (list[int], '[1, "x"]', "[1]", "an int, not the str 'x'"),
        (list[int], "[" * 100_000, "", "nested too deeply"),
        (dict[int, int], '{"x": 1}', "", "the key \"x\": an int, not 'x'"),
        (dict[int, int], '{"1": 1, "01": 2}', "", "two keys mean the same"),
        (dict[str, int], '{"a": 1, "a": 2}', "", "the key 'a' stands twice"),
        (Offer, '{"rows": [{"price": "12"}]}', "rows[0].price", "a float, not the str '12'"),
        (int | float, "x", "", "int or float, not the str 'x'"),
        (list[int] | int, '["x"]', "[0]", "an int, not the str 'x'"),
    ],
)
def test_what_is_said_of_a_form_text_that_means_nothing(annotation, text, path, words):
    read, problems = read_text(schema_of(annotation), text)
    assert read == text
    assert [problem.path for problem in problems] == [path]
    assert words in problems[0].message


@given(st.text())
def test_reading_a_text_never_raises(text):
    for annotation in (
        bool,
        int,
        float,
        complex,
        bytes,
        dt.datetime,
        dt.timedelta,
        decimal.Decimal,
        uuid.UUID,
        Color,
        Offer,
        Any,
    ):
        read, problems = read_text(schema_of(annotation), text)
        assert problems == [] or read == text
