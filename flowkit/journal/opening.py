"""From a path to a connection: what stands there is recognised before SQLite may touch it.

A file of somebody else's is left as it was, without a -wal or -shm beside it. This file must never open a
database with `open()`: closing it would drop the locks that other connections of this process hold on it.
"""

from __future__ import annotations

import os
import sqlite3
import stat
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import JournalError, JournalReadOnly, JournalTooNew, NotAJournal
from .faults import LOOKED, fault, primary
from .schema import APPLICATION_ID, VERSION, bring_up_to_date, marks, not_ours

if TYPE_CHECKING:
    from sqlite_utils import Database

_BLOCKED = (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY)  # no -shm can be made: the folder is read-only


def open_journal(path: str, timeout: float) -> sqlite3.Connection:
    """A connection to the journal at this absolute path; it is made when nothing, or an empty file, is there.

    Where it can't be written to, the connection is for looking. `timeout`: seconds to wait for others' locks.
    Raises a JournalError that says why, and leaves what it refuses untouched.
    """
    try:
        if _is_new(path, timeout):
            _make(path, timeout)

        def make_ready(connection: sqlite3.Connection) -> None:
            if _version(connection, path) < VERSION:
                bring_up_to_date(connection, path)
            if connection.execute("PRAGMA journal_mode").fetchone() != ("wal",):
                _switch_to_wal(connection, timeout)
            if sys.platform == "darwin":
                connection.execute("PRAGMA fullfsync = ON")  # there a plain fsync doesn't reach the disk

        return _prepared(path, "rw", timeout, make_ready)
    except sqlite3.Error as error:
        raise fault(error, path, LOOKED) from error


def _prepared(
    path: str, mode: str, timeout: float, prepare: Callable[[sqlite3.Connection], object]
) -> sqlite3.Connection:
    """A connection that was made ready; one without locks where the folder can't be written to."""
    connection = _connect(path, mode, timeout)
    try:
        prepare(connection)
    except sqlite3.Error as error:
        connection.close()
        if primary(error) in _BLOCKED:
            return _look_without_locks(path, timeout)
        raise
    except BaseException:
        connection.close()
        raise
    return connection


def look_at(path: str | os.PathLike[str], timeout: float = 30.0) -> sqlite3.Connection:
    """A read-only connection to a journal that exists; else NotAJournal, and the other errors of opening."""
    name = os.path.abspath(path)
    try:
        if not os.path.exists(name) or _is_new(name, timeout):
            raise NotAJournal(f"There is no journal at {name}: nothing was recorded there yet.")
        return _prepared(name, "ro", timeout, lambda connection: _version(connection, name))
    except sqlite3.Error as error:
        raise fault(error, name, LOOKED) from error


def database(path: str | os.PathLike[str]) -> Database:
    """A journal's file as a `sqlite_utils.Database` for looking at it: read-only, while others work on it.

    Raises NotAJournal when there is none, and the other JournalErrors of opening.
    """
    from sqlite_utils import Database

    return Database(look_at(path), execute_plugins=False, recursive_triggers=False)


def place_of(path: str) -> tuple[int, int]:
    """What tells this file from any other that may stand at the path later."""
    found = os.stat(path)
    return found.st_dev, found.st_ino


def _connect(path: str, mode: str, timeout: float) -> sqlite3.Connection:
    return sqlite3.connect(
        f"{Path(path).as_uri()}?mode={mode}",
        uri=True,
        timeout=timeout,
        isolation_level=None,  # every BEGIN is ours
        check_same_thread=False,  # the owner's lock guards it
    )


def _is_new(path: str, timeout: float) -> bool:
    """Whether a journal is to be made here. Raises NotAJournal or JournalTooNew if it must be left alone."""
    try:
        found = os.stat(path)
    except FileNotFoundError:
        folder = os.path.dirname(path)
        if not os.path.isdir(folder):
            raise NotAJournal(f"There is no folder {folder} to keep {path} in: make it first.") from None
        return True
    except OSError as error:
        raise NotAJournal(f"{path} can't be reached ({error.strerror}): choose another place.") from error
    if stat.S_ISDIR(found.st_mode):
        raise NotAJournal(f"{path} is a folder: name a file in it, such as {os.path.join(path, 'runs.db')}.")
    if not stat.S_ISREG(found.st_mode):
        raise NotAJournal(f"{path} is no ordinary file: choose another file name.")
    if not os.access(path, os.R_OK):
        raise NotAJournal(
            f"{path} can't be read by this user. It was not touched: see its owner and its rights."
        )
    return found.st_size == 0 or _recognise(path, timeout)


