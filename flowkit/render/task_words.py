"""What can be said about one task of a run: in words, who could move it, and with which call.

Each state of the table has its own answer, and each answer depends on where the run stands. Tasks that wait
are told of by `why`, which follows them down to their root causes. Nothing here may read a clock, or put an
id or a time into words: the same situation gives the same words in every process.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import msgspec

from flowkit.core.advance import LOSSES
from flowkit.core.fold import Fold
from flowkit.core.states import (
    CANCELLED,
    FAILED,
    FAILING,
    FINISHED,
    LOST,
    PAUSED,
    PAUSING,
    READY,
    RETRYING,
    RUNNING,
    SKIPPED,
    SUCCEEDED,
    WAITING,
)
from flowkit.core.wiring import Wiring
from flowkit.render.naming import (
    because,
    cause_of_end,
    cell,
    clipped,
    complete_cell,
    fail_cell,
    failure_line,
    listed,
    literal,
    named,
    quoted,
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

    `code`, for tasks with a function: "here" (also where a task is not named), "missing" (this process has
    no function of that name), "changed" (another digest than the plan's) or "elsewhere" (routed to a
    transport that this process hasn't). `claims`: "this process", "living", "gone" or "elsewhere" (another
    machine or container: nobody here can look). `since`: seconds since the epoch at which a task came into
    its state, under "" the run. `reasons`: what was recorded with a skipped or cancelled task.
    """

    code: Mapping[str, str] = _NONE
    claims: Mapping[str, str] = _NONE
    since: Mapping[str, float] = _NONE
    reasons: Mapping[str, str] = _NONE


class Told(msgspec.Struct, frozen=True, gc=False):
    """An answer: whole sentences, who could move it, and the cells that would."""

    words: str
    who: str = NOBODY
    calls: tuple[str, ...] = ()


