"""What follows for the run when tasks end: its own end, its rest, or its failing.

Shared by reports, losses and verbs, so that the run's end has one definition. Reads the fold, changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable

from . import facts as f
from .fold import Fold
from .messages import Claim
from .states import FAILING, FINISHED, PAUSED, PAUSING, READY, RUNNING


def after_end(fold: Fold, name: str, halt: str | None = None) -> tuple[f.Fact, ...]:
    """What follows when the task `name` has ended and offered nothing: the run's own end, or its rest."""
    state = fold.state
    if state == FAILING:
        still = fold.out - (name in fold.claims or name in fold.people or name in fold.lost)
        return () if still else (f.RunFailed(task=fold.ended_by),)
    if fold.open == 1 and state != PAUSED:
        return (f.RunSucceeded(),)
    claimed = len(fold.claims) - (name in fold.claims)
    if halt is not None and state == RUNNING:
        return (pause(claimed, f"breakpoint before {halt}"),)
    if state == PAUSING and not claimed:
        return (f.RunPaused(reason=fold.reason),)
    return ()


def claim_next(fold: Fold, claim: Claim, offers: tuple[str, ...] = ()) -> f.AttemptClaimed | None:
    """The claim of the function task that has been ready longest, where `offers` are about to become ready too."""
    among, attempts = claim.among, fold.attempts
    for name in fold.queue:
        if fold.states[name] == READY and (among is None or name in among):
            return f.AttemptClaimed(task=name, attempt=attempts[name], claimant=claim.claimant)
    for name in offers:
        if name not in fold.wiring.manual and (among is None or name in among):
            return f.AttemptClaimed(task=name, attempt=attempts.get(name, 0) + 1, claimant=claim.claimant)
    return None


def pause(claimed: int, reason: str) -> f.Fact:
    return f.PauseRequested(reason=reason) if claimed else f.RunPaused(reason=reason)


def stop(fold: Fold, name: str) -> tuple[f.Fact, ...]:
    """The policy "stop": a failure of `name` stands, so nothing new starts; who is at work or was asked may still report."""
    if fold.state == FAILING:
        return after_end(fold, name)
    keep = {*fold.claims, *fold.people, *fold.lost}
    untaken = tuple(still_open(fold, keep | {name}))
    facts: list[f.Fact] = [f.RunFailing(task=name)]
    if untaken:
        facts.append(f.TaskCancelled(tasks=untaken, reason=f"{name} failed"))
    if not keep - {name}:
        facts.append(f.RunFailed(task=name))
    return tuple(facts)


def still_open(fold: Fold, but: Iterable[str] = ()) -> list[str]:
    skip = set(but)
    return [name for name, state in fold.states.items() if state not in FINISHED and name not in skip]


def after_losses(fold: Fold, lost: list[f.Fact]) -> tuple[f.Fact, ...]:
    """How the run stands once all claims that were gone are settled by the facts `lost`, one for each."""
    failed = [fact.task for fact in lost if isinstance(fact, f.TaskFailed)]
    again = [fact for fact in lost if isinstance(fact, f.TaskRetrying)]
    asked = len(lost) - len(failed) - len(again)
    claimed = len(fold.claims) - len(lost)
    ended_by = fold.ended_by or (failed[0] if failed else "")
    if ended_by:
        facts: list[f.Fact] = []
        untaken = tuple(fact.task for fact in again)
        if fold.state != FAILING:
            facts.append(f.RunFailing(task=ended_by))
            settled = {fact.task for fact in lost if isinstance(fact, (f.TaskFailed, f.TaskLost))}
            keep = ({*fold.claims, *fold.people, *fold.lost} | settled) - {*untaken}
            untaken = tuple(still_open(fold, keep))
        if untaken:
            facts.append(f.TaskCancelled(tasks=untaken, reason=f"{ended_by} failed"))
        if not claimed + len(fold.people) + len(fold.lost) + asked:
            facts.append(f.RunFailed(task=ended_by))
        return tuple(facts)
    if fold.state == RUNNING:
        offers = tuple(f.TaskReady(task=fact.task, attempt=fact.attempt + 1) for fact in again)
        halt = next((fact.task for fact in again if fold.breaks.get(fact.task)), None)
        return offers if halt is None else (*offers, pause(claimed, f"breakpoint before {halt}"))
    if fold.state == PAUSING and not claimed:
        return (f.RunPaused(reason=fold.reason),)
    return ()
