"""One task of a run, as its user reads it: where it stands, its attempts, inputs, result, failure, output.

Reading never writes and never drives.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..core import Failure, Fold, TaskPlan, counts
from ..core import facts as f
from ..core.states import CANCELLED, READY
from ..core.values import preview
from ..errors import NoResult
from ..journal import unpack
from ..render import Seen, Why
from .claimants import AT_WORK, standing
from .door import Door
from .driver import arguments
from .faces import bundled, one_line
from .pictures import graph_of, picture_of_run


class AttemptRecord:
    """One attempt of a task: `number`, `outcome` ("running", "offered", "succeeded", "failed", "lost", "interrupted", "cancelled"),
    `claimed_at` and `ended_at` (seconds since the epoch, or None), `by` (who ended it)."""

    def __init__(self, number: int, offered_at: float) -> None:
        self.number = number
        self.outcome = "offered"
        self.offered_at = offered_at
        self.claimed_at: float | None = None
        self.ended_at: float | None = None
        self.by = ""

    @property
    def seconds(self) -> float | None:
        """How long it was at work, in seconds; None while it isn't over or where nobody claimed it."""
        if self.claimed_at is None or self.ended_at is None:
            return None
        return self.ended_at - self.claimed_at

    def __repr__(self) -> str:
        return f"<attempt {self.number}: {self.outcome}>"


class TaskReading:
    """One task of a run, read anew at every look."""

    def __init__(self, door: Door, name: str, explain: Callable[[str], Why]) -> None:
        self._door = door
        self._explain = explain
        self.name = name

    @property
    def _plan(self) -> TaskPlan:
        return self._door.wiring.tasks[self.name]

    @property
    def _fold(self) -> Fold:
        return self._door.refresh()

    @property
    def state(self) -> str:
        """The task's state, in lower case."""
        return self._fold.states[self.name]

    @property
    def doc(self) -> str:
        """Its docstring: for a manual task, the instructions."""
        return self._plan.doc

    @property
    def source(self) -> str:
        """The source text that the run was started with."""
        return self._plan.source

    @property
    def schema(self) -> dict[str, Any] | None:
        """What a result must be, as data; None where the function says nothing."""
        return self._plan.result

    @property
    def by_hand(self) -> bool:
        """Whether somebody told the result, or it was given at the start."""
        return self.name in self._fold.via

    @property
    def live(self) -> bool:
        """Whether the result is kept by reference, in memory only, since no codec can store it."""
        return type(self._fold.values.get(self.name)).__name__ == "Live"

    @property
    def still_out(self) -> bool:
        """Whether this process is still at work on an attempt that counts no more (cancelled, or reported by somebody else)."""
        return self.name in still_out(self._door, self._fold)

    @property
    def inputs(self) -> dict[str, Any]:
        """The values that the function is given, by parameter; those that are known so far."""
        fold = self._fold
        if any(p.kind == "task" and p.source not in fold.values for p in self._plan.params):
            known = {p.source: p for p in self._plan.params if p.kind == "task" and p.source in fold.values}
            return {p.name: unpack(fold.values[source]) for source, p in known.items() if p.part is None}
        return arguments(fold, self.name, {p.name: ... for p in self._plan.params})

    @property
    def result(self) -> Any:
        """A copy of the result. Raises NoResult, with why."""
        return result_of(self._fold, self.name, self._explain)

    @property
    def failure(self) -> Failure | None:
        """What it failed with, or None."""
        return self._fold.failures.get(self.name)

    @property
    def attempts(self) -> list[AttemptRecord]:
        """Its attempts, oldest first."""
        found: dict[int, AttemptRecord] = {}
        for entry in self._door.entries():
            for fact in entry.facts:
                _note(found, fact, self.name, entry.at, entry.by)
        return [found[number] for number in sorted(found)]

    @property
    def output(self) -> str:
        """What its last attempt at work printed, at most 64 Ki characters; displayed things stand in it as their text."""
        return "".join(part.get("text") or _shown(part) for part in self.outputs)

    @property
    def outputs(self) -> list[dict[str, Any]]:
        """What its last attempt at work printed and displayed, in parts: {"name": "stdout", "text": …} or {"data": MIME bundle}.

        It is kept when the attempt ends.
        """
        fold = self._fold
        with self._door.house.lock:
            return self._door.journal.output(self._door.run_id, self.name, self._last(fold))

    @property
    def progress(self) -> tuple[float, str] | None:
        """How far the last attempt at work said it is (0 to 1), and with what; None where it said nothing."""
        fold = self._fold
        with self._door.house.lock:
            return self._door.journal.progress(self._door.run_id, self.name, self._last(fold))

    def _last(self, fold: Fold) -> int:
        """The number of the last attempt that somebody entered, as far as the state tells."""
        number = fold.attempts.get(self.name, 0)
        return number - 1 if fold.states[self.name] == READY else number

    @property
    def seconds(self) -> float | None:
        """How long the last attempt was at work, in seconds, or None."""
        times = [attempt.seconds for attempt in self.attempts if attempt.claimed_at is not None]
        return times[-1] if times else None

    def why(self) -> Why:
        """Why it is in this state, and what would move it."""
        return self._explain(self.name)

    @one_line
    def __repr__(self) -> str:
        fold = self._fold
        stored = fold.values.get(self.name)
        tail = f" = {preview(stored)}" if self.name in fold.values else ""
        failed = fold.failures.get(self.name)
        return f"<task {self.name}: {fold.states[self.name]}{tail}{f', {failed}' if failed else ''}>"

    @bundled
    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        fold, wiring = self._fold, self._door.wiring
        near = {*self._plan.sources(), self.name, *wiring.dependents[self.name]}
        graph = graph_of(self.name, (wiring.tasks[name] for name in wiring.order if name in near))
        words = self.why().words
        still = [self.name] if self.still_out else []
        return {
            **picture_of_run(graph, fold, {self.name: "now"}, words, still),
            "text/plain": f"{self!r}\n{words}",
        }


