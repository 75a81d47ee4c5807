"""The guarded door: what a report is worth, and what follows from an accepted one.

The order of the answers is fixed: unknown; repeat or already completed; late; not ready; invalid; accepted. Of N racing
reporters with different values exactly one is accepted, since each is judged against what the one before left in the fold.
"""

from __future__ import annotations

from typing import Any

from .. import errors
from . import facts as f
from .answer import ACCEPTED, REFUSED, REPEAT, Answer
from .claiming import claim_next
from .ending import settle, undo_failed
from .evolve import evolve
from .evolve_units import claimed, succeeded
from .failure import Failure
from .fold import Fold, Undone
from .judging import after_round, handled, judge
from .messages import Report
from .refusals import not_ready, unknown
from .retrying import due_after, matches
from .states import APPLY, FAILED, FAILING, REVERTING, RUNNING, SUCCEEDED, TASK_VERDICTS, WAITING
from .turn import Turn, active, standing
from .values import preview, same

_VERDICTS = {state: verdict for (state, kind), verdict in TASK_VERDICTS.items() if kind == "Report"}
_NOTHING: Any = object()


def report_plainly(fold: Fold, message: Report, at: float) -> Answer | None:
    """The common case by the short way: a task that only concerns those that wait for its success. None where it is not that case.

    The same facts as by the long way, which the tests hold it to; small tasks in memory cost twice as much without it.
    """
    name, wiring, states = message.task, fold.wiring, fold.states
    attempt = fold.attempts.get(name, 0)
    if (
        name not in wiring.simple
        or fold.state != RUNNING
        or _VERDICTS[states[name]] != APPLY
        or message.failure is not None
        or message.problem is not None
        or (message.attempt != attempt and message.attempt is not None)
        or fold.breaks
    ):
        return None
    left, plain, found = fold.left, wiring.plain, []
    for dependent in wiring.dependents[name]:
        if left[dependent] == 1 and states[dependent] == WAITING:
            if dependent not in plain:
                return None
            found.append(dependent)
    fact = f.TaskSucceeded(
        task=name,
        attempt=attempt,
        value=message.value,
        via=message.via,
        note=message.note,
        ready=tuple(found),
    )
    succeeded(fold, fact, at)
    fold.at = at
    fold.seq += 1
    if not fold.open:
        standing = fold.unhandled.get("")
        end = f.RunFailed(task=next(iter(standing))) if standing else f.RunSucceeded()
        evolve(fold, end, at)
        return Answer(ACCEPTED, (fact, end))
    then = message.then
    if then is None or (claim := claim_next(fold, then)) is None:
        return Answer(ACCEPTED, (fact,))
    claimed(fold, claim, at)
    fold.seq += 1
    return Answer(ACCEPTED, (fact, claim))


def report(turn: Turn, message: Report) -> Answer:
    """The guarded door. The order of its answers is fixed: see the class of each error."""
    fold, name = turn.fold, message.task
    try:
        fold.task_of(name)
    except KeyError:
        return Answer(REFUSED, error=unknown(fold, name))
    attempt = current = fold.attempt_of(name)
    if message.attempt is not None:
        attempt = message.attempt
    if attempt != current and (attempt > current or attempt < min(current, 1)):
        text = (
            f"{name} has had {current} attempts so far; there is no attempt {attempt}. Nothing was recorded."
        )
        return Answer(REFUSED, error=errors.UnknownAttempt(text, task=name))
    state = fold.state_of(name)
    verdict = _VERDICTS[state]
    if verdict == "its undo":
        verdict = APPLY if name in fold.undos else "NotReady"
    if attempt == current and verdict == APPLY:
        return _accepted(turn, message, attempt)
    return _refused_or_repeat(turn, message, attempt, state, verdict)


def _refused_or_repeat(turn: Turn, message: Report, attempt: int, state: str, verdict: str) -> Answer:
    """A report for an attempt that takes none: what is recorded of it decides the answer."""
    fold, name = turn.fold, message.task
    current = fold.attempt_of(name)
    if (name in fold.wiring.groups or name in fold.wiring.eaches) and fold.via.get(name) != "given":
        return Answer(REFUSED, error=errors.NotReady(not_ready(fold, name), task=name))
    recorded = fold.reports.get((name, attempt), _NOTHING)
    if recorded is _NOTHING and attempt == current and (name, attempt) not in fold.past:
        recorded = _own(fold, name, state)
    known = recorded is not _NOTHING and (attempt > 0 or state == SUCCEEDED)
    if known and (verdict != "NotReady" or attempt != current or message.attempt is not None):
        return _compared(turn, message, attempt, recorded)
    how = fold.past.get((name, attempt), "")
    if attempt != current:
        how = how or "superseded"
        return _late(
            turn, message, attempt, f"attempt {attempt} of {name} ended ({how}); attempt {current} counts now"
        )
    if how and (message.attempt is not None or verdict != "NotReady"):
        return _late(turn, message, attempt, f"attempt {attempt} of {name} ended ({how})")
    if verdict == "NotReady":
        return Answer(REFUSED, error=errors.NotReady(not_ready(fold, name), task=name))
    if verdict == "LateReport":
        why = fold.reason or "its result is not used any more"
        return _late(turn, message, attempt, f"{name} was {state}: {why}")
    if attempt > 0:
        return _late(turn, message, attempt, f"{name} was {state.replace('_', ' ')}")
    return Answer(REFUSED, error=errors.NotReady(not_ready(fold, name), task=name))


def _own(fold: Fold, name: str, state: str) -> Any:
    """What the last attempt of a unit reported, where its state says that it did."""
    if state == SUCCEEDED:
        return fold.values.get(name, _NOTHING)
    return fold.failures.get(name, _NOTHING) if state == FAILED else _NOTHING


