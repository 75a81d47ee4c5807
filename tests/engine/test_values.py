"""Results belong to tasks: what a task does to its inputs changes nobody's value, in memory and on file alike."""

from __future__ import annotations

import datetime as dt
import decimal
import enum
import math
import pathlib
import sys
import uuid
from dataclasses import dataclass, field
from typing import Any

import pytest

from flowkit import Engine, Flow, ValueNotStorable, register
from flowkit.core.values import preview


@register
@dataclass
class Quote:
    price: decimal.Decimal
    lines: list = field(default_factory=list)
    when: dt.datetime | None = None


@register
class Colour(enum.Enum):
    RED = 1
    BLUE = (2, "b")


class Thing:
    """Nothing that anybody could write down."""

    def __init__(self) -> None:
        self.marks: list[str] = []


VALUES = [
    None,
    True,
    1,
    1.0,
    -0.0,
    float("nan"),
    float("-inf"),
    2**53 + 1,
    -(10**400),
    "",
    "ünï 🚲 \x00 \udc80",
    b"\x00\xff",
    [],
    {},
    (),
    (1,),
    [(1, [2, {3}])],
    {1: "a", (2, "x"): {"$set": [1]}, None: 0.1},
    set(),
    {1, "a", (2.5, None)},
    frozenset({b"x"}),
    dt.datetime(2026, 11, 24, 5, 6, 7, 8, tzinfo=dt.UTC),
    dt.datetime(2026, 11, 24),
    dt.date(2026, 2, 28),
    dt.time(1, 2, 3),
    dt.timedelta(days=-1, microseconds=5),
    decimal.Decimal("1.10"),
    uuid.UUID(int=5),
    complex(1, float("inf")),
    pathlib.PurePosixPath("/a/b"),
    Quote(decimal.Decimal("9.90"), [1, (2,)], dt.datetime(2026, 1, 1)),
    Colour.RED,
    {Colour.BLUE: [Colour.RED]},
]


def alike(a: Any, b: Any) -> bool:
    """Equal in value and in type, all the way down; NaN is NaN."""
    if type(a) is not type(b):
        return False
    if isinstance(a, float):
        return (math.isnan(a) and math.isnan(b)) or (a == b and math.copysign(1, a) == math.copysign(1, b))
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(alike, a, b))
    if isinstance(a, dict):
        return len(a) == len(b) and all(map(alike, a.items(), b.items()))
    return bool(a == b)


@pytest.mark.parametrize("value", VALUES, ids=preview)
def test_what_a_task_returns_is_what_others_get(engine: Engine, value: Any) -> None:
    got = []
    flow = Flow("pass")
    flow.task(lambda given: given, name="first")
    flow.task(lambda: value, name="second")
    flow.task(lambda first, second, third: got.extend([first, second, third]), name="use")
    flow.manual(lambda: None, name="third")
    run = engine.start(flow, {"given": value})
    run.complete("third", value)
    run.run(check=True)
    assert len(got) == 3
    for one in (*got, run["first"], run["second"], run["third"], run.inputs["given"]):
        assert alike(one, value)
    again = engine.open(run.id)
    assert alike(again["second"], value)
    assert run.complete("third", value).verdict == "repeat"


def test_a_task_that_changes_its_input_changes_nobody_s_value(engine: Engine) -> None:
    flow = Flow("vandals")
    shared: list[Any] = [{"rows": [1]}]

    @flow.task
    def make() -> list:
        return shared

    @flow.task
    def spoil(make: list, given: list) -> str:
        make[0]["rows"].append("spoilt")
        make.append("more")
        given.clear()
        return "spoilt"

    @flow.task(after=spoil, fixed={"known": [5]})
    def use(make: list, given: list, known: list) -> list:
        known.append(6)
        return [make, given, known]

    given = [7]
    run = engine.start(flow, {"given": given})
    run.step("make")
    shared[0]["rows"].append("changed by its maker afterwards")
    run.run()
    assert run["make"] == [{"rows": [1]}]
    assert run["use"] == [[{"rows": [1]}], [7], [5, 6]]
    run["make"].append("changed by a reader")
    run.task("use").inputs["make"].append("and by another")
    run.events[2].data["value"].append("and by one of the journal")
    assert run["make"] == [{"rows": [1]}]
    assert given == [7]


