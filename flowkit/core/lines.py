"""The lines in which units wait for drivers, and the times at which they go on by themselves.

A line holds exactly what may be taken: who is taken, ends or is set back leaves it at once, wherever it stands. Only facts
move lines, never a look: so live and refolded runs go on with the same task.
"""

from __future__ import annotations

import heapq
from collections import OrderedDict

from .fold import Fold
from .wiring import split


def line_up(fold: Fold, name: str) -> None:
    """Put a unit that drivers may take at the end of its line; one that stands there already keeps its place."""
    if not fold.wiring.priorities:
        fold.queue[name] = None
        return
    priority = _priority(fold, name)
    if priority not in fold.lanes:
        fold.lanes[priority] = OrderedDict()
        heapq.heappush(fold.heights, -priority)
    fold.lanes[priority][name] = None


def leave_line(fold: Fold, name: str) -> None:
    """A unit can't be taken any more."""
    if not fold.lanes:
        fold.queue.pop(name, None)
        return
    priority = _priority(fold, name)
    lane = fold.lanes.get(priority)
    if lane is not None and lane.pop(name, "") is None and not lane:
        del fold.lanes[priority]
        while fold.heights and -fold.heights[0] not in fold.lanes:
            heapq.heappop(fold.heights)


def _priority(fold: Fold, unit: str) -> int:
    priorities = fold.wiring.priorities
    return priorities.get(unit if unit in fold.wiring.tasks else split(unit)[0], 0)


def line_up_anew(fold: Fold) -> None:
    """After priorities have changed: all that stand in lines, in the order in which they would have been taken."""
    names = list(fold.line())
    fold.queue.clear()
    fold.lanes.clear()
    fold.heights.clear()
    for name in names:
        line_up(fold, name)


def start_deadline(fold: Fold, unit: str, at: float) -> None:
    """Begin the time that an attempt has, where its task says so."""
    if fold.wiring.timeouts:
        seconds = fold.wiring.timeouts.get(fold.task_of(unit))
        if seconds is not None:
            fold.deadlines[unit] = at + seconds
            heapq.heappush(fold.timers, (at + seconds, unit, fold.attempt_of(unit), "timeout"))


def set_due(fold: Fold, unit: str, due: float | None) -> None:
    """Remember when a unit goes on by itself; without a time it is only held by the run."""
    if due is None:
        fold.held[unit] = None
    else:
        fold.due[unit] = due
        heapq.heappush(fold.timers, (due, unit, fold.attempt_of(unit), "retry"))
