"""The open file of a journal: one connection, who may use it when, and whether it is still that file.

`sqlite.py` says what is in the file. Nothing here may make a new one in the place of one that disappeared.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic

from ..errors import JournalBusy, JournalCorrupt, JournalError, UsageError
from .faults import LOOKED, fault
from .forks import let_go_at_forks
from .opening import open_journal, place_of, replaced

UNCHECKED = 0.001
"""Seconds for which a turn that isn't durable trusts the last look at the path, a tenth of its cost."""


class OpenFile:
    """One connection to a journal's file, opened when it is needed and let go of around a fork.

    `path` is absolute. The lock is held in a turn and while reading, so that a fork can wait for both; it is
    the owner's lock that keeps threads apart.
    """

    def __init__(self, path: str | os.PathLike[str], durability: str, busy_timeout: float) -> None:
        if durability not in ("process", "power"):
            raise UsageError(f'durability is "process" or "power", not {durability!r}.')
        text = os.fsdecode(path)
        if not text or "\0" in text or text == ":memory:":
            raise UsageError(f"{text!r} is no file name. (A journal in memory needs none: Engine().)")
        self.path = os.path.abspath(text)
        self._durability = durability
        self._timeout = busy_timeout
        self._lock = threading.Lock()
        self._turn = False
        self._closed = self._forking = False
        self._damage = ""
        self._connection: sqlite3.Connection | None = None
        self._cursor: sqlite3.Cursor  # the turns' own, made with the connection
        self._orphan: sqlite3.Connection | None = None  # a parent's, from the middle of a turn
        self._opened = 0
        self._checked = 0.0
        self._level, self._relaxed = "", "FULL"
        self._seen = self._synced = -1  # data_version at the last look, and when all was on disk
        self._open()
        self._place = place_of(self.path)
        let_go_at_forks(self)

    def before_fork(self) -> None:
        """Let go of the file, unless a turn is under way that doesn't end within a second."""
        self._forking = self._lock.acquire(timeout=1.0)
        if self._forking:
            self._shut()

    def after_fork(self, child: bool) -> None:
        """Let everybody in again; the child of a fork in the middle of a turn stays out."""
        if self._forking:
            self._lock.release()
        elif child:
            self._orphan, self._connection = self._connection, None
            self._turn, self._lock = False, threading.Lock()
        self._forking = False

    def _open(self) -> sqlite3.Connection:
        if self._closed:
            raise JournalError(f"Journal {self.path} was closed here. Open it again with a new Engine.")
        if self._orphan is not None:
            raise JournalError(
                f"Journal {self.path}: this process was forked in the middle of a turn, so it can't use it."
                " Start a fresh process for that."
            )
        if self._opened:
            self._check_file()
        connection = self._connection = open_journal(self.path, self._timeout)
        self._cursor = connection.cursor()
        self._opened += 1
        self._seen = self._synced = -1  # such a number means something within one connection only
        # Without write-ahead logging (a file system that can't share memory) only FULL keeps a file sound.
        (mode,) = connection.execute("PRAGMA journal_mode").fetchone()
        self._relaxed = "NORMAL" if self._durability == "process" and mode == "wal" else "FULL"
        self._set_level(connection, self._relaxed)
        return connection

    def _shut(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _check_file(self) -> None:
        """To be called before writing: raises what forbids it."""
        if self._damage:
            raise JournalCorrupt(self._damage)
        gone = replaced(self.path, self._place)
        if gone is not None:
            raise gone
        self._checked = monotonic()

    def _set_level(self, connection: sqlite3.Connection, level: str) -> None:
        connection.execute(f"PRAGMA synchronous = {level}")
        self._level = level

    def _wait_for_lock(self) -> None:
        if not self._lock.acquire(timeout=self._timeout):
            raise JournalBusy(
                f"Journal {self.path}: another thread of this process is in a turn that doesn't end."
                " Nothing was recorded; try again."
            )

    @contextmanager
    def _looking(self, recorded: str = LOOKED) -> Iterator[sqlite3.Connection]:
        """The connection for something short outside a turn (or inside, by the turn's own thread)."""
        inside = self._turn
        if not inside and not self._lock.acquire(False):
            self._wait_for_lock()
        try:
            yield self._connection or self._open()
        except sqlite3.Error as error:
            raise self._trouble(error, recorded) from error
        finally:
            if not inside:
                self._lock.release()

    def _trouble(self, error: sqlite3.Error, recorded: str) -> JournalError:
        trouble = fault(error, self.path, recorded)
        if isinstance(trouble, JournalCorrupt):
            self._damage = str(trouble)
        return trouble
