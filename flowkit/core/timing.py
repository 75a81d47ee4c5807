"""What is due: retries whose delay is over, and attempts whose time is up. Every message fires these before it is looked at."""

from __future__ import annotations

import heapq

from . import facts as f
from .ending import proceed, settle
from .failure import Failure
from .fold import Fold
from .report import end_badly
from .states import RETRYING, RUNNING
from .turn import Turn, active

_TIMEOUT = ("TimeoutError", "OSError", "Exception", "BaseException")


def fire(turn: Turn) -> None:
    """Let all that is due by now happen, the earliest first. Timeouts run on while the run rests.

    A retry that can't be offered when its time is over is not looked at by every message from then on: what it waits for
    (the run to go on, somebody in the subflow to be done) offers it.
    """
    fold = turn.fold
    while fold.timers and fold.timers[0][0] <= turn.at:
        time, unit, attempt, what = heapq.heappop(fold.timers)
        if (fold.deadlines if what == "timeout" else fold.due).get(unit) != time:
            continue  # it was over before
        if what == "retry":
            _retry(turn, unit)
        elif fold.attempt_of(unit) == attempt:
            _time_out(turn, unit, attempt)


def _time_out(turn: Turn, unit: str, attempt: int) -> None:
    fold = turn.fold
    if fold.ended:
        return
    seconds = fold.plan_of(unit).timeout
    failure = Failure(_TIMEOUT, f"no result within {seconds:g} s")
    end_badly(turn, unit, attempt, failure, "timeout")
    settle(turn)


def _retry(turn: Turn, unit: str) -> None:
    """Offer a unit again, or go on with a subflow that is to be tried again."""
    fold = turn.fold
    if fold.state != RUNNING:
        return
    if unit in fold.wiring.groups:
        proceed(turn, unit)
        settle(turn)
    elif active(fold, unit) and fold.states.get(unit) == RETRYING:
        offer_again(turn, unit)


def offer_again(turn: Turn, unit: str) -> None:
    """The delay of a retry is over."""
    turn.put(f.TaskReady(task=unit, attempt=turn.fold.attempts[unit] + 1))


def due_units(fold: Fold, at: float) -> list[str]:
    """Units whose retry was due while the run rested, the earliest first."""
    return [unit for _, unit in sorted((due, unit) for unit, due in fold.due.items() if due <= at)]
