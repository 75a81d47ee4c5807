"""One plain sentence for each fact, as the journal is shown to a person.

A sentence says what happened and what followed; it holds no time, no process and no run id, so that two
runs of one notebook show the same journal. Values are previews. Nothing here escapes for markup: whoever
shows a sentence does that.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flowkit.core import facts as f
from flowkit.core.values import preview
from flowkit.render.naming import because, cause_of_end, clipped, failure_line, listed, named, quoted

_VALUE = 60  # characters of a value


def sentence(fact: f.Fact) -> str:
    """What happened, as one sentence without its full stop."""
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


def _breakpoint_set(fact: f.BreakpointSet) -> str:
    return f"breakpoint set before {named(fact.task)}"


def _breakpoint_cleared(fact: f.BreakpointCleared) -> str:
    return f"breakpoint before {named(fact.task)} cleared"


def _task_ready(fact: f.TaskReady) -> str:
    return f"{named(fact.task)} became ready{f' again, attempt {fact.attempt}' if fact.attempt > 1 else ''}"


def _attempt_claimed(fact: f.AttemptClaimed) -> str:
    return f"{named(fact.task)} was claimed{_attempt(fact.attempt)}: it is about to run"


def _attempt_released(fact: f.AttemptReleased) -> str:
    return f"{named(fact.task)} was given back unfinished{_attempt(fact.attempt)}{_after_colon(fact.reason)}"


def _task_succeeded(fact: f.TaskSucceeded) -> str:
    how = {"hand": "succeeded by hand", "given": "was given at the start"}.get(fact.via, "succeeded")
    shown = preview(fact.value, _VALUE)
    return f"{named(fact.task)} {how}: {shown}{_note(fact.note)}{_offers(fact.ready)}"


def _task_retrying(fact: f.TaskRetrying) -> str:
    how = "died with its process" if fact.outcome == "lost" else f"ended as {clipped(fact.outcome, 40)}"
    return f"{named(fact.task)} is to be tried again: attempt {fact.attempt} {how}"


def _task_lost(fact: f.TaskLost) -> str:
    return f"{named(fact.task)} was lost with its process: a person decides"


def _task_failed(fact: f.TaskFailed) -> str:
    how = "failed by hand" if fact.via == "hand" else "failed"
    return f"{named(fact.task)} {how}: {failure_line(fact.failure)}{_note(fact.note)}"


def _task_skipped(fact: f.TaskSkipped) -> str:
    return f"{listed(fact.tasks)} {_was(fact.tasks)} skipped{_after_colon(fact.reason)}"


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


def _was(names: tuple[str, ...]) -> str:
    return "was" if len(names) == 1 else "were"


_SENTENCES: dict[type[f.Fact], Callable[[Any], str]] = {
    f.RunStarted: _run_started,
    f.PauseRequested: _pause_requested,
    f.RunPaused: _run_paused,
    f.RunResumed: _run_resumed,
    f.RunFailing: _run_failing,
    f.RunFailed: _run_failed,
    f.RunSucceeded: _run_succeeded,
    f.RunCancelled: _run_cancelled,
    f.BreakpointSet: _breakpoint_set,
    f.BreakpointCleared: _breakpoint_cleared,
    f.TaskReady: _task_ready,
    f.AttemptClaimed: _attempt_claimed,
    f.AttemptReleased: _attempt_released,
    f.TaskSucceeded: _task_succeeded,
    f.TaskRetrying: _task_retrying,
    f.TaskLost: _task_lost,
    f.TaskFailed: _task_failed,
    f.TaskSkipped: _task_skipped,
    f.TaskCancelled: _task_cancelled,
    f.ReportRefused: _report_refused,
    f.Emitted: _emitted,
}
