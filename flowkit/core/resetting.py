"""Doing things again: what a skip, a rerun or an edited flow sets back to waiting, and how the run goes on from there."""

from __future__ import annotations

from collections.abc import Container, Iterable

from .. import errors
from . import facts as f
from .answer import ACCEPTED, IGNORED, REFUSED, Answer
from .ending import settle
from .fold import Fold
from .messages import Adopt, Rerun, Skip
from .refusals import run_refusal, unknown
from .states import (
    CANCELLED,
    FAILED,
    FAILING,
    FINISHED,
    PAUSED,
    REVERT_FAILED,
    REVERTED,
    REVERTING,
    RUNNING,
    SKIPPED,
    SUCCEEDED,
    WAITING,
)
from .turn import Turn, active
from .wiring import Wiring, split

_RESTING = (FAILING, FAILED, SUCCEEDED, REVERTED)
_CUT_SHORT = (CANCELLED, REVERTED, REVERT_FAILED)


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
        state in FINISHED and state != FAILED and not (state == CANCELLED and fold.state in _RESTING)
    ):
        text = f"Can't skip {unit}: it has {_said(state)}. Nothing was recorded. run.rerun({unit!r}) does it again."
        return Answer(REFUSED, error=errors.UsageError(text))
    if (busy := _undo_in(fold, unit)) is not None:
        return _being_undone(busy)
    if fold.state in _RESTING:
        turn.put(f.RunRevived(note=message.note))
        again = _Again(fold, (), {unit} if state == CANCELLED else (), revived=True)
        again.put(turn, "skip", but=() if state == CANCELLED else {unit})
    _leave_out(turn, unit, message.note)
    _go_on(turn)
    return Answer(ACCEPTED, tuple(turn.facts))


def _undo_in(fold: Fold, unit: str) -> str | None:
    """What is being undone in a unit that is to be left out, in a group that would be opened again then, or anywhere in a run that
    this would revive; else None."""
    groups = {unit, *(_failed_with(fold, unit)[0] if fold.states.get(unit) == FAILED else ())}
    for busy in fold.undos:
        task = fold.task_of(busy)
        if fold.state in _RESTING or not groups.isdisjoint((task, *fold.wiring.enclosing(task))):
            return busy
    return None


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
        _take_up_again(turn, unit)
    turn.end(unit)


def _take_up_again(turn: Turn, unit: str) -> None:
    """A failure is none any more: what it failed with it, around it and behind it, is judged anew."""
    fold = turn.fold
    ended, behind = _failed_with(fold, unit)
    _Again(fold, (), {*ended, *behind}).put(turn, "skip")


def _failed_with(fold: Fold, unit: str) -> tuple[list[str], set[str]]:
    """The groups around a failed unit that failed, or are failing, with it; and what failed for no other reason than that
    it, or one of these, did."""
    task = fold.task_of(unit)
    around = (*([task] if task != unit else ()), *fold.wiring.enclosing(task))
    if any(fold.states[name] in FINISHED and fold.states[name] != FAILED for name in around):
        return [], set()  # nothing in there goes on
    behind = _failed_behind(fold, task)
    ended = []
    for name in around:
        if fold.states[name] == FAILED or fold.failing.get(name, "") in {unit, *behind}:
            ended.append(name)
            behind |= _failed_behind(fold, name)
    return ended, behind


def _failed_behind(fold: Fold, name: str) -> set[str]:
    """What could not meet its join, one after another, since this task failed."""
    found: set[str] = set()
    todo = [name]
    while todo:
        for dependent in fold.wiring.dependents[todo.pop()]:
            if dependent not in found and _failed_by_join(fold, dependent):
                found.add(dependent)
                todo.append(dependent)
    return found


def _by_hand(note: str) -> str:
    """Why a person left something out."""
    return f"by hand: {note}" if note else "by hand"


def _failed_by_join(fold: Fold, name: str) -> bool:
    return fold.outcomes.get(name) == "join"


