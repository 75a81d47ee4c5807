"""One plain sentence for each fact, as the journal is shown to a person.

A sentence says what happened and what followed; it holds no time, no process and no run id, so that two
runs of one notebook show the same journal. Values are previews. Nothing here escapes for markup: whoever
shows a sentence does that.
"""

from __future__ import annotations

from collections.abc import Callable, Sized
from typing import Any

from flowkit.core import facts as f
from flowkit.core.values import preview
from flowkit.render.naming import (
    because,
    cause_of_end,
    clipped,
    failure_line,
    is_item,
    items,
    listed,
    named,
    question,
    quoted,
    seconds,
)

_VALUE = 60  # characters of a value
_COMPOSED = ("items", "inside")  # the value is composed of those of the parts, and stands in no fact


def sentence(fact: f.Fact, at: float | None = None) -> str:
    """What happened, as one sentence without its full stop.

    `at` is when it was committed, in seconds since the epoch: with it a retry says in how many seconds it is due.
    """
    if isinstance(fact, f.TaskRetrying | f.GroupRetrying):
        return _again(fact, at)
    return _SENTENCES[type(fact)](fact)


def _run_started(fact: f.RunStarted) -> str:
    inputs = [f"{clipped(name, 40)}={preview(value, 30)}" for name, value in list(fact.inputs.items())[:3]]
    more = len(fact.inputs) - len(inputs)
    given = f" with {', '.join(inputs)}{f' and {more:,} more' if more else ''}" if inputs else ""
    target = f", for {named(fact.target)} only" if fact.target is not None else ""
    return f"a run of {quoted(fact.flow, 60)} started{given}{target}{_offers(fact.ready)}"


def _pause_requested(fact: f.PauseRequested) -> str:
    return f"pausing{_after_colon(fact.reason)}; what is running goes on to its end"


def _run_paused(fact: f.RunPaused) -> str:
    return f"paused{_after_colon(fact.reason)}"


def _run_resumed(fact: f.RunResumed) -> str:
    passed = f", past the breakpoint before {listed(fact.passed)}" if fact.passed else ""
    return f"resumed{_after_colon(fact.note)}{passed}{_offers(fact.ready)}"


def _run_failing(fact: f.RunFailing) -> str:
    return f"failing: {named(fact.task)} failed, so nothing new starts"


def _run_failed(fact: f.RunFailed) -> str:
    return f"the run failed: {named(fact.task)} failed"


def _run_succeeded(fact: f.RunSucceeded) -> str:
    return "the run succeeded"


def _run_cancelled(fact: f.RunCancelled) -> str:
    return f"the run was cancelled{_after_colon(fact.note)}"


def _run_revived(fact: f.RunRevived) -> str:
    return f"the run goes on again{_after_colon(fact.note)}"


def _run_revert_started(fact: f.RunRevertStarted) -> str:
    because_of = f", because {named(fact.task)} failed" if fact.task else ""
    return f"all that was done is being undone{because_of}{_after_colon(fact.note)}"


def _run_reverted(fact: f.RunReverted) -> str:
    return "the run is undone"


def _plan_adopted(fact: f.PlanAdopted) -> str:
    again = (
        f"; {listed(tuple(fact.changes))} {_verb(fact.changes, 'runs', 'run')} again" if fact.changes else ""
    )
    gone = f"; {listed(fact.gone)} {_verb(fact.gone, 'is', 'are')} gone" if fact.gone else ""
    return f"the run goes on with an edited flow{_after_colon(fact.note)}{again}{gone}"


def _breakpoint_set(fact: f.BreakpointSet) -> str:
    return f"breakpoint set before {named(fact.task)}"


def _breakpoint_cleared(fact: f.BreakpointCleared) -> str:
    return f"breakpoint before {named(fact.task)} cleared"


def _task_ready(fact: f.TaskReady) -> str:
    again = f" again, attempt {fact.attempt}" if fact.attempt > 1 else ""
    return f"{named(fact.task)} became ready{again}{_using(fact.sources)}"


