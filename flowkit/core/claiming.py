"""Who takes what is ready: claims, what is given back, and claims whose claimant is gone."""

from __future__ import annotations

from typing import Any

from . import facts as f
from .failure import Failure
from .fold import Fold
from .messages import Claim
from .states import APPLY, READY, RUNNING, TASK_VERDICTS


def claim_next(fold: Fold, claim: Claim) -> f.AttemptClaimed | None:
    """The claim of what has been ready longest (of the highest priority), among the tasks that the claimant can do."""
    among = claim.among
    if not fold.lanes:  # the common case
        for name in fold.queue:
            if (among is None or name in among) and fold.states[name] == READY:
                return f.AttemptClaimed(task=name, attempt=fold.attempts[name], claimant=claim.claimant)
            if among is None or _can(fold, name, among):
                return _claim(fold, name, claim)
        return None
    for name in fold.line():
        if among is None or _can(fold, name, among):
            return _claim(fold, name, claim)
    return None


def _can(fold: Fold, name: str, among: Any) -> bool:
    """Whether the claimant has the code: `among` holds tasks by name, and undos as (task, "revert")."""
    task = fold.task_of(name)
    return ((task, "revert") if name in fold.undos else task) in among


def _claim(fold: Fold, name: str, claim: Claim) -> f.AttemptClaimed:
    unit = fold.taken_next(name)
    return f.AttemptClaimed(task=unit, attempt=fold.attempt_of(unit), claimant=claim.claimant)


def claimable(fold: Fold, unit: str) -> bool:
    """Whether this unit may be claimed by name."""
    if fold.is_manual(unit) and unit not in fold.undos:
        return False
    verdict = TASK_VERDICTS[fold.state_of(unit), "Claim"]
    return verdict == APPLY or (verdict == "its undo" and unit in fold.undos and unit not in fold.claims)


def lost_failure(losses: int) -> Failure:
    """What an attempt failed with whose process died."""
    text = "the process that ran it died" + (f", {losses} times in a row" if losses > 1 else "")
    return Failure(("flowkit.AttemptLost",), text)


def counts(fold: Fold, task: str, attempt: int) -> bool:
    """Whether that attempt is claimed and may still bring the result."""
    return (fold.states.get(task) == RUNNING or task in fold.undos) and fold.attempts.get(task) == attempt
