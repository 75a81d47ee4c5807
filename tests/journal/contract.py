"""What every journal must do. `test_contract.py` runs it against each one; a new journal is one line there."""

from __future__ import annotations

import dataclasses
import datetime as dt
import decimal
import enum
import uuid
from collections.abc import Iterable
from typing import Any

import msgspec
import pytest

from flowkit.core import FACTS, Claimant, Fact, Failure, Plan, TaskPlan
from flowkit.core import facts as f
from flowkit.core.values import Json, same
from flowkit.errors import JournalCorrupt, UnknownRun
from flowkit.journal import Entry, Journal, Summary, pack, register, unpack

PLAN = Plan("shop", (TaskPlan("quote"), TaskPlan("ship", doc="é 🚲 ' \" \\ \0")), doc="A shop.")
ODD = "it's \"odd\" \\ \0 \x1b[31m é 🚲 \u202e <b>& '; DROP TABLE events; --"
BROKEN = "a lone \udc80 surrogate"
ME = Claimant(boot="boot", space="space", pid=7, born="now", driver="d")

SAMPLES: dict[Any, Any] = {
    str: ODD,
    int: 3,
    tuple[str, ...]: ("a", "b's"),
    Any: Json('{"a":[1,"é"]}'),
    dict[str, Any]: {"x": 1, 'y"': Json("[null]"), "z": None},
    Claimant: ME,
    Failure: Failure(
        ("m.Broken", "ValueError"), ODD, traceback="line 1\nline 2", chain=(Failure((), "cause"),)
    ),
    str | None: "target",
    int | None: 7,
    float | None: 12.5,
    bool | int: True,
    bool: True,
    dict[str, str]: {"a": "its code"},
    tuple[str, ...] | None: ("a",),
    Failure | None: Failure(("E",), "late"),
}


def every_fact() -> list[Fact]:
    """A fact of each kind with all its fields set, and another with only those that it needs."""
    facts = []
    for cls in FACTS.values():
        fields = msgspec.structs.fields(cls)
        facts.append(cls(**{field.name: SAMPLES[field.type] for field in fields}))
        facts.append(cls(**{field.name: SAMPLES[field.type] for field in fields if field.required}))
    return facts


def alike(one: Fact, other: Fact) -> bool:
    """Whether two facts say the same: their values are stored values, equal as the report door sees it."""
    if type(one) is not type(other):
        return False
    for field in msgspec.structs.fields(type(one)):
        mine, yours = getattr(one, field.name), getattr(other, field.name)
        if field.type is Any:
            equal = same(mine, yours)
        elif field.type == dict[str, Any]:
            equal = list(mine) == list(yours) and all(same(mine[key], yours[key]) for key in mine)
        else:
            equal = mine == yours
        if not equal:
            return False
    return True


def started(run_id: str = "r", at: float = 1.0, plan: str = "p1") -> tuple[Summary, Entry]:
    fact = f.RunStarted(flow="shop", plan=plan, inputs={"item": "book"}, ready=("quote",))
    return Summary(run_id, "shop", plan, "running", at, at), Entry(1, at, "me", (fact,))


def start(journal: Journal, run_id: str = "r", at: float = 1.0, plan: str = "p1") -> None:
    """One run in the journal, with one entry of one fact."""
    summary, entry = started(run_id, at, plan)
    journal.begin(run_id, 0)
    journal.add_run(summary, PLAN)
    journal.write(run_id, entry)
    journal.commit()


def add(journal: Journal, seq: int, *facts: Fact, run_id: str = "r", state: str | None = None) -> Entry:
    """One entry more, in a turn of its own."""
    entry = Entry(seq, seq + 0.5, "me", facts)
    journal.begin(run_id, seq - 1)
    journal.write(run_id, entry, state)
    journal.commit()
    return entry


def done(value: Any = 1, task: str = "quote", attempt: int = 1) -> f.TaskSucceeded:
    return f.TaskSucceeded(task=task, attempt=attempt, value=value)


def seqs(entries: Iterable[Entry]) -> list[int]:
    return [entry.seq for entry in entries]


@register
@dataclasses.dataclass
class Quote:
    price: decimal.Decimal
    tags: tuple[str, ...]


@register
class Colour(enum.Enum):
    RED = "red"