class Teller:
    """Tells of the tasks of one run, as one process sees them. Holds no state of its own."""

    __slots__ = ("fold", "seen", "wiring")

    def __init__(self, fold: Fold, wiring: Wiring, seen: Seen | None) -> None:
        self.fold = fold
        self.wiring = wiring
        self.seen = seen or Seen()

    @property
    def resting(self) -> bool:
        """Whether the run is paused or about to be."""
        return self.fold.state in (PAUSING, PAUSED)

    def code(self, name: str) -> str:
        """Where the code of a task with a function is, as `Seen.code` has it."""
        return self.seen.code.get(name, "here")

    def ready_here(self, name: str) -> bool:
        """Whether this process could enter the task now."""
        fold = self.fold
        ready = fold.state == RUNNING and fold.states[name] == READY and name not in self.wiring.manual
        return ready and self.code(name) == "here"

    def gone(self) -> str | None:
        """A task whose claimant was seen to be dead, which the next tick settles; else None."""
        claims = self.seen.claims
        return next((name for name in self.fold.claims if claims.get(name) == "gone"), None)

    def clause(self, name: str) -> str:
        """Where the task stands, in a few words that fit behind one name or several. Cheap."""
        state = self.fold.states[name]
        if state == READY:
            if name in self.wiring.manual:
                return "waiting for a person"
            return "ready, held by the pause" if self.resting else _READY_CLAUSES[self.code(name)]
        if state == RUNNING:
            return _RUNNING_CLAUSES.get(self.seen.claims.get(name, ""), "running")
        if state == LOST:
            return "lost, a person decides"
        if state == RETRYING or (state == WAITING and not self.fold.left[name]):
            return "held by the pause"
        return state

    def told(self, name: str) -> Told:
        """The answer for a task in any state but `waiting` for others."""
        state = self.fold.states[name]
        if state not in FINISHED:
            if not self.fold.state:
                return Told(f"{named(name)} waits: the run has not begun.")
            if self.fold.ended:
                return Told(f"{named(name)} is not started any more: the run has ended.")
        return _TELL[state](self, name)

    def _ready(self, name: str) -> Told:
        if name in self.wiring.manual:
            return self._manual(name)
        report = complete_cell(self.wiring.tasks[name])
        if self.resting:
            words = f"{named(name)} is ready, and nobody may take it while {self.pause_words()}. run.resume() goes on."
            return Told(words, PERSON, ("run.resume()", report))
        if self.fold.state == FAILING:
            return Told(f"{named(name)} is not started any more: {self.failed_words()}.")
        start = f"{named(name)} is ready{self._again(name)}"
        code = self.code(name)
        if code == "missing":
            words = f"{start}, but this process has no code for it. "
            words += "Open the run with its flow, or report the result by hand."
            return Told(words, "a process that has its code", ("run = engine.open(run.id, flow)", report))
        if code == "changed":
            words = f"{start}, but its code in this process is not the code that the run was started with. "
            words += "Define it as it was, report the result by hand, or start a new run with the new code."
            return Told(words, PERSON, (report, "engine.start(flow, inputs)"))
        if code == "elsewhere":
            words = f"{start} for another process: it goes by a transport that this one does not serve."
            return Told(words, "another process", (report,))
        return Told(f"{start}: this process can run it.", HERE, (cell("step", name), report))

    def _manual(self, name: str) -> Told:
        task = self.wiring.tasks[name]
        words = f"{named(name)} waits for a person{f': {quoted(task.doc)}' if task.doc.strip() else '.'}"
        if self.fold.state == FAILING:
            return self._without_use(name, words)
        return Told(words + self._answer_tail(), PERSON, (complete_cell(task), *self._way_on()))

    def _without_use(self, name: str, words: str) -> Told:
        """What a person may answer in a run that is failing."""
        calls = (complete_cell(self.wiring.tasks[name]), fail_cell(name), "run.cancel()")
        return Told(f"{words} But {self.failed_words()}, so {self.way_to_end(name)}", PERSON, calls)

    def way_to_end(self, name: str) -> str:
        """What an answer for this task is still good for in a run that is failing, and the calls that end that run."""
        complete, fail = self.answers(name)
        words = "the answer no longer changes how the run ends: it fails. "
        if self.fold.out > 1:
            return f"{words}run.cancel() ends it now; else it ends when all that is out is told, this by {complete} or {fail}."
        return f"{words}It ends with {complete} or {fail}, or with run.cancel()."

    def _running(self, name: str) -> Told:
        seen = self.seen.claims.get(name, "")
        report = complete_cell(self.wiring.tasks[name])
        if seen == "gone":
            words = f"The process that ran {named(name)} has died. "
            words += f"The next step or tick notices it and {self._loss(name)}."
            return Told(words, HERE, ("run.tick()",))
        claimant = self.fold.claims.get(name)
        who = f"process {claimant.pid}" if claimant else "its process"
        if seen == "this process":
            words, who = f"{named(name)} is running in this process.", HERE
        elif seen == "living":
            words = f"{named(name)} is running in another process, which is alive."
        elif seen == "elsewhere":
            words = f"{named(name)} is running on another machine or in another container: "
            words += "whether that process lives can't be seen from here."
            who = f"{who}, elsewhere"
        else:
            words = f"{named(name)} is running: a process has claimed it."
        late = " If somebody reports a result by hand, its own comes late: kept, and not used."
        return Told(words + self._end_tail() + late, who, (report,))

    def _loss(self, name: str) -> str:
        on_crash = self.wiring.tasks[name].on_crash
        if on_crash == "ask":
            return "asks a person what became of it"
        if on_crash == "fail" or self.fold.losses.get(name, 0) + 1 >= LOSSES:
            return "counts it as failed"
        if self.fold.state == FAILING:
            return "cancels it"
        return "offers it again when the run goes on" if self.resting else "offers it again"

    def _lost(self, name: str) -> Told:
        words = f"{named(name)} was lost: the process that ran it died, and nobody can know how far it came. "
        if self.fold.state == FAILING:
            return self._without_use(name, words.rstrip())
        words += f"A person decides: {self.decision(name)}."
        calls = (complete_cell(self.wiring.tasks[name]), fail_cell(name), *self._way_on())
        return Told(words + self._answer_tail(), PERSON, calls)

    def decision(self, name: str) -> str:
        """The two calls of which one settles a lost task, for the end of a sentence."""
        done, not_done = self.answers(name)
        return f"{done} if its work was done, {not_done} if not"

    def answers(self, name: str) -> tuple[str, str]:
        """The calls that report a task's result and its failure, as they stand in a sentence."""
        complete = complete_cell(self.wiring.tasks[name], comment=False)
        return clipped(complete, _CALL_LIMIT), clipped(fail_cell(name), _CALL_LIMIT)

    def _retrying(self, name: str) -> Told:
        words = f"The process that ran {named(name)} died."
        if self.fold.state == FAILING:
            return Told(f"{words} It is not tried again: {self.failed_words()}.")
        if self.resting:
            words = f"{words} It is offered again when the run goes on; now {self.pause_words()}."
            return Told(words, PERSON, ("run.resume()",))
        return Told(f"{words} It is offered again with the next step.", HERE, ("run.step()",))

    def _held(self, name: str) -> Told:
        """A waiting task whose sources have all succeeded."""
        if self.fold.state == FAILING:
            return Told(f"{named(name)} is not started any more: {self.failed_words()}.")
        if not self.resting:
            return Told(
                f"{named(name)} has all that it needs and is offered with the next step.",
                HERE,
                ("run.step()",),
            )
        if self.fold.breaks.get(name):
            words = f"{named(name)} has all that it needs, and there is a breakpoint before it. "
            words += "run.resume() goes on past it."
        else:
            words = f"{named(name)} has all that it needs and is held: {self.pause_words()}. run.resume() goes on."
        return Told(words, PERSON, ("run.resume()",))

    def _succeeded(self, name: str) -> Told:
        via = self.fold.via.get(name)
        if via == "given":
            how = "its result was given when the run was started"
        elif via == "hand":
            how = "its result was reported by hand"
        else:
            how = "its function was called and returned"
        return Told(f"{named(name)} succeeded: {how}.", NOBODY, (f"run[{literal(name)}]",))

    def _failed(self, name: str) -> Told:
        failure = self.fold.failures.get(name)
        by_hand = " (reported by hand)" if self.fold.via.get(name) == "hand" else ""
        line = failure_line(failure) if failure else "its failure is in the journal"
        words = (
            f"{named(name)} failed{by_hand}: {line}".rstrip(".")
            + ". Nothing moves it in this run: mend what is wrong and start a new run, "
        )
        words += "with `results=` for what is known already."
        return Told(words, NOBODY, (f"{cell('task', name)}.failure",))

    def _skipped(self, name: str) -> Told:
        reason = self.seen.reasons.get(name) or "its result was not needed"
        return Told(f"{named(name)} was skipped, and nothing is wrong with that: {because(reason)}.")

    def _cancelled(self, name: str) -> Told:
        reason = self.seen.reasons.get(name)
        blamed = self.fold.ended_by
        if blamed and reason in (None, f"{blamed} failed"):
            return Told(f"{named(name)} was cancelled: {self.failed_words()}.")
        return Told(f"{named(name)} was cancelled: {cause_of_end(reason or 'the run was cancelled')}.")

    def pause_words(self) -> str:
        """The clause "the run is paused (why)", for the middle of a sentence."""
        how = "is paused" if self.fold.state == PAUSED else "is being paused"
        reason = self.fold.reason
        return f"the run {how}" if reason in ("", "asked for") else f"the run {how} ({because(reason)})"

    def failed_words(self) -> str:
        """The clause "`x` failed", for the middle of a sentence."""
        return f"{named(self.fold.ended_by)} failed"

    def _again(self, name: str) -> str:
        before = self.fold.past.get((name, self.fold.attempts.get(name, 1) - 1))
        if before is None:
            return ""
        return (
            " again (its process died)"
            if before == "lost"
            else f" again (it was given back: {because(before)})"
        )

    def _answer_tail(self) -> str:
        """What a report brings while the run rests."""
        if self.resting:
            return f" An answer is taken although {self.pause_words()}; what follows waits for the resume."
        return ""

    def _end_tail(self) -> str:
        if self.fold.state == PAUSING:
            return " The run is being paused and rests when nothing is running any more."
        if self.fold.state == FAILING:
            return (
                f" {self.failed_words()}, so nothing new starts; the run ends when nothing is out any more."
            )
        return ""

    def _way_on(self) -> tuple[str, ...]:
        return ("run.resume()",) if self.resting else ()

    def groups(self, names: Sequence[str]) -> str:
        """Several tasks by where they stand: "`a` and `b` (running in this process), `c` (retrying)"."""
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


_TELL: dict[str, Callable[[Teller, str], Told]] = {
    WAITING: Teller._held,
    READY: Teller._ready,
    RUNNING: Teller._running,
    RETRYING: Teller._retrying,
    LOST: Teller._lost,
    SUCCEEDED: Teller._succeeded,
    FAILED: Teller._failed,
    SKIPPED: Teller._skipped,
    CANCELLED: Teller._cancelled,
}
