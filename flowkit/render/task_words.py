"""What can be said about one unit of a run: in words, who could move it, and with which call.

Each state of the table has its own answer, and each answer depends on where the run stands. Units that wait for
others are told of by `why`, which follows them down to their root causes.
"""

from __future__ import annotations

from collections.abc import Callable

from flowkit.core.states import (
    CANCELLED,
    FAILED,
    FINISHED,
    LOST,
    READY,
    RETRYING,
    REVERT_FAILED,
    REVERTED,
    REVERTING,
    RUNNING,
    SKIPPED,
    SUCCEEDED,
    WAITING,
)
from flowkit.render import ended_words, open_words
from flowkit.render.group_words import parted
from flowkit.render.naming import named
from flowkit.render.teller import Teller, Told
from flowkit.render.waiting_words import waiting


def told(teller: Teller, unit: str) -> Told:
    """The answer for a unit in any state but `waiting` for others."""
    fold = teller.fold
    state = fold.state_of(unit)
    if state not in FINISHED:
        if not fold.state:
            return Told(f"{named(unit)} waits: the run has not begun.")
        if fold.ended and state in (RUNNING, REVERTING):
            return Told(f"{named(unit)} was under way when the run ended.")
        if fold.ended:
            return Told(f"{named(unit)} is not started any more: the run has ended.")
    return _TELL[state](teller, unit)


def _running(teller: Teller, unit: str) -> Told:
    done_in_parts = unit in teller.wiring.groups or unit in teller.fold.items
    return parted(teller, unit, told) if done_in_parts else open_words.claimed(teller, unit)


def _retrying(teller: Teller, unit: str) -> Told:
    return parted(teller, unit, told) if unit in teller.wiring.groups else open_words.retrying(teller, unit)


def _reverting(teller: Teller, unit: str) -> Told:
    at_work = unit in teller.fold.claims
    return open_words.claimed(teller, unit) if at_work else open_words.reverting(teller, unit)


_TELL: dict[str, Callable[[Teller, str], Told]] = {
    WAITING: waiting,
    READY: open_words.ready,
    RUNNING: _running,
    RETRYING: _retrying,
    LOST: open_words.lost,
    SUCCEEDED: ended_words.succeeded,
    FAILED: ended_words.failed,
    SKIPPED: ended_words.skipped,
    CANCELLED: ended_words.cancelled,
    REVERTING: _reverting,
    REVERTED: ended_words.reverted,
    REVERT_FAILED: ended_words.revert_failed,
}
