"""The port that every journal implements: where facts are kept.

A journal keeps entries, in order, by run; it never judges, folds or changes one. It is used under its owner's
lock, by one thread at a time. `tests/journal/contract.py` is the suite that each implementation passes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import msgspec

from ..core import Claimant, Fact, Plan


class Entry(msgspec.Struct, frozen=True, gc=False):
    """What one message wrote: its cause and all that follows, committed together.

    The facts have the numbers `seq`, `seq + 1`, …; `at` is in seconds since the epoch; `by` says who.
    """

    seq: int
    at: float
    by: str
    facts: tuple[Fact, ...]


class Summary(msgspec.Struct, frozen=True):
    """One run in a list of runs. Times in seconds since the epoch."""

    run_id: str
    flow: str
    plan: str
    state: str
    started: float
    changed: float


class Journal(Protocol):
    """Append-only memory of runs.

    `name` is for people (a path, or "memory"); `live` says whether values without a codec may be kept by
    reference; `key` (bytes) is the secret that completion tokens are derived from. Text that is no valid
    Unicode (lone surrogates) may come back with visible escapes in it; values come back whole.
    """

    name: str
    live: bool
    key: bytes

    def begin(self, run_id: str, after: int, durable: bool = False) -> Sequence[Entry]:
        """Begin a turn alone on the journal and return what stands in the run after fact number `after`.

        With `durable` the commit is on disk, fsynced, before it returns. Raises a JournalError when the turn
        can't begin.
        """
        ...

    def add_run(self, summary: Summary, plan: Plan) -> None:
        """Inside a turn: make the run known, and keep the plan under `summary.plan`, once for all runs."""
        ...

    def keep_plan(self, digest: str, plan: Plan) -> None:
        """Inside a turn: keep a plan under its digest, once for all runs; it can be read from then on."""
        ...

    def write(self, run_id: str, entry: Entry, state: str | None = None) -> None:
        """Inside a turn: append an entry; `state` is the run's new state where it changed.

        Raises UnknownRun, and a JournalError that ends the turn.
        """
        ...

    def keep_output(self, run_id: str, task: str, attempt: int, parts: list[dict[str, Any]]) -> None:
        """Inside a turn: keep what an attempt printed and displayed (JSON-able, bounded by the caller)."""
        ...

    def commit(self) -> None:
        """End the turn; from here on it survives the death of the process. Raises a JournalError if not."""
        ...

    def rollback(self) -> None:
        """End the turn as if it had never begun; without a turn, do nothing."""
        ...

    def read(self, run_id: str, after: int = 0) -> Sequence[Entry]:
        """The run's entries after fact number `after`, oldest first; empty for an unknown run."""
        ...

    def summary(self, run_id: str) -> Summary | None:
        """One run's summary, or None."""
        ...

    def summaries(self) -> list[Summary]:
        """All runs, newest first."""
        ...

    def plan(self, digest: str) -> Plan:
        """The plan kept under that digest. Raises JournalCorrupt when it isn't there or can't be read."""
        ...

    def output(self, run_id: str, task: str, attempt: int) -> list[dict[str, Any]]:
        """What an attempt printed and displayed, as kept."""
        ...

    def set_progress(self, run_id: str, task: str, attempt: int, fraction: float, text: str) -> None:
        """The last progress of an attempt (0 to 1), updated in place, outside any turn."""
        ...

    def progress(self, run_id: str, task: str, attempt: int) -> tuple[float, str] | None:
        """The last progress of an attempt, or None."""
        ...

    def beat(self, claimant: Claimant, at: float) -> None:
        """Note that a claimant's process lived at `at` (seconds since the epoch), outside any turn."""
        ...

    def last_beat(self, claimant: Claimant) -> float | None:
        """When a claimant's process (boot, space, pid, born) was last noted to live, or None."""
        ...

    def version(self) -> int:
        """A number that differs after somebody else has written; cheap enough to ask often."""
        ...

    def sync(self) -> None:
        """Have all that was committed so far, by anyone, on disk before returning."""
        ...

    def close(self) -> None:
        """Let go of the file. Nothing is lost."""
        ...
