"""Subscribers hear each event once, in order, after it was committed, outside every lock; they can disturb nobody."""

from __future__ import annotations

import logging
import threading
from pathlib import Path
from typing import Any

import pytest

from flowkit import Engine, Flow, JournalError, UsageError
from flowkit.journal import SqliteJournal
from tests.engine.orders import Aside, Order, chain
from tests.faults.processes import workshop


def test_each_event_once_and_in_order(engine: Engine) -> None:
    mine, all_of_them = [], []
    run = engine.start(Order(), {"item": "x"})
    run.subscribe(mine.append)
    engine.subscribe(lambda run_id, event: all_of_them.append((run_id, event.seq)))
    other = engine.start(chain("a", "b")).run()
    run.run()
    run.complete("approve", True)
    run.pause()
    run.resume()
    run.run()
    run.complete("approve", True)
    assert [event.seq for event in mine] == [event.seq for event in run.events][1:]
    assert [event.kind for event in mine] == [event.kind for event in run.events][1:]
    assert [seq for run_id, seq in all_of_them if run_id == run.id] == [event.seq for event in mine]
    assert [seq for run_id, seq in all_of_them if run_id == other.id] == [e.seq for e in other.events]


def test_a_subscription_ends(engine: Engine) -> None:
    heard: list[Any] = []
    run = engine.start(chain("a", "b"))
    stop = run.subscribe(heard.append)
    run.step()
    stop()
    stop()
    run.step()
    assert [event.task for event in heard] == ["a", "a"]


def test_what_is_told_is_recorded_and_told_outside_every_lock(engine: Engine) -> None:
    run = engine.start(Order(), {"item": "x"})
    seen: list[tuple[int, int, bool]] = []

    def look(event: Any) -> None:
        recorded = Aside(lambda: engine.open(run.id).events[event.seq - 1].kind == event.kind).end()
        seen.append((event.seq, run.seq, recorded))

    run.subscribe(look)
    run.run()
    assert all(known >= seq and recorded for seq, known, recorded in seen)
    assert len(seen) == run.seq - 1


def test_errors_disturb_nobody_and_are_logged(engine: Engine, caplog: pytest.LogCaptureFixture) -> None:
    run = engine.start(chain("a", "b"))
    one, two = [], []

    def bad(event: Any) -> None:
        one.append(event.seq)
        raise LookupError("nobody is at home")

    run.subscribe(bad)
    run.subscribe(lambda event: two.append(event.seq))
    with caplog.at_level(logging.ERROR, "flowkit"):
        assert run.run().state == "succeeded"
    assert one == two == list(range(2, run.seq + 1)), "the one that raises hears all events too"
    assert "nobody is at home" in caplog.text


def test_a_subscriber_may_drive_and_report(engine: Engine) -> None:
    run = engine.start(Order(), {"item": "x"})
    order: list[int] = []

    def answer(event: Any) -> None:
        order.append(event.seq)
        if "approve" in event.tasks and run.states["approve"] == "ready":
            run.complete("approve", True)

    run.subscribe(answer)
    run.run()
    assert run.run().state == "succeeded"
    assert order == list(range(2, run.seq + 1))


def test_many_threads_one_order(engine: Engine) -> None:
    flow = Flow("wide")
    for n in range(60):
        flow.task(lambda: 1, name=f"t{n}")
    run = engine.start(flow)
    heard: list[int] = []
    threads: set[int] = set()

    def hear(event: Any) -> None:
        heard.append(event.seq)
        threads.add(threading.get_ident())

    run.subscribe(hear)
    drivers = [Aside(engine.open(run.id, flow).run) for _ in range(4)]
    for driver in drivers:
        driver.end()
    assert run.state == "succeeded"
    assert heard == list(range(2, run.seq + 1))


def test_events_of_other_processes_are_told_when_they_are_taken_in(tmp_path: Path) -> None:
    with workshop(tmp_path) as shop, Engine(shop.file) as engine:
        flow = Order()
        run = engine.start(flow, {"item": "x"}, run_id="r")
        heard: list[int] = []
        run.subscribe(lambda event: heard.append(event.seq))
        shop.do("Engine(file).open('r').complete('quote', 5.0)")
        assert heard == []
        assert run.states["quote"] == "succeeded"
        assert heard == [2]
        shop.do("Engine(file).open('r').pause()")
        run.complete("approve", True)
        assert heard == [2, 3, 4]
        assert [event.kind for event in run.events][2:] == ["RunPaused", "TaskSucceeded"]


def test_a_turn_that_breaks_is_not_told_and_nothing_is_told_twice(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Engine(path) as engine:
        run = engine.start(Order(), {"item": "x"}, run_id="r")
        heard: list[int] = []
        run.subscribe(lambda event: heard.append(event.seq))
        run.step("quote")
        commit = SqliteJournal.commit

        def broken(self: SqliteJournal) -> None:
            monkeypatch.setattr(SqliteJournal, "commit", commit)
            raise JournalError("the disk is on fire")

        monkeypatch.setattr(SqliteJournal, "commit", broken)
        with pytest.raises(JournalError):
            run.complete("approve", True)
        assert heard == [2, 3]
        assert run.states["approve"] == "ready"
        run.complete("approve", True)
        assert heard == [2, 3, 4]


def test_what_others_wrote_around_a_broken_turn_is_told_as_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with workshop(tmp_path) as shop, Engine(shop.file) as engine:
        run = engine.start(Order(), {"item": "x"}, run_id="r")
        heard: list[int] = []
        run.subscribe(lambda event: heard.append(event.seq))
        commit = SqliteJournal.commit

        def broken(self: SqliteJournal) -> None:
            monkeypatch.setattr(SqliteJournal, "commit", commit)
            raise JournalError("the disk is on fire")

        monkeypatch.setattr(SqliteJournal, "commit", broken)
        with pytest.raises(JournalError):
            run.complete("quote", 5.0)
        shop.do("Engine(file).open('r').complete('quote', 6.0)")
        assert run["quote"] == 6.0
        assert heard == [2]


def test_a_run_that_is_saved_keeps_its_subscribers(path: Path) -> None:
    run = Order().start({"item": "x"})
    heard: list[int] = []
    stop = run.subscribe(lambda event: heard.append(event.seq))
    run.step("quote")
    run.save(path)
    run.step("label")
    assert heard == [2, 3, 4, 5]
    stop()
    run.complete("approve", True)
    assert heard == [2, 3, 4, 5]


def test_what_cannot_be_called_is_no_listener(engine: Engine) -> None:
    run = engine.start(Order(), {"item": "x"})
    for subscribe in (run.subscribe, engine.subscribe):
        for odd in (5, None, "print"):
            with pytest.raises(UsageError, match="takes a function"):
                subscribe(odd)  # type: ignore[arg-type]
    assert run.step("quote")
