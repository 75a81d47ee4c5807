"""What all answers about a run are made of: who asks, what that process knows, and the clauses that stand in many sentences.

Nothing here may read a clock, or put an id or a time into words: the same situation gives the same words in every process. Only
where the asking process says what time it is do words say in how many seconds something is due.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import msgspec

from flowkit.core.fold import Fold
from flowkit.core.states import (
    CANCELLED,
    FAILED,
    FAILING,
    LOST,
    PAUSED,
    PAUSING,
    READY,
    RETRYING,
    REVERT_FAILED,
    REVERTING,
    RUNNING,
    SUCCEEDED,
    WAITING,
)
from flowkit.core.wiring import Wiring, split
from flowkit.render.naming import (
    because,
    cause_of_end,
    cell,
    clipped,
    complete_cell,
    fail_cell,
    listed,
    named,
    seconds,
)

NOBODY, PERSON, HERE = "nobody", "a person", "this process"

_CALL_LIMIT = 120  # characters of a call inside a sentence; `calls` have it whole

_NONE: Mapping[str, Any] = MappingProxyType({})

_RUNNING_CLAUSES = {
    "this process": "running in this process",
    "living": "running in another process",
    "gone": "claimed by a process that died",
    "elsewhere": "running out of sight",
}
_READY_CLAUSES = {
    "here": "ready for this process",
    "missing": "ready, its code is not here",
    "changed": "ready, its code was changed here",
    "elsewhere": "ready for another process",
}


class Seen(msgspec.Struct, frozen=True):
    """What the asking process knows beyond the facts; every part may be left out.

    `code`, by unit or task: "here" (also where neither is named), "missing" (this process has no function of that
    name), "changed" (another digest than the plan's) or "elsewhere" (routed to a transport that this process
    hasn't). `claims`, by unit: "this process", "living", "gone" or "elsewhere" (another machine or container:
    nobody here can look). `since`: seconds since the epoch at which a unit came into its state, under "" the run.
    `reasons`: what was recorded with a skipped or cancelled unit. `now`: seconds since the epoch, by the engine's
    clock; with it words say how soon something is due.
    """

    code: Mapping[str, str] = _NONE
    claims: Mapping[str, str] = _NONE
    since: Mapping[str, float] = _NONE
    reasons: Mapping[str, str] = _NONE
    now: float | None = None


class Told(msgspec.Struct, frozen=True, gc=False):
    """An answer: whole sentences, who could move it, and the cells that would."""

    words: str
    who: str = NOBODY
    calls: tuple[str, ...] = ()


class Teller:
    """Knows one run as one process sees it. Holds no state of its own."""

    __slots__ = ("fold", "seen", "wiring")

    def __init__(self, fold: Fold, wiring: Wiring, seen: Seen | None) -> None:
        self.fold = fold
        self.wiring = wiring
        self.seen = seen or Seen()

    # What this process can do

    @property
    def resting(self) -> bool:
        """Whether the run is paused or about to be."""
        return self.fold.state in (PAUSING, PAUSED)

    @property
    def moving(self) -> bool:
        """Whether drivers may take what is offered."""
        return self.fold.state in (RUNNING, FAILING, REVERTING)

    def code(self, unit: str) -> str:
        """Where the code of a unit is, as `Seen.code` has it."""
        found = self.seen.code.get(unit)
        return found or self.seen.code.get(task_of(self.wiring, unit), "here")

    def takes(self, unit: str) -> bool:
        """Whether this process could enter the unit, or its undo, now."""
        fold = self.fold
        if not self.moving or self.code(unit) != "here":
            return False
        if unit in fold.undos:
            return unit not in fold.claims
        return fold.state_of(unit) == READY and not fold.is_manual(unit)

    def asks(self, unit: str) -> bool:
        """Whether this process could answer the unit's question now."""
        return self.fold.state == RUNNING and unit in self.fold.questions and self.code(unit) == "here"

    @property
    def redoing(self) -> bool:
        """Whether tasks may be done again or left out: not in a cancelled run, and not while something is being undone."""
        fold = self.fold
        return fold.state not in ("", CANCELLED, REVERTING) and not fold.undos and "" not in fold.undoing

    def over(self, unit: str) -> bool:
        """Whether the time of its attempt is known to be over, which the next message takes note of."""
        due, now = self.fold.deadlines.get(unit), self.seen.now
        return due is not None and now is not None and due <= now

    def gone(self) -> str | None:
        """A unit whose claimant was seen to be dead, which the next tick settles; else None."""
        claims = self.seen.claims
        return next((name for name in self.fold.claims if claims.get(name) == "gone"), None)

    # Clauses

    def clause(self, unit: str) -> str:
        """Where the unit stands, in a few words that fit behind one name or several. Cheap."""
        fold = self.fold
        state = fold.state_of(unit)
        if unit in fold.claims:
            where = _RUNNING_CLAUSES.get(self.seen.claims.get(unit, ""), "running")
            return f"being undone, {where}" if state == REVERTING else where
        if state == RUNNING:
            items = fold.items.get(unit)
            return (
                "at work"
                if items is None
                else f"at work, {items.total - items.open:,} of {items.total:,} items ended"
            )
        if state == READY:
            if fold.is_manual(unit):
                return "waiting for a person"
            return "ready, held by the pause" if self.resting else _READY_CLAUSES[self.code(unit)]
        if state == REVERTING:
            return "to be undone" if unit in fold.undos else "being undone"
        if state == LOST:
            return "lost, a person decides"
        if unit in fold.questions:
            return "waiting for an answer"
        if state == RETRYING and unit in fold.due:
            return "to be tried again"
        if unit in fold.held or state == RETRYING:
            return "held by the pause" if self.resting else "to be offered"
        return {WAITING: "waiting"}.get(state, state)

    def groups(self, names: Sequence[str]) -> str:
        """Several units by where they stand: "`a` and `b` (running in this process), `c` (retrying)"."""
        return ", ".join(f"{listed(group)} ({clause})" for clause, group in self._grouped(names).items())

    def standings(self, names: Sequence[str]) -> str:
        """The same as clauses: "`a` and `b` are running in this process; `c` is waiting for a person"."""
        grouped = self._grouped(names).items()
        return "; ".join(f"{listed(g)} {'is' if len(g) == 1 else 'are'} {clause}" for clause, g in grouped)

    def _grouped(self, names: Sequence[str]) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for name in names:
            found.setdefault(self.clause(name), []).append(name)
        return found

    def pause_words(self) -> str:
        """The clause "the run is paused (why)", for the middle of a sentence."""
        how = "is paused" if self.fold.state == PAUSED else "is being paused"
        reason = self.fold.reason
        if reason in ("", "asked for"):
            return f"the run {how}"
        return f"the run {how} ({cause_of_end(reason) if self.fold.stuck else because(reason)})"

    def failed_words(self) -> str:
        """The clause "`x` failed", for the middle of a sentence."""
        return f"{named(self.fold.ended_by)} failed"

    def soon(self, due: float | None) -> str:
        """ "in 30 s", where it is known what time it is; else "when its delay is over"."""
        if due is None or self.seen.now is None:
            return "when its delay is over"
        return f"in {seconds(due - self.seen.now)}" if due > self.seen.now else "with the next step or tick"

    def deadline_tail(self, unit: str) -> str:
        """How long an attempt may still take, where its task limits that."""
        due = self.fold.deadlines.get(unit)
        if due is None:
            return ""
        if self.seen.now is None:
            return f" It has {self.fold.plan_of(unit).timeout:g} s in all; then it counts as failed."
        return f" It counts as failed in {seconds(due - self.seen.now)}."

    def answer_tail(self) -> str:
        """What a report brings while the run rests."""
        if self.resting:
            return f" An answer is taken although {self.pause_words()}; what follows waits for the resume."
        return ""

    def way_on(self) -> tuple[str, ...]:
        """The call that every other one has to be followed by while the run rests."""
        return ("run.resume()",) if self.resting else ()

    # Calls

    def report_cell(self, unit: str, comment: bool = True) -> str:
        """The call that reports a unit's result; for an undo, that it is done."""
        if unit in self.fold.undos:
            return cell("complete", unit, "None")
        return complete_cell(self.fold.plan_of(unit), comment, unit)

    def answers(self, unit: str) -> tuple[str, str]:
        """The calls that report a unit's result and its failure, as they stand in a sentence."""
        complete = self.report_cell(unit, comment=False)
        return clipped(complete, _CALL_LIMIT), clipped(fail_cell(unit), _CALL_LIMIT)

    def decision(self, unit: str) -> str:
        """The two calls of which one settles a lost task, for the end of a sentence."""
        done, not_done = self.answers(unit)
        return f"{done} if its work was done, {not_done} if not"

    def way_to_end(self, unit: str) -> str:
        """What an answer for this unit is still good for in a run that is failing, and the calls that end that run."""
        complete, fail = self.answers(unit)
        words = "the answer no longer changes how the run ends: it fails. "
        if self.fold.out + sum(1 for _ in self.fold.line()) > 1:
            return f"{words}run.cancel() ends it now; else it ends when all that is out is told, this by {complete} or {fail}."
        return f"{words}It ends with {complete} or {fail}, or with run.cancel()."


