"""A value comes back as its class where this process has that class: the newest one, and without running its code."""

import dataclasses
import enum
import sys
import types
import typing

import pytest

from flowkit.core.values import Json, Record, text_of
from flowkit.journal.codecs import pack, register, unpack

SHADES = """
import dataclasses, enum
class Shade(enum.Enum):
    RED = 1
    GREEN = 2
class Right(enum.Flag):
    READ = 1
    WRITE = 2
@dataclasses.dataclass
class Pot:
    litres: float
    shade: Shade = Shade.RED
    class Lid(enum.Enum):
        ON = 1
"""


@pytest.fixture
def shop(monkeypatch, request):
    """A module of its own for each test, so that no other one has packed its classes."""
    module = types.ModuleType(f"shop_of_{request.node.name.partition('[')[0]}")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    exec(SHADES, module.__dict__)
    return module


def enum_text(shop: types.ModuleType, name: str = "Shade", member: str = "RED", value: int = 1) -> Json:
    return Json(f'{{"$enum":{{"type":"{shop.__name__}:{name}","name":"{member}","value":{value}}}}}')


def pot_text(shop: types.ModuleType, name: str = "Pot", fields: str = '"litres":2.0') -> Json:
    return Json(f'{{"$dataclass":{{"type":"{shop.__name__}:{name}","fields":{{{fields}}}}}}}')


def test_a_class_that_is_already_defined_is_found(shop):
    assert unpack(enum_text(shop)) is shop.Shade.RED
    assert unpack(enum_text(shop, "Pot.Lid", "ON")) is shop.Pot.Lid.ON
    both = Json(text_of(enum_text(shop, "Right", "x", 3)).replace('"x"', "null"))
    assert unpack(both) == shop.Right.READ | shop.Right.WRITE
    red = text_of(enum_text(shop))
    assert unpack(pot_text(shop, fields=f'"litres":2.0,"shade":{red}')) == shop.Pot(2.0)


def test_a_class_local_to_a_function_is_known_once_it_was_packed():
    class Mood(enum.Enum):
        GOOD = "g"

    @dataclasses.dataclass
    class Day:
        mood: Mood

    assert unpack(pack([Day(Mood.GOOD), Mood.GOOD])) == [Day(Mood.GOOD), Mood.GOOD]


def test_a_module_that_is_not_loaded_stays_so(monkeypatch):
    monkeypatch.delitem(sys.modules, "this", raising=False)
    assert type(unpack(Json('{"$enum":{"type":"this:Zen","name":"A","value":1}}'))) is Record
    assert "this" not in sys.modules


def test_an_alias_or_a_class_of_another_kind_is_not_taken(shop):
    shop.Other = shop.Shade
    shop.Plain = type("Plain", (), {"__module__": shop.__name__})
    shop.Heir = type("Heir", (shop.Pot,), {"__module__": shop.__name__})
    shop.make = lambda: None
    setattr(shop, "f.<locals>.C", shop.Shade)
    for name in (
        "Other",
        "Plain",
        "Heir",
        "make",
        "Shade.RED",
        "Pot.__init__",
        "Pot.litres",
        "f.<locals>.C",
        "Shade.",
    ):
        assert type(unpack(enum_text(shop, name))) is Record, name
        assert type(unpack(pot_text(shop, name))) is Record, name
    assert type(unpack(enum_text(shop, "Pot"))) is Record
    assert type(unpack(pot_text(shop, "Shade"))) is Record


def test_a_class_defined_anew_takes_over_what_was_recorded_before(shop):
    old, red = shop.Shade, pack(shop.Shade.RED)
    pot = pack(shop.Pot(1.5))
    exec(SHADES, shop.__dict__)
    assert shop.Shade is not old
    assert unpack(red) is shop.Shade.RED
    assert unpack(pot) == shop.Pot(1.5)


def test_what_is_packed_after_a_reload_comes_back_equal(shop):
    """`from shop import Shade` still gives the class from before: whoever uses it must get it back."""
    Shade = shop.Shade
    exec(SHADES, shop.__dict__)
    assert unpack(pack(Shade.RED)) is Shade.RED
    exec(SHADES, shop.__dict__)
    assert unpack(enum_text(shop)) is shop.Shade.RED


def test_in_a_notebook_the_class_that_stands_there_now_is_meant(monkeypatch):
    def cell() -> type[enum.Enum]:
        made = enum.Enum("Hue", {"RED": 1}, module="__main__")
        monkeypatch.setattr(sys.modules["__main__"], "Hue", made, raising=False)
        return made

    first = register(cell())
    second = cell()
    stored = pack(first.RED)  # a variable may hold a member from before the cell was run again
    assert unpack(stored) is second.RED
    monkeypatch.delattr(sys.modules["__main__"], "Hue")
    assert unpack(stored) is first.RED


def test_a_class_that_was_merely_found_runs_nothing(shop):
    ran: list[str] = []
    shop.ran = ran
    code = """
class Meta(type):
    def __getattribute__(cls, name):
        ran.append(name)
        return super().__getattribute__(name)
    def __call__(cls, *args, **kwargs):
        ran.append("call")
        return super().__call__(*args, **kwargs)
class Setter:
    def __set__(self, obj, value):
        ran.append("set")
    def __get__(self, obj, cls):
        return 5
@dataclasses.dataclass
class Loud(metaclass=Meta):
    x: int
    y: int = 7
    def __new__(cls, *args):
        ran.append("new")
        return super().__new__(cls)
    def __post_init__(self):
        ran.append("post")
    def __setattr__(self, name, value):
        ran.append("setattr")
@dataclasses.dataclass
class Hooked:
    x: int = Setter()
@dataclasses.dataclass
class Made:
    x: int
    y: list = dataclasses.field(default_factory=lambda: ran.append("factory"))
@dataclasses.dataclass
class Last:
    x: int
    def __del__(self):
        ran.append("del")
class Flags(enum.Flag):
    A = 1
    @classmethod
    def _missing_(cls, value):
        ran.append("missing")
"""
    exec(code, shop.__dict__)
    del ran[:]
    loud = unpack(pot_text(shop, "Loud", '"x":1,"y":2'))
    kinds = [type(unpack(pot_text(shop, name, '"x":1'))) for name in ("Loud", "Hooked", "Made", "Last")]
    flags = unpack(enum_text(shop, "Flags", "B", 2))
    assert ran == []
    assert (type(loud), kinds, type(flags)) == (shop.Loud, [Record] * 4, Record)
    assert (loud.x, loud.y) == (1, 2)


def test_fields_added_since_get_their_plain_defaults(shop):
    stored = pack(shop.Pot(1.0, shop.Shade.GREEN))
    more = "    lid: bool = False\n    notes: list = dataclasses.field(default_factory=list)\n"
    exec(SHADES.replace("    class Lid", more + "    class Lid"), shop.__dict__)
    assert unpack(stored) == shop.Pot(1.0, shop.Shade.GREEN, False, [])
    exec(
        SHADES.replace("    class Lid", "    name: str = dataclasses.field(kw_only=True)\n    class Lid"),
        shop.__dict__,
    )
    assert type(unpack(stored)) is Record


@pytest.mark.parametrize("slots", [True, False])
def test_a_frozen_one_is_rebuilt(shop, slots):
    made: typing.Any = dataclasses.make_dataclass("Spot", [("x", int)], frozen=True, slots=slots)
    made.__module__ = shop.__name__
    shop.Spot = made
    assert unpack(pot_text(shop, "Spot", '"x":3')) == made(3)
