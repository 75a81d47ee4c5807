"""What runs in each process of these tests: the code that it was given, with the journal and its samples at hand."""

from __future__ import annotations

import os
import signal
import sys
import traceback
from multiprocessing.connection import Connection

from flowkit import errors
from flowkit.journal import Entry, SqliteJournal
from tests.journal.contract import add, done, seqs, start

KNOWN = {
    **{name: kind for name, kind in vars(errors).items() if isinstance(kind, type)},
    "os": os,
    "signal": signal,
    "Entry": Entry,
    "SqliteJournal": SqliteJournal,
    "add": add,
    "done": done,
    "seqs": seqs,
    "start": start,
}


def run(line: Connection, code: str, args: tuple[object, ...]) -> None:
    """Run `code`, which can `say(…)` words, `hear()` one, and has its `args`."""

    def say(*words: object) -> None:
        line.send(" ".join(map(str, words)))

    try:
        exec(compile(code, "<process>", "exec"), {**KNOWN, "say": say, "hear": line.recv, "args": args})
    except BaseException:
        line.send(traceback.format_exc())
        sys.exit(1)
