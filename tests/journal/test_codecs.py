"""Values come back from a journal as they went in, or are refused with the place and the way out."""

import collections
import dataclasses
import datetime as dt
import decimal
import enum
import functools
import json
import math
import pathlib
import types
import typing
import zoneinfo

import hypothesis.strategies as st
import pytest
from hypothesis import given

from flowkit.core.values import Json, Live, Opaque, Record, same, text_of
from flowkit.errors import JournalCorrupt, UsageError, ValueNotStorable
from flowkit.journal.codecs import pack, register, unpack


@register
@dataclasses.dataclass
class Quote:
    price: float
    note: str | None = None
    parts: list[typing.Any] = dataclasses.field(default_factory=list)


@register
@dataclasses.dataclass(frozen=True, slots=True)
class Point:
    x: int
    y: int


@register
class Color(enum.Enum):
    RED = 1
    GREEN = "g"
    BLUE = (1, 2)


@register
class Right(enum.Flag):
    READ = 1
    WRITE = 2


class Level(enum.IntEnum):
    LOW = 1


@dataclasses.dataclass
class Unknown:
    when: dt.date
    tags: tuple[str, ...] = ()


texts = st.text(st.characters(exclude_categories=()))  # lone surrogates and control characters too
zones = st.sampled_from(
    [dt.UTC, dt.timezone(dt.timedelta(hours=-3), "here"), zoneinfo.ZoneInfo("Europe/Berlin")]
)
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    texts,
    st.sampled_from([2**53, 2**53 + 1, -(2**60), 10**700]),
)
singles = st.one_of(
    scalars,
    st.binary(),
    st.complex_numbers(),
    st.dates(),
    st.datetimes(timezones=st.none() | zones),
    st.times(),
    st.timedeltas(),
    st.decimals(),
    st.uuids(),
    st.sampled_from([pathlib.Path("a/b"), pathlib.PurePosixPath("/x"), pathlib.PureWindowsPath("c:\\x")]),
)
keys = st.one_of(
    scalars,
    st.sampled_from(["$tuple", "$", "$dict"]),
    st.dates(),
    st.sampled_from([Color.RED, Color.BLUE, Right.READ | Right.WRITE]),
    st.builds(Point, st.integers(), st.integers()),
    st.tuples(st.integers(), texts),
    st.frozensets(st.integers() | texts),
)
values = st.recursive(
    singles | keys,
    lambda inner: st.one_of(
        st.lists(inner),
        st.lists(inner).map(tuple),
        st.dictionaries(keys, inner),
        st.sets(keys),
        st.builds(Quote, st.floats(), texts, st.lists(inner)),
    ),
    max_leaves=10,
)


def alike(a: typing.Any, b: typing.Any) -> bool:
    """Equal values of equal types, deep down; NaN is NaN. Written apart from what it judges."""
    if type(a) is not type(b):
        return False
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(map(alike, a, b))
    if isinstance(a, dict):
        return alike_any_order(list(a.items()), list(b.items()))
    if isinstance(a, (set, frozenset)):
        return alike_any_order(list(a), list(b))
    if isinstance(a, enum.Enum):
        return a is b
    if dataclasses.is_dataclass(a):
        return alike(vars(a), vars(b)) if hasattr(a, "__dict__") else a == b
    if isinstance(a, complex):
        return alike([a.real, a.imag], [b.real, b.imag])
    if isinstance(a, dt.datetime):
        return (a.isoformat(), a.fold, str(a.tzinfo)) == (b.isoformat(), b.fold, str(b.tzinfo))
    if isinstance(a, decimal.Decimal):
        return str(a) == str(b)
    return a == b or (a != a and b != b)


def alike_any_order(left: list[typing.Any], right: list[typing.Any]) -> bool:
    rest = list(right)
    for item in left:
        found = next((n for n, other in enumerate(rest) if alike(item, other)), None)
        if found is None:
            return False
        del rest[found]
    return not rest


def again(value: typing.Any) -> typing.Any:
    return unpack(pack(value))


