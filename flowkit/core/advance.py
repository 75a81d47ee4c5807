"""What follows from a message: the one place where the rules of an execution begin.

`advance(fold, message, at)` answers with the facts that follow, and has folded them in: a rule reads the run as the
facts before it left it. A
refusal that records nothing changes nothing. It must never touch a clock, a file or a user's function: whatever it has to
know is in the fold, the wiring or the message. A message costs the neighbours of its task; only what ends or resets
much names it all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import takewhile
from typing import Any

import msgspec

from .. import errors
from . import facts as f
from . import messages as m
from .answer import ACCEPTED, IGNORED, REFUSED, Answer
from .claiming import claim_next, claimable, counts, lost_failure
from .ending import settle, undo_failed
from .evolve import evolve
from .fold import Fold
from .judging import handled
from .refusals import not_ready, run_refusal, unknown
from .report import report, report_plainly
from .resetting import adopt_verb, rerun_verb, skip_verb
from .states import REVERTING, RUNNING
from .timing import fire
from .turn import Turn
from .verbs import break_verb, cancel_verb, clear_break_verb, pause_verb, reply_verb, resume_verb, revert_verb

LOSSES = 3
"""So many attempts of one unit may end with their process before it counts as failed."""


def advance(fold: Fold, message: m.Message, at: float) -> Answer:
    """The facts that follow from a message at that time (seconds since the epoch), given where the run stands; they
    are folded in.

    What is due by then happens first. Never raises for a refusal: see `Answer.error`.
    """
    kind = type(message)
    if not fold.timers or fold.timers[0][0] > at:
        # The two messages that make up nearly all of a run of small tasks, by the short way.
        if kind is m.Report:
            if (answer := report_plainly(fold, message, at)) is not None:  # type: ignore[arg-type]
                return answer
        elif kind is m.Claim and fold.state == RUNNING and message.task is None:  # type: ignore[attr-defined]
            claimed = claim_next(fold, message)  # type: ignore[arg-type]
            if claimed is None:
                return Answer(IGNORED, reason="nothing is ready")
            evolve(fold, claimed, at)
            return Answer(ACCEPTED, (claimed,))
    turn = Turn(fold, at)
    if fold.timers and fold.state:
        fire(turn)
    answer = _ADVANCE[kind](turn, message)
    if len(answer.facts) < len(turn.facts):  # what was due is recorded, whatever becomes of the message
        verdict = ACCEPTED if answer.verdict == IGNORED and kind is m.Tick else answer.verdict
        answer = msgspec.structs.replace(answer, facts=tuple(turn.facts), verdict=verdict)
    return answer


def _start(turn: Turn, message: m.Start) -> Answer:
    fold = turn.fold
    wiring, given = fold.wiring, message.results
    free = [name for name in wiring.roots if not wiring.needs[name]]
    # Those before the first that takes more: offers are made in the order of the plan.
    first = takewhile(lambda name: name in wiring.plain and not fold.breaks.get(name), free)
    plain = () if given else tuple(first)
    turn.put(
        f.RunStarted(
            flow=message.flow,
            plan=message.plan,
            inputs=message.inputs,
            target=message.target,
            results=given,
            ready=plain,
            seed=message.seed,
        )
    )
    # What was given becomes a fact before anything is offered, so that the first offers have their inputs.
    unneeded = wiring.unneeded(given) if given else ()
    for name, value in given.items():
        ready = _free_with(fold, given, unneeded) if name == next(reversed(given)) else ()
        turn.put(f.TaskSucceeded(task=name, attempt=0, value=value, via="given", ready=ready))
    if unneeded:
        turn.put(f.TaskSkipped(tasks=unneeded, reason="what needs the result was given at the start"))
    for name in wiring.roots:
        if name in fold.held:
            turn.judge(name)
    settle(turn)
    return Answer(ACCEPTED, tuple(turn.facts))


def _free_with(fold: Fold, given: Mapping[str, Any], unneeded: tuple[str, ...]) -> tuple[str, ...]:
    """The plain tasks that wait for nothing else once these results are there, up to the first that takes more."""
    wiring, gone, skipped = fold.wiring, {*given, *unneeded}, set(unneeded)
    found = []
    for name in wiring.roots:
        sources = wiring.tasks[name].sources()
        if name in gone:
            continue
        more = name not in wiring.plain or fold.breaks.get(name) or not skipped.isdisjoint(sources)
        if not more and all(source in given for source in sources):
            found.append(name)
        elif more and (not sources or not gone.isdisjoint(sources)):
            break
    return tuple(found)


def _claim(turn: Turn, message: m.Claim) -> Answer:
    fold, name = turn.fold, message.task
    if refusal := run_refusal(fold, message):
        return refusal
    if name is None:
        claimed = claim_next(fold, message)
        if claimed is None:
            return Answer(IGNORED, reason="nothing is ready")
        turn.put(claimed)
        return Answer(ACCEPTED, tuple(turn.facts))
    try:
        fold.task_of(name)
    except KeyError:
        return Answer(REFUSED, error=unknown(fold, name))
    if not claimable(fold, name):
        return Answer(REFUSED, error=errors.NotReady(not_ready(fold, name), task=name))
    turn.put(f.AttemptClaimed(task=name, attempt=fold.attempt_of(name), claimant=message.claimant))
    return Answer(ACCEPTED, tuple(turn.facts))


def _release(turn: Turn, message: m.Release) -> Answer:
    fold, name = turn.fold, message.task
    if name not in fold.claims or fold.attempts.get(name) != message.attempt:
        return Answer(IGNORED, reason="the attempt is not claimed any more")
    turn.put(f.AttemptReleased(task=name, attempt=message.attempt, reason=message.reason))
    turn.work.append(("again", name))
    settle(turn)
    return Answer(ACCEPTED, tuple(turn.facts))


def _tick(turn: Turn, message: m.Tick) -> Answer:
    fold = turn.fold
    gone = [
        name
        for name, attempt in dict.fromkeys(message.gone)
        if name in fold.claims and fold.attempts.get(name) == attempt
    ]
    # All that is gone is recorded before anything is offered again.
    again = [name for name in gone if _lose(turn, name)]
    turn.work.extend(("again", name) for name in again)
    settle(turn)
    if not turn.facts:
        return Answer(IGNORED, reason="nothing is due")
    return Answer(ACCEPTED, tuple(turn.facts))


def _lose(turn: Turn, name: str) -> bool:
    """A claimant died: again, ask a person, or fail, as the task's `on_crash` says. Returns whether it is to be
    offered again."""
    fold = turn.fold
    attempt, on_crash = fold.attempts[name], fold.plan_of(name).on_crash
    losses = fold.losses.get(name, 0) + 1
    if fold.states[name] == REVERTING:
        if losses >= LOSSES:
            failure = lost_failure(losses)
            turn.put(f.TaskRevertFailed(task=name, attempt=attempt, failure=failure, outcome="lost"))
            undo_failed(turn, name)
            return False
        turn.put(f.AttemptReleased(task=name, attempt=attempt, reason="lost"))
        return True
    if on_crash == "ask":
        turn.put(f.TaskLost(task=name, attempt=attempt))
    elif on_crash == "fail" or losses >= LOSSES or "" in fold.undoing:
        failure = lost_failure(losses)
        ok = handled(fold, name)
        turn.put(f.TaskFailed(task=name, attempt=attempt, failure=failure, outcome="lost", handled=ok))
        turn.end(name)
    else:
        turn.put(f.TaskRetrying(task=name, attempt=attempt, outcome="lost"))
        return True
    return False


def _emit(turn: Turn, message: m.Emit) -> Answer:
    if not counts(turn.fold, message.task, message.attempt):
        text = f"Attempt {message.attempt} of {message.task} counts no more: stop working and return."
        return Answer(REFUSED, error=errors.AttemptWithdrawn(text))
    turn.put(
        f.Emitted(task=message.task, attempt=message.attempt, topic=message.topic, payload=message.payload)
    )
    return Answer(ACCEPTED, tuple(turn.facts))


_ADVANCE: dict[type[m.Message], Callable[[Turn, Any], Answer]] = {
    m.Start: _start,
    m.Claim: _claim,
    m.Report: report,
    m.Release: _release,
    m.Tick: _tick,
    m.Pause: pause_verb,
    m.Resume: resume_verb,
    m.Cancel: cancel_verb,
    m.Revert: revert_verb,
    m.Break: break_verb,
    m.ClearBreak: clear_break_verb,
    m.Reply: reply_verb,
    m.Skip: skip_verb,
    m.Rerun: rerun_verb,
    m.Adopt: adopt_verb,
    m.Emit: _emit,
}
