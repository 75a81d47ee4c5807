"""The lines in which units wait for drivers, and the times at which they go on by themselves.

Only facts move them, never a look: so live and refolded runs go on with the same task.
"""

from __future__ import annotations

import heapq
from collections import deque

from .fold import Fold
from .states import READY


def line_up(fold: Fold, name: str) -> None:
    """Put a unit that drivers may take at the end of the line for its priority."""
    priorities = fold.wiring.priorities
    priority = priorities.get(fold.task_of(name), 0) if priorities else 0
    if priority:
        fold.lanes.setdefault(priority, deque()).append(name)
    else:
        fold.queue.append(name)


def clear_fronts(fold: Fold) -> None:
    """Only facts move the queue, never a look at it: so live and refolded runs go on with the same task."""
    queue, states = fold.queue, fold.states
    while queue and states[queue[0]] != READY and not fold.takeable(queue[0]):
        queue.popleft()
    for lane in fold.lanes.values():
        while lane and not fold.takeable(lane[0]):
            lane.popleft()


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
