"""What runs in each process of these tests: the code that it was given, and nothing of the test that started it."""

from __future__ import annotations

import os
import signal
import sys
import traceback
from multiprocessing.connection import Connection
from typing import Any

import flowkit
from flowkit.journal import SqliteJournal
from tests.faults import flows


def die() -> None:
    """Die as by `kill -9`: no handler, no `finally`, nothing is flushed."""
    os.kill(os.getpid(), signal.SIGKILL)


def die_at(point: str, wanted: str) -> None:
    """Die `point` ("before", "after") the commit whose facts, as "Kind(task)", hold `wanted` (a text within them)."""
    writing: list[str] = []
    write, commit = SqliteJournal.write, SqliteJournal.commit

    def watched_write(self: SqliteJournal, run_id: str, entry: Any, state: str | None = None) -> None:
        writing.extend(f"{fact.kind}({getattr(fact, 'task', '')})" for fact in entry.facts)
        write(self, run_id, entry, state)

    def watched_commit(self: SqliteJournal) -> None:
        found = wanted in " ".join(writing)
        writing.clear()
        if found and point == "before":
            die()
        commit(self)
        if found and point == "after":
            die()

    SqliteJournal.write, SqliteJournal.commit = watched_write, watched_commit  # type: ignore[method-assign]


def die_at_commit(number: int, point: str) -> None:
    """Die before or after this process's commit of that number, from 1."""
    commit, made = SqliteJournal.commit, [0]

    def counted(self: SqliteJournal) -> None:
        made[0] += 1
        if made[0] == number and point == "before":
            die()
        commit(self)
        if made[0] == number and point == "after":
            die()

    SqliteJournal.commit = counted  # type: ignore[method-assign]


def run(line: Connection, code: str, names: dict[str, Any], environ: dict[str, str]) -> None:
    """Run `code` with all of flowkit's door, the flows and these names at hand."""
    flows.test[:] = [line]
    os.environ.update(environ)
    known = {
        **{name: getattr(flowkit, name) for name in flowkit.__all__},
        **{name: value for name, value in vars(flows).items() if not name.startswith("_")},
        **names,
        "die": die,
        "die_at": die_at,
        "die_at_commit": die_at_commit,
    }
    try:
        exec(compile(code, "<process>", "exec"), known)
    except BaseException:
        line.send({"error": traceback.format_exc()})
        sys.exit(1)