def _task_opened(fact: f.TaskOpened) -> str:
    if fact.items is None:
        return f"{named(fact.task)} began: the tasks in it do its work{_using(fact.sources)}"
    if not fact.items:
        return f"{named(fact.task)} began, with no items{_using(fact.sources)}"
    ready = (
        "it is" if fact.items == 1 else "all" if fact.offered == fact.items else f"the first {fact.offered:,}"
    )
    return f"{named(fact.task)} began with {items(fact.items)}, {ready} ready at once{_using(fact.sources)}"


def _question_asked(fact: f.QuestionAsked) -> str:
    return f"a question: {question(fact.what, fact.task)}{_using(fact.sources)}"


def _question_answered(fact: f.QuestionAnswered) -> str:
    by = " (by hand)" if fact.via == "hand" else ""
    if fact.what == "each":
        said = f"{named(fact.task)} has {items(int(fact.answer))}"
    elif fact.what == "until":
        said = f"{named(fact.task)} {'is done with its rounds' if fact.answer else 'goes round again'}"
    else:
        said = f"{named(fact.task)} is {'' if fact.answer else 'not '}to be done"
    return f"the answer{by}: {said}{_note(fact.note)}"


def _attempt_claimed(fact: f.AttemptClaimed) -> str:
    return f"{named(fact.task)} was claimed{_attempt(fact.attempt)}: it is about to run"


def _attempt_released(fact: f.AttemptReleased) -> str:
    return f"{named(fact.task)} was given back unfinished{_attempt(fact.attempt)}{_after_colon(fact.reason)}"


def _task_succeeded(fact: f.TaskSucceeded) -> str:
    how = {
        "hand": "succeeded by hand",
        "given": "was given at the start",
        "items": "succeeded: all its items have ended",
        "inside": "succeeded: all in it has ended",
        "loop": "succeeded with its last round",
    }.get(fact.via, "succeeded")
    shown = "" if fact.via in _COMPOSED else f": {preview(fact.value, _VALUE)}"
    return f"{named(fact.task)} {how}{shown}{_note(fact.note)}{_offers(fact.ready)}"


def _round_ended(fact: f.RoundEnded) -> str:
    by = " by hand" if fact.via == "hand" else ""
    return (
        f"round {fact.round} of {named(fact.task)} ended{by}: {preview(fact.value, _VALUE)}{_note(fact.note)}"
    )


def _again(fact: f.TaskRetrying | f.GroupRetrying, at: float | None) -> str:
    if fact.due is None:
        when = " at once"
    else:
        when = "" if at is None else f" in {seconds(fact.due - at)}"
    start = f"{named(fact.task)} is to be tried again{when}"
    if isinstance(fact, f.GroupRetrying):
        return f"{start}, try {fact.number}: {named(fact.by)} failed: {failure_line(fact.failure)}"
    line = f": {failure_line(fact.failure)}" if fact.failure else ""
    how = {
        "lost": "died with its process",
        "timeout": f"took too long{line}",
        "failure": f"failed{' by hand' if fact.via == 'hand' else ''}{line}",
    }.get(fact.outcome, f"ended as {clipped(fact.outcome, 40)}")
    return f"{start}: attempt {fact.attempt} {how}{_note(fact.note)}"


def _group_failing(fact: f.GroupFailing) -> str:
    undone = ", and what was done there is undone" if fact.undo else ""
    return f"{named(fact.task)} is failing: {named(fact.by)} failed, so nothing new starts in there{undone}"


def _task_lost(fact: f.TaskLost) -> str:
    return f"{named(fact.task)} was lost with its process: a person decides"


def _task_failed(fact: f.TaskFailed) -> str:
    how = "failed by hand" if fact.via == "hand" else "failed"
    handled = "; the flow goes on from there" if fact.handled and not is_item(fact.task) else ""
    return f"{named(fact.task)} {how}: {failure_line(fact.failure)}{handled}{_note(fact.note)}"


def _task_skipped(fact: f.TaskSkipped) -> str:
    reason = f": {cause_of_end(fact.reason)}" if fact.reason else ""
    return f"{listed(fact.tasks)} {_was(fact.tasks)} skipped{reason}"


def _task_revert_started(fact: f.TaskRevertStarted) -> str:
    return f"{named(fact.task)} is being undone"


