"""How the reference model undoes what was done: one thing at a time, last things first."""

from __future__ import annotations

from tests.core.model_ends import offer_undo
from tests.core.model_stand import Stand, Unit


def undo_next(s: Stand, group: Unit | None) -> bool:
    """Start to undo the next unit in a group (None: the run). Returns whether nothing is left to be undone."""
    if s.run in ("pausing", "paused"):
        return False
    while True:
        inside = s.inside(group)
        if any(u.claimed or u.state == "reverting" for u in inside):
            return False
        unit = next((u for u in backwards(s, group) if entered(u)), None)
        if unit is None:
            if group is None:
                s.run, s.undoing = "reverted", False
            return True
        start(s, unit)


def start(s: Stand, unit: Unit) -> None:
    if unit.state == "lost":
        unit.gone[unit.attempt] = "lost"
    unit.losses = 0
    unit.deadline = None
    if unit.shape.undo and not unit.is_group:
        unit.state = "reverting"
        offer_undo(s, unit)
    else:
        undone(unit)


def undone(unit: Unit) -> None:
    unit.state, unit.undo, unit.claimed = "reverted", 0, False
    unit.has, unit.value, unit.failure = False, None, None


def entered(unit: Unit) -> bool:
    """Whether there is anything to be undone: somebody was at work on it, to whatever end, or it was opened."""
    if unit.state in ("lost", "revert_failed"):
        return True
    if unit.state in ("succeeded", "failed"):
        return unit.begun
    return unit.state == "cancelled" and (unit.tried or unit.round > 0)


def backwards(s: Stand, group: Unit | None) -> list[Unit]:
    """All in a group in the order of its undoing: dependents before sources, of several the one later in the plan first."""
    if group is not None and group.is_each:
        return list(reversed(s.parts(group)))
    left = list(s.parts(group))
    found: list[Unit] = []
    while left:
        free = [u for u in left if not any(d in left for d in s.dependents[u.name])]
        last = free[-1]
        left.remove(last)
        if last.is_group:
            found += backwards(s, last)
        found.append(last)
    return found