@given(values)
def test_what_went_in_comes_out_with_the_same_types(value):
    assert alike(again(value), value)


@given(values)
def test_the_text_is_json_that_a_file_can_hold(value):
    text = text_of(pack(value))
    text.encode()
    json.loads(text, parse_constant=pytest.fail)  # which would be called for NaN and Infinity
    assert alike(unpack(Json(text)), value)


@given(values)
def test_packing_twice_gives_the_same_text(value):
    assert text_of(pack(again(value))) == text_of(pack(value))


@given(values, values)
def test_same_is_equality_of_types_and_values(one, other):
    assert same(pack(one), pack(again(one)))
    assert same(pack(one), Json(text_of(pack(one))))
    assert same(pack(one), pack(other)) == alike(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (True, 1),
        (1, 1.0),
        ([1], [True]),
        ([1.0], [1]),
        ([1], (1,)),
        ({1}, frozenset({1})),
        ({"1": 2}, {1: 2}),
        ("1", 1),
        (None, False),
        ({"a": None}, {}),
        ({"$int": "7"}, 7),
        (decimal.Decimal("1.0"), decimal.Decimal("1.00")),
        (Point(1, 2), {"x": 1, "y": 2}),
        (Color.RED, 1),
    ],
)
def test_what_only_looks_alike_is_not_the_same(one, other):
    assert not same(pack(one), pack(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"a": 1, "b": [2]}, {"b": [2], "a": 1}),
        ({1: "a", 2: "b"}, {2: "b", 1: "a"}),
        ([{"a": 1, "$": {"x": 1, "y": 2}}], [{"$": {"y": 2, "x": 1}, "a": 1}]),
        ([math.nan], [float("nan")]),
        ([0.0], [-0.0]),
        ({0.0, -5.0}, {-0.0, -5.0}),
        (
            Quote(1.0),
            Record("tests.journal.test_codecs:Quote", "dataclass", {"parts": [], "note": None, "price": 1.0}),
        ),
    ],
)
def test_order_of_keys_and_the_sign_of_zero_do_not_matter(one, other):
    if isinstance(other, Record):
        other.type = f"{Quote.__module__}:{Quote.__qualname__}"
    assert same(pack(one), pack(other))


def test_an_enum_member_given_by_name_alone_is_the_same():
    key = f"{Color.__module__}:{Color.__qualname__}"
    assert same(pack(Color.BLUE), pack(Record(key, "enum", {"name": "BLUE"})))
    assert not same(pack(Color.BLUE), pack(Record(key, "enum", {"name": "RED"})))


@given(
    st.lists(
        st.dictionaries(texts, st.lists(scalars, max_size=3), min_size=1, max_size=2), min_size=1, max_size=3
    )
)
def test_nobody_can_change_what_others_get(value):
    stored = pack(value)
    before = text_of(stored)
    value.append("later")  # the one who gave it
    first = unpack(stored)
    next(iter(first[0].values())).append("mine")  # one who got it
    first[0]["new"] = 1
    assert text_of(stored) == before
    assert alike(unpack(stored), value[:-1])


ELSEWHERE = """{"$dataclass":{"type":"shop.elsewhere:Unknown","fields":{"when":{"$date":"2026-01-02"}}}}"""


def test_records_are_fresh_too():
    stored = Json(ELSEWHERE)
    unpack(stored).fields["when"] = None
    assert unpack(stored).when == dt.date(2026, 1, 2)


