"""Why a message is refused, in words that say what to do next."""

from __future__ import annotations

from difflib import get_close_matches

from .. import errors
from .answer import IGNORED, REFUSED, Answer
from .fold import Fold
from .messages import Message
from .states import (
    APPLY,
    CANCELLED,
    FAILED,
    FAILING,
    FINISHED,
    LOST,
    PAUSED,
    PAUSING,
    READY,
    RETRYING,
    REVERT_FAILED,
    REVERTED,
    REVERTING,
    RUN_VERDICTS,
    RUNNING,
    SKIPPED,
    SUCCEEDED,
    WAITING,
)

_VERBS = {"Break": "set a breakpoint", "ClearBreak": "clear a breakpoint", "Reply": "take the answer"}

_INSTEAD = {
    PAUSING: "run.resume() goes on.",
    PAUSED: "run.resume() goes on.",
    FAILING: "What is out may still be reported, and run.cancel() ends it now.",
    SUCCEEDED: "Its result is there: run.result. run.rerun(task) does a task of it again.",
    FAILED: "run.why() says what failed. run.rerun(task) tries again, run.skip(task) goes on without it.",
    CANCELLED: "Start a new run: engine.start(flow, inputs).",
    REVERTING: "run.pause() holds that up, and run.why() says what is still to be undone.",
    REVERTED: "run.rerun(task) does it again, or start a new run: engine.start(flow, inputs).",
}


def run_refusal(fold: Fold, message: Message) -> Answer | None:
    state = fold.state
    if "" in fold.undoing and message.kind not in ("Claim", "Pause", "Resume"):
        state = REVERTING  # also where that rests
    verdict = RUN_VERDICTS[state, message.kind]
    if verdict == APPLY:
        return None
    how, _, reason = verdict.partition(": ")
    if how == "ignore":
        return Answer(IGNORED, reason=reason)
    verb = _VERBS.get(message.kind, message.kind.lower())
    text = f"Can't {verb}: {reason} (it is {fold.state}). Nothing was recorded. {_INSTEAD[state]}"
    return Answer(REFUSED, error=errors.UsageError(text))


def unknown(fold: Fold, name: str) -> errors.UnknownAttempt:
    near = get_close_matches(name, fold.wiring.order, 1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    task = name.rpartition("[")[0]
    if task in fold.wiring.eaches:
        items = fold.items.get(task)
        hint = f" {task} has {items.total} items, from {task}[0] on." if items else f" {task} has not begun."
    return errors.UnknownAttempt(f"This run has no task {name!r}.{hint} Nothing was recorded.", task=name)


_FINISHED = {
    SUCCEEDED: "{name} has succeeded, and is not run again: its result is there, run[{cell}]. run.rerun({cell}) does it again.",
    FAILED: "{name} has failed: run.task({cell}).failure shows with what. run.rerun({cell}) tries it again.",
    SKIPPED: "{name} was skipped: run.why({cell}) says why. run.rerun({cell}) has it judged again.",
    CANCELLED: "{name} was cancelled: run.why({cell}) says why. run.rerun({cell}) does it after all.",
    REVERTED: "{name} has been undone. run.rerun({cell}) does it again.",
    REVERT_FAILED: "The undo of {name} has failed: run.task({cell}).failure shows with what. run.revert() tries again.",
}


def not_ready(fold: Fold, name: str) -> str:
    """Why a unit can't be claimed or reported now."""
    state, task = fold.state_of(name), fold.task_of(name)
    if state in _FINISHED:
        return f"{_FINISHED[state].format(name=name, cell=repr(name))} Nothing was recorded."
    if name in fold.wiring.groups:
        inner = next(iter(fold.wiring.members[name]), "none yet")
        return f"{name} is a subflow: the tasks in it do its work, such as {inner}. Nothing was recorded."
    if name in fold.wiring.eaches and state == RUNNING:
        return f"{name} is done item by item: {name}[0], {name}[1] and so on. Nothing was recorded."
    if name in fold.claims:
        undo = "the undo of " if state == REVERTING else ""
        return f"{undo}{name} is claimed by process {fold.claims[name].pid}, which runs it now. Nothing was recorded."
    if state == REVERTING:
        return f"{name} is being undone. Nothing was recorded."
    if state == LOST:
        return f"{name} was lost with its process; report what became of it: run.complete({name!r}, …) or run.fail({name!r}, …)."
    if state == READY:
        return f"{name} is a manual task: nobody calls it. Report its result: run.complete({name!r}, …)."
    return f"{_waits(fold, name, task, state)} Nothing was recorded."


def _waits(fold: Fold, name: str, task: str, state: str) -> str:
    if state == RETRYING and name in fold.due:
        return f"{name} failed and is tried again when its delay is over: run.tick() looks, run.rerun({name!r}) does it at once."
    if name in fold.questions:
        way = f"run.step() or run.complete({name!r}, True)"
        return f"{name} is not ready: its {fold.questions[name]!r} has to be answered first, by {way}."
    if name != task:
        return f"{name} is not ready: other items of {task} come first."
    if state == WAITING and (missing := _missing(fold, name)):
        more = f" and {len(missing) - 5} more" if len(missing) > 5 else ""
        return f"{name} is not ready: it waits for {', '.join(missing[:5])}{more}."
    scope = fold.scope_of(name)
    if scope and fold.states[scope] != RUNNING:
        return f"{name} is not ready: {scope}, the subflow that it is in, is {fold.states[scope]}."
    return f"{name} waits for the run to be resumed: run.resume()."


def _missing(fold: Fold, name: str) -> list[str]:
    """The sources that have not ended yet, as far as anything is missing at all."""
    if not fold.left[name]:
        return []
    return [s for s in fold.wiring.tasks[name].sources() if fold.states[s] not in FINISHED]


def not_asked(fold: Fold, name: str, what: str) -> str:
    """Why an answer is of no use now."""
    open_now = fold.questions.get(name)
    if open_now is not None:
        return f"{name} is asked {open_now!r} now, not {what!r}. Nothing was recorded."
    return f"{name} is not asked {what!r} now: it is {fold.states[name]}. Nothing was recorded."
