"""How the facts of runs, tasks and items change the fold.

Each new state is looked up in the tables, and what hangs on it is counted; no rule is in here: what became ready,
skipped or cancelled is
written in the fact. A fact costs what it names, never the size of the run.
"""

from __future__ import annotations

from typing import Any

from . import facts as f
from .fold import Fold, Items
from .lines import leave_line, line_up, set_due, start_deadline
from .links import recount, settle_links
from .states import (
    FAILED,
    READY,
    REVERTING,
    RUN_TABLE,
    RUNNING,
    SKIPPED,
    SUCCEEDED,
    TASK_TABLE,
    WAITING,
)
from .wiring import split


def _column(kind: str) -> dict[str, str]:
    """The rows of the table for one kind of fact: what is looked up for every task is looked up by state alone."""
    return {state: after for (state, fact), after in TASK_TABLE.items() if fact == kind}


_READIED, _CLAIMED, _SUCCEEDED = _column("TaskReady"), _column("AttemptClaimed"), _column("TaskSucceeded")

# Units come and go


def enter(fold: Fold, unit: str) -> None:
    """Give an item a state of its own, since something happens to it alone."""
    name, number = split(unit)
    items = fold.items[name]
    if not 0 <= number < items.total:
        raise KeyError(unit)
    if number < items.offered:
        fold.states[unit] = READY
        fold.attempts[unit] = fold.attempts.get(unit, 0) + 1
    else:
        fold.states[unit] = WAITING
    _move_cursor(fold, name, items)
    if items.cursor == items.offered:
        fold.people.pop(name, None)
        leave_line(fold, name)


def _move_cursor(fold: Fold, name: str, items: Items) -> None:
    """To the first item that is on offer and untouched."""
    while items.cursor < items.offered and f"{name}[{items.cursor}]" in fold.states:
        items.cursor += 1


def offer(fold: Fold, names: tuple[str, ...], at: float) -> None:
    """These units have an attempt that somebody may take."""
    if not fold.wiring.quiet:
        _offer_any(fold, names, at)
        return
    states, attempts, manual = fold.states, fold.attempts, fold.wiring.manual
    waited = fold.held or fold.due
    for name in names:
        states[name] = _READIED[states[name]]
        attempts[name] = attempts.get(name, 0) + 1
        if waited:
            fold.held.pop(name, None)
            fold.due.pop(name, None)
        if name in manual:
            fold.people[name] = None
        else:
            fold.queue[name] = None


def _offer_any(fold: Fold, names: tuple[str, ...], at: float) -> None:
    """The same where there are items, undos, timeouts or priorities."""
    states, attempts, manual, held = fold.states, fold.attempts, fold.wiring.manual, fold.held
    for name in names:
        state = states.get(name)
        if state is None:
            _offer_item(fold, name, at)
            continue
        states[name] = _READIED[state]
        attempts[name] = attempts.get(name, 0) + 1
        if held:
            held.pop(name, None)
        if state == REVERTING:
            fold.undos[name] = attempts[name]
            line_up(fold, name)
        elif name in manual or (fold.items and fold.is_manual(name)):
            fold.people[name] = None
            start_deadline(fold, name, at)
        else:
            line_up(fold, name)
        if fold.items and state == WAITING and name[-1] == "]" and name not in fold.wiring.tasks:
            items = fold.items[split(name)[0]]
            items.again.pop(name, None)
            items.busy += 1
            items.offered = max(items.offered, split(name)[1] + 1)
            _move_cursor(fold, split(name)[0], items)
        if fold.due:
            fold.due.pop(name, None)


def _offer_item(fold: Fold, unit: str, at: float) -> None:
    """The next item that has not been offered yet."""
    name, number = split(unit)
    items = fold.items[name]
    items.offered = number + 1
    _move_cursor(fold, name, items)
    items.busy += 1
    if name in fold.wiring.manual:
        fold.people[name] = None
        start_deadline(fold, unit, at)
    else:
        line_up(fold, name)


def close(fold: Fold, unit: str) -> None:
    """Nobody works on it or waits for it any more, in whatever way it ended."""
    if unit in fold.claims:
        del fold.claims[unit]
    elif unit in fold.people:
        del fold.people[unit]
    else:
        leave_line(fold, unit)
        fold.lost.pop(unit, None)
        fold.held.pop(unit, None)
    for kept in (fold.deadlines, fold.due, fold.questions):
        if kept:
            kept.pop(unit, None)