def test_plain_values_are_plain_json():
    assert text_of(pack({"a": [1, 2.5, None, True, "ü"], "b": {}})) == '{"a":[1,2.5,null,true,"ü"],"b":{}}'
    assert type(pack(1.5)) is float
    assert pack("text") == "text"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ((1, 2), '{"$tuple":[1,2]}'),
        ({3, 1, 2}, '{"$set":[1,2,3]}'),
        (b"abc", '{"$bytes":"YWJj"}'),
        (dt.datetime(2026, 1, 2, 3, 4), '{"$datetime":"2026-01-02T03:04:00"}'),
        (dt.date(2026, 1, 2), '{"$date":"2026-01-02"}'),
        (dt.timedelta(hours=1), '{"$timedelta":{"seconds":3600}}'),
        (decimal.Decimal("1.50"), '{"$decimal":"1.50"}'),
        ({1: "a"}, '{"$dict":[[1,"a"]]}'),
        ({"$set": []}, '{"$dict":[["$set",[]]]}'),
        ([math.inf], '[{"$float":"inf"}]'),
        (2**53 + 1, '{"$int":"9007199254740993"}'),
        ("\ud800", '{"$str":"\\\\ud800"}'),
        (pathlib.Path("a"), '{"$path":"a"}'),
    ],
)
def test_tags_can_be_read_by_people(value, text):
    assert text_of(pack(value)) == text


def test_an_int_too_long_for_decimal_digits_is_kept():
    assert again([-(7**9000), 7**9000]) == [-(7**9000), 7**9000]


def test_the_order_of_a_set_is_the_same_in_every_process():
    assert text_of(pack({"b", "a", "c"})) == '{"$set":["a","b","c"]}'


@pytest.mark.parametrize(
    "value",
    [
        dt.datetime(2026, 10, 25, 2, 30, fold=1, tzinfo=zoneinfo.ZoneInfo("Europe/Berlin")),
        dt.datetime(2026, 10, 25, 2, 30, fold=0, tzinfo=zoneinfo.ZoneInfo("Europe/Berlin")),
        dt.datetime(2026, 1, 1, fold=1),
        dt.datetime(2026, 1, 1, tzinfo=dt.timezone(dt.timedelta(seconds=-3723, microseconds=7))),
        dt.datetime(2026, 1, 1, tzinfo=dt.timezone(dt.timedelta(hours=2), "CEST")),
        dt.time(1, 2, tzinfo=zoneinfo.ZoneInfo("Asia/Tokyo")),
        dt.time(1, 2, fold=1, tzinfo=dt.UTC),
    ],
)
def test_moments_keep_zone_name_and_fold(value):
    back = again(value)
    assert back == value
    assert (back.fold, back.tzname(), repr(back.tzinfo)) == (value.fold, value.tzname(), repr(value.tzinfo))


# What can't be stored


def refused(value: typing.Any, **options: typing.Any) -> ValueNotStorable:
    with pytest.raises(ValueNotStorable) as caught:
        pack(value, **options)
    error = caught.value
    assert error.path in str(error)
    assert error.type_name in str(error)
    assert error.way_out in str(error)
    assert error.way_out
    return error


class NoRepr:
    def __repr__(self) -> str:
        raise RuntimeError("no")


class Broken(dt.tzinfo):
    pass


Pair = collections.namedtuple("Pair", "a b")


@pytest.mark.parametrize(
    ("value", "type_name", "way_out"),
    [
        (Pair(1, 2), "Pair", "_asdict"),
        (collections.OrderedDict(a=1), "collections.OrderedDict", "dict(x)"),
        (collections.defaultdict(list), "collections.defaultdict", "dict(x)"),
        (collections.Counter("aab"), "collections.Counter", "dict(x)"),
        (collections.deque(), "collections.deque", "list(x)"),
        (type("Text", (str,), {})("x"), "Text", "str(x)"),
        (type("Number", (int,), {})(1), "Number", "int(x)"),
        (range(3), "range", "list(x)"),
        ({}.keys(), "dict_keys", "list(x)"),
        ((n for n in ()), "generator", "list(x)"),
        (bytearray(b"x"), "bytearray", "bytes(x)"),
        (lambda: 1, "function", "result"),
        (Quote, "type", "instance"),
        (ValueError("x"), "ValueError", "raise"),
        (types.SimpleNamespace(a=1), "types.SimpleNamespace", "vars(x)"),
        (NoRepr(), "NoRepr", "dataclass"),
        (dt.datetime(2026, 1, 1, tzinfo=Broken()), "Broken", "zoneinfo"),
        (functools.partial(print), "functools.partial", "result"),
    ],
)
def test_other_types_are_refused_with_a_way_out(value, type_name, way_out):
    error = refused([value])
    assert error.type_name.endswith(type_name)
    assert error.path == "result[0]"
    assert way_out in error.way_out


