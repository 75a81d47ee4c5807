"""Doing things again: what a skip, a rerun or an edited flow sets back to waiting, and how the run goes on from there."""

from __future__ import annotations

from collections.abc import Iterable

from .. import errors
from . import facts as f
from .answer import ACCEPTED, IGNORED, REFUSED, Answer
from .ending import settle
from .fold import Fold
from .judging import JOIN_NOT_MET
from .messages import Adopt, Rerun, Skip
from .refusals import run_refusal, unknown
from .states import (
    CANCELLED,
    FAILED,
    FAILING,
    FINISHED,
    PAUSED,
    REVERTED,
    REVERTING,
    RUNNING,
    SKIPPED,
    SUCCEEDED,
    WAITING,
)
from .turn import Turn, active
from .wiring import split

_RESTING = (FAILING, FAILED, SUCCEEDED, REVERTED)


def skip_verb(turn: Turn, message: Skip) -> Answer:
    """Leave a unit out. Its dependents go on as its `skip` option says."""
    fold, unit = turn.fold, message.task
    if refusal := run_refusal(fold, message):
        return refusal
    try:
        state = fold.state_of(unit)
    except KeyError:
        return Answer(REFUSED, error=unknown(fold, unit))
    if state == SKIPPED:
        return Answer(IGNORED, reason=f"{unit} is skipped already")
    if state == REVERTING or (
        state in FINISHED and state != FAILED and not (state == CANCELLED and fold.state != RUNNING)
    ):
        text = f"Can't skip {unit}: it has {_said(state)}. Nothing was recorded. run.rerun({unit!r}) does it again."
        return Answer(REFUSED, error=errors.UsageError(text))
    if fold.state in _RESTING:
        turn.put(f.RunRevived(note=message.note))
        _reset(turn, _stopped(fold) - {unit}, "skip", at_least=[unit] if state == CANCELLED else [])
    _leave_out(turn, unit, message.note)
    _go_on(turn)
    return Answer(ACCEPTED, tuple(turn.facts))


def _said(state: str) -> str:
    return {SUCCEEDED: "succeeded", REVERTED: "been undone", CANCELLED: "been cancelled"}.get(state, state)


def _leave_out(turn: Turn, unit: str, note: str) -> None:
    fold = turn.fold
    was = fold.state_of(unit)
    inside: list[str] = []
    if unit in fold.wiring.groups:
        inside = [name for name in fold.wiring.inside(unit) if fold.states[name] not in FINISHED]
    if unit in fold.items or inside:
        tasks = {unit, *inside}
        inside += [
            i
            for i, s in fold.states.items()
            if i not in fold.wiring.tasks and s not in FINISHED and fold.task_of(i) in tasks
        ]
    turn.put(f.TaskSkipped(tasks=(unit, *inside), reason=_by_hand(note)))
    if was == FAILED:
        hanging = [n for n in fold.wiring.dependents.get(unit, ()) if _failed_by_join(fold, n)]
        again = {name for name in fold.wiring.downstream(hanging) if _failed_by_join(fold, name)}
        _reset(turn, again, "skip")
    turn.end(unit)


def _by_hand(note: str) -> str:
    """Why a person left something out."""
    return f"by hand: {note}" if note else "by hand"


def _failed_by_join(fold: Fold, name: str) -> bool:
    failure = fold.failures.get(name)
    return fold.states.get(name) == FAILED and failure is not None and failure.types == (JOIN_NOT_MET,)


def _stopped(fold: Fold) -> set[str]:
    """What didn't get to run because of a failure: it waits again once that is taken care of."""
    found = set()
    for unit, state in fold.states.items():
        if (
            state == CANCELLED
            or _failed_by_join(fold, unit)
            or (fold.state == REVERTED and state == REVERTED)
        ):
            found.add(unit)
    if any(name in fold.wiring.groups for name in found):
        for name in found & fold.wiring.groups:
            found.update(n for n in fold.wiring.inside(name) if fold.states[n] == SKIPPED)
    return found


