"""Engines on files: one typed error for each kind of bad file; two engines, a saved run, another process on one."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flowkit import Engine, Flow, FlowkitError, JournalError, RunExists, UnknownRun, UsageError
from flowkit.errors import JournalBusy, JournalReadOnly, JournalTooNew, NotAJournal
from flowkit.journal import SqliteJournal
from tests.engine.orders import Aside, Gate, Order, chain
from tests.faults.processes import Workshop, workshop


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Workshop]:
    with workshop(tmp_path) as here:
        yield here


def snapshot(folder: Path) -> dict[str, bytes]:
    return {str(place): place.read_bytes() for place in folder.rglob("*") if place.is_file()}


# Files that can't serve -------------------------------------------------------------------------------------


def no_database(path: Path) -> None:
    path.write_text("Dear diary,\n" * 100)


def foreign_database(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE pets (name)")
    connection.close()


def folder(path: Path) -> None:
    path.mkdir()


def newer(path: Path) -> None:
    Engine(path).close()
    connection = sqlite3.connect(path)
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    connection.execute(f"PRAGMA user_version = {version + 1}")
    connection.execute("PRAGMA journal_mode = DELETE")
    connection.close()


@pytest.mark.parametrize(
    ("make", "error", "advice"),
    [
        (no_database, NotAJournal, "choose another file name"),
        (foreign_database, NotAJournal, "choose"),
        (folder, NotAJournal, "name a file in it"),
        (newer, JournalTooNew, "update flowkit"),
    ],
)
def test_what_is_no_journal_is_told_and_left_as_it_was(
    path: Path, make: Any, error: type[FlowkitError], advice: str
) -> None:
    make(path)
    before = snapshot(path.parent)
    for call in (lambda: Engine(path), lambda: chain("a").start().save(path)):
        with pytest.raises(error) as refused:
            call()
        assert isinstance(refused.value, JournalError)
        assert advice in str(refused.value)
        assert str(path) in str(refused.value)
    assert snapshot(path.parent) == before


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(NotAJournal, match="make it first"):
        Engine(tmp_path / "nowhere" / "runs.db")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("path", ["", ":memory:", 5, b"runs\x00.db", "a\0b"])
def test_what_is_no_file_name(path: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match=r"Engine\(\)"):
        Engine(path)
    assert list(tmp_path.iterdir()) == []


def test_an_empty_file_becomes_a_journal(path: Path) -> None:
    path.touch()
    with Engine(path) as engine:
        assert engine.start(chain("a")).run().result == ["a"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write to anything")
def test_a_read_only_file_can_be_read(path: Path) -> None:
    with Engine(path) as engine:
        engine.start(Order(), {"item": "x"}, run_id="r").step("quote")
    path.chmod(0o444)
    _look_at_what_is_read_only(path)


def test_a_journal_that_cannot_be_written_can_be_read(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As above, for those to whom permissions mean nothing: SQLite itself refuses to write."""
    with Engine(path) as engine:
        engine.start(Order(), {"item": "x"}, run_id="r").step("quote")
    open_file = SqliteJournal._open

    def read_only(self: SqliteJournal) -> sqlite3.Connection:
        connection = open_file(self)
        connection.execute("PRAGMA query_only = ON")
        return connection

    monkeypatch.setattr(SqliteJournal, "_open", read_only)
    _look_at_what_is_read_only(path)


def _look_at_what_is_read_only(path: Path) -> None:
    with Engine(path) as engine:
        run = engine.open("r", Order())
        assert run["quote"] == 12.5
        assert run.why("ship").words
        assert {offer.task for offer in run.ready()} == {"approve", "label"}
        assert len(run.events) == 3
        assert repr(run)
        assert run._repr_mimebundle_()["text/plain"]
        calls = [
            run.step,
            run.run,
            lambda: run.complete("approve", True),
            run.pause,
            run.cancel,
            lambda: engine.start(chain("a")),
        ]
        for call in calls:
            with pytest.raises(JournalReadOnly, match="read"):
                call()
        assert run.states["label"] == "ready"
        assert run.seq == 3