class _Again:
    """What is to be set back: `whole` units with all that is in them, `reopened` ones with what of them didn't come to its own end.

    `revived`: the run had stopped, and what that stopped waits again too.
    """

    def __init__(
        self, fold: Fold, whole: Iterable[str], reopened: Iterable[str], revived: bool = False
    ) -> None:
        self.fold, self.revived = fold, revived
        self.whole, self.reopened = set(whole), set(reopened)
        for name in fold.wiring.order:  # a subflow comes before what is in it
            if name not in self.whole and self._stopped(name):
                self.reopened.add(name)
        self.kept = {name for name in self.reopened - self.whole if name in fold.items}
        if self.kept:
            self.reopened |= {unit for unit in fold.states if self._stopped_item(unit)}

    def _stopped(self, name: str) -> bool:
        """Whether a task was kept from running, or undone, by what is to be taken back."""
        fold = self.fold
        scope = fold.wiring.scope.get(name, "")
        if not scope:
            live = self.revived
        else:
            running = fold.states[scope] == RUNNING and scope not in fold.failing
            live = scope in self.reopened or (self.revived and running)
        if not live:
            return False
        if fold.states[name] == SKIPPED:
            around = fold.states.get(scope)
            return around == SKIPPED or (around == FAILED and scope not in fold.opened)
        return fold.states[name] in _CUT_SHORT or _failed_by_join(fold, name)

    def _stopped_item(self, unit: str) -> bool:
        fold = self.fold
        if unit in fold.wiring.tasks or fold.task_of(unit) not in self.kept:
            return False
        state = fold.states[unit]
        around = fold.states[fold.task_of(unit)]
        never = around == SKIPPED or (around == FAILED and fold.task_of(unit) not in fold.opened)
        return state in _CUT_SHORT or (never and state == SKIPPED)

    def undo_under_way(self) -> str | None:
        """A unit among these that is being undone, so that none of them can be set back yet."""
        wiring = self.fold.wiring
        wanted = self.whole | self.reopened
        for unit in self.fold.undos:
            task = self.fold.task_of(unit)
            if not wanted.isdisjoint((unit, task, *wiring.enclosing(task))):
                return unit
        return None

    def put(self, turn: Turn, cause: str, but: Container[str] = ()) -> None:
        """Set back what has been begun or has ended among these, in the order of the plan."""
        fold = self.fold
        names = [u for u in self.whole | self.reopened if u not in but and not _untouched(fold, u)]
        names.sort(key=lambda unit: place(fold, unit))
        if names:
            kept = tuple(name for name in names if name in self.kept)
            turn.put(f.TasksReset(tasks=tuple(names), cause=cause, kept=kept))


def _untouched(fold: Fold, unit: str) -> bool:
    if fold.states.get(unit, "") != WAITING or unit in fold.items:
        return False
    return not any(
        unit in known for known in (fold.questions, fold.answers, fold.counts, fold.used, fold.last)
    )


def place(fold: Fold, unit: str) -> tuple[int, int]:
    """Where a unit stands in the plan; items behind their task."""
    index = fold.wiring.index
    if unit in index:
        return index[unit], -1
    name, number = split(unit)
    return index[name], number


def _being_undone(unit: str) -> Answer:
    text = f"{unit} is being undone: wait for that. Nothing was recorded."
    return Answer(REFUSED, error=errors.UsageError(text))


def rerun_verb(turn: Turn, message: Rerun) -> Answer:
    """Do a unit again, and what hangs on it."""
    fold, unit = turn.fold, message.task
    if refusal := run_refusal(fold, message):
        return refusal
    try:
        state, task = fold.state_of(unit), fold.task_of(unit)
    except KeyError:
        return Answer(REFUSED, error=unknown(fold, unit))
    if message.items == "failed" and not (unit in fold.items and fold.items[unit].failed):
        text = f"{unit} has no failed items. Nothing was recorded. run.rerun({unit!r}) does all of it again."
        return Answer(REFUSED, error=errors.UsageError(text))
    again = _chosen(fold, unit, task, message)
    if state == REVERTING or (busy := again.undo_under_way()):
        return _being_undone(unit if state == REVERTING else str(busy))
    _put_again(turn, again, "rerun", message.note)
    return Answer(ACCEPTED, tuple(turn.facts))


