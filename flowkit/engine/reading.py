"""One task of a run, as its user reads it: where it stands, its attempts, inputs, result, failure, output.

Reading never writes and never drives.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..core import Failure, Fold, TaskPlan, counts
from ..core import facts as f
from ..core.composed import MISSING, giver
from ..core.states import CANCELLED, READY, REVERTED, SUCCEEDED
from ..core.values import preview
from ..errors import NoResult
from ..render import Seen, Why
from .arguments import arguments, value_of
from .claimants import AT_WORK, standing
from .door import Door
from .faces import bundled, one_line
from .pictures import graph_of, picture_of_run


class AttemptRecord:
    """One attempt of a task: `number`, `outcome` ("running", "offered", "succeeded", "failed", "lost", "interrupted",
    "cancelled"),
    `claimed_at` and `ended_at` (seconds since the epoch, or None), `by` (who ended it), `failure` (what it failed
    with, or None)."""

    def __init__(self, number: int, offered_at: float) -> None:
        self.number = number
        self.outcome = "offered"
        self.offered_at = offered_at
        self.claimed_at: float | None = None
        self.ended_at: float | None = None
        self.by = ""
        self.failure: Failure | None = None

    @property
    def seconds(self) -> float | None:
        """How long it was at work, in seconds; None while it isn't over or where nobody claimed it."""
        if self.claimed_at is None or self.ended_at is None:
            return None
        return self.ended_at - self.claimed_at

    def __repr__(self) -> str:
        return f"<attempt {self.number}: {self.outcome}{f', {self.failure}' if self.failure else ''}>"


class TaskReading:
    """One task of a run, read anew at every look."""

    def __init__(self, door: Door, name: str, explain: Callable[[str], Why]) -> None:
        self._door = door
        self._explain = explain
        self.name = name

    @property
    def _plan(self) -> TaskPlan:
        return self._door.fold.plan_of(self.name)

    @property
    def _fold(self) -> Fold:
        return self._door.refresh()

    @property
    def state(self) -> str:
        """The task's state, in lower case."""
        return self._fold.state_of(self.name)

    def items(self, state: str | None = None) -> list[TaskReading]:
        """The items of a task over items, in order; only those in `state` ("failed") where it is given. Empty before
        they are counted."""
        fold = self._fold
        found = fold.items.get(self.name)
        units = (f"{self.name}[{number}]" for number in range(found.total if found else 0))
        chosen = [unit for unit in units if state is None or fold.state_of(unit) == state]
        return [TaskReading(self._door, unit, self._explain) for unit in chosen]

    @property
    def item_states(self) -> dict[str, str]:
        """The state of each item by its address, in order; empty before they are counted."""
        fold = self._fold
        found = fold.items.get(self.name)
        units = (f"{self.name}[{number}]" for number in range(found.total if found else 0))
        with self._door.house.lock:
            return {unit: fold.state_of(unit) for unit in units}

    @property
    def stale(self) -> bool:
        """Whether what it was done with has been done again since."""
        return self.name in self._fold.stale

    @property
    def due(self) -> float | None:
        """When it goes on by itself (seconds since the epoch): a retry, or the end of the time that it has. None where
        it doesn't."""
        fold = self._fold
        return fold.due.get(self.name, fold.deadlines.get(self.name))

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
        fold, plan = self._fold, self._plan
        fixed = {p.name: ... for p in plan.params}
        found = arguments(fold, self.name, lambda name: fixed)
        missing = {p.name for p in plan.params if p.kind == "task" and not fold.has_outcome(p.source)}
        if plan.each and self.name in fold.wiring.tasks:
            missing.add(plan.each)
        return {name: value for name, value in found.items() if name not in missing}

    @property
    def result(self) -> Any:
        """A copy of the result. Raises NoResult, with why."""
        return result_of(self._fold, self.name, self._explain)

    @property
    def failure(self) -> Failure | None:
        """What it failed with, or None; of a task that is undone, what it had failed with."""
        fold = self._fold
        if fold.state_of(self.name) == REVERTED:
            return self._before_undoing()
        return fold.failures.get(self.name)

    def _before_undoing(self) -> Failure | None:
        """The failure that the last attempt had ended with, or None where it had succeeded."""
        ends = (f.TaskFailed, f.TaskSucceeded)
        facts = (fact for entry in reversed(self._door.entries()) for fact in reversed(entry.facts))
        last = next((one for one in facts if isinstance(one, ends) and one.task == self.name), None)
        return last.failure if isinstance(last, f.TaskFailed) else None

    @property
    def attempts(self) -> list[AttemptRecord]:
        """Its attempts, oldest first."""
        found: dict[int, AttemptRecord] = {}
        task = self._fold.task_of(self.name)
        for entry in self._door.entries():
            for fact in entry.facts:
                _note(found, fact, self.name, task, entry.at, entry.by)
        return [found[number] for number in sorted(found)]

    @property
    def output(self) -> str:
        """What its last attempt at work printed, at most 64 Ki characters; displayed things stand in it as their text."""
        return "".join(part.get("text") or _shown(part) for part in self.outputs)

    @property
    def outputs(self) -> list[dict[str, Any]]:
        """What its last attempt at work printed and displayed, in parts: {"name": "stdout", "text": …} or {"data":
        MIME bundle}.

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
        number, state = fold.attempts.get(self.name, 0), fold.states.get(self.name)
        offered = state == READY or (self.name in fold.undos and self.name not in fold.claims)
        return number - 1 if offered else number

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
        value = value_of(fold, self.name)
        tail = "" if value is MISSING else f" = {preview(value)}"
        failed = fold.failures.get(self.name)
        return f"<task {self.name}: {fold.state_of(self.name)}{tail}{f', {failed}' if failed else ''}>"

    @bundled
    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        fold, wiring = self._fold, self._door.wiring
        name = fold.task_of(self.name)
        near = {*self._plan.sources(), name, *wiring.dependents[name]}
        graph = graph_of(self.name, (wiring.tasks[name] for name in wiring.order if name in near))
        words = self.why().words
        still = [self.name] if self.still_out else []
        return {
            **picture_of_run(graph, fold, {name: "now"}, words, still),
            "text/plain": f"{self!r}\n{words}",
        }


def _shown(part: dict[str, Any]) -> str:
    text = str(part.get("data", {}).get("text/plain", "(something displayed)"))
    return text + "\n"


def _is_reset(fact: f.TasksReset, name: str, task: str, outcome: str) -> bool:
    """Whether a reset ends what a unit is at: an item's offer goes with its task, what is at work of it may be kept."""
    return name in fact.tasks or (task in fact.tasks and (task not in fact.kept or outcome == "offered"))


