"""What operators ask of a run: pause, resume, cancel, undo, breakpoints; and the answers to questions."""

from __future__ import annotations

from itertools import takewhile

from .. import errors
from . import facts as f
from . import messages as m
from .answer import ACCEPTED, IGNORED, REFUSED, REPEAT, Answer
from .claiming import claim_next
from .ending import proceed, settle
from .fold import Fold
from .judging import fail, judge, pause
from .refusals import not_asked, run_refusal, unknown
from .resetting import judge_held
from .states import FAILED, READY, REVERTING, RUNNING
from .timing import due_units, offer_again
from .turn import Turn, active, cancel_untaken, open_in, standing


def pause_verb(turn: Turn, message: m.Pause) -> Answer:
    if refusal := run_refusal(turn.fold, message):
        return refusal
    turn.put(pause(turn.fold, message.note or "asked for"))
    return Answer(ACCEPTED, tuple(turn.facts))


def resume_verb(turn: Turn, message: m.Resume) -> Answer:
    fold = turn.fold
    if refusal := run_refusal(fold, message):
        return refusal
    passed = tuple(
        n
        for n, armed in fold.breaks.items()
        if armed and (fold.states[n] == READY or (n in fold.held and standing(fold, n)))
    )
    due = () if "" in fold.undoing else tuple(due_units(fold, turn.at))
    ready = () if due or "" in fold.undoing else _plain_first(fold)
    turn.put(f.RunResumed(ready=ready, passed=passed, note=message.note))
    if fold.state == RUNNING:
        for unit in due:
            if unit in fold.wiring.groups:
                proceed(turn, unit)
            elif active(fold, unit):
                offer_again(turn, unit)
        for group in tuple(fold.failing):
            proceed(turn, group)
        judge_held(turn)
    settle(turn)
    return Answer(ACCEPTED, tuple(turn.facts))


def _plain_first(fold: Fold) -> tuple[str, ...]:
    """What is held and can be offered without more ado, up to the first that takes more: the order is that of the plan."""
    wiring = fold.wiring
    held = sorted((n for n in fold.held if n in wiring.index), key=wiring.index.__getitem__)
    inside, dead, last = wiring.scope, fold.dead, fold.last
    plain = wiring.plain.difference(inside, dead, last)
    return tuple(takewhile(plain.__contains__, held))


def cancel_verb(turn: Turn, message: m.Cancel) -> Answer:
    fold = turn.fold
    if refusal := run_refusal(fold, message):
        return refusal
    names = tuple(open_in(fold, ""))
    turn.put(f.RunCancelled(note=message.note))
    if names:
        turn.put(f.TaskCancelled(tasks=names, reason="the run was cancelled"))
    return Answer(ACCEPTED, tuple(turn.facts))


def revert_verb(turn: Turn, message: m.Revert) -> Answer:
    if refusal := run_refusal(turn.fold, message):
        return refusal
    turn.put(f.RunRevertStarted(note=message.note))
    cancel_untaken(turn, "", "the run is being undone", people=False, handlers=False)
    settle(turn)
    return Answer(ACCEPTED, tuple(turn.facts))


def break_verb(turn: Turn, message: m.Break) -> Answer:
    fold, name = turn.fold, message.task
    if refusal := run_refusal(fold, message):
        return refusal
    if name not in fold.wiring.tasks:
        return Answer(REFUSED, error=_no_place(fold, name))
    if fold.breaks.get(name):
        return Answer(IGNORED, reason="there is a breakpoint already")
    turn.put(f.BreakpointSet(task=name))
    if fold.states[name] == READY and fold.state == RUNNING:
        turn.put(pause(fold, f"breakpoint before {name}"))
    return Answer(ACCEPTED, tuple(turn.facts))


def _no_place(fold: Fold, name: str) -> errors.UnknownAttempt:
    """Why no breakpoint can stand there."""
    try:
        task = fold.task_of(name)
    except KeyError:
        return unknown(fold, name)
    text = (
        f"{name} is an item, and a run pauses before all items of a task or none: run.break_before({task!r})."
    )
    return errors.UnknownAttempt(f"{text} Nothing was recorded.", task=name)


def clear_break_verb(turn: Turn, message: m.ClearBreak) -> Answer:
    fold = turn.fold
    if refusal := run_refusal(fold, message):
        return refusal
    if message.task not in fold.wiring.tasks:
        return Answer(REFUSED, error=unknown(fold, message.task))
    if message.task not in fold.breaks:
        return Answer(IGNORED, reason="there is no breakpoint")
    turn.put(f.BreakpointCleared(task=message.task))
    return Answer(ACCEPTED, tuple(turn.facts))


def reply_verb(turn: Turn, message: m.Reply) -> Answer:
    """The answer to a question. The first one counts."""
    fold, name = turn.fold, message.task
    if name not in fold.wiring.tasks:
        return Answer(REFUSED, error=unknown(fold, name))
    number = fold.asking(name, message.what)
    if message.number is not None and message.number != number:
        return _asked_before(fold, message, message.number)
    if fold.questions.get(name) != message.what:
        return _not_open(fold, message)
    if refusal := run_refusal(fold, message):
        return refusal
    if message.failure is not None:
        fail(turn, name, message.failure, "question")
    else:
        answer = message.answer
        assert answer is not None
        turn.put(
            f.QuestionAnswered(
                task=name, what=message.what, answer=answer, via=message.via, note=message.note
            )
        )
        judge(turn, name)
    settle(turn)
    if message.then is not None and fold.state in (RUNNING, REVERTING):
        claimed = claim_next(fold, message.then)
        if claimed is not None:
            turn.put(claimed)
    return Answer(ACCEPTED, tuple(turn.facts))


def _not_open(fold: Fold, message: m.Reply) -> Answer:
    """No such question is open: perhaps it was answered before."""
    name = message.task
    given: bool | int | None = fold.counts.get(name) if message.what == "each" else None
    if message.what == ("until" if name in fold.rounds else "when"):
        given = fold.answers.get(name)
    if (
        given is None
        and message.what == "when"
        and fold.states[name] == FAILED
        and message.failure is not None
    ):
        return Answer(IGNORED, reason="its decider failed before")
    if given is None or message.failure is not None:
        return Answer(REFUSED, error=errors.NotReady(not_asked(fold, name, message.what), task=name))
    return _compared(message, given)


def _asked_before(fold: Fold, message: m.Reply, number: int) -> Answer:
    """Another question is meant than the last one of its sort."""
    given = fold.replies.get((message.task, message.what, number))
    if given is None:
        text = f"{message.task} is not asked that {message.what!r} any more. Nothing was recorded."
        return Answer(REFUSED, error=errors.LateReport(text, task=message.task, sent=message.answer))
    return _compared(message, given)


def _compared(message: m.Reply, given: bool | int) -> Answer:
    """A second answer to a question: the same again is fine."""
    name = message.task
    if message.failure is None and given == message.answer:
        return Answer(REPEAT)
    text = f"{name} was answered before ({message.what}: {given}); {message.answer} is not used. Nothing was recorded."
    return Answer(
        REFUSED, error=errors.AlreadyCompleted(text, task=name, recorded=given, sent=message.answer)
    )