def _task_reverted(fact: f.TaskReverted) -> str:
    if not fact.attempt:
        return f"{named(fact.task)} counts as undone: nothing is to be called for it{_note(fact.note)}"
    return f"{named(fact.task)} is undone{' by hand' if fact.via == 'hand' else ''}{_note(fact.note)}"


def _task_revert_failed(fact: f.TaskRevertFailed) -> str:
    by = " by hand" if fact.via == "hand" else ""
    return f"the undo of {named(fact.task)} failed{by}: {failure_line(fact.failure)}{_note(fact.note)}"


def _tasks_reset(fact: f.TasksReset) -> str:
    why = {
        "rerun": "to be done again",
        "adopt": "because of the edited flow",
        "retry": "for the next try",
        "round": "for the next round",
        "skip": "to be judged anew",
    }.get(fact.cause, clipped(fact.cause, 40))
    return f"{listed(fact.tasks)} {_verb(fact.tasks, 'waits', 'wait')} again, {why}"


def _task_cancelled(fact: f.TaskCancelled) -> str:
    return f"{listed(fact.tasks)} {_was(fact.tasks)} cancelled: {cause_of_end(fact.reason)}"


def _report_refused(fact: f.ReportRefused) -> str:
    sent = failure_line(fact.failure) if fact.failure is not None else preview(fact.value, _VALUE)
    return (
        f"report for {named(fact.task)} refused: {clipped(fact.verdict, 40)} (sent {sent}){_note(fact.note)}"
    )


def _emitted(fact: f.Emitted) -> str:
    said = "" if fact.payload is None else f": {preview(fact.payload, _VALUE)}"
    return f"{named(fact.task)} says {clipped(fact.topic, 40)}{said}"


def _offers(names: tuple[str, ...]) -> str:
    return f"; {listed(names)} became ready" if names else ""


def _attempt(number: int) -> str:
    return f", attempt {number}" if number > 1 else ""


def _after_colon(reason: str) -> str:
    return f": {because(reason)}" if reason else ""


def _note(note: str) -> str:
    return f" (note: {clipped(note, 80)})" if note else ""


def _using(sources: tuple[str, ...] | None) -> str:
    """The sources that an attempt uses, where not all had to be there."""
    if sources is None:
        return ""
    return f", using {listed(sources)}" if sources else ", using no source"


def _was(names: tuple[str, ...]) -> str:
    return _verb(names, "was", "were")


def _verb(names: Sized, one: str, more: str) -> str:
    return one if len(names) == 1 else more


_SENTENCES: dict[type[f.Fact], Callable[[Any], str]] = {
    f.RunStarted: _run_started,
    f.PauseRequested: _pause_requested,
    f.RunPaused: _run_paused,
    f.RunResumed: _run_resumed,
    f.RunFailing: _run_failing,
    f.RunFailed: _run_failed,
    f.RunSucceeded: _run_succeeded,
    f.RunCancelled: _run_cancelled,
    f.RunRevived: _run_revived,
    f.RunRevertStarted: _run_revert_started,
    f.RunReverted: _run_reverted,
    f.PlanAdopted: _plan_adopted,
    f.BreakpointSet: _breakpoint_set,
    f.BreakpointCleared: _breakpoint_cleared,
    f.TaskReady: _task_ready,
    f.TaskOpened: _task_opened,
    f.QuestionAsked: _question_asked,
    f.QuestionAnswered: _question_answered,
    f.AttemptClaimed: _attempt_claimed,
    f.AttemptReleased: _attempt_released,
    f.TaskSucceeded: _task_succeeded,
    f.RoundEnded: _round_ended,
    f.GroupFailing: _group_failing,
    f.TaskLost: _task_lost,
    f.TaskFailed: _task_failed,
    f.TaskSkipped: _task_skipped,
    f.TaskCancelled: _task_cancelled,
    f.TaskRevertStarted: _task_revert_started,
    f.TaskReverted: _task_reverted,
    f.TaskRevertFailed: _task_revert_failed,
    f.TasksReset: _tasks_reset,
    f.ReportRefused: _report_refused,
    f.Emitted: _emitted,
}