def task_of(wiring: Wiring, unit: str) -> str:
    """The task that a unit is, or is an item of."""
    return unit if unit in wiring.tasks else split(unit)[0]


def begun_around(fold: Fold, unit: str) -> bool:
    """Whether the subflow that a unit is in, if any, is at work and nothing in it has failed for good."""
    scope = fold.wiring.scope.get(task_of(fold.wiring, unit), "")
    return not scope or (fold.states[scope] == RUNNING and scope not in fold.failing)


def to_be_undone(fold: Fold, name: str) -> bool:
    """Whether a task was entered and not undone yet, as far as that can be said without more ado."""
    entered = fold.attempts.get(name, 0) > 0 or name in fold.items
    return fold.states.get(name) in (SUCCEEDED, FAILED, LOST, REVERT_FAILED) and entered


def place(wiring: Wiring, unit: str) -> tuple[int, int]:
    """Where a unit stands in the flow's order; items after their task, by number."""
    if unit in wiring.index:
        return wiring.index[unit], -1
    name, number = split(unit)
    return wiring.index.get(name, len(wiring.index)), number


def in_order(wiring: Wiring, units: Any) -> tuple[str, ...]:
    """Units in the flow's order, each once."""
    return tuple(sorted(dict.fromkeys(units), key=lambda unit: place(wiring, unit)))
