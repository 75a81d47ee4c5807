"""What follows when units end: for those that wait for them, for the group that they are in, and for the run.

One list of work instead of calls that nest, so that a thousand subflows in one another cost no recursion; first what ended first.
"""

from __future__ import annotations

from . import facts as f
from .failure import Failure
from .fold import Fold
from .judging import after_round, fail, fill, judge, pause, tries_of
from .retrying import due_after, matches
from .states import CANCELLED, FAILED, FAILING, PAUSED, PAUSING, READY, RETRYING, REVERTING, RUNNING
from .turn import Turn, active, cancel_untaken, open_in, out_in, standing, waiting_items
from .undoing import anything_left, undo_next
from .wiring import split

ITEMS_FAILED = "flowkit.ItemsFailed"


def settle(turn: Turn) -> None:
    """Find all that follows from what has ended so far, up to the end or the rest of the run itself."""
    work = turn.work
    while work:
        what, unit = work.popleft()
        if what == "judge":
            judge(turn, unit)
        elif what == "close":
            close_group(turn, unit)
        elif what == "again":
            _again(turn, unit)
        else:
            _after(turn, unit)
    _rest(turn)


def _after(turn: Turn, unit: str) -> None:
    """What the end of one unit means to its neighbours."""
    fold = turn.fold
    wiring = fold.wiring
    if unit not in wiring.tasks:
        name = split(unit)[0]
        if active(fold, name) and fold.states[name] == RUNNING:
            fill(turn, name)
        close_group(turn, name)
    else:
        if unit == wiring.target and fold.state in (RUNNING, PAUSING, PAUSED) and (rest := open_in(fold, "")):
            turn.put(
                f.TaskCancelled(tasks=tuple(rest), reason=f"{unit} has ended, and nothing else is asked for")
            )
        scope = fold.scope_of(unit)
        if fold.states[unit] == FAILED and unit in fold.unhandled.get(scope, ()):
            _policy(turn, unit, scope)  # first, since it may end those that wait for it
        for name in wiring.dependents[unit]:
            if name in fold.held:
                judge(turn, name)
        if scope:
            close_group(turn, scope)
    if fold.failing:
        for scope in wiring.enclosing(fold.task_of(unit)):
            if scope in fold.failing:
                proceed(turn, scope)


def _again(turn: Turn, unit: str) -> None:
    """An attempt was given back, or its process died: it is offered again, unless nothing new starts there."""
    fold = turn.fold
    state = fold.states[unit]
    if (unit, fold.attempts[unit]) not in fold.past:
        return  # it was offered meanwhile
    offer = f.TaskReady(task=unit, attempt=fold.attempts[unit] + 1)
    if state == REVERTING or (state == READY and standing(fold, unit)) or active(fold, unit):
        turn.put(offer)
        if fold.state == RUNNING and fold.breaks.get(unit):
            turn.put(pause(fold, f"breakpoint before {unit}"))
    elif state in (READY, RETRYING) and not standing(fold, unit):
        turn.put(f.TaskCancelled(tasks=(unit,), reason=fold.reason or "nothing new starts there"))
        turn.end(unit)


def close_group(turn: Turn, name: str) -> None:
    """End a subflow, or a task over items, if nothing is left to be done in it."""
    fold = turn.fold
    if fold.states[name] != RUNNING or name in fold.failing:
        return
    if name in fold.items:
        _close_items(turn, name)
        return
    if fold.inside[name]:
        return
    standing = fold.unhandled.get(name)
    if standing and fold.wiring.tasks[name].on_failure == "pause" and fold.state in (PAUSED, PAUSING):
        return  # somebody is to look at it first, and may mend it
    if standing:
        by = next(iter(standing))
        _fail_inside(turn, name, by, fold.failures[by])
    elif fold.wiring.tasks[name].repeat is not None:
        number = fold.rounds.get(name, 0) + 1
        turn.put(
            f.RoundEnded(
                task=name, attempt=fold.attempts.get(name, 0), round=number, value=None, via="inside"
            )
        )
        after_round(turn, name)
    else:
        turn.put(f.TaskSucceeded(task=name, attempt=fold.attempts.get(name, 0), value=None, via="inside"))
        turn.end(name)


def _close_items(turn: Turn, name: str) -> None:
    """End a task over items when all of them have ended, or when no more of them is going to be offered."""
    fold = turn.fold
    items = fold.items[name]
    attempt = fold.attempts.get(name, 0)
    if not standing(fold, name) and (not items.busy if items.open else _cut_short(fold, name)):
        names = (name, *waiting_items(fold, [name]))
        turn.put(f.TaskCancelled(tasks=names, reason=fold.reason or "nothing new starts there"))
        turn.end(name)
    elif items.failed and not items.open:
        unit = min(items.failed, key=lambda unit: split(unit)[1])
        message = f"{len(items.failed)} of {items.total} items failed; {unit}: {fold.failures[unit]}"
        fail(turn, name, Failure((ITEMS_FAILED,), message), "items")
    elif not items.open:
        turn.put(f.TaskSucceeded(task=name, attempt=attempt, value=None, via="items"))
        turn.end(name)


def _cut_short(fold: Fold, name: str) -> bool:
    """Whether an item of a task was cancelled."""
    return any(fold.states.get(f"{name}[{number}]") == CANCELLED for number in range(fold.items[name].total))


