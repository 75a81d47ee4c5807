"""What follows from a message: the one place where the rules of an execution begin.

`advance(fold, message)` reads and answers with the facts that follow; it changes nothing. It must never touch a clock, a file
or a user's function: whatever it has to know is in the fold, the wiring or the message. A message costs the neighbours of its
task; only the two that end everything at once (a failure under "stop", a cancel) name every open task.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .. import errors
from . import facts as f
from . import messages as m
from .answer import ACCEPTED, IGNORED, REFUSED, Answer
from .consequences import after_losses, claim_next, pause, still_open
from .failure import Failure
from .fold import Fold
from .refusals import not_ready, run_refusal, unknown
from .report import report
from .states import APPLY, FAILING, PAUSING, READY, RUNNING, TASK_VERDICTS

LOSSES = 3
"""So many attempts of one task may end with their process before the task counts as failed."""


def advance(fold: Fold, message: m.Message) -> Answer:
    """The facts that follow from a message, given where the run stands. Never raises for a refusal: see `Answer.error`."""
    return _ADVANCE[type(message)](fold, message)


def _start(fold: Fold, message: m.Start) -> Answer:
    wiring = fold.wiring
    given = message.results
    unneeded = wiring.unneeded(given) if given else ()
    gone = {*given, *unneeded}
    left = wiring.needs.copy()
    for name in given:
        for dependent in wiring.dependents[name]:
            left[dependent] -= 1
    ready = tuple(name for name in wiring.order if not left[name] and name not in gone)
    # What was given becomes a fact before anything is offered, so that the first offers have their inputs.
    first = ready if not given else ()
    found: list[f.Fact] = [
        f.RunStarted(
            flow=message.flow,
            plan=message.plan,
            inputs=message.inputs,
            target=message.target,
            results=given,
            ready=first,
        )
    ]
    if given:
        last = next(reversed(given))
        for name, value in given.items():
            offers = ready if name == last else ()
            found.append(f.TaskSucceeded(task=name, attempt=0, value=value, via="given", ready=offers))
        if unneeded:
            found.append(f.TaskSkipped(tasks=unneeded, reason="what needs the result was given at the start"))
    if len(gone) == len(wiring.order):
        found.append(f.RunSucceeded())
    return Answer(ACCEPTED, tuple(found))


def _claim(fold: Fold, message: m.Claim) -> Answer:
    name = message.task
    if fold.state != RUNNING and (refusal := run_refusal(fold, message)):
        return refusal
    if name is None:
        claimed = claim_next(fold, message)
        return Answer(IGNORED, reason="nothing is ready") if claimed is None else Answer(ACCEPTED, (claimed,))
    if name not in fold.states:
        return Answer(REFUSED, error=unknown(fold, name))
    if TASK_VERDICTS[fold.states[name], "Claim"] != APPLY or name in fold.wiring.manual:
        return Answer(REFUSED, error=errors.NotReady(not_ready(fold, name), task=name))
    attempt = fold.attempts[name]
    return Answer(ACCEPTED, (f.AttemptClaimed(task=name, attempt=attempt, claimant=message.claimant),))


def _release(fold: Fold, message: m.Release) -> Answer:
    name = message.task
    if fold.states.get(name) != RUNNING or fold.attempts.get(name) != message.attempt:
        return Answer(IGNORED, reason="the attempt is not claimed any more")
    released = f.AttemptReleased(task=name, attempt=message.attempt, reason=message.reason)
    if fold.state == FAILING:
        cancelled = f.TaskCancelled(tasks=(name,), reason=f"{fold.ended_by} failed")
        still = fold.out - 1
        return Answer(ACCEPTED, (released, cancelled, *(() if still else (f.RunFailed(task=fold.ended_by),))))
    facts: list[f.Fact] = [released, f.TaskReady(task=name, attempt=message.attempt + 1)]
    claimed = len(fold.claims) - 1
    if fold.state == PAUSING and not claimed:
        facts.append(f.RunPaused(reason=fold.reason))
    elif fold.state == RUNNING and fold.breaks.get(name):
        facts.append(pause(claimed, f"breakpoint before {name}"))
    return Answer(ACCEPTED, tuple(facts))


def _tick(fold: Fold, message: m.Tick) -> Answer:
    gone = [
        name
        for name, attempt in dict.fromkeys(message.gone)
        if fold.states.get(name) == RUNNING and fold.attempts[name] == attempt
    ]
    if not gone:
        return Answer(IGNORED, reason="nothing is due")
    lost = [_lost(fold, name) for name in gone]
    return Answer(ACCEPTED, (*lost, *after_losses(fold, lost)))


def _lost(fold: Fold, name: str) -> f.Fact:
    """A claimant died: again, ask a person, or fail, as the task's `on_crash` says."""
    attempt, on_crash = fold.attempts[name], fold.wiring.tasks[name].on_crash
    losses = fold.losses.get(name, 0) + 1
    if on_crash == "ask":
        return f.TaskLost(task=name, attempt=attempt)
    if on_crash == "fail" or losses >= LOSSES:
        text = "the process that ran it died" + (f", {losses} times in a row" if losses > 1 else "")
        failure = Failure(("flowkit.AttemptLost",), text)
        return f.TaskFailed(task=name, attempt=attempt, failure=failure, outcome="lost")
    return f.TaskRetrying(task=name, attempt=attempt, outcome="lost")


