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
    LOST,
    PAUSED,
    PAUSING,
    READY,
    RETRYING,
    RUN_VERDICTS,
    RUNNING,
    SKIPPED,
    SUCCEEDED,
    WAITING,
)

_VERBS = {"Break": "set a breakpoint", "ClearBreak": "clear a breakpoint"}

_INSTEAD = {
    PAUSING: "run.resume() goes on.",
    PAUSED: "run.resume() goes on.",
    FAILING: "What is out may still be reported, and run.cancel() ends it now.",
    SUCCEEDED: "Its result is there: run.result. To do it again, start a new run: engine.start(flow, inputs).",
    FAILED: "run.why() says what failed. To try again, start a new run: engine.start(flow, inputs).",
    CANCELLED: "Start a new run: engine.start(flow, inputs).",
}


def run_refusal(fold: Fold, message: Message) -> Answer | None:
    verdict = RUN_VERDICTS[fold.state, message.kind]
    if verdict == APPLY:
        return None
    how, _, reason = verdict.partition(": ")
    if how == "ignore":
        return Answer(IGNORED, reason=reason)
    verb = _VERBS.get(message.kind, message.kind.lower())
    text = f"Can't {verb}: {reason} (it is {fold.state}). Nothing was recorded. {_INSTEAD[fold.state]}"
    return Answer(REFUSED, error=errors.UsageError(text))


def unknown(fold: Fold, name: str) -> errors.UnknownAttempt:
    near = get_close_matches(name, fold.wiring.order, 1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    return errors.UnknownAttempt(f"This run has no task {name!r}.{hint} Nothing was recorded.", task=name)


_FINISHED = {
    SUCCEEDED: "{name} has succeeded, and is not run again: its result is there, run[{cell}].",
    FAILED: "{name} has failed: run.task({cell}).failure shows with what. To try again, start a new run.",
    SKIPPED: "{name} was skipped, since nothing needs its result. To have it run, start a new run.",
    CANCELLED: "{name} was cancelled: run.why({cell}) says why. To have it run, start a new run.",
}


def not_ready(fold: Fold, name: str) -> str:
    state = fold.states[name]
    if state == WAITING and fold.left[name]:
        sources = fold.wiring.tasks[name].sources()
        missing = [s for s in sources if fold.states[s] != SUCCEEDED]
        more = f" and {len(missing) - 5} more" if len(missing) > 5 else ""
        return f"{name} is not ready: it waits for {', '.join(missing[:5])}{more}. Nothing was recorded."
    if state in (WAITING, RETRYING):
        return f"{name} waits for the run to be resumed: run.resume(). Nothing was recorded."
    if state == RUNNING:
        return (
            f"{name} is claimed by process {fold.claims[name].pid}, which runs it now. Nothing was recorded."
        )
    if state == LOST:
        return f"{name} was lost with its process; report what became of it: run.complete({name!r}, …) or run.fail({name!r}, …)."
    if state == READY:
        return f"{name} is a manual task: nobody calls it. Report its result: run.complete({name!r}, …)."
    return f"{_FINISHED[state].format(name=name, cell=repr(name))} Nothing was recorded."
