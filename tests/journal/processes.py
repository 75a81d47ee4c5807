"""Fresh Python processes for these tests. Each runs a piece of code and talks in lines; waits are for a word or an end."""

from __future__ import annotations

import subprocess
import sys
import textwrap

PRELUDE = """
import os, signal, sys
from flowkit.core import Claimant, Plan, TaskPlan
from flowkit.core import facts as f
from flowkit.errors import *
from flowkit.journal import Entry, SqliteJournal, Summary
from tests.journal.contract import ME, add, done, seqs, start

def say(*words):
    print(*words, flush=True)

def hear():
    return sys.stdin.readline().strip()
"""


def begin(code: str, *args: object) -> subprocess.Popen[str]:
    """A process that runs the code after the prelude; `args` are its `sys.argv[1:]`."""
    return subprocess.Popen(
        [sys.executable, "-c", PRELUDE + textwrap.dedent(code), *map(str, args)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def end(process: subprocess.Popen[str], code: int = 0) -> list[str]:
    """Wait for its end, which has to be this one; what it said, in lines."""
    said, complaints = process.communicate(timeout=120)
    assert process.returncode == code, complaints
    return said.splitlines()


def run(code: str, *args: object) -> list[str]:
    """What a process says that runs the code to its end."""
    return end(begin(code, *args))
