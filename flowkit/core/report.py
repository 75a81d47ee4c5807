"""The guarded door: what a report is worth, and what follows from an accepted one.

The order of the answers is fixed: unknown; repeat or already completed; late; not ready; invalid; accepted. Of N racing
reporters with different values exactly one is accepted, since each is judged against what the one before left in the fold.
"""

from __future__ import annotations

from .. import errors
from . import facts as f
from .answer import ACCEPTED, REFUSED, REPEAT, Answer
from .consequences import after_end, claim_next, stop
from .fold import Fold
from .messages import Report
from .refusals import not_ready, unknown
from .states import APPLY, RUNNING, TASK_VERDICTS, WAITING
from .values import preview, same

_VERDICTS = {state: verdict for (state, kind), verdict in TASK_VERDICTS.items() if kind == "Report"}


def report(fold: Fold, message: Report) -> Answer:
    """The guarded door. The order of its answers is fixed: see the class of each error."""
    name = message.task
    state = fold.states.get(name)
    if state is None:
        return Answer(REFUSED, error=unknown(fold, name))
    attempt = current = fold.attempts.get(name, 0)
    if message.attempt is not None:
        attempt = message.attempt
    if attempt != current and (attempt > current or attempt < min(current, 1)):
        text = (
            f"{name} has had {current} attempts so far; there is no attempt {attempt}. Nothing was recorded."
        )
        return Answer(REFUSED, error=errors.UnknownAttempt(text, task=name))
    if attempt != current:
        how = fold.past.get((name, attempt), "superseded")
        return _late(
            message, attempt, f"attempt {attempt} of {name} ended ({how}); attempt {current} counts now"
        )
    verdict = _VERDICTS[state]
    if verdict == APPLY:
        if message.problem is not None:
            return Answer(REFUSED, error=message.problem)
        if message.failure is not None:
            return Answer(ACCEPTED, _failed(fold, message, attempt))
        return Answer(ACCEPTED, _succeeded(fold, message, attempt))
    how = fold.past.get((name, attempt), "")
    if how and (message.attempt is not None or verdict != "NotReady"):
        return _late(message, attempt, f"attempt {attempt} of {name} ended ({how})")
    if verdict == "NotReady":
        return Answer(REFUSED, error=errors.NotReady(not_ready(fold, name), task=name))
    if verdict == "LateReport":
        return _late(
            message, attempt, f"{name} was {state}: {fold.reason or 'its result is not used any more'}"
        )
    return _compared(fold, message, attempt)


def _succeeded(fold: Fold, message: Report, attempt: int) -> tuple[f.Fact, ...]:
    name, left, states = message.task, fold.left, fold.states
    dependents = fold.wiring.dependents[name]
    offers: tuple[str, ...] = ()
    halt = None
    if dependents:
        found = []
        for dependent in dependents:
            if left[dependent] == 1 and states[dependent] == WAITING:
                found.append(dependent)
        offers = tuple(found)
        if fold.breaks:
            halt = next((d for d in offers if fold.breaks.get(d)), None)
        if halt is not None or fold.state != RUNNING:
            offers = ()
    fact = f.TaskSucceeded(
        task=name, attempt=attempt, value=message.value, via=message.via, note=message.note, ready=offers
    )
    if not offers and (more := after_end(fold, name, halt)):
        return (fact, *more)
    if message.then is not None and fold.state == RUNNING:
        claimed = claim_next(fold, message.then, offers)
        if claimed is not None:
            return (fact, claimed)
    return (fact,)


def _failed(fold: Fold, message: Report, attempt: int) -> tuple[f.Fact, ...]:
    assert message.failure is not None
    fact = f.TaskFailed(
        task=message.task, attempt=attempt, failure=message.failure, via=message.via, note=message.note
    )
    return (fact, *stop(fold, message.task))


def _compared(fold: Fold, message: Report, attempt: int) -> Answer:
    """A second report for an attempt that has an accepted one: the same again is fine, another is kept and refused."""
    name = message.task
    value, failure = fold.values.get(name), fold.failures.get(name)
    sent = message.failure
    if sent is not None:
        alike = failure is not None and (sent.types[:1], sent.message) == (failure.types[:1], failure.message)
    else:
        alike = failure is None and same(value, message.value)
    if alike:
        return Answer(REPEAT)
    held = f"failed with {failure}" if failure else f"has the result {preview(value)}"
    told = str(sent) if sent else preview(message.value)
    text = f"{name} {held}, recorded before. {told} was kept in the journal and is not used."
    error = errors.AlreadyCompleted(text, task=name, recorded=failure or value, sent=sent or message.value)
    return Answer(REFUSED, (_refused(message, attempt, "already completed"),), error)


def _late(message: Report, attempt: int, why: str) -> Answer:
    text = f"Too late: {why}. The report was kept in the journal and is not used."
    error = errors.LateReport(text, task=message.task, sent=message.failure or message.value)
    return Answer(REFUSED, (_refused(message, attempt, "late"),), error)


def _refused(message: Report, attempt: int, verdict: str) -> f.ReportRefused:
    return f.ReportRefused(
        task=message.task,
        attempt=attempt,
        verdict=verdict,
        value=message.value if message.problem is None else None,
        failure=message.failure,
        note=message.note,
    )
