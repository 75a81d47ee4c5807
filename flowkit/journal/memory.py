"""A journal in this process's memory: for trying things out, and gone with the process."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import msgspec

from ..core import Claimant, Plan
from ..errors import JournalCorrupt, UnknownRun
from .protocol import Entry, Summary
from .rows import json_of


class MemoryJournal:
    """See `Journal`. Values without a codec stay as they are, by reference."""

    name = "memory"
    live = True

    def __init__(self) -> None:
        self.key = os.urandom(32)
        self._entries: dict[str, list[Entry]] = {}
        self._summaries: dict[str, Summary] = {}
        self._plans: dict[str, Plan] = {}
        self._outputs: dict[tuple[str, str, int], str] = {}
        self._progress: dict[tuple[str, str, int], tuple[float, str]] = {}
        self._beats: dict[tuple[str, str, int, str], float] = {}
        self._added: dict[str, tuple[Summary, Plan]] = {}
        self._heads: dict[str, int] = {}  # each run's last fact
        self._run = ""  # whose turn it is
        self._written: list[Entry] = []
        self._moved: tuple[str, float] | None = None  # the run's new state, and when it came to it
        self._kept: dict[tuple[str, str, int], str] = {}
        self._more = False  # whether this turn has what few have: a new run, output, a new state of the run

    def begin(self, run_id: str, after: int, durable: bool = False) -> Sequence[Entry]:
        if self._written or self._more:
            self.rollback()  # an interrupt cut that turn short, so nobody was told of it
        self._run = run_id
        return () if self._heads.get(run_id, 0) <= after else self.read(run_id, after)

    def add_run(self, summary: Summary, plan: Plan) -> None:
        self._more = True
        self._added[summary.run_id] = (summary, plan)

    def keep_plan(self, digest: str, plan: Plan) -> None:
        self._plans.setdefault(digest, plan)  # one that is kept and not used does no harm

    def write(self, run_id: str, entry: Entry, state: str | None = None) -> None:
        if run_id != self._run or (run_id not in self._entries and run_id not in self._added):
            raise _unknown(run_id)
        self._written.append(entry)
        if state is not None:
            self._more = True
            self._moved = (state, entry.at)

    def keep_output(self, run_id: str, task: str, attempt: int, parts: list[dict[str, Any]]) -> None:
        if run_id not in self._entries and run_id not in self._added:
            raise _unknown(run_id)
        self._more = True
        self._kept[run_id, task, attempt] = json_of(parts)

    def commit(self) -> None:
        if self._more:
            self._keep_more()
        written = self._written
        if written:
            last = written[-1]
            self._entries[self._run] += written
            self._heads[self._run] = last.seq + len(last.facts) - 1
            written.clear()

    def _keep_more(self) -> None:
        for summary, plan in self._added.values():
            self._summaries[summary.run_id] = summary
            self._plans.setdefault(summary.plan, plan)
            self._entries[summary.run_id] = []
        if self._moved is not None:
            old, (state, at) = self._summaries[self._run], self._moved
            self._summaries[self._run] = Summary(old.run_id, old.flow, old.plan, state, old.started, at)
        self._outputs.update(self._kept)
        self._forget_more()

    def _forget_more(self) -> None:
        self._more = False
        self._added.clear()
        self._kept.clear()
        self._moved = None

    def rollback(self) -> None:
        self._written.clear()
        self._forget_more()

    def read(self, run_id: str, after: int = 0) -> Sequence[Entry]:
        entries = self._entries.get(run_id, [])
        first = 0 if not after else _place(entries, after)
        return entries[first:]

    def summary(self, run_id: str) -> Summary | None:
        return self._summaries.get(run_id)

    def summaries(self) -> list[Summary]:
        return list(reversed(self._summaries.values()))

    def plan(self, digest: str) -> Plan:
        if digest not in self._plans:
            raise JournalCorrupt(f"The journal in memory holds no plan {digest}.")
        return self._plans[digest]

    def output(self, run_id: str, task: str, attempt: int) -> list[dict[str, Any]]:
        body = self._outputs.get((run_id, task, attempt))
        parts: list[dict[str, Any]] = [] if body is None else msgspec.json.decode(body)
        return parts

    def set_progress(self, run_id: str, task: str, attempt: int, fraction: float, text: str) -> None:
        if run_id not in self._entries:
            raise _unknown(run_id)
        self._progress[run_id, task, attempt] = (fraction, text)

    def progress(self, run_id: str, task: str, attempt: int) -> tuple[float, str] | None:
        return self._progress.get((run_id, task, attempt))

    def beat(self, claimant: Claimant, at: float) -> None:
        self._beats[_process(claimant)] = at

    def last_beat(self, claimant: Claimant) -> float | None:
        return self._beats.get(_process(claimant))

    def version(self) -> int:
        return 0

    def sync(self) -> None:
        pass

    def close(self) -> None:
        pass


def _process(claimant: Claimant) -> tuple[str, str, int, str]:
    return claimant.boot, claimant.space, claimant.pid, claimant.born


def _unknown(run_id: str) -> UnknownRun:
    return UnknownRun(f"The journal in memory holds no run {run_id!r}. engine.runs() lists those it holds.")


def _place(entries: list[Entry], after: int) -> int:
    low, high = 0, len(entries)
    while low < high:
        middle = (low + high) // 2
        if entries[middle].seq <= after:
            low = middle + 1
        else:
            high = middle
    return low