def _note(found: dict[int, AttemptRecord], fact: f.Fact, name: str, task: str, at: float, by: str) -> None:
    """Let one fact change the records of a unit's attempts; `task` is the one that an item belongs to."""
    if name in getattr(fact, "ready", ()) or (isinstance(fact, f.TaskReady) and fact.task == name):
        number = fact.attempt if isinstance(fact, f.TaskReady) else max(found, default=0) + 1
        found[number] = AttemptRecord(number, at)
    if isinstance(fact, f.TaskSkipped) and name in fact.tasks and found:
        _end(found[max(found)], "skipped", at, by)
    if isinstance(fact, f.TasksReset) and found and _is_reset(fact, name, task, found[max(found)].outcome):
        _end(found[max(found)], "superseded", at, by)
    if isinstance(fact, f.TaskCancelled) and name in fact.tasks and found:
        _end(found[max(found)], "cancelled", at, by)
    if getattr(fact, "task", None) != name:
        return
    number = getattr(fact, "attempt", 0)
    record = found.get(number)
    if (
        record is None and number and isinstance(fact, _BEGINS)
    ):  # an item, which is offered without being named
        record = found[number] = AttemptRecord(number, at)
    if record is None:
        return
    if isinstance(fact, f.AttemptClaimed):
        record.claimed_at, record.outcome, record.by = at, "running", by
    elif isinstance(fact, f.TaskSucceeded | f.RoundEnded):
        _end(record, "succeeded", at, by)
    elif isinstance(fact, f.TaskReverted):
        _end(record, "undone", at, by)
    elif isinstance(fact, f.TaskRevertFailed):
        _end(record, "undo failed", at, by, fact.failure)
    elif isinstance(fact, f.TaskFailed | f.TaskRetrying):
        _end(record, "failed" if fact.outcome == "failure" else fact.outcome, at, by, fact.failure)
    elif isinstance(fact, f.AttemptReleased):
        _end(record, fact.reason or "released", at, by)
    elif isinstance(fact, f.TaskLost):
        _end(record, "lost", at, by)


_BEGINS = (f.AttemptClaimed, f.TaskSucceeded, f.TaskFailed, f.TaskRetrying)


def _end(record: AttemptRecord, outcome: str, at: float, by: str, failure: Failure | None = None) -> None:
    if record.outcome in ("offered", "running", "lost"):
        record.outcome, record.ended_at, record.by, record.failure = outcome, at, by, failure


def result_of(fold: Fold, name: str, explain: Callable[[str], Why]) -> Any:
    """A copy of a task's result, or of a named part of one. Raises NoResult, with why."""
    task, part = name, None
    if isinstance(name, str) and name not in fold.states:
        task, part = fold.wiring.parts.get(name, (name, None))
    try:
        fold.task_of(task)
    except (KeyError, TypeError, AttributeError):
        listed = ", ".join(fold.wiring.order[:8])
        raise NoResult(f"There is no task {name!r} in this run; it has {listed}.") from None
    value = value_of(fold, task)
    if value is MISSING:
        silent = giver(fold, task) if fold.states.get(task) == SUCCEEDED else task
        raise NoResult(f"{name} has no result: {explain(silent).words}")
    return value if part is None else value[part]


def still_out(door: Door, fold: Fold) -> list[str]:
    """The tasks on which this process is still at work though the attempt counts no more."""
    here = [(name, number) for place, name, number in tuple(AT_WORK) if place == door.place]
    return [
        name
        for name, number in here
        if not counts(fold, name, number) and (fold.states.get(name) == CANCELLED or name in fold.via)
    ]


def seen_from(door: Door, code: Any, now: float | None = None) -> Seen:
    """What this process knows beyond the facts, for `why`: its code (`Code`), who lives, since when, for what reasons, and
    what time it is where that may stand in words.

    Asked under the house's lock, as whatever walks through a fold that other threads may change.
    """
    fold = door.fold
    found: dict[str, str] = {}
    claims = {}
    asked = [(unit, "revert" if unit in fold.undos else "do") for unit in (*fold.queue, *fold.claims)]
    asked += [
        (unit, "revert" if unit in fold.undos else "do") for lane in fold.lanes.values() for unit in lane
    ]
    for unit, kind in (*asked, *fold.questions.items()):
        if unit in fold.states and (how := code.able_of(fold, unit, kind)) not in ("here", "manual", "parts"):
            found[unit] = how
    for name, claimant in tuple(fold.claims.items()):
        stands = standing(claimant)
        if stands == "this process" and (door.place, name, fold.attempts[name]) not in AT_WORK:
            stands = "gone"
        claims[name] = stands
    since, reasons = door.told()
    return Seen(code=found, claims=claims, since=since, reasons=reasons, now=now)
