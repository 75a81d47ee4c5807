"""Why a message is refused, in words that say what to do next."""

from __future__ import annotations

from difflib import get_close_matches

from .. import errors
from .answer import IGNORED, REFUSED, Answer
from .fold import Fold
from .messages import Message
from .states import APPLY, LOST, READY, RETRYING, RUN_VERDICTS, RUNNING, SUCCEEDED, WAITING


def run_refusal(fold: Fold, message: Message) -> Answer | None:
    verdict = RUN_VERDICTS[fold.state, message.kind]
    if verdict == APPLY:
        return None
    how, _, reason = verdict.partition(": ")
    if how == "ignore":
        return Answer(IGNORED, reason=reason)
    text = f"Can't {message.kind.lower()}: {reason} (it is {fold.state}). Nothing was recorded."
    return Answer(REFUSED, error=errors.UsageError(text))


def unknown(fold: Fold, name: str) -> errors.UnknownAttempt:
    near = get_close_matches(name, fold.wiring.order, 1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    return errors.UnknownAttempt(f"This run has no task {name!r}.{hint} Nothing was recorded.", task=name)


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
        return f"{name} was lost with its process; report what became of it: run.complete({name!r}, …) or run.fail."
    if state == READY:
        return f"{name} is a manual task: nobody calls it. Report its result: run.complete({name!r}, …)."
    return f"{name} is {state}. Nothing was recorded."