def _shown(part: dict[str, Any]) -> str:
    text = str(part.get("data", {}).get("text/plain", "(something displayed)"))
    return text + "\n"


def _note(found: dict[int, AttemptRecord], fact: f.Fact, name: str, at: float, by: str) -> None:
    """Let one fact change the records of a task's attempts."""
    if name in getattr(fact, "ready", ()) or (isinstance(fact, f.TaskReady) and fact.task == name):
        number = max(found, default=0) + 1
        found[number] = AttemptRecord(number, at)
    if isinstance(fact, f.TaskCancelled) and name in fact.tasks and found:
        _end(found[max(found)], "cancelled", at, by)
    if getattr(fact, "task", None) != name:
        return
    record = found.get(getattr(fact, "attempt", 0))
    if record is None:
        return
    if isinstance(fact, f.AttemptClaimed):
        record.claimed_at, record.outcome, record.by = at, "running", by
    elif isinstance(fact, f.TaskSucceeded):
        _end(record, "succeeded", at, by)
    elif isinstance(fact, f.TaskFailed):
        _end(record, "failed" if fact.outcome == "failure" else fact.outcome, at, by)
    elif isinstance(fact, f.AttemptReleased):
        _end(record, fact.reason or "released", at, by)
    elif isinstance(fact, f.TaskRetrying):
        _end(record, fact.outcome, at, by)
    elif isinstance(fact, f.TaskLost):
        _end(record, "lost", at, by)


def _end(record: AttemptRecord, outcome: str, at: float, by: str) -> None:
    if record.outcome in ("offered", "running", "lost"):
        record.outcome, record.ended_at, record.by = outcome, at, by


def result_of(fold: Fold, name: str, explain: Callable[[str], Why]) -> Any:
    """A copy of a task's result, or of a named part of one. Raises NoResult, with why."""
    task, part = name, None
    if isinstance(name, str) and name not in fold.states:
        task, part = fold.wiring.parts.get(name, (name, None))
    if not isinstance(name, str) or task not in fold.states:
        listed = ", ".join(list(fold.states)[:8])
        raise NoResult(f"There is no task {name!r} in this run; it has {listed}.")
    if task not in fold.values:
        raise NoResult(f"{name} has no result: {explain(task).words}")
    value = unpack(fold.values[task])
    return value if part is None else value[part]


def still_out(door: Door, fold: Fold) -> list[str]:
    """The tasks on which this process is still at work though the attempt counts no more."""
    here = [(name, number) for place, name, number in tuple(AT_WORK) if place == door.place]
    return [
        name
        for name, number in here
        if not counts(fold, name, number) and (fold.states[name] == CANCELLED or name in fold.via)
    ]


def seen_from(door: Door, able: Any) -> Seen:
    """What this process knows beyond the facts, for `why`: its code, who lives, since when, for what reasons.

    Asked under the house's lock, as whatever walks through a fold that other threads may change.
    """
    fold = door.fold
    code, claims = {}, {}
    for name in (*fold.queue, *fold.claims):
        if name in fold.states and (how := able(name)) not in ("here", "manual"):
            code[name] = how
    for name, claimant in tuple(fold.claims.items()):
        stands = standing(claimant)
        if stands == "this process" and (door.place, name, fold.attempts[name]) not in AT_WORK:
            stands = "gone"
        claims[name] = stands
    since, reasons = door.told()
    return Seen(code=code, claims=claims, since=since, reasons=reasons)
