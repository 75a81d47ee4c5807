"""What SQLite complains about, as flowkit's own errors: one table by result code.

Every message names the file and says what is recorded and what to do next. This file must never open, read or
write one.
"""

from __future__ import annotations

import sqlite3

from ..errors import JournalBusy, JournalCorrupt, JournalError, JournalFull, JournalReadOnly

_BUSY = (
    JournalBusy,
    "another process holds its lock, and didn't let go within the wait",
    "Try again, or find out which process keeps it (a tool that has it open for writing?)",
)
_READ_ONLY = (
    JournalReadOnly,
    "it can't be written to (a read-only file, folder or disk)",
    "Looking works; to go on, give yourself the right to write, or copy the file to where you have it",
)
_CORRUPT = (
    JournalCorrupt,
    "it is damaged",
    "It is not written to any more: copy it with its -wal file, then save what can be read with"
    " `sqlite3 COPY .recover`, or take a backup",
)
_TAKEN = (
    JournalBusy,
    "somebody else recorded at the same place in the same moment",
    "Do it again: it will be judged by what is recorded now",
)
_TABLE: dict[int, tuple[type[JournalError], str, str]] = {
    sqlite3.SQLITE_BUSY: _BUSY,
    sqlite3.SQLITE_LOCKED: _BUSY,
    sqlite3.SQLITE_READONLY: _READ_ONLY,
    sqlite3.SQLITE_PERM: _READ_ONLY,
    sqlite3.SQLITE_CORRUPT: _CORRUPT,
    sqlite3.SQLITE_NOTADB: _CORRUPT,
    sqlite3.SQLITE_FULL: (
        JournalFull,
        "the disk is full",
        "Make room and do it again: everything recorded before is safe",
    ),
    sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY: _TAKEN,
    sqlite3.SQLITE_CONSTRAINT_UNIQUE: _TAKEN,
    sqlite3.SQLITE_IOERR: (
        JournalError,
        "the disk gave an error",
        "Check the disk; reading the run again shows what it holds",
    ),
    sqlite3.SQLITE_CANTOPEN: (
        JournalError,
        "the file, or its -wal or -shm neighbour, can't be opened",
        "See whether it is still there, and whether you may write in its folder",
    ),
    sqlite3.SQLITE_TOOBIG: (
        JournalError,
        "something is larger than SQLite takes (a thousand million bytes)",
        "Write such a result to a file of its own and return its path",
    ),
}
_OTHER = (JournalError, "SQLite gave an error", "Reading the run again shows what is recorded")

NOTHING = "Nothing of this was recorded"
UNKNOWN = "It is not known whether this was recorded"
LOOKED = ""
"""What became of what was being done: nothing was kept, or that can't be told, or it was only reading."""


def primary(cause: sqlite3.Error) -> int:
    """The result code of an error without its extension; 0 where SQLite wasn't asked."""
    return (getattr(cause, "sqlite_errorcode", 0) or 0) & 0xFF


def fault(cause: sqlite3.Error, path: str, recorded: str) -> JournalError:
    """The error to raise for what SQLite said about a file; `recorded` is one of the three texts above."""
    code = getattr(cause, "sqlite_errorcode", 0)
    kind, what, advice = _TABLE.get(code) or _TABLE.get(primary(cause), _OTHER)
    parts = [f"Journal {path}: {what} ({cause})", recorded, advice]
    return kind(". ".join(part for part in parts if part) + ".")
