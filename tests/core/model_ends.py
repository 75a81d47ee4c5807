"""How units end in the reference model, and what a failure brings: another try, or what the policy says."""

from __future__ import annotations

import hashlib
from typing import Any

from tests.core.model_stand import ENDED, OPEN, RESTING, Failure, Stand, Unit

LOSSES = 3

TIMEOUT = ("TimeoutError", "OSError", "Exception", "BaseException")


def close(unit: Unit) -> None:
    """Nobody works on it or waits for it."""
    unit.claimed, unit.question = False, ""
    unit.due = unit.deadline = None


def finish(s: Stand, unit: Unit, state: str) -> None:
    """It has ended; what follows from that comes when it is its turn."""
    close(unit)
    unit.state, unit.halted = state, False
    unit.mode, unit.by = "", None
    s.work.append(unit)


def succeed(s: Stand, unit: Unit, value: Any = None) -> None:
    """With a value of its own, but for groups, whose values are those of their parts."""
    unit.has, unit.value = not unit.is_group, value
    finish(s, unit, "succeeded")


def skip(s: Stand, unit: Unit) -> None:
    """Left out, with all in it that is open."""
    for part in s.inside(unit):
        if part.state in OPEN:
            close(part)
            part.state = "skipped"
    finish(s, unit, "skipped")


def cancel(unit: Unit) -> None:
    close(unit)
    unit.state, unit.mode, unit.by = "cancelled", "", None


def fail(s: Stand, unit: Unit, outcome: str, failure: Failure) -> None:
    """Failed for good. Whether somebody takes care of it is settled now."""
    s.failures += 1
    unit.failed_at, unit.failure, unit.outcome = s.failures, failure, outcome
    unit.state = "failed"
    unit.handled = unit.is_item or (not s.stopping(unit) and s.takes_care(unit))
    for part in s.inside(unit):
        if part.state in OPEN:
            close(part)
            part.state = "skipped"
    finish(s, unit, "failed")


# Attempts ---------------------------------------------------------------------------------------------------


def offer(s: Stand, unit: Unit) -> None:
    """A new attempt that somebody may take."""
    s.offers += 1
    unit.state, unit.offered, unit.begun = "ready", s.offers, True
    unit.attempt += 1
    unit.due, unit.halted = None, False
    if unit.manual and unit.shape.timeout is not None:
        unit.deadline = s.at + unit.shape.timeout


def attempt_failed(s: Stand, unit: Unit, outcome: str, failure: Failure) -> None:
    """By a report or by its time: again, if its retry says so."""
    unit.tried = True
    unit.tries += 1
    again = unit.shape.again
    if again is None or unit.tries >= again.attempts or not _matches(unit, failure) or s.stopping(unit):
        fail(s, unit, outcome, failure)
        return
    wait = delay(s, unit, unit.tries, unit.attempt)
    _retry(s, unit, s.at + wait if wait else None)


def attempt_lost(s: Stand, unit: Unit) -> None:
    """Its claimant died: a person is asked, or it fails, or it is done again, as the task says."""
    if unit.state == "reverting":
        _undo_lost(s, unit)
        return
    if unit.shape.on_crash == "ask":
        close(unit)
        unit.state = "lost"
        return
    unit.tried = True
    unit.losses += 1
    unit.gone[unit.attempt] = "lost"
    if unit.shape.on_crash == "fail" or unit.losses == LOSSES or s.undoing:
        fail(s, unit, "lost", ("flowkit.AttemptLost", ""))
        return
    _retry(s, unit, None)


def _retry(s: Stand, unit: Unit, due: float | None) -> None:
    close(unit)
    unit.state, unit.due = "retrying", due
    s.work.append(unit)  # if it is to be done at once, it is offered when it is its turn


def _undo_lost(s: Stand, unit: Unit) -> None:
    unit.losses += 1
    unit.gone[unit.attempt] = "lost"
    unit.claimed = False
    if unit.losses == LOSSES:
        undo_failed(s, unit, ("flowkit.AttemptLost", ""))
    else:
        offer_undo(s, unit)


def offer_undo(s: Stand, unit: Unit) -> None:
    s.offers += 1
    unit.offered = s.offers
    unit.attempt += 1
    unit.undo = unit.attempt


def undo_failed(s: Stand, unit: Unit, failure: Failure) -> None:
    """The run (or the subflow that was to be undone) ends there; what is left stays as it is."""
    close(unit)
    unit.state, unit.failure, unit.undo = "revert_failed", failure, 0
    group = next((g for g in s.enclosing(unit) if g.mode in ("undoing", "retrying")), None)
    if s.undoing or group is None:
        s.run, s.undoing, s.ended_by = "failed", False, s.ended_by or unit.name
    else:
        fail(s, group, "inside", within(unit))


def delay(s: Stand, unit: Unit, k: int, attempt: int) -> float:
    """Seconds to wait before repetition number k."""
    again = unit.shape.again
    assert again is not None
    wait = again.delay * again.backoff ** (k - 1)
    if again.cap is not None:
        wait = min(wait, again.cap)
    digest = hashlib.sha256(f"{s.made.seed}/{unit.name}/{attempt}".encode()).digest()
    u = int.from_bytes(digest[:8], "big") / 2**64
    return wait * (1 + again.jitter * (2 * u - 1))