def rerun_verb(turn: Turn, message: Rerun) -> Answer:
    """Do a unit again, and what hangs on it."""
    fold, unit = turn.fold, message.task
    if refusal := run_refusal(fold, message):
        return refusal
    try:
        state, task = fold.state_of(unit), fold.task_of(unit)
    except KeyError:
        return Answer(REFUSED, error=unknown(fold, unit))
    if state == REVERTING:
        text = f"{unit} is being undone: wait for that. Nothing was recorded."
        return Answer(REFUSED, error=errors.UsageError(text))
    if message.items == "failed" and not (unit in fold.items and fold.items[unit].failed):
        text = f"{unit} has no failed items. Nothing was recorded. run.rerun({unit!r}) does all of it again."
        return Answer(REFUSED, error=errors.UsageError(text))
    units = _chosen(fold, unit, task, message)
    _put_again(turn, units, "rerun", message.note)
    return Answer(ACCEPTED, tuple(turn.facts))


def _chosen(fold: Fold, unit: str, task: str, message: Rerun) -> set[str]:
    """All that a rerun sets back."""
    wiring = fold.wiring
    if message.items == "failed":
        units = {unit, *fold.items[unit].failed}
    elif unit != task:
        units = {unit} if fold.states[task] not in FINISHED else {unit, task}
    else:
        units = {unit}
    after = (
        wiring.downstream([task]) - {task}
        if message.downstream and (task in units or unit == task)
        else set()
    )
    for scope in wiring.enclosing(task):
        if fold.states[scope] in FINISHED:
            units.add(scope)
            after |= wiring.downstream([scope]) - {scope} if message.downstream else set()
    for name in (*([unit] if unit in wiring.groups else ()), *(after & wiring.groups)):
        after.update(wiring.inside(name))
    return units | after


def adopt_verb(turn: Turn, message: Adopt) -> Answer:
    """Go on with an edited flow: what changed, and all that hangs on it, is done again."""
    fold = turn.fold
    if refusal := run_refusal(fold, message):
        return refusal
    assert fold.plans is not None
    old, new = fold.wiring, fold.plans(message.plan)
    gone = tuple(name for name in old.order if name not in new.tasks)
    turn.put(f.PlanAdopted(plan=message.plan, gone=gone, changes=message.changes, note=message.note))
    changed = {name for name in message.changes if name in new.tasks}
    fresh = [name for name in new.order if name not in old.tasks]
    units = new.downstream([*changed, *fresh]) - set(fresh)
    for name in (*changed, *fresh):
        for scope in new.enclosing(name):
            units |= {scope} | new.downstream([scope]) if fold.states[scope] in FINISHED else set()
    for name in units & new.groups:
        if name in changed or fold.states[name] == SKIPPED:
            units.update(new.inside(name))
    if not units and not fresh and fold.state in _RESTING:
        return Answer(ACCEPTED, tuple(turn.facts))
    _put_again(turn, units - set(fresh), "adopt", message.note)
    return Answer(ACCEPTED, tuple(turn.facts))


def _put_again(turn: Turn, units: set[str], cause: str, note: str) -> None:
    """Revive the run where it had ended, set the units back and go on."""
    fold = turn.fold
    if fold.state in _RESTING:
        units = units | _stopped(fold)
        turn.put(f.RunRevived(note=note))
    _reset(turn, units, cause)
    _go_on(turn)


def _reset(turn: Turn, units: Iterable[str], cause: str, at_least: Iterable[str] = ()) -> None:
    """Set back what has been begun or has ended among these, in the order of the plan; an item before nothing but its own kind."""
    fold = turn.fold
    index = fold.wiring.index
    wanted = {*units, *at_least}
    names = [u for u in wanted if fold.states.get(u, "") != WAITING or u in fold.questions or u in fold.last]
    names = [u for u in names if fold.states.get(u) != REVERTING]
    names.sort(key=lambda u: (index[u], -1) if u in index else (index[split(u)[0]], split(u)[1]))
    if names:
        turn.put(f.TasksReset(tasks=tuple(names), cause=cause))


def _go_on(turn: Turn) -> None:
    """Judge all that may go on now; a run that rested for a failure nobody has to think of any more goes on by itself."""
    fold = turn.fold
    if fold.state == PAUSED and fold.stuck and not fold.unhandled:
        turn.put(f.RunResumed())
    judge_held(turn)
    settle(turn)


def judge_held(turn: Turn) -> None:
    """Let everything be judged that waits for nothing but the run: tasks in the order of the plan, items, subflows being tried again."""
    fold = turn.fold
    for unit in sorted(fold.held, key=lambda u: fold.wiring.index.get(u, len(fold.wiring.index))):
        turn.judge(unit)
    for name in fold.items:
        if active(fold, name):
            turn.judge(name)
    for name in fold.wiring.groups:
        if fold.states[name] == RUNNING:
            turn.work.append(("close", name))