def test_a_locked_file_is_waited_for_and_then_told_of(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = SqliteJournal.__init__
    monkeypatch.setattr(
        SqliteJournal,
        "__init__",
        lambda self, path, **options: made(self, path, busy_timeout=0.05, **options),
    )
    with Engine(path) as engine:
        run = engine.start(Order(), {"item": "x"})
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        calls = [run.step, lambda: run.complete("quote", 1.0), run.pause, lambda: engine.start(chain("a"))]
        for call in calls:
            with pytest.raises(JournalBusy, match="Nothing of this was recorded"):
                call()
        assert run.states["quote"] == "ready", "looking works meanwhile"
        assert len(engine.runs()) == 1
        other.execute("COMMIT")
        other.close()
        run.step()
        assert run.states["quote"] == "succeeded"


def test_a_report_that_could_not_be_recorded_leaves_the_task_to_be_done_again(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = SqliteJournal.__init__
    monkeypatch.setattr(
        SqliteJournal,
        "__init__",
        lambda self, path, **options: made(self, path, busy_timeout=0.05, **options),
    )
    locks: list[sqlite3.Connection] = []
    flow = Flow("busy")

    @flow.task
    def work() -> str:
        if not locks:
            locks.append(sqlite3.connect(path, isolation_level=None))
            locks[0].execute("BEGIN IMMEDIATE")
        return "done"

    with Engine(path) as engine:
        run = engine.start(flow)
        with pytest.raises(JournalBusy):
            run.run()
        locks[0].execute("ROLLBACK")
        assert "died" in str(run.why("work")), "nobody is at work on it any more"
        assert run.run().result == "done"
        assert [attempt.outcome for attempt in run.task("work").attempts] == ["lost", "succeeded"]


def test_a_file_that_disappears_while_it_is_open(path: Path) -> None:
    with Engine(path) as engine:
        run = engine.start(Order(), {"item": "x"}, run_id="r")
        kept = path.with_suffix(".kept")
        shutil.copy(path, kept)
        for place in path.parent.glob(path.name + "*"):
            place.unlink()
        for call in (lambda: run.complete("quote", 1.0), run.pause, lambda: engine.start(chain("a"))):
            with pytest.raises(JournalError, match="deleted or moved"):
                call()
        assert not path.exists(), "nothing new was put in its place"
        with Engine(path) as fresh:
            assert fresh.runs() == [], "and a new one can be begun there"
            with pytest.raises(JournalError, match="another file stands in its place"):
                run.complete("quote", 1.0)


def test_a_run_that_is_not_in_the_file(path: Path) -> None:
    with Engine(path) as engine:
        with pytest.raises(UnknownRun, match="holds none yet"):
            engine.open("r")
        engine.start(chain("a"), run_id="mine")
        with pytest.raises(UnknownRun, match="'mine'"):
            engine.open("r")


def test_a_closed_engine_says_how_to_go_on(path: Path) -> None:
    engine = Engine(path)
    run = engine.start(Order(), {"item": "x"}, run_id="r")
    engine.close()
    engine.close()
    calls = [
        lambda: engine.start(chain("a")),
        lambda: engine.open("r"),
        engine.runs,
        engine.ready,
        lambda: engine.complete("token", 1),
        lambda: run.complete("quote", 1.0),
        run.step,
        lambda: run.states,
    ]
    for call in calls:
        with pytest.raises((UsageError, JournalError), match="closed"):
            call()
    for face in (repr(run), run._repr_mimebundle_()["text/plain"], repr(run.task("quote"))):
        assert "closed" in face
    with Engine(path) as again:
        assert again.open("r").states["quote"] == "ready"


# Several on one file ----------------------------------------------------------------------------------------


def test_two_engines_on_one_file_are_one(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(path.parent)
    path.with_name("link.db").symlink_to(path)
    one, two = Engine(path), Engine("runs.db")
    three = Engine("link.db")
    flow = Order()
    run = one.start(flow, {"item": "x"}, run_id="r")
    heard: list[int] = []
    run.subscribe(lambda event: heard.append(event.seq))
    two.open("r").complete("quote", 1.0)
    three.open("r", flow).step("label")
    assert heard == [2, 3, 4]
    assert run.states["label"] == "succeeded"
    one.close()
    two.open("r").complete("approve", True)
    two.close()
    assert three.open("r", flow).run().state == "succeeded"
    three.close()


def test_an_attempt_is_at_work_though_its_engine_was_closed(path: Path) -> None:
    gate, entered = Gate(), []
    flow = Flow("closing")

    @flow.task
    def work() -> str:
        entered.append(1)
        gate.wait()
        return "done"

    engine = Engine(path)
    run = engine.start(flow, run_id="r")
    aside = Aside(run.run)
    gate.reached()
    engine.close()
    with Engine(path) as again:
        other = again.open("r", flow)
        assert other.step() == []
        assert other.states["work"] == "running"
        gate.open()
        with pytest.raises(UsageError, match="closed"):
            aside.end()
        assert other.run().result == "done", "its claim is lost, and it is done again"
    assert entered == [1, 1]


def test_a_run_is_saved_with_all_that_was_recorded(path: Path) -> None:
    flow = Order()
    run = flow.start({"item": "x"})
    run.step("quote")
    before = [(event.seq, event.kind, event.at, event.by) for event in run.events]
    old = run.ready()[0].token
    assert run.save(path) is run
    assert run.engine_name == str(path)
    assert [(event.seq, event.kind, event.at, event.by) for event in run.events] == before
    assert run.ready()[0].token != old, "the file has a key of its own"
    run.complete("approve", True)
    run.run()
    assert flow.calls == ["quote", "label", "ship"] or flow.calls == ["quote", "ship", "label"]
    with Engine(path) as engine:
        assert [summary.run_id for summary in engine.runs()] == [run.id]
        assert engine.open(run.id).result["ship"] == [12.5, True]
    with pytest.raises(UsageError, match="already"):
        run.save(path)


def test_a_run_goes_on_in_one_place_only(path: Path) -> None:
    engine = Engine()
    run = engine.start(Order(), {"item": "x"}, run_id="r")
    other = engine.open("r")
    run.save(path)
    for call in (lambda: other.complete("quote", 1.0), other.pause):
        with pytest.raises(UsageError, match=r"saved.*engine\.open"):
            call()
    run.step("quote")
    assert run["quote"] == 12.5
    with pytest.raises(RunExists):
        Engine().start(Order(), {"item": "x"}, run_id="r").save(path)


def test_a_run_is_not_saved_while_a_task_is_at_work(path: Path) -> None:
    gate, flow = Gate(), Flow("busy")
    flow.task(gate.wait, name="work")
    run = flow.start()
    aside = Aside(run.run)
    gate.reached()
    with pytest.raises(UsageError, match="work is at work"):
        run.save(path)
    gate.open()
    aside.end()
    assert run.state == "succeeded"
    assert not path.exists()


def test_a_playing_run_plays_on_in_the_file(path: Path) -> None:
    import asyncio

    run = Order().start({"item": "x"}).play()
    asyncio.run(run.wait("label"))
    asyncio.run(run.wait("quote"))
    run.pause()
    run.save(path)
    assert run.playing
    run.resume()
    run.complete("approve", True)
    asyncio.run(run.wait())
    assert run.result["ship"] == [12.5, True]


def test_a_second_process_reads_reports_and_goes_on(shop: Workshop) -> None:
    flow = Order()
    with Engine(shop.file) as engine:
        run = engine.start(flow, {"item": "x"}, run_id="r")
        run.run()
        told = shop.do(
            """
            run = Engine(file).open("r")
            say(states=run.states, quote=run["quote"], words=str(run.why()), offers=len(run.ready()))
            """
        )
        assert told["states"] == run.states
        assert (told["quote"], told["offers"]) == (12.5, 1)
        assert "approve" in told["words"]
        shop.do("Engine(file).open('r').complete('approve', True, note='from elsewhere')")
        assert run.states["approve"] == "succeeded"
        assert run.events[-1].data["note"] == "from elsewhere"
        assert run.events[-1].by != run.events[0].by
        assert run.run().state == "succeeded"


def test_a_run_of_a_process_that_was_killed_goes_on_here(shop: Workshop) -> None:
    process = shop.process(
        """
        flow = Flow("killed")
        @flow.task
        def work():
            say(at="work")
            hear()
        Engine(file).start(flow, run_id="r").run()
        """
    )
    process.said()
    with Engine(shop.file) as engine:
        run = engine.open("r")
        assert run.states["work"] == "running"
        assert "alive" in str(run.why("work"))
        process.kill()
        assert "died" in str(run.why("work"))
        assert "tick" in str(run.why("work").calls)
        assert [event.kind for event in run.tick()] == ["TaskRetrying", "TaskReady"]
        assert run.complete("work", "by hand").attempt == 2
        assert run.result == "by hand"
