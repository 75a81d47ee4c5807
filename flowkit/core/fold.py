"""The fold: where a run stands, computed from its facts one at a time.

`evolve` changes a `Fold`; it looks up each new state in the tables and counts, and holds no rule of its own: what became
ready, skipped or cancelled is written in the fact. A fact costs what it names, never the size of the run.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

from ..errors import JournalCorrupt
from . import facts as f
from .failure import Failure
from .wiring import Wiring
from .states import FINISHED, READY, RUN_TABLE, TASK_TABLE, WAITING


def _column(kind: str) -> dict[str, str]:
    """The rows of the table for one kind of fact: what is looked up for every task is looked up by state alone."""
    return {state: after for (state, fact), after in TASK_TABLE.items() if fact == kind}


_READIED, _CLAIMED, _SUCCEEDED = _column("TaskReady"), _column("AttemptClaimed"), _column("TaskSucceeded")


class Fold:
    """Where one run stands.

    `state` is the run's, `states` each task's; `attempts` counts the offers of a task; `values` and `failures` are what ended
    them; `claims` says who is at work; `queue` holds function tasks in the order in which they became ready (its
    front is always ready; entries behind it may be ready no longer, or stand there twice) and `people` manual
    ones; `left` counts what a task still waits for; `held` are tasks that wait for nothing but a resume.
    """

    __slots__ = (
        "at",
        "attempts",
        "breaks",
        "claims",
        "ended_by",
        "failures",
        "held",
        "inputs",
        "left",
        "losses",
        "lost",
        "open",
        "past",
        "people",
        "queue",
        "reason",
        "results",
        "seq",
        "started",
        "state",
        "states",
        "values",
        "via",
        "wiring",
    )

    def __init__(self, wiring: Wiring) -> None:
        self.wiring = wiring
        self.seq = 0
        self.at = 0.0
        self.started = 0.0
        self.state = ""
        self.reason = ""  # why the run rests, or is failing
        self.ended_by = ""  # the first task that failed
        self.inputs: dict[str, Any] = {}
        self.results: dict[str, Any] = {}
        self.states: dict[str, str] = dict.fromkeys(wiring.order, WAITING)
        self.attempts: dict[str, int] = {}
        self.values: dict[str, Any] = {}
        self.via: dict[str, str] = {}  # only where it isn't "run"
        self.failures: dict[str, Failure] = {}
        self.claims: dict[str, f.Claimant] = {}
        self.queue: deque[str] = deque()
        self.people: dict[str, None] = {}
        self.left: dict[str, int] = wiring.needs.copy()
        self.held: dict[str, None] = {}
        self.lost: dict[str, None] = {}
        self.losses: dict[str, int] = {}
        self.past: dict[tuple[str, int], str] = {}  # how attempts ended that brought no report
        self.breaks: dict[str, bool] = {}  # task → still armed on this visit
        self.open = len(self.states)

    @property
    def ended(self) -> bool:
        """Whether the run has come to an end."""
        return self.state in FINISHED

    @property
    def out(self) -> int:
        """How many attempts somebody may still report: claimed, lost, or offered to people."""
        return len(self.claims) + len(self.lost) + len(self.people)

    def next_ready(self) -> str | None:
        """The function task that has been ready longest, or None; the same wherever the same facts were read."""
        return self.queue[0] if self.queue else None


def evolve(fold: Fold, fact: f.Fact, at: float) -> None:
    """Let one fact, committed at `at` (seconds since the epoch), change the fold.

    Raises JournalCorrupt when the fact can't follow from where the run stands.
    """
    evolve_all(fold, (fact,), at)


def evolve_all(fold: Fold, facts: tuple[f.Fact, ...], at: float) -> None:
    """Let the facts of one entry change the fold, in order. Otherwise as `evolve`."""
    try:
        for fact in facts:
            _EVOLVE[type(fact)](fold, fact, at)
    except KeyError as error:
        number = fold.seq + 1 + facts.index(fact)
        raise JournalCorrupt(
            f"Fact {number}, {fact.kind}, can't follow here (run {fold.state or 'not begun'!r}, {error}). "
            "The journal is damaged from there on; read what stands before it, or restore a backup."
        ) from error
    fold.seq += len(facts)
    fold.at = at


def _offer(fold: Fold, names: tuple[str, ...]) -> None:
    states, attempts, manual, held = fold.states, fold.attempts, fold.wiring.manual, fold.held
    for name in names:
        states[name] = _READIED[states[name]]
        attempts[name] = attempts.get(name, 0) + 1
        if held:
            held.pop(name, None)
        if name in manual:
            fold.people[name] = None
        else:
            fold.queue.append(name)


def _finish(fold: Fold, name: str) -> None:
    fold.open -= 1
    if name in fold.claims:
        del fold.claims[name]
    elif name in fold.people:
        del fold.people[name]
    else:
        fold.lost.pop(name, None)
        fold.held.pop(name, None)
        _clear_front(fold)


def _clear_front(fold: Fold) -> None:
    """Only facts move the queue, never a look at it: so live and refolded runs go on with the same task."""
    queue, states = fold.queue, fold.states
    while queue and states[queue[0]] != READY:
        queue.popleft()


def _run_started(fold: Fold, fact: f.RunStarted, at: float) -> None:
    fold.state = RUN_TABLE[fold.state, "RunStarted"]
    fold.started = at
    fold.inputs = fact.inputs
    fold.results = fact.results
    _offer(fold, fact.ready)


def _run_moved(fold: Fold, fact: f.PauseRequested | f.RunPaused | f.RunSucceeded, at: float) -> None:
    fold.state = RUN_TABLE[fold.state, fact.kind]
    fold.reason = getattr(fact, "reason", "")


def _run_resumed(fold: Fold, fact: f.RunResumed, at: float) -> None:
    fold.state = RUN_TABLE[fold.state, "RunResumed"]
    fold.reason = ""
    for name in fact.passed:
        fold.breaks[name] = False
    _offer(fold, fact.ready)


def _run_failing(fold: Fold, fact: f.RunFailing | f.RunFailed, at: float) -> None:
    fold.state = RUN_TABLE[fold.state, fact.kind]
    fold.ended_by = fact.task
    fold.reason = f"{fact.task} failed"


def _run_cancelled(fold: Fold, fact: f.RunCancelled, at: float) -> None:
    fold.state = RUN_TABLE[fold.state, "RunCancelled"]
    fold.reason = fact.note


def _break_set(fold: Fold, fact: f.BreakpointSet, at: float) -> None:
    fold.breaks[fact.task] = True


def _break_cleared(fold: Fold, fact: f.BreakpointCleared, at: float) -> None:
    fold.breaks.pop(fact.task, None)


def _task_ready(fold: Fold, fact: f.TaskReady, at: float) -> None:
    _offer(fold, (fact.task,))


def _claimed(fold: Fold, fact: f.AttemptClaimed, at: float) -> None:
    name = fact.task
    states, queue = fold.states, fold.queue
    states[name] = _CLAIMED[states[name]]
    fold.claims[name] = fact.claimant
    while queue and states[queue[0]] != READY:
        queue.popleft()


def _released(fold: Fold, fact: f.AttemptReleased, at: float) -> None:
    name = fact.task
    fold.states[name] = TASK_TABLE[fold.states[name], "AttemptReleased"]
    fold.past[name, fact.attempt] = fact.reason or "released"
    del fold.claims[name]


def _succeeded(fold: Fold, fact: f.TaskSucceeded, at: float) -> None:
    name, left, states = fact.task, fold.left, fold.states
    states[name] = _SUCCEEDED[states[name]]
    fold.values[name] = fact.value
    if fact.via != "run":
        fold.via[name] = fact.via
    if name in fold.claims:
        del fold.claims[name]
        fold.open -= 1
    else:
        _finish(fold, name)
    if fact.ready:
        _offer(fold, fact.ready)
    for dependent in fold.wiring.dependents[name]:
        waits = left[dependent] = left[dependent] - 1
        if not waits and states[dependent] == WAITING:
            fold.held[dependent] = None


def _retrying(fold: Fold, fact: f.TaskRetrying, at: float) -> None:
    name = fact.task
    fold.states[name] = TASK_TABLE[fold.states[name], "TaskRetrying"]
    fold.past[name, fact.attempt] = fact.outcome
    fold.losses[name] = fold.losses.get(name, 0) + 1
    fold.held[name] = None
    del fold.claims[name]


def _lost(fold: Fold, fact: f.TaskLost, at: float) -> None:
    name = fact.task
    fold.states[name] = TASK_TABLE[fold.states[name], "TaskLost"]
    fold.lost[name] = None
    del fold.claims[name]


def _failed(fold: Fold, fact: f.TaskFailed, at: float) -> None:
    name = fact.task
    fold.states[name] = TASK_TABLE[fold.states[name], "TaskFailed"]
    fold.failures[name] = fact.failure
    if fact.outcome != "failure":
        fold.past[name, fact.attempt] = fact.outcome
    if fact.via != "run":
        fold.via[name] = fact.via
    _finish(fold, name)


def _ended_from_outside(fold: Fold, fact: f.TaskSkipped | f.TaskCancelled, at: float) -> None:
    for name in fact.tasks:
        fold.states[name] = TASK_TABLE[fold.states[name], fact.kind]
        _finish(fold, name)


def _nothing(fold: Fold, fact: f.Fact, at: float) -> None:
    """A fact for the record alone."""


_EVOLVE: dict[type[f.Fact], Callable[[Fold, Any, float], None]] = {
    f.RunStarted: _run_started,
    f.PauseRequested: _run_moved,
    f.RunPaused: _run_moved,
    f.RunResumed: _run_resumed,
    f.RunFailing: _run_failing,
    f.RunFailed: _run_failing,
    f.RunSucceeded: _run_moved,
    f.RunCancelled: _run_cancelled,
    f.BreakpointSet: _break_set,
    f.BreakpointCleared: _break_cleared,
    f.TaskReady: _task_ready,
    f.AttemptClaimed: _claimed,
    f.AttemptReleased: _released,
    f.TaskSucceeded: _succeeded,
    f.TaskRetrying: _retrying,
    f.TaskLost: _lost,
    f.TaskFailed: _failed,
    f.TaskSkipped: _ended_from_outside,
    f.TaskCancelled: _ended_from_outside,
    f.ReportRefused: _nothing,
    f.Emitted: _nothing,
}