def test_an_object_without_a_codec_is_kept_live_in_memory_and_flagged() -> None:
    flow = Flow("live")
    thing = Thing()
    flow.task(lambda: {"thing": thing}, name="make")
    flow.task(lambda make, given: [make["thing"] is thing, given is thing], name="use")
    flow.manual(lambda make: None, name="tell")
    run = flow.start({"given": thing})
    run.run()
    run.complete("tell", thing)
    assert run["use"] == [True, True]
    assert run["make"]["thing"] is thing
    assert run.task("make").live
    assert run.task("tell").live
    assert not run.task("use").live
    assert run.complete("tell", thing).verdict == "repeat"
    assert run["tell"] is run.events[-2].data.get("value", thing)
    assert "Thing" in repr(run.task("make"))


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (Thing, ("result", "Thing")),
        (lambda: {"rows": [1, 2, Thing()]}, ('result["rows"][2]', "Thing")),
        (lambda: [{"a": (0, {Thing})}], ('result[0]["a"][1]', "type")),
        (lambda: (n for n in range(3)), ("generator", "list(x)")),
        (lambda: open, ("builtin_function_or_method", "result")),
        (lambda: bytearray(b"x"), ("bytearray", "bytes(x)")),
    ],
)
def test_what_cannot_be_stored_fails_its_task_and_names_type_place_and_way_out(
    path: pathlib.Path, value: Any, words: tuple
) -> None:
    flow = Flow("unstorable")
    flow.task(value, name="make")
    flow.task(lambda make: 1, name="use")
    with Engine(path) as engine:
        run = engine.start(flow).run()
        assert run.states == {"make": "failed", "use": "cancelled"}
        failure = run.task("make").failure
        assert failure.types[0].endswith("ValueNotStorable")
        assert all(word in failure.message for word in (*words, "Way out"))
    assert flow.start().run().states == {"make": "succeeded", "use": "succeeded"}


def test_a_value_that_contains_itself(path: pathlib.Path) -> None:
    knot: list[Any] = []
    knot.append(knot)
    flow = Flow("knot")
    flow.task(lambda: knot, name="make")
    with Engine(path) as engine:
        assert "itself" in engine.start(flow).run().task("make").failure.message
    assert flow.start().run()["make"] is knot


def test_a_value_that_raises_when_it_is_looked_at_fails_its_task(path: pathlib.Path) -> None:
    class Trap:
        def __getattr__(self, name: str) -> Any:
            raise LookupError(name)

    class Twisted:
        @property
        def __class__(self) -> Any:
            raise LookupError("no class")

        def __repr__(self) -> str:
            raise LookupError("no words")

    with Engine(path) as engine:
        for trap in (Trap, Twisted):
            flow = Flow("traps")
            flow.task(trap, name="make")
            run = engine.start(flow).run()
            assert run.state == "failed"
            assert run.stopped_by == "ended"
            assert flow.start().run().stopped_by == "ended"


class Col(enum.Enum):
    RED = 1
    BLUE = 2


@dataclass
class Pot:
    col: Col
    litres: float = 1.0


def test_classes_come_back_as_such_without_an_annotation(engine: Engine) -> None:
    @dataclass
    class Private:
        n: int

    def use(pick: Any, pot: Any, mine: Any, given: Any) -> list:
        return [pick == Col.RED, pot == Pot(Col.BLUE), mine == Private(3), given is Col.BLUE]

    flow = Flow("classes")
    flow.task(lambda: Col.RED, name="pick")
    flow.task(lambda: Pot(Col.BLUE), name="pot")
    flow.task(lambda: Private(3), name="mine")
    flow.task(use)
    run = engine.start(flow, {"given": Col.BLUE}).run()
    assert run["use"] == [True] * 4
    assert run["pick"] is Col.RED
    assert engine.open(run.id)["pot"] == Pot(Col.BLUE)


def test_a_form_s_answer_equals_the_member_of_the_newest_class(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cell() -> Any:
        made = enum.Enum("Hue", {"RED": 1}, module="__main__")
        monkeypatch.setattr(sys.modules["__main__"], "Hue", made, raising=False)
        return made

    first = cell()

    def pick() -> Any: ...
    def use(pick: Any) -> bool:
        return bool(pick == sys.modules["__main__"].Hue.RED)  # type: ignore[attr-defined]

    pick.__annotations__ = {"return": first}
    flow = Flow("cells")
    flow.manual(pick)
    flow.task(use)
    for define_anew in (False, True):
        run = engine.start(flow)
        run.complete("pick", "RED")
        if define_anew:
            cell()
        assert run.run()["use"] is True


def test_a_class_that_an_annotation_names_comes_back_as_such(engine: Engine) -> None:
    @dataclass
    class Parcel:
        weight: float

    def pack() -> Parcel: ...
    def weigh(pack: Parcel) -> float:
        return type(pack) is Parcel and pack.weight

    pack.__annotations__ = {"return": Parcel}
    weigh.__annotations__ = {"pack": Parcel}
    flow = Flow("parcels")
    flow.manual(pack)
    flow.task(weigh)
    run = engine.start(flow)
    run.complete("pack", {"weight": 3})
    assert run.run().result == 3.0


def test_saving_what_only_memory_can_hold_is_refused(path: pathlib.Path) -> None:
    flow = Flow("live")
    flow.task(Thing, name="make")
    run = flow.start().run()
    with pytest.raises(ValueNotStorable, match=r"make.*Thing"):
        run.save(path)
    assert run.task("make").live