def _pause_verb(fold: Fold, message: m.Pause) -> Answer:
    return run_refusal(fold, message) or Answer(
        ACCEPTED, (pause(len(fold.claims), message.note or "asked for"),)
    )


def _resume(fold: Fold, message: m.Resume) -> Answer:
    if refusal := run_refusal(fold, message):
        return refusal
    ready = tuple(sorted(fold.held, key=fold.wiring.index.__getitem__))
    passed = tuple(
        name
        for name, armed in fold.breaks.items()
        if armed and (name in fold.held or fold.states[name] == READY)
    )
    resumed = f.RunResumed(ready=ready, passed=passed, note=message.note)
    if not fold.open:
        return Answer(ACCEPTED, (resumed, f.RunSucceeded()))
    return Answer(ACCEPTED, (resumed,))


def _cancel(fold: Fold, message: m.Cancel) -> Answer:
    if refusal := run_refusal(fold, message):
        return refusal
    names = tuple(still_open(fold))
    facts: list[f.Fact] = [f.RunCancelled(note=message.note)]
    if names:
        facts.append(f.TaskCancelled(tasks=names, reason="the run was cancelled"))
    return Answer(ACCEPTED, tuple(facts))


def _break(fold: Fold, message: m.Break) -> Answer:
    name = message.task
    if refusal := run_refusal(fold, message):
        return refusal
    if name not in fold.states:
        return Answer(REFUSED, error=unknown(fold, name))
    if fold.breaks.get(name):
        return Answer(IGNORED, reason="there is a breakpoint already")
    facts: list[f.Fact] = [f.BreakpointSet(task=name)]
    if fold.states[name] == READY and fold.state == RUNNING:
        facts.append(pause(len(fold.claims), f"breakpoint before {name}"))
    return Answer(ACCEPTED, tuple(facts))


def _clear_break(fold: Fold, message: m.ClearBreak) -> Answer:
    if refusal := run_refusal(fold, message):
        return refusal
    if message.task not in fold.states:
        return Answer(REFUSED, error=unknown(fold, message.task))
    if message.task not in fold.breaks:
        return Answer(IGNORED, reason="there is no breakpoint")
    return Answer(ACCEPTED, (f.BreakpointCleared(task=message.task),))


def _emit(fold: Fold, message: m.Emit) -> Answer:
    if not counts(fold, message.task, message.attempt):
        text = f"Attempt {message.attempt} of {message.task} counts no more: stop working and return."
        return Answer(REFUSED, error=errors.AttemptWithdrawn(text))
    fact = f.Emitted(task=message.task, attempt=message.attempt, topic=message.topic, payload=message.payload)
    return Answer(ACCEPTED, (fact,))


def counts(fold: Fold, task: str, attempt: int) -> bool:
    """Whether that attempt is claimed and may still bring the result."""
    return fold.states.get(task) == RUNNING and fold.attempts.get(task) == attempt


_ADVANCE: dict[type[m.Message], Callable[[Fold, Any], Answer]] = {
    m.Start: _start,
    m.Claim: _claim,
    m.Report: report,
    m.Release: _release,
    m.Tick: _tick,
    m.Pause: _pause_verb,
    m.Resume: _resume,
    m.Cancel: _cancel,
    m.Break: _break,
    m.ClearBreak: _clear_break,
    m.Emit: _emit,
}
