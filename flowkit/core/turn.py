"""A turn of the core: the facts that follow from one message, each of them already folded in when the next is decided.

So every rule reads the run as the facts before it left it, and there is one definition of what a fact changes. A turn
that is refused has no
facts; a turn that can't be committed makes its fold worthless, which the shell then folds anew from the journal.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from itertools import chain

from . import facts as f
from .evolve import evolve
from .fold import Fold
from .states import FAILED, FINISHED, READY, REVERTING, RUNNING, SKIPPED, SUCCEEDED, WAITING


class Turn:
    """`facts` so far, and `work`: units that have ended ("end") or can be judged ("judge"), whose consequences are
    still to be found."""

    __slots__ = ("at", "facts", "fold", "work")

    def __init__(self, fold: Fold, at: float) -> None:
        self.fold = fold
        self.at = at
        self.facts: list[f.Fact] = []
        self.work: deque[tuple[str, str]] = deque()

    def put(self, fact: f.Fact) -> None:
        """Record a fact: from here on the fold knows it."""
        evolve(self.fold, fact, self.at)
        self.facts.append(fact)

    def end(self, unit: str) -> None:
        """A unit has ended: what follows is found later in this turn."""
        self.work.append(("end", unit))

    def judge(self, unit: str) -> None:
        """A unit may be able to go on: that is found out later in this turn."""
        self.work.append(("judge", unit))


def active(fold: Fold, unit: str) -> bool:
    """Whether new things may start where this unit is: in the run, and in the subflow that it is directly in."""
    if fold.state != RUNNING:
        return False
    scope = fold.scope_of(unit)
    return not scope or (fold.states[scope] == RUNNING and scope not in fold.failing)


def standing(fold: Fold, unit: str) -> bool:
    """Whether what fails there may still be tried again: nothing around it is failing, being undone or over. A pause
    doesn't matter."""
    if fold.state not in (RUNNING, "pausing", "paused") or "" in fold.undoing:
        return False
    scope = fold.scope_of(unit)
    return not scope or (fold.states[scope] == RUNNING and scope not in fold.failing)


def out_in(fold: Fold, scope: str) -> bool:
    """Whether anybody is still at work on something in a scope, however deep, was asked for it, or is to handle a
    failure in it."""
    wiring = fold.wiring
    # Nothing else is left on offer there, and without such links there need be no look at what is offered elsewhere.
    handlers = fold.line() if wiring.links else ()
    for unit in chain(fold.claims, fold.lost, fold.people, handlers):
        if unit in fold.undos:
            continue
        if not scope or scope in wiring.enclosing(fold.task_of(unit)):
            return True
    return False


_DONE = frozenset((SUCCEEDED, FAILED, SKIPPED))
"""Subflows in which nothing is left, nor out; in one that was cancelled somebody may be at work still."""


def open_in(fold: Fold, scope: str) -> list[str]:
    """What is in a scope and has not ended, in the order of definition; items that anything happened to stand behind."""
    states, tasks = fold.states, fold.wiring.tasks
    found = [
        name
        for name in fold.wiring.inside(scope, lambda group: states[group] not in _DONE)
        if states[name] not in _OVER
    ]
    if not scope:
        items = [unit for unit in states if unit not in tasks] if fold.items else []
    else:
        items = [unit for name in found if name in fold.items for unit in _touched_items(fold, name)]
    return found + [unit for unit in items if states[unit] not in _OVER]


_OVER = FINISHED | {REVERTING}


def _touched_items(fold: Fold, name: str) -> Iterator[str]:
    """The items of a task that anything happened to alone, in their order."""
    for number in range(fold.items[name].total):
        if (unit := f"{name}[{number}]") in fold.states:
            yield unit


def handles_failure(fold: Fold, unit: str) -> bool:
    """Whether what is offered of a function there uses a failed source, so that it may be done though the run is failing."""
    name = fold.task_of(unit)
    if name in fold.wiring.manual or unit in fold.wiring.groups:
        return False
    used = fold.sources_used(unit)
    return any(fold.states[source] == FAILED and source in used for source, _ in fold.wiring.tasks[name].upon)


def cancel_untaken(turn: Turn, scope: str, reason: str, people: bool = True, handlers: bool = True) -> None:
    """Cancel what is open in a scope and nobody is at work on. With `people`, what people were asked stays; with
    `handlers`, so do offers that handle a failure."""
    fold = turn.fold
    units = open_in(fold, scope)
    stay = {unit for unit in units if unit in fold.claims or unit in fold.lost}
    for unit in units:
        ready = fold.states[unit] == READY or (unit in fold.items and _untouched_offers(fold, unit))
        asked = people and (unit in fold.people or (ready and fold.is_manual(unit)))
        if asked or (ready and handlers and handles_failure(fold, unit)):
            stay |= {unit, fold.task_of(unit)}
    stay.update(waiting_items(fold, stay))  # for as long as others of their kind
    names = tuple(unit for unit in units if unit not in stay)
    if names:
        turn.put(f.TaskCancelled(tasks=names, reason=reason))


def _untouched_offers(fold: Fold, name: str) -> bool:
    """Whether items of a task are on offer that nothing has happened to yet."""
    items = fold.items[name]
    return fold.states[name] == RUNNING and items.cursor < items.offered


def skipped_with(fold: Fold, unit: str) -> tuple[str, ...]:
    """A unit, and what is in it and has not ended: members of a subflow, items that were to be done again."""
    names = [unit]
    if fold.inside.get(unit):  # else all that is in it has ended
        names += [name for name in fold.wiring.inside(unit) if fold.states[name] == WAITING]
    if fold.items:
        names += waiting_items(fold, names)
    return tuple(names)


def waiting_items(fold: Fold, names: Iterable[str]) -> list[str]:
    """The items of these tasks that wait, where something has happened to each before."""
    tasks = [name for name in dict.fromkeys(names) if name in fold.items]
    return [unit for name in tasks for unit in _touched_items(fold, name) if fold.states[unit] == WAITING]