def _fail_inside(turn: Turn, name: str, by: str, inner: Failure) -> None:
    """A subflow fails with what failed in it. Where that is a subflow too, its failure names the task already: however deep
    it is, it is named once."""
    named = by in turn.fold.wiring.groups and inner.message.startswith(f"{by}.")
    message = inner.message if named else f"{by}: {inner.message}"
    failure = Failure(inner.types, message, inner.traceback, inner.chain)
    fail(turn, name, failure, "inside")


def _policy(turn: Turn, unit: str, scope: str) -> None:
    """A failure that nobody handles: what the flow that the task is in says."""
    fold = turn.fold
    if fold.state in (FAILING, REVERTING) or fold.ended or "" in fold.undoing:
        return
    if scope:
        _policy_inside(turn, unit, scope)
        return
    policy = fold.wiring.plan.on_failure
    if policy == "stop":
        turn.put(f.RunFailing(task=unit))
        cancel_untaken(turn, "", f"{unit} failed")
    elif policy == "revert":
        turn.put(f.RunRevertStarted(task=unit))
        cancel_untaken(turn, "", f"{unit} failed", people=False, handlers=False)
    elif policy == "pause":
        _pause_for(turn, unit)


def _pause_for(turn: Turn, unit: str) -> None:
    """Rest for a failure. Once it was decided to go on, what only fails with the first one is no reason to rest again."""
    fold = turn.fold
    standing = fold.unhandled[fold.scope_of(unit)]
    if fold.state == RUNNING and not (len(standing) > 1 and fold.outcomes.get(unit) == "join"):
        turn.put(pause(fold, f"{unit} failed", unit))


def _policy_inside(turn: Turn, unit: str, scope: str) -> None:
    fold = turn.fold
    if fold.states[scope] != RUNNING or scope in fold.failing:
        return
    group = fold.wiring.tasks[scope]
    failure = fold.failures[unit]
    tried = fold.trying.get(scope, 1)
    if group.retry is not None and matches(group.retry, failure) and tried < tries_of(fold, group):
        due = due_after(group.retry, tried, fold.seed, f"{scope}/{tried}", turn.at)
        turn.put(f.GroupRetrying(task=scope, number=tried + 1, by=unit, failure=failure, due=due))
        cancel_untaken(turn, scope, f"{unit} failed")
    elif group.on_failure in ("stop", "revert"):
        turn.put(f.GroupFailing(task=scope, by=unit, undo=group.on_failure == "revert"))
        cancel_untaken(turn, scope, f"{unit} failed")
    elif group.on_failure == "pause":
        _pause_for(turn, unit)
        return
    else:
        return
    proceed(turn, scope)


def proceed(turn: Turn, scope: str) -> None:
    """A subflow in which something failed: once nobody is at work in it, undo what is to be undone, then fail or try again."""
    fold = turn.fold
    by = fold.failing.get(scope)
    if by is None or fold.states[scope] not in (RUNNING, RETRYING):
        return
    if fold.state != RUNNING and not (fold.state in (PAUSING, PAUSED) and scope not in fold.undoing):
        return  # only what asks for nothing new goes on in a run that rests
    if out_in(fold, scope):
        return
    if scope in fold.undoing and not undo_next(turn, scope):
        return
    if fold.states[scope] == RUNNING:
        _fail_inside(turn, scope, by, fold.causes[scope])
        return
    due = fold.due.get(scope)
    if due is not None and due > turn.at:
        return
    turn.put(f.TasksReset(tasks=tuple(fold.wiring.inside(scope)), cause="retry"))
    turn.put(f.TaskOpened(task=scope))
    for member in fold.wiring.members[scope]:
        if member in fold.held:
            turn.judge(member)
    turn.work.append(("close", scope))


def undo_failed(turn: Turn, unit: str) -> None:
    """An undo failed: the subflow that it belongs to fails, or the run itself."""
    fold = turn.fold
    scope = next((s for s in fold.wiring.enclosing(fold.task_of(unit)) if s in fold.undoing), "")
    if not scope:
        turn.put(f.RunFailed(task=unit))
    elif fold.states[scope] in (RUNNING, RETRYING):
        _fail_inside(turn, scope, unit, fold.failures[unit])


def _rest(turn: Turn) -> None:
    """The run's own end, or its rest, once all that follows has been found."""
    fold = turn.fold
    state = fold.state
    if state == FAILING:
        if not out_in(fold, "") and not fold.undos:
            turn.put(f.RunFailed(task=fold.ended_by))
    elif "" in fold.undoing and state in (REVERTING, PAUSING):
        _rest_of_undoing(turn)
    elif state in (RUNNING, PAUSING):
        if not fold.open:
            _end(turn)
        elif state == PAUSING and not fold.claims:
            turn.put(f.RunPaused(reason=fold.reason, task=fold.stuck))


def _end(turn: Turn) -> None:
    standing = turn.fold.unhandled.get("")
    turn.put(f.RunFailed(task=next(iter(standing))) if standing else f.RunSucceeded())


def _rest_of_undoing(turn: Turn) -> None:
    fold = turn.fold
    if fold.claims:
        return
    if fold.state == PAUSING and anything_left(fold, ""):
        turn.put(f.RunPaused(reason=fold.reason))
    elif fold.state == PAUSING or undo_next(turn, ""):
        turn.put(f.RunReverted())