def withdraw_items(fold: Fold, name: str) -> None:
    """What was on offer of a task over items is so no more, and nobody's time for it runs."""
    if name in fold.wiring.timeouts and name in fold.wiring.manual:
        for number in range(fold.items[name].offered):
            if f"{name}[{number}]" not in fold.states:
                fold.deadlines.pop(f"{name}[{number}]", None)


def count_end(fold: Fold, unit: str, by: int = -1) -> None:
    """One less (or one more again) to be done in the scope that a unit is directly in."""
    scopes, tasks = fold.wiring.scope, fold.wiring.tasks
    if unit not in tasks:
        items = fold.items[split(unit)[0]]
        items.open += by
        if by < 0:
            items.busy -= 1
    elif scopes and unit in scopes:
        fold.inside[scopes[unit]] += by
    else:
        fold.open += by


# The run


def run_started(fold: Fold, fact: f.RunStarted, at: float) -> None:
    fold.state = RUN_TABLE[fold.state, "RunStarted"]
    fold.started = at
    fold.inputs = fact.inputs
    fold.results = fact.results
    fold.seed = fact.seed
    offer(fold, fact.ready, at)
    for name in fold.wiring.roots:
        if not fold.left[name] and fold.states[name] == WAITING:
            fold.held[name] = None


def run_moved(fold: Fold, fact: Any, at: float) -> None:
    fold.state = RUN_TABLE[fold.state, fact.kind]
    fold.reason = getattr(fact, "reason", "")
    fold.stuck = getattr(fact, "task", "")


def run_resumed(fold: Fold, fact: f.RunResumed, at: float) -> None:
    fold.state = RUN_TABLE[fold.state, "RunResumed"]
    if "" in fold.undoing:
        fold.state = REVERTING
    fold.reason = fold.stuck = ""
    for name in fact.passed:
        fold.breaks[name] = False
    offer(fold, fact.ready, at)


def run_failing(fold: Fold, fact: f.RunFailing | f.RunFailed, at: float) -> None:
    fold.state = RUN_TABLE[fold.state, fact.kind]
    fold.ended_by = fact.task
    fold.reason = f"{fact.task} failed"
    fold.undoing.pop("", None)


def run_cancelled(fold: Fold, fact: f.RunCancelled, at: float) -> None:
    fold.state = RUN_TABLE[fold.state, "RunCancelled"]
    fold.reason = fact.note


def break_set(fold: Fold, fact: f.BreakpointSet, at: float) -> None:
    fold.breaks[fact.task] = True


def break_cleared(fold: Fold, fact: f.BreakpointCleared, at: float) -> None:
    fold.breaks.pop(fact.task, None)


# Attempts


def task_ready(fold: Fold, fact: f.TaskReady, at: float) -> None:
    if fact.sources is not None:
        fold.used[fact.task] = fact.sources
    offer(fold, (fact.task,), at)


def claimed(fold: Fold, fact: f.AttemptClaimed, at: float) -> None:
    name = fact.task
    states = fold.states
    if name not in states:
        enter(fold, name)
    states[name] = _CLAIMED[states[name]]
    fold.claims[name] = fact.claimant
    if fold.wiring.timeouts and states[name] == RUNNING:
        start_deadline(fold, name, at)
    if fold.lanes:
        leave_line(fold, name)
    else:
        fold.queue.pop(name, None)


def released(fold: Fold, fact: f.AttemptReleased, at: float) -> None:
    name = fact.task
    fold.states[name] = TASK_TABLE[fold.states[name], "AttemptReleased"]
    fold.past[name, fact.attempt] = fact.reason or "released"
    if fact.reason == "lost":
        fold.losses[name] = fold.losses.get(name, 0) + 1
    fold.undos.pop(name, None)
    fold.deadlines.pop(name, None)
    del fold.claims[name]


def succeeded(fold: Fold, fact: f.TaskSucceeded, at: float) -> None:
    name, wiring, states = fact.task, fold.wiring, fold.states
    if name not in states:
        enter(fold, name)
    states[name] = _SUCCEEDED[states[name]]
    fold.values[name] = fact.value
    if fact.via in ("hand", "given"):
        fold.via[name] = fact.via
    if name not in wiring.simple or name not in fold.claims:
        close(fold, name)
        count_end(fold, name)
        offer(fold, fact.ready, at)
        if name in wiring.dependents:
            settle_links(fold, name, SUCCEEDED)
        return
    del fold.claims[name]
    fold.open -= 1
    if fold.deadlines:
        fold.deadlines.pop(name, None)
    if fact.ready:
        offer(fold, fact.ready, at)
    left = fold.left
    for dependent in wiring.dependents[name]:
        waits = left[dependent] = left[dependent] - 1
        if not waits and states[dependent] == WAITING:
            fold.held[dependent] = None