@pytest.mark.parametrize(
    ("module", "name", "shown", "way_out"),
    [
        ("pandas.core.frame", "DataFrame", "pandas.DataFrame", 'x.to_dict("records")'),
        ("numpy", "ndarray", "numpy.ndarray", "x.tolist()"),
        ("numpy", "float64", "numpy.float64", "x.item()"),
        ("matplotlib.figure", "Figure", "matplotlib.Figure", "PNG"),
    ],
)
def test_values_of_well_known_packages_have_their_own_way_out(module, name, shown, way_out):
    error = refused({"x": type(name, (), {"__module__": module})()})
    assert error.type_name == shown
    assert error.path == 'result["x"]'
    assert way_out in error.way_out


def test_the_path_leads_to_the_place():
    deep = {"rows": [0, 1, 2, Unknown(object(), ())]}
    assert refused(deep).path == 'result["rows"][3].when'
    assert refused((1, {2: [object()]})).path == "result[1][2][0]"
    assert refused({object(): 1}).path.startswith("result[key <object")
    assert refused(object(), name="input item").path == "input item"


def test_cycles_and_abysses_are_refused():
    loop: list[typing.Any] = [1]
    loop.append({"again": loop})
    error = refused(loop)
    assert "contains itself" in str(error)
    assert error.path == 'result[1]["again"]'
    deep: list[typing.Any] = []
    for _ in range(99):
        deep = [deep]
    assert alike(again(deep), deep)
    error = refused([deep])
    assert "deeper than 100" in str(error)
    assert error.path == f"result{'[0]' * 5}…{'[0]' * 5}"
    assert "deeper than 100" in str(refused(({"a": deep},)))
    shared = [1]
    assert again([shared, shared]) == [[1], [1]]


def test_in_memory_an_object_without_a_form_is_kept_live():
    thing = object()
    stored = pack({"x": thing}, live=True)
    assert type(stored) is Live
    assert unpack(stored)["x"] is thing
    assert type(pack({"x": 1}, live=True)) is Json
    same_object = Live(thing)
    assert same(Live(thing), same_object)
    assert not same(Live([]), Live([]))
    assert not same(Live(thing), 1)
    with pytest.raises(TypeError):
        text_of(same_object)


# Classes


def test_registered_classes_come_back_as_themselves():
    value = {
        "q": Quote(1.5, "n", [Point(1, 2)]),
        Color.RED: Right.READ | Right.WRITE,
        "s": {Color.BLUE, Color.GREEN},
    }
    assert alike(again(value), value)


def test_a_class_that_is_not_at_hand_comes_back_as_a_record_that_can_be_passed_on():
    low = '{"$enum":{"type":"shop.elsewhere:Level","name":"LOW","value":1}}'
    stored = Json(f'[{ELSEWHERE},{low},{{"$dict":[[{low},1]]}}]')
    record, level, by_level = unpack(stored)
    assert type(record) is Record
    assert record.kind == "dataclass"
    assert record.type.endswith(":Unknown")
    assert record.when == dt.date(2026, 1, 2)
    with pytest.raises(AttributeError, match="price"):
        record.price
    assert level.fields == {"name": "LOW", "value": 1}
    assert by_level[level] == 1
    assert text_of(pack([record, level, by_level])) == text_of(stored)


def test_no_code_of_a_class_runs_when_a_value_comes_back():
    ran = []

    @register
    @dataclasses.dataclass
    class Loud:
        x: int

        def __post_init__(self) -> None:
            ran.append(self.x)
            self.x *= 2

    stored = pack(Loud(1))
    del ran[:]
    assert unpack(stored).x == 2
    assert ran == []