def _recognise(path: str, timeout: float) -> bool:
    try:
        application, version = _marks(path, timeout)
    except sqlite3.DatabaseError as error:
        if primary(error) == sqlite3.SQLITE_NOTADB:
            raise NotAJournal(
                f"{path} is no SQLite database, so no journal. It was not touched: choose another file name."
            ) from error
        raise
    if application != APPLICATION_ID:
        if os.path.getsize(path) == 0:  # its maker died, and the unfinished part has just been undone
            return True
        raise NotAJournal(not_ours(path))
    _refuse_newer(version, path)
    return False


def _marks(path: str, timeout: float) -> tuple[int, int]:
    """Application id and version of a file that may be anybody's, by a look that leaves no trace if it can."""
    if os.path.exists(path + "-journal"):  # somebody is making the file, or died doing so
        return _marks_by(_connect(path, "rw", timeout))
    try:
        return _marks_by(_connect(path, "ro&immutable=1", timeout))
    except sqlite3.DatabaseError as error:
        if primary(error) != sqlite3.SQLITE_CORRUPT or not os.path.exists(path + "-wal"):
            raise
    # The log is being written back, or that was interrupted: the file is whole only together with its log.
    return _marks_by(_connect(path, "ro", timeout))


def _marks_by(connection: sqlite3.Connection) -> tuple[int, int]:
    try:
        return marks(connection)
    finally:
        connection.close()


def _version(connection: sqlite3.Connection, path: str) -> int:
    _application, version = marks(connection)
    _refuse_newer(version, path)
    return version


def _refuse_newer(version: int, path: str) -> None:
    if version > VERSION:
        raise JournalTooNew(
            f"Journal {path} was written by a newer flowkit: its tables have version {version}, and here only"
            f" version {VERSION} is known. It was not touched: update flowkit, or take another file."
        )


def _make(path: str, timeout: float) -> None:
    """Make the tables in the file itself, not in a -wal, so that its header says at once whose it is."""
    try:
        connection = _connect(path, "rwc", timeout)
        try:
            bring_up_to_date(connection, path)
        finally:
            connection.close()
    except sqlite3.Error as error:
        folder = os.path.dirname(path)
        if primary(error) in _BLOCKED and not os.access(folder, os.W_OK):
            raise JournalReadOnly(
                f"No journal can be made at {path}: its folder can't be written to. Choose another place."
            ) from error
        raise


def _switch_to_wal(connection: sqlite3.Connection, timeout: float) -> None:
    """The switch needs the file for itself for a moment, and SQLite doesn't always wait for that."""
    until = time.monotonic() + timeout
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if primary(error) == sqlite3.SQLITE_READONLY:
                return
            if primary(error) != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
        time.sleep(0.005)


def _look_without_locks(path: str, timeout: float) -> sqlite3.Connection:
    """A connection for looking at a journal in a folder that can't be written to."""
    left = path + "-wal"
    if os.path.exists(left) and os.path.getsize(left):
        raise JournalReadOnly(
            f"Journal {path} can't be read where it is: its last entries are in {left}, and SQLite reads that"
            " only where it may write. Copy both files to a folder of your own and open the copy."
        )
    connection = _connect(path, "ro&immutable=1", timeout)
    try:
        if _version(connection, path) < VERSION:
            raise JournalReadOnly(
                f"Journal {path} is an older flowkit's, and can't be brought up to date where it is."
                " Copy it to a folder of your own and open the copy."
            )
    except BaseException:
        connection.close()
        raise
    return connection


def replaced(path: str, kept: tuple[int, int]) -> JournalError | None:
    """The error to raise when the file at the path is no longer the one that was opened, else None."""
    try:
        found = os.stat(path)
    except OSError:
        return _gone(path, "it was deleted or moved away", "Put the file back, or begin a new one elsewhere")
    if found.st_ino == kept[1] and found.st_dev == kept[0]:
        return None
    return _gone(
        path,
        "another file stands in its place",
        "Put the first one back, or close this one and take away the -wal and -shm files beside it (they are the"
        " first one's) before you open the other",
    )


def _gone(path: str, what: str, advice: str) -> JournalError:
    return JournalError(
        f"Journal {path}: {what} while it was open. Nothing of this was recorded, and no new file was made."
        f" {advice}."
    )