VALUES = [
    None, True, False, 0, -1, 2**53, 2**53 + 1, -(2**200), 0.0, 1.5, float("inf"), float("-inf"), float("nan"),
    "", ODD, BROKEN, [], [1, [2.0, None]], {}, {"a": {"b": 1}}, {1: 2, "$x": 3}, (), (1, (2,)), {1, 2}, frozenset(),
    b"", bytes(range(256)), dt.datetime(2026, 1, 2, 3, tzinfo=dt.UTC), dt.date(2026, 1, 2), dt.time(3, 4),
    dt.timedelta(days=1, microseconds=1), decimal.Decimal("1.10"), uuid.UUID(int=7), 1 + 2j,
    Quote(decimal.Decimal("9.90"), ("a",)), Colour.RED, {"deep": [Quote(decimal.Decimal(0), ()), {"x": b"1"}]},
]  # fmt: skip


class Contract:
    """The suite: a class that inherits it gives the fixture `journal`, a new and empty one."""

    def test_a_new_journal_holds_nothing(self, journal: Journal) -> None:
        assert journal.summaries() == []
        assert journal.summary("r") is None
        assert list(journal.read("r")) == []
        assert list(journal.begin("r", 0)) == []
        journal.rollback()
        assert journal.output("r", "quote", 1) == []
        assert journal.progress("r", "quote", 1) is None
        assert journal.last_beat(ME) is None
        with pytest.raises(JournalCorrupt, match="p1"):
            journal.plan("p1")

    def test_a_run_stands_as_it_was_written(self, journal: Journal) -> None:
        start(journal)
        summary, entry = started()
        assert journal.summary("r") == summary
        assert journal.plan("p1") == PLAN
        (found,) = journal.read("r")
        assert (found.seq, found.at, found.by) == (1, 1.0, "me")
        assert alike(found.facts[0], entry.facts[0])

    def test_every_kind_of_fact_comes_back(self, journal: Journal) -> None:
        start(journal)
        facts = every_fact()
        add(journal, 2, *facts)
        found = journal.read("r", 1)[0].facts
        assert [fact.kind for fact in found] == [fact.kind for fact in facts]
        for one, other in zip(found, facts, strict=True):
            assert alike(one, other)

    @pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
    def test_every_value_comes_back(self, journal: Journal, value: Any) -> None:
        start(journal)
        stored = pack(value)
        add(journal, 2, done(stored), f.Emitted(task="quote", attempt=1, topic="t", payload=stored))
        add(journal, 4, f.RunStarted(flow="shop", plan="p1", inputs={"x": stored}, results={"y": stored}))
        (first, second), (third,) = (entry.facts for entry in journal.read("r", 1))
        for found in (first.value, second.payload, third.inputs["x"], third.results["y"]):
            assert same(found, stored)
            assert type(unpack(found)) is type(value)
            assert value != value or unpack(found) == value

    def test_entries_keep_together_and_in_order(self, journal: Journal) -> None:
        start(journal)
        written = [
            add(journal, 2, done(), done(2, "ship")),
            add(journal, 4, done(3)),
            add(journal, 5, *every_fact()),
        ]
        for after, expected in [
            (0, [1, 2, 4, 5]),
            (1, [2, 4, 5]),
            (2, [4, 5]),
            (3, [4, 5]),
            (4, [5]),
            (500, []),
        ]:
            assert seqs(journal.read("r", after)) == expected
        found = journal.read("r", 1)
        assert [len(entry.facts) for entry in found] == [len(entry.facts) for entry in written]
        assert [entry.at for entry in found] == [2.5, 4.5, 5.5]

    def test_a_turn_begins_with_what_its_owner_lacks(self, journal: Journal) -> None:
        start(journal)
        add(journal, 2, done(), done(2, "ship"))
        for after, expected in [(0, [1, 2]), (1, [2]), (3, [])]:
            assert seqs(journal.begin("r", after)) == expected
            journal.rollback()
            assert seqs(journal.begin("r", after, durable=True)) == expected
            journal.commit()

    def test_several_entries_in_one_turn(self, journal: Journal) -> None:
        start(journal)
        journal.begin("r", 1)
        journal.write("r", Entry(2, 2.0, "me", (done(),)))
        journal.write("r", Entry(3, 3.0, "you", (done(2, "ship"),)))
        journal.commit()
        assert [(entry.seq, entry.by) for entry in journal.read("r", 1)] == [(2, "me"), (3, "you")]
        assert seqs(journal.begin("r", 3)) == []
        journal.rollback()

    def test_after_a_rollback_nothing_is_there(self, journal: Journal) -> None:
        start(journal)
        journal.begin("r", 1)
        journal.write("r", Entry(2, 2.0, "me", (done("dropped"),)), "succeeded")
        journal.keep_output("r", "quote", 1, [{"text": "dropped"}])
        journal.rollback()
        assert seqs(journal.read("r")) == [1]
        assert journal.summary("r") == started()[0]
        assert journal.output("r", "quote", 1) == []
        add(journal, 2, done("kept"))
        assert same(journal.read("r", 1)[0].facts[0].value, "kept")

    def test_a_run_that_was_rolled_back_was_never_added(self, journal: Journal) -> None:
        journal.begin("r", 0)
        journal.add_run(started()[0], PLAN)
        journal.write("r", started()[1])
        journal.rollback()
        assert journal.summaries() == []
        with pytest.raises(UnknownRun):
            add(journal, 2, done())
        journal.rollback()
        start(journal)
        assert seqs(journal.read("r")) == [1]

    def test_a_turn_that_was_cut_short_is_dropped_by_the_next(self, journal: Journal) -> None:
        start(journal)
        journal.begin("r", 1)
        journal.write("r", Entry(2, 2.0, "me", (done("cut short"),)), "succeeded")
        add(journal, 2, done("whole"))
        journal.begin("r", 2)
        journal.keep_output("r", "quote", 1, [{"text": "cut short"}])
        add(journal, 3, f.RunPaused(), state="paused")
        assert [entry.facts[0].kind for entry in journal.read("r", 1)] == ["TaskSucceeded", "RunPaused"]
        assert same(journal.read("r", 1)[0].facts[0].value, "whole")
        assert journal.summary("r").state == "paused"
        assert journal.output("r", "quote", 1) == []

    def test_ending_no_turn_is_harmless(self, journal: Journal) -> None:
        start(journal)
        journal.rollback()
        journal.rollback()
        assert seqs(journal.read("r")) == [1]

    def test_runs_do_not_mix(self, journal: Journal) -> None:
        start(journal, "red")
        start(journal, "blue")
        add(journal, 2, done("red"), run_id="red", state="succeeded")
        add(journal, 2, done("blue"), run_id="blue")
        assert seqs(journal.begin("red", 1)) == [2]
        journal.rollback()
        assert same(journal.read("blue", 1)[0].facts[0].value, "blue")
        assert [(run.run_id, run.state) for run in journal.summaries()] == [
            ("blue", "running"),
            ("red", "succeeded"),
        ]

    def test_an_unknown_run_can_not_be_written_to(self, journal: Journal) -> None:
        start(journal)
        journal.begin("nobody", 0)
        with pytest.raises(UnknownRun, match="nobody"):
            journal.write("nobody", Entry(1, 1.0, "me", (done(),)))
        journal.rollback()
        journal.begin("nobody", 0)
        with pytest.raises(UnknownRun, match="nobody"):
            journal.keep_output("nobody", "quote", 1, [])
        journal.rollback()
        with pytest.raises(UnknownRun, match="nobody"):
            journal.set_progress("nobody", "quote", 1, 0.5, "")
        add(journal, 2, done())
        assert seqs(journal.read("r")) == [1, 2]

    def test_runs_share_a_plan(self, journal: Journal) -> None:
        start(journal, "one", plan="p1")
        start(journal, "two", plan="p1")
        start(journal, "three", plan="p2")
        assert journal.plan("p1") == journal.plan("p2") == PLAN
        assert [run.plan for run in journal.summaries()] == ["p2", "p1", "p1"]

    def test_summaries_come_newest_first_and_change_with_the_state(self, journal: Journal) -> None:
        for number in range(3):
            start(journal, f"r{number}", at=float(number))
        add(journal, 2, done(), run_id="r0")
        assert journal.summary("r0") == Summary("r0", "shop", "p1", "running", 0.0, 0.0)
        add(journal, 3, f.RunSucceeded(), run_id="r0", state="succeeded")
        assert journal.summary("r0") == Summary("r0", "shop", "p1", "succeeded", 0.0, 3.5)
        assert [run.run_id for run in journal.summaries()] == ["r2", "r1", "r0"]

    @pytest.mark.parametrize("text", [ODD, "", "x" * 100_000, BROKEN], ids=["odd", "empty", "long", "broken"])
    def test_odd_texts_are_only_texts(self, journal: Journal, text: str) -> None:
        run_id = f"r {text}"
        start(journal, run_id)
        failure = Failure((text,), text, text)
        journal.begin(run_id, 1)
        facts = (done(text, text), f.TaskFailed(task=text, attempt=1, failure=failure, note=text))
        journal.write(run_id, Entry(2, 2.0, text, facts))
        journal.keep_output(run_id, text, 1, [{"name": "stdout", "text": text}])
        journal.commit()
        journal.set_progress(run_id, text, 1, 0.5, text)
        plain = {text, text.encode("utf-8", "backslashreplace").decode()}
        (entry,) = journal.read(run_id, 1)
        assert entry.by in plain
        assert entry.facts[0].task in plain
        assert same(entry.facts[0].value, text)
        assert entry.facts[1].note in plain
        assert entry.facts[1].failure.message in plain
        assert journal.output(run_id, text, 1)[0]["text"] in plain
        assert journal.progress(run_id, text, 1)[1] in plain
        assert journal.summary(run_id) is not None
        assert seqs(journal.begin(run_id, 3)) == []
        journal.rollback()

    def test_a_plan_with_broken_text_can_be_kept(self, journal: Journal) -> None:
        plan = Plan("shop", (TaskPlan("quote", doc=BROKEN),))
        journal.begin("r", 0)
        journal.add_run(started()[0], plan)
        journal.commit()
        assert journal.plan("p1").tasks[0].name == "quote"

    def test_outputs_are_kept_apart_from_whoever_holds_them(self, journal: Journal) -> None:
        start(journal)
        parts = [{"name": "stdout", "text": "hello"}, {"data": {"text/plain": "1"}}]
        journal.begin("r", 1)
        journal.keep_output("r", "quote", 1, parts)
        journal.keep_output("r", "quote", 2, [{"text": "second"}])
        journal.commit()
        parts[0]["text"] = "changed"
        journal.output("r", "quote", 1)[1]["data"] = "changed"
        kept = [{"name": "stdout", "text": "hello"}, {"data": {"text/plain": "1"}}]
        assert journal.output("r", "quote", 1) == kept
        assert journal.output("r", "quote", 2) == [{"text": "second"}]
        assert journal.output("r", "ship", 1) == []
        assert journal.output("nobody", "quote", 1) == []

    def test_progress_is_the_last_one(self, journal: Journal) -> None:
        start(journal)
        journal.set_progress("r", "quote", 1, 0.25, "page 1")
        journal.set_progress("r", "quote", 1, 0.5, "page 2")
        journal.set_progress("r", "quote", 2, 0.0, "")
        assert journal.progress("r", "quote", 1) == (0.5, "page 2")
        assert journal.progress("r", "quote", 2) == (0.0, "")
        assert journal.progress("r", "ship", 1) is None

    def test_a_beat_is_a_process_s_whatever_its_driver(self, journal: Journal) -> None:
        journal.beat(ME, 1.0)
        journal.beat(msgspec.structs.replace(ME, driver="another"), 2.5)
        assert journal.last_beat(ME) == 2.5
        for other in ({"boot": "b"}, {"space": "s"}, {"pid": 8}, {"born": "then"}):
            assert journal.last_beat(msgspec.structs.replace(ME, **other)) is None

    def test_one_s_own_writing_is_no_news(self, journal: Journal) -> None:
        start(journal)
        version = journal.version()
        add(journal, 2, done())
        journal.set_progress("r", "quote", 1, 0.5, "")
        journal.sync()
        assert journal.version() == version

    def test_its_key_is_its_own(self, journal: Journal) -> None:
        assert isinstance(journal.key, bytes)
        assert len(journal.key) == 32
        assert len(set(journal.key)) > 8