def _chosen(fold: Fold, unit: str, task: str, message: Rerun) -> _Again:
    """All that a rerun sets back."""
    wiring = fold.wiring
    whole, reopened = {unit}, set()
    if message.items == "failed":
        whole = set(fold.items[unit].failed)
    if task not in whole and fold.states[task] in FINISHED:
        reopened.add(task)
    after: set[str] = set()
    if message.downstream and (task in whole or task in reopened):
        after = wiring.downstream([task]) - {task}
    for scope in wiring.enclosing(task):
        if _stands_still(fold, scope):
            reopened.add(scope)
            after |= wiring.downstream([scope]) - {scope} if message.downstream else set()
    for name in (*(whole & wiring.groups), *(after & wiring.groups)):
        after.update(wiring.inside(name))
    return _Again(fold, whole | after, reopened, revived=fold.state in _RESTING)


def _stands_still(fold: Fold, scope: str) -> bool:
    """Whether nothing starts in a subflow until it is opened again: it has ended, is winding down, or is between two rounds."""
    state = fold.states.get(scope)
    return state in FINISHED or scope in fold.failing or (state == WAITING and scope in fold.last)


def adopt_verb(turn: Turn, message: Adopt) -> Answer:
    """Go on with an edited flow: what changed, and all that hangs on it, is done again."""
    fold = turn.fold
    if refusal := run_refusal(fold, message):
        return refusal
    assert fold.plans is not None
    old, new = fold.wiring, fold.plans(message.plan)
    gone = tuple(name for name in old.order if name not in new.tasks)
    changed = {name for name in message.changes if name in new.tasks}
    fresh = [name for name in new.order if name not in old.tasks]
    units, reopened = hanging(fold, new, (*changed, *fresh))
    for busy in fold.undos:
        around = (fold.task_of(busy), *old.enclosing(fold.task_of(busy)))
        if fold.state in _RESTING or not {*units, *reopened, *gone}.isdisjoint(around):
            return _being_undone(busy)
    turn.put(f.PlanAdopted(plan=message.plan, gone=gone, changes=message.changes, note=message.note))
    if not units and not fresh and fold.state in _RESTING:
        return Answer(ACCEPTED, tuple(turn.facts))
    again = _Again(fold, units - set(fresh), reopened, revived=fold.state in _RESTING)
    _put_again(turn, again, "adopt", message.note)
    return Answer(ACCEPTED, tuple(turn.facts))


def hanging(fold: Fold, new: Wiring, edited: Iterable[str]) -> tuple[set[str], set[str]]:
    """What is done again for tasks of an edited flow that changed or are new: whole units, and the subflows around them that go on.

    A subflow that hangs on one of them is done again with all that is in it, since what it takes may be another.
    """
    units, reopened = new.downstream(edited), set()
    for name in edited:
        for scope in new.enclosing(name):
            if _stands_still(fold, scope):
                reopened.add(scope)
                units |= new.downstream([scope]) - {scope}
    for name in units & new.groups:
        units.update(new.inside(name))
    return units, reopened


def _put_again(turn: Turn, again: _Again, cause: str, note: str) -> None:
    """Revive the run where it had ended, set the units back and go on."""
    if turn.fold.state in _RESTING:
        turn.put(f.RunRevived(note=note))
    again.put(turn, cause)
    _go_on(turn)


def _go_on(turn: Turn) -> None:
    """Judge all that may go on now; a run that rested for a failure nobody has to think of any more goes on by itself."""
    fold = turn.fold
    if fold.state == PAUSED and fold.stuck and not fold.unhandled:
        turn.put(f.RunResumed())
    judge_held(turn)
    settle(turn)


def judge_held(turn: Turn) -> None:
    """Let everything be judged that waits for nothing but the run: tasks in the order of the plan, items, subflows
    being tried again."""
    fold = turn.fold
    going = (name for name in fold.items if fold.states[name] == RUNNING)  # some of their items may have to
    units = [unit for unit in {*fold.held, *going} if active(fold, unit)]
    for unit in sorted(units, key=lambda unit: place(fold, unit)):
        turn.judge(unit)
    for name in sorted(fold.wiring.groups, key=fold.wiring.index.__getitem__):
        if fold.states[name] == RUNNING:
            turn.work.append(("close", name))
