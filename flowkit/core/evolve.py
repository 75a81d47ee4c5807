"""The door of the fold: one fact at a time changes where a run stands.

Used alike for what was just decided and for what was read from a journal.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..errors import JournalCorrupt
from . import evolve_groups as groups
from . import evolve_units as units
from . import facts as f
from .fold import Fold


def evolve(fold: Fold, fact: f.Fact, at: float) -> None:
    """Let one fact, committed at `at` (seconds since the epoch), change the fold.

    Raises JournalCorrupt when the fact can't follow from where the run stands.
    """
    evolve_all(fold, (fact,), at)


def evolve_all(fold: Fold, facts: tuple[f.Fact, ...], at: float) -> None:
    """Let the facts of one entry change the fold, in order. Otherwise as `evolve`."""
    try:
        for fact in facts:
            _CHANGES[type(fact)](fold, fact, at)
            fold.seq += 1
    except (KeyError, IndexError) as error:
        raise JournalCorrupt(
            f"Fact {fold.seq + 1}, {fact.kind}, can't follow here (run {fold.state or 'not begun'!r}, {error}). "
            "The journal is damaged from there on; read what stands before it, or restore a backup."
        ) from error
    fold.at = at


_CHANGES: dict[type[f.Fact], Callable[[Fold, Any, float], None]] = {
    f.RunStarted: units.run_started,
    f.PauseRequested: units.run_moved,
    f.RunPaused: units.run_moved,
    f.RunResumed: units.run_resumed,
    f.RunFailing: units.run_failing,
    f.RunFailed: units.run_failing,
    f.RunSucceeded: units.run_moved,
    f.RunCancelled: units.run_cancelled,
    f.BreakpointSet: units.break_set,
    f.BreakpointCleared: units.break_cleared,
    f.TaskReady: units.task_ready,
    f.AttemptClaimed: units.claimed,
    f.AttemptReleased: units.released,
    f.TaskSucceeded: units.succeeded,
    f.TaskRetrying: units.retrying,
    f.TaskLost: units.lost,
    f.TaskFailed: units.failed,
    f.TaskSkipped: units.skipped,
    f.TaskCancelled: units.cancelled,
    f.ReportRefused: units.nothing,
    f.Emitted: units.nothing,
    f.TaskOpened: groups.opened,
    f.QuestionAsked: groups.asked,
    f.QuestionAnswered: groups.answered,
    f.RoundEnded: groups.round_ended,
    f.GroupFailing: groups.group_failing,
    f.GroupRetrying: groups.group_retrying,
    f.TaskRevertStarted: groups.revert_started,
    f.TaskReverted: groups.reverted,
    f.TaskRevertFailed: groups.revert_failed,
    f.RunRevertStarted: groups.run_revert_started,
    f.RunReverted: groups.run_reverted,
    f.RunRevived: groups.run_revived,
    f.TasksReset: groups.reset,
    f.PlanAdopted: groups.adopted,
}
