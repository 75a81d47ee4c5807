"""What the end of a source means to the links that begin there, counted for those that wait.

Counts only: whether a task goes on is judged elsewhere, and recorded. A source costs its dependents.
"""

from __future__ import annotations

from .fold import Fold
from .states import FAILED, SKIPPED, SUCCEEDED, WAITING
from .wiring import FAILS, SUCCEEDS


def settle_links(fold: Fold, source: str, how: str) -> None:
    """A source has ended: each of its links is decided, and who waits for nothing else is held until it is judged."""
    special, left, states = fold.wiring.links.get(source, {}), fold.left, fold.states
    for name in fold.wiring.dependents[source]:
        left[name] -= 1
        if why := dead_as(fold, source, how, special.get(name, SUCCEEDS)):
            fold.dead.setdefault(name, {})[source] = why
        if states[name] == WAITING and decided(fold, name):
            fold.held[name] = None


def dead_as(fold: Fold, source: str, how: str, link: str) -> str:
    """How a link ended that can't be met any more ("failed", "skipped"); empty where it is met."""
    if how == SKIPPED:
        return "" if link != FAILS and fold.wiring.tasks[source].skip == "self" else "skipped"
    if how == FAILED:
        return "failed" if link == SUCCEEDS else ""
    return "skipped" if link == FAILS else ""


def decided(fold: Fold, name: str) -> bool:
    """Whether a task's join is met or can't be met any more."""
    join = fold.wiring.tasks[name].join
    if not join:
        return not fold.left[name] or name in fold.dead
    links, gone = fold.wiring.needs[name], len(fold.dead.get(name, ()))
    return links - fold.left[name] - gone >= join or links - gone < join


def recount(fold: Fold, name: str) -> None:
    """Count a task's links anew, after sources of it were reset."""
    fold.dead.pop(name, None)
    fold.left[name] = fold.wiring.needs[name]
    for source in fold.wiring.tasks[name].sources():
        how = fold.states[source]
        if how in (SUCCEEDED, FAILED, SKIPPED):
            fold.left[name] -= 1
            if why := dead_as(fold, source, how, fold.wiring.links.get(source, {}).get(name, SUCCEEDS)):
                fold.dead.setdefault(name, {})[source] = why
    if fold.states[name] != WAITING:
        return
    if decided(fold, name) and name not in fold.questions:
        fold.held[name] = None
    else:
        fold.held.pop(name, None)
