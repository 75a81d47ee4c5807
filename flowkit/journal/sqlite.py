"""A journal in a SQLite file, shared by any number of processes on one machine.

One row per fact under the key (run, seq), in write-ahead logging; one transaction per turn, begun with the
file's lock held, so that what was read at its beginning is still true when it commits. Raw `sqlite3` here;
`schema.py` makes the tables, `open_file.py` holds the connection, `rows.py` turns facts into rows. Reading
through a memory map stays off: before SQLite 3.51.3 it adds to the harm of a defect in the reuse of the log.

This file must never run user code, and never change or delete a fact.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from time import monotonic
from typing import Any

import msgspec

from ..core import Claimant, Plan
from ..errors import JournalCorrupt, JournalError, UnknownRun, UsageError
from .faults import NOTHING, UNKNOWN, primary
from .open_file import UNCHECKED, OpenFile
from .protocol import Entry, Summary
from .rows import entries_of, json_of, rows_of, whole

_READ = "SELECT seq, at, by, kind, task, attempt, data FROM events WHERE run = ? AND seq > ? ORDER BY seq"
_INSERT = "INSERT INTO events (run, seq, at, by, kind, task, attempt, data) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
_SUMMARY = "SELECT id, flow, plan, state, started, changed FROM runs"
_ADD_RUN = "INSERT INTO runs (id, flow, plan, state, started, changed) VALUES (?, ?, ?, ?, ?, ?)"
_SET_STATE = "UPDATE runs SET state = ?, changed = ? WHERE number = ?"


class SqliteJournal(OpenFile):
    """See `Journal`. `path` names the file; it is made if it isn't there.

    `durability`: "process" (a commit survives the death of the process; turns begun as durable are fsynced)
    or "power" (every commit is fsynced). `busy_timeout`: seconds to wait while another process is in a turn.
    `commits` counts what this journal committed: turns that wrote something, and syncs. `uuid` names the
    file for as long as it exists. Raises UsageError for a wrong call and the JournalErrors of opening.
    """

    live = False

    def __init__(
        self, path: str | os.PathLike[str], durability: str = "process", busy_timeout: float = 30.0
    ) -> None:
        super().__init__(path, durability, busy_timeout)
        self.name = self.path
        self.commits = 0
        self._changed = False
        self._run, self._end = "", 0  # the turn's run, and the last fact that the turn wrote to it
        self._added: list[str] = []  # the runs that the turn added
        self._numbers: dict[str, int] = {}  # run id → its number in the file, which never changes
        self._last: dict[str, int] = {}  # run id → its last fact, as of this connection's last look
        self._unsynced = False
        with self._looking() as connection:
            meta = dict(connection.execute("SELECT name, value FROM meta").fetchall())
        key, uuid = meta.get("key"), meta.get("uuid")
        if not isinstance(key, bytes) or not isinstance(uuid, str):
            self.close()
            raise JournalCorrupt(f"Journal {self.path} has lost its key. Go on with a backup of it.")
        self.key, self.uuid = key, uuid

    # A turn

    def begin(self, run_id: str, after: int, durable: bool = False) -> Sequence[Entry]:
        if self._turn:
            self.rollback()  # an interrupt cut that turn short, so nobody was told of it
        if not self._lock.acquire(False):
            self._wait_for_lock()
        self._turn = True
        self._run, self._end = run_id, 0
        try:
            connection = self._connection or self._open()
            if durable or self._damage or monotonic() - self._checked > UNCHECKED:
                self._check_file()
            level = "FULL" if durable else self._relaxed
            if level != self._level:
                self._set_level(connection, level)
            cursor = self._cursor
            cursor.execute("BEGIN IMMEDIATE")
            (version,) = cursor.execute("PRAGMA data_version").fetchone()
            if version == self._seen and self._last.get(run_id) == after:
                return ()
            return self._catch_up(connection, run_id, after, version)
        except sqlite3.Error as error:
            raise self._failed(error) from error
        except BaseException:
            self.rollback()
            raise

    def add_run(self, summary: Summary, plan: Plan) -> None:
        self.keep_plan(summary.plan, plan)
        row = (whole(summary.run_id), whole(summary.flow), summary.plan)
        with self._turning() as connection:
            times = (summary.started, summary.changed)
            number = connection.execute(_ADD_RUN, (*row, summary.state, *times)).lastrowid
        assert number is not None
        self._added.append(summary.run_id)
        self._numbers[summary.run_id] = number

    def keep_plan(self, digest: str, plan: Plan) -> None:
        try:
            body = plan.encode().decode()
        except UnicodeEncodeError:
            body = json_of(plan)
        with self._turning() as connection:
            connection.execute("INSERT OR IGNORE INTO plans VALUES (?, ?)", (digest, body))

    def write(self, run_id: str, entry: Entry, state: str | None = None) -> None:
        number = self._numbers.get(run_id)
        if number is None:
            raise self._unknown(run_id)
        rows = rows_of(entry, number)
        if self._connection is None or not self._turn:
            raise self._no_turn()
        try:
            self._cursor.executemany(_INSERT, rows)
            if state is not None:
                self._cursor.execute(_SET_STATE, (state, entry.at, number))
        except sqlite3.Error as error:
            raise self._failed(error) from error
        self._changed = True
        if run_id == self._run:
            self._end = entry.seq + len(rows) - 1
        else:
            self._last.pop(run_id, None)

    def keep_output(self, run_id: str, task: str, attempt: int, parts: list[dict[str, Any]]) -> None:
        number = self._numbers.get(run_id)
        if number is None:
            raise self._unknown(run_id)
        row = (number, whole(task), attempt, json_of(parts))
        with self._turning() as connection:
            connection.execute("REPLACE INTO outputs VALUES (?, ?, ?, ?)", row)

    def commit(self) -> None:
        if self._connection is None or not self._turn:
            raise self._no_turn()
        try:
            self._cursor.execute("COMMIT")
        except sqlite3.Error as error:
            raise self._failed(error, committing=True) from error
        if self._changed:
            self.commits += 1
            if self._level == "NORMAL":
                self._unsynced = True
            else:
                self._unsynced, self._synced = False, self._seen
            if self._end:
                self._last[self._run] = self._end
        if self._added:
            self._added.clear()
        self._turn = self._changed = False
        self._lock.release()

    def rollback(self) -> None:
        if not self._turn:
            return
        try:
            if self._connection is not None and self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
        except sqlite3.Error:
            self._shut()  # closing undoes the transaction too
        finally:
            for run_id in self._added:
                self._numbers.pop(run_id, None)
            self._added.clear()
            self._turn = self._changed = False
            self._lock.release()

    # Looking

    def read(self, run_id: str, after: int = 0) -> Sequence[Entry]:
        with self._looking() as connection:
            number = self._number(connection, run_id)
            if number is None:
                return ()
            return entries_of(connection.execute(_READ, (number, after)), run_id, after)

    def summary(self, run_id: str) -> Summary | None:
        with self._looking() as connection:
            row = connection.execute(f"{_SUMMARY} WHERE id = ?", (whole(run_id),)).fetchone()
        return None if row is None else Summary(*row)

    def summaries(self) -> list[Summary]:
        with self._looking() as connection:
            return [Summary(*row) for row in connection.execute(f"{_SUMMARY} ORDER BY number DESC")]

    def plan(self, digest: str) -> Plan:
        with self._looking() as connection:
            row = connection.execute("SELECT body FROM plans WHERE digest = ?", (digest,)).fetchone()
        try:
            if row is not None:
                return Plan.decode(row[0])
            trouble = "isn't there"
        except msgspec.MsgspecError as error:
            trouble = f"can't be read ({error})"
        raise JournalCorrupt(
            f"Journal {self.path}: plan {digest} {trouble}. The events of its runs can still be read."
        )

    def output(self, run_id: str, task: str, attempt: int) -> list[dict[str, Any]]:
        row = self._beside("SELECT parts FROM outputs", run_id, task, attempt)
        parts: list[dict[str, Any]] = [] if row is None else msgspec.json.decode(row[0])
        return parts

    def progress(self, run_id: str, task: str, attempt: int) -> tuple[float, str] | None:
        row: tuple[float, str] | None = self._beside(
            "SELECT fraction, text FROM progress", run_id, task, attempt
        )
        return row

    def set_progress(self, run_id: str, task: str, attempt: int, fraction: float, text: str) -> None:
        with self._looking(NOTHING) as connection:
            number = self._number(connection, run_id)
            if number is None:
                raise self._unknown(run_id)
            row = (number, whole(task), attempt, fraction, whole(text))
            self._note_down(connection, "REPLACE INTO progress VALUES (?, ?, ?, ?, ?)", row)

    def beat(self, claimant: Claimant, at: float) -> None:
        with self._looking(NOTHING) as connection:
            row = (claimant.boot, claimant.space, claimant.pid, claimant.born, at)
            self._note_down(connection, "REPLACE INTO beats VALUES (?, ?, ?, ?, ?)", row)

    def last_beat(self, claimant: Claimant) -> float | None:
        key = (claimant.boot, claimant.space, claimant.pid, claimant.born)
        with self._looking() as connection:
            where = "boot = ? AND space = ? AND pid = ? AND born = ?"
            row = connection.execute(f"SELECT at FROM beats WHERE {where}", key).fetchone()
        return None if row is None else row[0]

    def version(self) -> int:
        with self._looking() as connection:
            (version,) = connection.execute("PRAGMA data_version").fetchone()
            return self._opened << 32 | int(version)

    def sync(self) -> None:
        with self._looking(NOTHING) as connection:
            (version,) = connection.execute("PRAGMA data_version").fetchone()
            if version == self._synced and not self._unsynced:
                return
            self._check_file()
            # One commit that waits for the disk takes with it all that stands before it in the log.
            self._set_level(connection, "FULL")
            connection.execute("UPDATE meta SET value = value + 1 WHERE name = 'syncs'")
            self.commits += 1
            self._unsynced, self._synced = False, version

    def close(self) -> None:
        self.rollback()
        self._closed = True
        self._shut()

    # Beneath

    def _catch_up(
        self, connection: sqlite3.Connection, run_id: str, after: int, version: int
    ) -> Sequence[Entry]:
        if version != self._seen:
            self._last.clear()
            self._seen = version
        number = self._number(connection, run_id)
        if number is None:
            return ()
        entries = entries_of(connection.execute(_READ, (number, after)), run_id, after)
        self._last[run_id] = entries[-1].seq + len(entries[-1].facts) - 1 if entries else after
        return entries

    def _number(self, connection: sqlite3.Connection, run_id: str) -> int | None:
        number = self._numbers.get(run_id)
        if number is None:
            row = connection.execute("SELECT number FROM runs WHERE id = ?", (whole(run_id),)).fetchone()
            if row is not None:
                number = self._numbers[run_id] = row[0]
        return number

    def _beside(self, select: str, run_id: str, task: str, attempt: int) -> Any:
        """One row of a side table."""
        with self._looking() as connection:
            key = (self._number(connection, run_id), whole(task), attempt)
            return connection.execute(f"{select} WHERE run = ? AND task = ? AND attempt = ?", key).fetchone()

    def _note_down(self, connection: sqlite3.Connection, statement: str, row: tuple[Any, ...]) -> None:
        """Write to a side table, where nothing waits for the disk."""
        self._check_file()
        if not self._turn and self._level != self._relaxed:
            self._set_level(connection, self._relaxed)
        connection.execute(statement, row)

    @contextmanager
    def _turning(self) -> Iterator[sqlite3.Connection]:
        if self._connection is None or not self._turn:
            raise self._no_turn()
        try:
            yield self._connection
        except sqlite3.Error as error:
            raise self._failed(error) from error
        self._changed = True

    def _failed(self, error: sqlite3.Error, committing: bool = False) -> JournalError:
        """End the turn after an error, and give the error to raise."""
        bad_disk = primary(error) == sqlite3.SQLITE_IOERR
        trouble = self._trouble(error, UNKNOWN if committing and bad_disk else NOTHING)
        self.rollback()
        if bad_disk:
            self._shut()  # what this connection remembers may no longer be what the disk has
        return trouble

    def _unknown(self, run_id: str) -> UnknownRun:
        return UnknownRun(f"Journal {self.path} holds no run {run_id!r}. engine.runs() lists those it holds.")

    def _no_turn(self) -> UsageError:
        return UsageError(f"Journal {self.path}: writing needs a turn. Nothing was recorded: begin() first.")
