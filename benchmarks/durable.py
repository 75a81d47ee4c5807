"""A chain on a file, against plain `sqlite3` that writes the very same rows in as many commits."""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from flowkit import Engine, Flow
from flowkit.journal import SqliteJournal

from .measuring import Pair, Work, in_turns
from .shapes import chain, flow_of
from .sizes import Size
from .table import Budget, Row

AGAINST_SQLITE = Budget(must=2.2, aim=1.8)

Rows = list[tuple[Any, ...]]

_INSERT = "INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
_END = "UPDATE runs SET state = 'succeeded' WHERE number = 1"


def rows(size: Size) -> Iterator[Row]:
    """`run.run()` of a run started before, with the engine open; each commit survives `kill -9`, on both sides."""
    ratios = {}
    for tasks in size.durable:
        pair, commits = measured(flow_of(chain(tasks)), size.rounds(tasks), size.folder, f"chain_{tasks}")
        ratios[tasks] = pair.ratio
        what = f"chain of {tasks:,} tasks on a file"
        yield _row(what, tasks, pair)
        yield _row(f"{what}, computing alone", tasks, pair.computing)
        yield Row(f"{what}: commits beyond one a task", commits - tasks, "commits", Budget(must=3))
    if len(ratios) > 1:
        small, *_, large = ratios
        yield Row(
            f"ratio at {large:,} / ratio at {small:,} tasks on a file", ratios[large] / ratios[small], "×"
        )


def _row(what: str, tasks: int, pair: Pair) -> Row:
    ours, theirs = (times.median / tasks * 1e6 for times in (pair.ours, pair.theirs))
    detail = f"{ours:.1f} against {theirs:.1f} µs a task; minima {pair.least:.2f} ×"
    return Row(what, pair.ratio, "× sqlite3", AGAINST_SQLITE, pair.spread, detail)


def measured(flow: Flow, rounds: int, folder: Path, name: str) -> tuple[Pair, int]:
    """The times of both sides, and how many commits each of them made. The files begin with `name`."""
    written, made = _as_written(flow, folder / "model.db")
    turns = _turns(written)
    assert len(turns) == made, "the other side has to make as many commits"
    files = (folder / f"{name}_{number}.db" for number in itertools.count())
    open_now: list[Any] = []

    def close() -> None:
        while open_now:
            open_now.pop().close()

    def ours() -> Work:
        close()
        engine = Engine(next(files))
        open_now.append(engine)
        return engine.start(flow).run

    def theirs() -> Work:
        close()
        connection = _plain(next(files), written[0])
        open_now.append(connection)
        return lambda: _write(connection, turns)

    try:
        return in_turns(rounds, ours, theirs), made
    finally:
        close()


def _as_written(flow: Flow, path: Path) -> tuple[Rows, int]:
    """The rows that flowkit writes for this flow, and how many commits `run.run()` makes."""
    path.unlink(missing_ok=True)
    with Engine(path) as engine:
        run = engine.start(flow)
        journal = engine._house.journal
        assert isinstance(journal, SqliteJournal)
        before = journal.commits
        assert run.run().state == "succeeded"
        made = journal.commits - before
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute("SELECT * FROM events ORDER BY seq").fetchall(), made


def _turns(written: Rows) -> list[Rows]:
    """The rows after the start, by commit: the first of each says who wrote it."""
    turns: list[Rows] = []
    for row in written[1:]:
        if row[3] is not None:
            turns.append([])
        turns[-1].append(row)
    return turns


def _plain(path: Path, first: tuple[Any, ...]) -> sqlite3.Connection:
    """A connection to a file with the same tables, in which the run has been started."""
    SqliteJournal(path).close()
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("INSERT INTO runs VALUES (1, 'measured', 'measured', '', 'running', 0, 0)")
    connection.execute(_INSERT, first)
    return connection


def _write(connection: sqlite3.Connection, turns: list[Rows]) -> None:
    execute, executemany = connection.execute, connection.executemany
    last = turns[-1]
    for rows_of_turn in turns:
        execute("BEGIN")
        executemany(_INSERT, rows_of_turn)
        if rows_of_turn is last:
            execute(_END)
        execute("COMMIT")
