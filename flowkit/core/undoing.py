"""Undoing, one unit at a time, dependents before sources: the same for a run and for a subflow that is to be tried again."""

from __future__ import annotations

from . import facts as f
from .fold import Fold
from .states import CANCELLED, FAILED, LOST, REVERT_FAILED, REVERTING, RUNNING, SUCCEEDED
from .turn import Turn


def undo_next(turn: Turn, scope: str) -> bool:
    """Go on with the undoing of a scope. Returns whether all of it is undone; else somebody has to do, or report, an undo first."""
    fold = turn.fold
    if fold.state not in (RUNNING, REVERTING) or _under_way(fold, scope):
        return False
    while (unit := _next(fold, scope)) is not None:
        turn.put(f.TaskRevertStarted(task=unit))
        if fold.task_of(unit) in fold.wiring.undoable and unit not in fold.items:
            turn.put(f.TaskReady(task=unit, attempt=fold.attempts.get(unit, 0) + 1))
            return False
        turn.put(f.TaskReverted(task=unit))
    return True


def anything_left(fold: Fold, scope: str) -> bool:
    """Whether anything in a scope is still to be undone."""
    return _under_way(fold, scope) or _next(fold, scope) is not None


def _under_way(fold: Fold, scope: str) -> bool:
    return any(not scope or scope in fold.wiring.enclosing(fold.task_of(unit)) for unit in fold.undos)


def _next(fold: Fold, scope: str) -> str | None:
    """The unit that is to be undone next; an item before the task that it belongs to."""
    for name in fold.undoing[scope]:
        items = fold.items.get(name)
        if items is not None:
            for number in range(items.backwards - 1, -1, -1):
                if _begun(fold, f"{name}[{number}]"):
                    return f"{name}[{number}]"
        if _begun(fold, name):
            return name
    return None


def _begun(fold: Fold, unit: str) -> bool:
    """Whether something was done there, since it last waited untouched, that has not been undone."""
    state = fold.states.get(unit)
    if state in (LOST, REVERT_FAILED):
        return True
    begun = unit in fold.opened or fold.attempts.get(unit, 0) > fold.before.get(unit, 0)
    if state == CANCELLED:
        return begun and (unit in fold.tries or unit in fold.losses or unit in fold.last)
    return begun and state in (SUCCEEDED, FAILED)