def test_a_class_that_changed_since():
    def versions(**fields: typing.Any) -> type:
        made = dataclasses.make_dataclass("Shifting", [(k, typing.Any, v) for k, v in fields.items()])
        made.__module__ = __name__
        return register(made)

    field = dataclasses.field
    stored = pack(versions(a=field(), b=field())(1, 2))
    grown = versions(a=field(), b=field(), c=field(default=3))
    assert unpack(stored) == grown(1, 2, 3)
    versions(a=field())
    assert unpack(stored) == Record(f"{__name__}:Shifting", "dataclass", {"a": 1, "b": 2})
    versions(a=field(), b=field(), d=field())
    assert type(unpack(stored)) is Record


def test_a_dataclass_that_would_lose_something_is_refused():
    @dataclasses.dataclass
    class Error(Exception):
        code: int

    @dataclasses.dataclass
    class Bag(list):
        name: str

    @dataclasses.dataclass
    class Half:
        a: int = dataclasses.field(init=False)

    assert "built-in base" in str(refused(Error(1)))
    assert "built-in base" in str(refused(Bag("x")))
    assert "'a' can't be read" in str(refused(Half()))
    quote = Quote(1.0)
    quote.extra = 1
    assert "extra" in refused(quote).way_out


def test_caches_and_class_variables_of_a_dataclass_do_not_matter():
    @register
    @dataclasses.dataclass
    class Box(typing.Generic[typing.TypeVar("T")]):
        kind: typing.ClassVar[str] = "box"
        side: int
        seed: dataclasses.InitVar[int] = 0

        @functools.cached_property
        def area(self) -> int:
            return self.side**2

    box = Box[int](3)
    assert box.area == 9
    assert again(box) == Box(3)


@pytest.mark.parametrize("thing", [int, Quote(1.0), "Quote", Pair])
def test_only_dataclasses_and_enums_can_be_registered(thing):
    with pytest.raises(UsageError, match="dataclass"):
        register(thing)


# Texts of others


@pytest.mark.parametrize(
    "text",
    [
        '{"$polars":{"a":[1]}}',
        '{"$decimal":"many"}',
        '{"$decimal":{}}',
        '{"$int":"1.5"}',
        '{"$int":7}',
        '{"$float":"many"}',
        '{"$bytes":"ü"}',
        '{"$bytes":[1]}',
        '{"$tuple":"abc"}',
        '{"$set":[[1]]}',
        '{"$set":{"a":1}}',
        '{"$dict":[[[],1]]}',
        '{"$dict":[[1,2,3]]}',
        '{"$datetime":"yesterday"}',
        '{"$datetime":{"at":"2026-01-01T00:00:00","zone":"../../etc/passwd"}}',
        '{"$datetime":{"at":"2026-01-01T00:00:00","zone":"No/Where"}}',
        '{"$datetime":{"at":"2026-01-01T00:00:00","fold":7}}',
        '{"$timedelta":{"days":1e300}}',
        '{"$timedelta":{"parsecs":1}}',
        '{"$uuid":"x"}',
        '{"$complex":[1]}',
        '{"$path":["os.system","x"]}',
        '{"$enum":[]}',
        '{"$enum":{"name":"RED"}}',
        '{"$dataclass":{"type":"os:system"}}',
        '{"$dataclass":{"type":[],"fields":{}}}',
        '{"$dataclass":"x"}',
        '{"$":1}',
    ],
)
def test_what_nobody_here_can_read_is_kept_and_passed_on(text):
    back = unpack(Json(text))
    assert type(back) is Opaque
    assert text_of(pack(back)) == text
    assert same(pack(back), Json(text))
    assert text_of(pack([back, {"k": back}])) == f'[{text},{{"k":{text}}}]'
    assert {back: 1}[unpack(Json(text))] == 1


