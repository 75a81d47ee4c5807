"""The tables of a journal's file, as named steps that bring any older file up to date.

`sqlite_utils` is imported only when a step has to be taken: a file that is up to date opens without it. A
step that was released is never edited; a change is another step, and `VERSION` is their number.
"""

from __future__ import annotations

import os
import sqlite3
from typing import TYPE_CHECKING, Any

from ..errors import NotAJournal

if TYPE_CHECKING:
    from sqlite_utils import Database

APPLICATION_ID = 0x666C6F77
"""Stands in the header of each file of ours ("flow" in ASCII): so a journal is told from other databases."""

VERSION = 1
"""How many steps there are; kept as the file's `user_version`: one look says whether it is up to date."""

_FIRST = (
    # One row per fact. `by` stands on an entry's first fact only; `data` is JSON, values in it typed JSON.
    """
    CREATE TABLE events (
        run INTEGER NOT NULL, seq INTEGER NOT NULL, at REAL NOT NULL, by TEXT, kind TEXT NOT NULL,
        task TEXT, attempt INTEGER, data TEXT, PRIMARY KEY (run, seq)
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE runs (
        number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, flow TEXT NOT NULL, plan TEXT NOT NULL,
        state TEXT NOT NULL, started REAL NOT NULL, changed REAL NOT NULL
    )
    """,
    "CREATE TABLE plans (digest TEXT PRIMARY KEY, body TEXT NOT NULL)",
    # Beside the facts, and never folded: what attempts printed, how far they are, which processes live.
    """
    CREATE TABLE outputs (
        run INTEGER NOT NULL, task TEXT NOT NULL, attempt INTEGER NOT NULL, parts TEXT NOT NULL,
        PRIMARY KEY (run, task, attempt)
    )
    """,
    """
    CREATE TABLE progress (
        run INTEGER NOT NULL, task TEXT NOT NULL, attempt INTEGER NOT NULL, fraction REAL NOT NULL,
        text TEXT NOT NULL, PRIMARY KEY (run, task, attempt)
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE beats (
        boot TEXT NOT NULL, space TEXT NOT NULL, pid INTEGER NOT NULL, born TEXT NOT NULL, at REAL NOT NULL,
        PRIMARY KEY (boot, space, pid, born)
    ) WITHOUT ROWID
    """,
    "CREATE TABLE meta (name TEXT PRIMARY KEY, value) WITHOUT ROWID",
)


def migrations() -> Any:
    """The steps, as `sqlite_utils.Migrations`."""
    from sqlite_utils import Migrations

    steps = Migrations("flowkit")

    @steps(name="facts, runs, plans and what stands beside them")
    def first(db: Database) -> None:
        for statement in _FIRST:
            db.conn.execute(statement)
        meta = [("key", os.urandom(32)), ("uuid", os.urandom(16).hex()), ("syncs", 0)]
        db.conn.executemany("INSERT INTO meta VALUES (?, ?)", meta)

    return steps


def bring_up_to_date(connection: sqlite3.Connection, path: str) -> None:
    """Take the steps that the file lacks, all in one transaction; what got them meanwhile is left as it is.

    Raises NotAJournal when the file turns out to be somebody else's, and `sqlite3.Error`.
    """
    connection.execute("BEGIN IMMEDIATE")
    try:
        application, version = marks(connection)
        if application != APPLICATION_ID and not is_empty(connection):
            raise NotAJournal(not_ours(path))
        if application != APPLICATION_ID or version < VERSION:
            from sqlite_utils import Database

            migrations().apply(Database(connection, execute_plugins=False, recursive_triggers=False))
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {VERSION}")
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def marks(connection: sqlite3.Connection) -> tuple[int, int]:
    """The application id and the schema's version as the file has them."""
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    return application, version


def is_empty(connection: sqlite3.Connection) -> bool:
    """Whether the file holds no table at all, and so belongs to nobody."""
    return connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone() is None


def not_ours(path: str) -> str:
    """What to say about a database that isn't a journal."""
    return (
        f"{path} is a database of something else, no journal. It was not touched: choose another file name."
    )
