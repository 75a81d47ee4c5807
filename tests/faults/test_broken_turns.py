"""A turn that breaks in the middle leaves nothing behind: not in the file, not in memory, and nobody waits for ever."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from flowkit import Engine, Flow
from flowkit.errors import JournalCorrupt, JournalFull, RunInterrupted
from flowkit.journal import SqliteJournal

calls: list[str] = []


def pair(on_crash: str = "rerun") -> Flow:
    flow = Flow("pair")

    @flow.task(on_crash=on_crash)
    def one() -> int:
        calls.append("one")
        return 1

    @flow.task
    def two(one: int) -> int:
        calls.append("two")
        return one + 1

    return flow


@pytest.fixture(autouse=True)
def nothing_called() -> None:
    calls.clear()


def break_once(monkeypatch: pytest.MonkeyPatch, kind: str, error: Callable[[], BaseException]) -> None:
    """The first commit of a fact of that kind raises, as a full disk does: nothing of the turn is kept."""
    write, commit = SqliteJournal.write, SqliteJournal.commit
    writing: list[str] = []
    left = [1]

    def watched_write(self: SqliteJournal, run_id: str, entry: Any, state: str | None = None) -> None:
        writing.extend(fact.kind for fact in entry.facts)
        write(self, run_id, entry, state)

    def watched_commit(self: SqliteJournal) -> None:
        found = kind in writing
        writing.clear()
        if found and left[0]:
            left[0] = 0
            raise error()
        commit(self)

    monkeypatch.setattr(SqliteJournal, "write", watched_write)
    monkeypatch.setattr(SqliteJournal, "commit", watched_commit)


@pytest.mark.parametrize("kind", ["AttemptClaimed", "TaskSucceeded", "RunSucceeded"])
def test_a_full_disk_stops_the_driver_and_the_next_one_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    with Engine(tmp_path / "j.db") as engine:
        flow = pair()
        run = engine.start(flow, run_id="r")
        break_once(monkeypatch, kind, lambda: JournalFull("The disk is full."))
        with pytest.raises(JournalFull):
            run.run()
        assert run.states == engine.open("r", flow).states, "what is shown is what is recorded"
        run.run(timeout=60)
        assert (run.stopped_by, run.state, run.result) == ("ended", "succeeded", 2)
        assert [event.kind for event in run.events].count("TaskSucceeded") == 2


def test_a_result_that_could_not_be_kept_asks_where_the_task_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Engine(tmp_path / "j.db") as engine:
        run = engine.start(pair("ask"), run_id="r")
        break_once(monkeypatch, "TaskSucceeded", lambda: JournalFull("The disk is full."))
        with pytest.raises(JournalFull):
            run.run()
        run.run(timeout=60)
        assert (run.stopped_by, run.states["one"], calls) == ("waiting", "lost", ["one"])
        run.complete("one", 1)
        assert run.run(timeout=60).result == 2


def test_a_report_by_hand_that_could_not_be_kept_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Engine(tmp_path / "j.db") as engine:
        run = engine.start(pair(), run_id="r")
        before = (run.states, len(run.events))
        break_once(monkeypatch, "TaskSucceeded", lambda: JournalFull("The disk is full."))
        with pytest.raises(JournalFull):
            run.complete("one", 5)
        assert (run.states, len(run.events)) == before
        assert run.complete("one", 5).verdict == "accepted"


@pytest.mark.parametrize("kind", ["AttemptClaimed", "TaskSucceeded"])
def test_an_interrupt_in_the_middle_of_a_turn_uses_up_no_try(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    with Engine(tmp_path / "j.db") as engine:
        run = engine.start(pair(), run_id="r")
        break_once(monkeypatch, kind, KeyboardInterrupt)
        with pytest.raises(RunInterrupted, match="Nothing is lost"):
            run.run()
        run.run(timeout=60)
        assert (run.stopped_by, run.result) == ("ended", 2)
        kinds = [event.kind for event in run.events]
        assert "TaskRetrying" not in kinds


def test_a_start_that_could_not_be_kept_has_never_been(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Engine(tmp_path / "j.db") as engine:
        break_once(monkeypatch, "RunStarted", lambda: JournalFull("The disk is full."))
        with pytest.raises(JournalFull):
            engine.start(pair(), run_id="r")
        assert engine.runs() == []
        assert engine.start(pair(), run_id="r").run().result == 2


@pytest.mark.parametrize("seq", range(1, 6))
def test_a_fact_that_was_taken_out_of_the_file_is_missed(tmp_path: Path, seq: int) -> None:
    path = tmp_path / "j.db"
    with Engine(path) as engine:
        engine.start(pair(), run_id="r").run()
        engine.start(pair(), run_id="other").run()
    with contextlib.closing(sqlite3.connect(path)) as file:
        file.execute("DELETE FROM events WHERE run = 1 AND seq = ?", (seq,))
        file.commit()
    with Engine(path) as engine:
        with pytest.raises(JournalCorrupt, match=f"Fact {seq} of run 'r' is missing"):
            engine.open("r", pair())
        assert engine.open("other").result == 2


def test_an_engine_that_was_closed_and_opened_again_knows_who_is_still_at_work(tmp_path: Path) -> None:
    entered, go_on = threading.Semaphore(0), threading.Event()
    flow = Flow("slow")

    @flow.task
    def slow() -> int:
        entered.release()
        assert go_on.wait(60)
        return 1

    with Engine(tmp_path / "j.db") as engine:
        engine.start(flow, run_id="r").play()
        assert entered.acquire(timeout=60)
    with Engine(tmp_path / "j.db") as engine:
        run = engine.open("r", flow)
        assert list(run.tick()) == []
        assert (list(run.step()), run.states) == ([], {"slow": "running"})
        go_on.set()
        assert run.run(timeout=60).result == 1
        assert [one.outcome for one in run.task("slow").attempts] == ["lost", "succeeded"]