def _accepted(turn: Turn, message: Report, attempt: int) -> Answer:
    fold, name = turn.fold, message.task
    if name in fold.wiring.groups or name in fold.wiring.eaches:
        return Answer(REFUSED, error=errors.NotReady(not_ready(fold, name), task=name))
    undo = fold.state_of(name) == REVERTING
    if message.problem is not None and not undo:
        return Answer(REFUSED, error=message.problem)
    if undo:
        _undone(turn, message, attempt)
    elif message.failure is not None:
        end_badly(turn, name, attempt, message.failure, "failure", message.via, message.note)
    else:
        _succeed(turn, message, attempt)
    settle(turn)
    if message.then is not None and fold.state in (RUNNING, FAILING, REVERTING):
        claim = claim_next(fold, message.then)
        if claim is not None:
            turn.put(claim)
    return Answer(ACCEPTED, tuple(turn.facts))


def _undone(turn: Turn, message: Report, attempt: int) -> None:
    name = message.task
    if message.failure is None:
        turn.put(f.TaskReverted(task=name, attempt=attempt, via=message.via, note=message.note))
        turn.end(name)
        return
    fact = f.TaskRevertFailed(
        task=name, attempt=attempt, failure=message.failure, via=message.via, note=message.note
    )
    turn.put(fact)
    undo_failed(turn, name)


def _succeed(turn: Turn, message: Report, attempt: int) -> None:
    fold, name = turn.fold, message.task
    task = fold.plan_of(name)
    if task.repeat is not None:
        number = fold.rounds.get(name, 0) + 1
        turn.put(
            f.RoundEnded(
                task=name,
                attempt=attempt,
                round=number,
                value=message.value,
                via=message.via,
                note=message.note,
            )
        )
        after_round(turn, name)
        return
    turn.put(
        f.TaskSucceeded(
            task=name,
            attempt=attempt,
            value=message.value,
            via=message.via,
            note=message.note,
            ready=_offers(fold, name),
        )
    )
    turn.end(name)


def _offers(fold: Fold, name: str) -> tuple[str, ...]:
    """The tasks that become ready by this success without more ado, so that no further facts have to say so.

    Only those before the first that takes more: offers are made in the order of the plan.
    """
    if not active(fold, name) or name not in fold.wiring.tasks:
        return ()
    wiring, found = fold.wiring, []
    links, plain = wiring.links.get(name, {}), wiring.plain
    for dependent in wiring.dependents[name]:
        if fold.states[dependent] != WAITING:
            continue
        if dependent in plain and dependent not in links and dependent not in fold.dead:
            if fold.left[dependent] == 1:
                if fold.breaks.get(dependent):
                    break
                found.append(dependent)
        elif fold.left[dependent] == 1 or wiring.tasks[dependent].join or dependent in links:
            break
    return tuple(found)


def end_badly(
    turn: Turn, name: str, attempt: int, failure: Failure, outcome: str, via: str = "run", note: str = ""
) -> None:
    """An attempt failed or ran out of time: another follows where the task's retry says so, else the task has failed."""
    fold = turn.fold
    retry = fold.plan_of(name).retry
    tried = fold.tries.get(name, 0) + 1
    if retry is not None and standing(fold, name) and tried < retry.attempts and matches(retry, failure):
        due = due_after(retry, tried, fold.seed, f"{name}/{attempt}", turn.at)
        turn.put(
            f.TaskRetrying(
                task=name, attempt=attempt, outcome=outcome, failure=failure, due=due, via=via, note=note
            )
        )
        if due is None:
            judge(turn, name)
        return
    turn.put(
        f.TaskFailed(
            task=name,
            attempt=attempt,
            failure=failure,
            outcome=outcome,
            handled=handled(fold, name),
            via=via,
            note=note,
        )
    )
    turn.end(name)


def _compared(turn: Turn, message: Report, attempt: int, recorded: Any) -> Answer:
    """A second report for an attempt that has an accepted one: the same again is fine, another is kept and refused."""
    name, sent = message.task, message.failure
    failure = recorded if isinstance(recorded, Failure) else None
    if recorded == Undone():
        alike = sent is None
    elif sent is not None:
        alike = failure is not None and (sent.types[:1], sent.message) == (failure.types[:1], failure.message)
    else:
        alike = failure is None and same(recorded, message.value)
    if alike:
        return Answer(REPEAT, tuple(turn.facts))
    if recorded == Undone():
        held, recorded = "is undone", None
    else:
        held = f"failed with {failure}" if failure else f"has the result {preview(recorded)}"
    told = str(sent) if sent else preview(message.value)
    text = f"{name} {held}, recorded before. {told} was kept in the journal and is not used."
    error = errors.AlreadyCompleted(text, task=name, recorded=recorded, sent=sent or message.value)
    turn.put(_refused(message, attempt, "already completed"))
    return Answer(REFUSED, tuple(turn.facts), error)


def _late(turn: Turn, message: Report, attempt: int, why: str) -> Answer:
    text = f"Too late: {why}. The report was kept in the journal and is not used."
    error = errors.LateReport(text, task=message.task, sent=message.failure or message.value)
    turn.put(_refused(message, attempt, "late"))
    return Answer(REFUSED, tuple(turn.facts), error)


def _refused(message: Report, attempt: int, verdict: str) -> f.ReportRefused:
    return f.ReportRefused(
        task=message.task,
        attempt=attempt,
        verdict=verdict,
        value=message.value if message.problem is None else None,
        failure=message.failure,
        note=message.note,
    )