@pytest.mark.parametrize(
    "name",
    [
        "subprocess:Popen",
        "os:system",
        "builtins:print",
        "builtins:int",
        "enum:Enum",
        "antigravity:fly",
        "",
        ":",
        "a",
    ],
)
def test_no_other_thing_than_a_dataclass_or_an_enum_is_found_by_name(name):
    stored = Json(f'{{"$dataclass":{{"type":"{name}","fields":{{"args":["true"]}}}}}}')
    assert unpack(stored) == Record(name, "dataclass", {"args": ["true"]})
    stored = Json(f'{{"$enum":{{"type":"{name}","name":"RED","value":1}}}}')
    assert unpack(stored) == Record(name, "enum", {"name": "RED", "value": 1})


def test_an_enum_is_no_dataclass_and_the_other_way_round():
    key = f"{Color.__module__}:{Color.__qualname__}"
    assert type(unpack(Json(f'{{"$dataclass":{{"type":"{key}","fields":{{}}}}}}'))) is Record
    key = f"{Quote.__module__}:{Quote.__qualname__}"
    assert type(unpack(Json(f'{{"$enum":{{"type":"{key}","name":"RED","value":1}}}}'))) is Record


@pytest.mark.parametrize("text", ["", "{", "nul", "[1,]", "[" * 5000 + "]" * 5000, '{"a":"$' + "[" * 5000])
def test_damaged_text_is_a_journal_error(text):
    with pytest.raises(JournalCorrupt):
        unpack(Json(text))


def test_deep_foreign_tags_do_not_break_the_reader():
    def nested(depth):
        return Json('{"$tuple":[' * depth + "]}" * depth)

    assert repr(unpack(nested(50))).startswith("((((")
    with pytest.raises(JournalCorrupt, match="recursion"):
        unpack(nested(200_000))
    assert unpack(nested(1)) == (), "the reader goes on"


@pytest.mark.parametrize(("thing", "words"), [([1], "a list is not"), (..., "an ellipsis is not")])
def test_only_stored_values_can_be_unpacked(thing, words):
    with pytest.raises(TypeError, match=f"{words} a stored value: pack"):
        unpack(thing)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (..., "is an ellipsis,"),
        (type("int", (int,), {"__module__": "builtins"})(), "is an int,"),
        (type("UUID", (), {"__module__": "__main__"})(), "is a UUID,"),
        (collections.deque(), "is a collections.deque,"),
    ],
)
def test_a_refusal_has_the_right_article(value, words):
    assert words in str(refused(value))


def test_nothing_is_imported_or_unpickled_while_reading():
    """Seen from outside, by the interpreter's own audit of imports, in a process of its own."""
    import subprocess
    import sys

    program = """
import sys
from flowkit.journal.codecs import Json, unpack
unpack(Json('{"$datetime":{"at":"2026-01-01T00:00:00","zone":"Europe/Berlin"}}'))
seen = []
watched = ("import", "pickle.find_class", "exec", "compile", "os.system", "subprocess.Popen")

class Lazy(type(sys)):  # a module that loads its parts when they are asked for
    def __getattr__(self, name):
        seen.append(name)
        import antigravity
    def __getattribute__(self, name):
        seen.append(name)
        return super().__getattribute__(name)

class Odd:
    @property
    def __class__(self):
        seen.append("__class__")
        return type
    def __getattr__(self, name):
        seen.append(name)
        raise AttributeError(name)

import os, subprocess
lazy = sys.modules["lazy"] = Lazy("lazy")
hooked = sys.modules["hooked"] = type(sys)("hooked")
hooked.__getattr__ = lambda name: seen.append(name)
hooked.odd = Odd()
sys.modules["odd"] = Odd()
del seen[:]
names = "antigravity:fly os:system builtins:print subprocess:Popen lazy:fly lazy:a.b hooked:fly hooked:odd.x odd:fly"
sys.addaudithook(lambda event, args: seen.append(event) if event in watched else None)
for tag in ("$dataclass", "$enum", "$object", "$pickle", "$path", "$py/object"):
    for name in names.split():
        unpack(Json('{"%s":{"type":"%s","fields":{},"name":"x","value":"this"}}' % (tag, name)))
print(seen)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