def retrying(fold: Fold, fact: f.TaskRetrying, at: float) -> None:
    name = fact.task
    if name not in fold.states:
        enter(fold, name)
    fold.states[name] = TASK_TABLE[fold.states[name], "TaskRetrying"]
    if fact.outcome == "failure":
        fold.reports[name, fact.attempt] = fact.failure
    else:
        fold.past[name, fact.attempt] = fact.outcome
    counter = fold.losses if fact.outcome == "lost" else fold.tries
    counter[name] = counter.get(name, 0) + 1
    close(fold, name)
    set_due(fold, name, fact.due)


def lost(fold: Fold, fact: f.TaskLost, at: float) -> None:
    name = fact.task
    fold.states[name] = TASK_TABLE[fold.states[name], "TaskLost"]
    close(fold, name)
    fold.lost[name] = None


def failed(fold: Fold, fact: f.TaskFailed, at: float) -> None:
    name = fact.task
    if name not in fold.states:
        enter(fold, name)
    fold.states[name] = TASK_TABLE[fold.states[name], "TaskFailed"]
    fold.failures[name] = fact.failure
    if fact.outcome != "failure":
        fold.outcomes[name] = fact.outcome
    if fact.outcome in ("lost", "timeout"):
        fold.past[name, fact.attempt] = fact.outcome
    if fact.via == "hand":
        fold.via[name] = fact.via
    close(fold, name)
    count_end(fold, name)
    if name not in fold.wiring.tasks:
        fold.items[split(name)[0]].failed[name] = None
        return
    for kept in (fold.failing, fold.causes, fold.undoing):
        kept.pop(name, None)
    if not fact.handled:
        fold.unhandled.setdefault(fold.scope_of(name), {})[name] = None
    settle_links(fold, name, FAILED)


def skipped(fold: Fold, fact: f.TaskSkipped, at: float) -> None:
    for name in fact.tasks:
        if name not in fold.states:
            enter(fold, name)
        was = fold.states[name]
        fold.states[name] = TASK_TABLE[was, "TaskSkipped"]
        if was == FAILED:
            attempt, failure = fold.attempts.get(name, 0), fold.failures.pop(name)
            fold.outcomes.pop(name, None)
            if (name, attempt) not in fold.past:
                fold.reports.setdefault((name, attempt), failure)
            forgive(fold, name)
            for dependent in fold.wiring.dependents.get(name, ()):
                recount(fold, dependent)
            continue
        close(fold, name)
        if name in fold.items:
            withdraw_items(fold, name)
        if was == WAITING and name not in fold.wiring.tasks:
            _not_again(fold, name)
        count_end(fold, name)
        if name in fold.wiring.dependents:
            settle_links(fold, name, SKIPPED)


def _not_again(fold: Fold, unit: str) -> None:
    """An item ends that had no place among those on offer, so that its end frees none."""
    items = fold.items[split(unit)[0]]
    items.again.pop(unit, None)
    items.busy += 1


def cancelled(fold: Fold, fact: f.TaskCancelled, at: float) -> None:
    for name in fact.tasks:
        was = fold.states[name]
        fold.states[name] = TASK_TABLE[was, "TaskCancelled"]
        close(fold, name)
        fold.held.pop(name, None)
        if was == WAITING and name not in fold.wiring.tasks:
            _not_again(fold, name)
        count_end(fold, name)
        if name in fold.items:
            withdraw_items(fold, name)


def forgive(fold: Fold, unit: str) -> None:
    """A failure stands no more."""
    if unit not in fold.wiring.tasks:
        fold.items[split(unit)[0]].failed.pop(unit, None)
        return
    scope = fold.scope_of(unit)
    standing = fold.unhandled.get(scope)
    if standing is not None and standing.pop(unit, "") is None and not standing:
        del fold.unhandled[scope]


def nothing(fold: Fold, fact: f.Fact, at: float) -> None:
    """A fact for the record alone."""
