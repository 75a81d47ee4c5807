"""No open database crosses a fork: SQLite's locks don't, and a commit made without them can be lost.

The child would share SQLite's memory of locks that only the parent holds: when the parent then closes, the
log that the child writes to is deleted. So before a fork each journal of this process lets go of its file,
and parent and child open it again when they next need it. Where a turn can't be waited for (the forking
thread is in it), the journal stays open in the parent and is refused in the child.
"""

from __future__ import annotations

import os
import threading
import weakref
from typing import Protocol


class Forkable(Protocol):
    """What a journal does around a fork."""

    def before_fork(self) -> None:
        """Let go of the file and keep everybody away from it."""

    def after_fork(self, child: bool) -> None:
        """Let everybody in again; `child` says on which side of the fork."""


_journals: weakref.WeakSet[Forkable] = weakref.WeakSet()
_held: list[Forkable] = []
_forking = threading.Lock()  # two threads may fork at once


def let_go_at_forks(journal: Forkable) -> None:
    """Have this journal take part, for as long as it lives."""
    _journals.add(journal)


def _before() -> None:
    _forking.acquire()
    _held[:] = list(_journals)
    for journal in _held:
        journal.before_fork()


def _after(child: bool) -> None:
    for journal in _held:
        journal.after_fork(child)
    _held.clear()
    _forking.release()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_before,
        after_in_parent=lambda: _after(False),
        after_in_child=lambda: _after(True),
    )