def _matches(unit: Unit, failure: Failure) -> bool:
    again = unit.shape.again
    assert again is not None
    names = {name for types in failure[:-1] for name in (types, types.rpartition(".")[2])}
    return not names & set(again.not_on) and (not again.on or bool(names & set(again.on)))


# What a failure brings --------------------------------------------------------------------------------------


def policy(s: Stand, unit: Unit) -> None:
    """A failure stands that nobody takes care of."""
    if s.stopping(unit):
        return
    group = s.outer(unit)
    if group is not None and _group_retry(s, group, unit):
        return
    on_failure = s.made.on_failure if group is None else group.shape.on_failure
    if on_failure == "pause":
        # Once it was decided to go on, what only fails with the first failure is no reason to rest again.
        known = unit.outcome == "join" and s.standing(group) != [unit]
        if s.run == "running" and not known:
            rest(s)
            s.stuck = unit.name
    elif group is not None and on_failure in ("stop", "revert"):
        group.mode, group.by = ("failing" if on_failure == "stop" else "undoing"), unit
        group.why, group.wound = within(unit), s.failures
        sweep(s, group)
    elif on_failure == "stop":
        s.run, s.ended_by, s.stuck = "failing", unit.name, ""
        sweep(s, None)
    elif on_failure == "revert":
        begin_revert(s, unit.name)


def _group_retry(s: Stand, group: Unit, unit: Unit) -> bool:
    again = group.shape.again
    if again is None or unit.failure is None or not _matches(group, unit.failure):
        return False
    if group.trying >= (len(s.listed(group)) if again.each else again.attempts):
        return False
    wait = delay(s, group, group.trying, group.trying)
    group.trying += 1
    group.state, group.mode, group.by, group.wound = "retrying", "retrying", unit, s.failures
    group.due = s.at + wait if wait else None
    sweep(s, group)
    return True


def rest(s: Stand) -> None:
    s.run = "pausing" if s.claims() else "paused"


def begin_revert(s: Stand, by: str) -> None:
    """What nobody is at work on is cancelled, then all that was done is undone, step by step."""
    s.run, s.undoing, s.stuck = "reverting", True, ""
    s.ended_by = by or s.ended_by
    for unit in s.tasks:
        if unit.is_group and unit.state in OPEN:
            unit.mode, unit.by = "", None
    sweep(s, None, people=False)


def sweep(s: Stand, group: Unit | None, people: bool = True) -> None:
    """Cancel all open units in a group that nobody is at work on.

    A group in it is cancelled too, also where somebody is at work on a part of it: that part may still report.
    Functions that are
    offered to deal with a failure are kept, unless all is to be undone.
    """
    for unit in s.inside(group):
        if unit.state not in OPEN or unit.state == "lost" or unit.claimed:
            continue
        if people and unit.state == "ready" and (unit.manual or deals(s, unit)):
            continue
        if people and unit.is_each and any(_kept(s, item) for item in s.parts(unit)):
            continue
        if unit.parent and unit.state == "waiting" and unit.parent.state == "running":
            continue  # as long as others of its kind stay
        cancel(unit)


def _kept(s: Stand, item: Unit) -> bool:
    return item.state == "ready" and (item.manual or deals(s, item))


def deals(s: Stand, unit: Unit) -> bool:
    """Whether it was offered because of a failure, or gets one."""
    task = unit.parent or unit
    asked = {source for source, how, _ in task.shape.links if how != "succeeded"}
    return any(s.units[source].state == "failed" and source in asked for source in task.used or ())


# Groups -----------------------------------------------------------------------------------------------------


def end_group(s: Stand, group: Unit) -> None:
    """All parts of a group have ended, and with them the group. (A subflow that would succeed may have another round:
    not here.)"""
    parts = s.parts(group)
    failed = [part for part in parts if part.state == "failed"]
    if any(part.state in ("cancelled", "reverted", "revert_failed") for part in parts):
        cancel(group)  # it didn't come to its own end
        s.work.append(group)
    elif group.is_each and failed:
        assert failed[0].failure is not None
        text = f"{len(failed)} of {len(parts)} items failed; {failed[0].name}: {said(failed[0].failure)}"
        fail(s, group, "items", ("flowkit.ItemsFailed", text))
    elif not group.is_each and (first := s.standing(group)):
        fail(s, group, "inside", within(first[0]))
    else:
        succeed(s, group)


def said(failure: Failure) -> str:
    name = failure[0].rpartition(".")[2]
    return f"{name}: {failure[-1]}" if failure[-1] else name


def within(unit: Unit) -> Failure:
    """The failure of a subflow is that of the task in it, which it names; however deep that is, once."""
    assert unit.failure is not None
    *types, message = unit.failure
    named = unit.is_group and message.startswith(f"{unit.name}.")
    return (*types, message if named else f"{unit.name}: {message}")


def all_ended(s: Stand, group: Unit | None) -> bool:
    return all(part.state in ENDED for part in s.parts(group))


def resting(s: Stand) -> bool:
    return s.run in RESTING
