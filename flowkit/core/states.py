"""The states of tasks and runs, and every step between them, as tables.

Everything that says which state follows from which fact, and which message is taken in which state, is in this file; the
diagrams of the documentation are drawn from it. A (state, fact) that is missing below is a broken journal.
"""

from __future__ import annotations

WAITING, READY, RUNNING, RETRYING, LOST = "waiting", "ready", "running", "retrying", "lost"
SUCCEEDED, FAILED, SKIPPED, CANCELLED = "succeeded", "failed", "skipped", "cancelled"
FAILING, PAUSING, PAUSED = "failing", "pausing", "paused"

FINISHED = frozenset({SUCCEEDED, FAILED, SKIPPED, CANCELLED})
"""The states that a task (or a run) does not leave by itself."""

TASK_STATES = (WAITING, READY, RUNNING, RETRYING, LOST, SUCCEEDED, FAILED, SKIPPED, CANCELLED)
RUN_STATES = (RUNNING, PAUSING, PAUSED, FAILING, SUCCEEDED, FAILED, CANCELLED)

TASK_TABLE: dict[tuple[str, str], str] = {
    (WAITING, "TaskReady"): READY,  # all that it waits for has succeeded
    (RETRYING, "TaskReady"): READY,
    (READY, "TaskReady"): READY,  # offered again after a release, under a new attempt number
    (READY, "AttemptClaimed"): RUNNING,
    (RUNNING, "AttemptReleased"): READY,  # TaskReady with a new attempt follows
    (RUNNING, "TaskRetrying"): RETRYING,  # the claimant died
    (RUNNING, "TaskLost"): LOST,  # the same, where a person decides
    (WAITING, "TaskSucceeded"): SUCCEEDED,  # given at the start
    (READY, "TaskSucceeded"): SUCCEEDED,  # told by hand
    (RUNNING, "TaskSucceeded"): SUCCEEDED,
    (LOST, "TaskSucceeded"): SUCCEEDED,
    (READY, "TaskFailed"): FAILED,
    (RUNNING, "TaskFailed"): FAILED,
    (LOST, "TaskFailed"): FAILED,
    (WAITING, "TaskSkipped"): SKIPPED,  # all that it feeds was given
    (WAITING, "TaskCancelled"): CANCELLED,
    (READY, "TaskCancelled"): CANCELLED,
    (RUNNING, "TaskCancelled"): CANCELLED,
    (RETRYING, "TaskCancelled"): CANCELLED,
    (LOST, "TaskCancelled"): CANCELLED,
}
"""(state of a task, kind of fact) → the state that follows."""

RUN_TABLE: dict[tuple[str, str], str] = {
    ("", "RunStarted"): RUNNING,
    (RUNNING, "PauseRequested"): PAUSING,
    (RUNNING, "RunPaused"): PAUSED,  # nothing was claimed
    (PAUSING, "RunPaused"): PAUSED,
    (PAUSING, "RunResumed"): RUNNING,
    (PAUSED, "RunResumed"): RUNNING,
    (RUNNING, "RunFailing"): FAILING,
    (PAUSING, "RunFailing"): FAILING,
    (PAUSED, "RunFailing"): FAILING,  # a person reported a failure meanwhile
    (FAILING, "RunFailed"): FAILED,
    (RUNNING, "RunSucceeded"): SUCCEEDED,
    (PAUSING, "RunSucceeded"): SUCCEEDED,  # what was claimed was the last
    (RUNNING, "RunCancelled"): CANCELLED,
    (PAUSING, "RunCancelled"): CANCELLED,
    (PAUSED, "RunCancelled"): CANCELLED,
    (FAILING, "RunCancelled"): CANCELLED,
}
"""(state of a run, kind of fact) → the state that follows."""

APPLY = "apply"

TASK_VERDICTS: dict[tuple[str, str], str] = {
    (WAITING, "Claim"): "NotReady",
    (READY, "Claim"): APPLY,
    (RUNNING, "Claim"): "NotReady",  # its claimant holds it
    (RETRYING, "Claim"): "NotReady",
    (LOST, "Claim"): "NotReady",  # a person decides first
    (SUCCEEDED, "Claim"): "NotReady",
    (FAILED, "Claim"): "NotReady",
    (SKIPPED, "Claim"): "NotReady",
    (CANCELLED, "Claim"): "NotReady",
    (WAITING, "Report"): "NotReady",
    (READY, "Report"): APPLY,
    (RUNNING, "Report"): APPLY,
    (RETRYING, "Report"): "NotReady",  # between two attempts, while the run is paused
    (LOST, "Report"): APPLY,
    (SUCCEEDED, "Report"): "repeat or AlreadyCompleted",
    (FAILED, "Report"): "repeat or AlreadyCompleted",  # LateReport where it failed by being lost
    (SKIPPED, "Report"): "LateReport",
    (CANCELLED, "Report"): "LateReport",
}
"""(state of a task, message about its current attempt) → applied, or which refusal."""

_ENDED = "UsageError: the run has ended"

RUN_VERDICTS: dict[tuple[str, str], str] = {
    (RUNNING, "Claim"): APPLY,
    (PAUSING, "Claim"): "UsageError: the run is being paused",
    (PAUSED, "Claim"): "UsageError: the run is paused",
    (FAILING, "Claim"): "UsageError: a failure stands and nothing new starts",
    (RUNNING, "Pause"): APPLY,
    (PAUSING, "Pause"): "ignore: it is being paused already",
    (PAUSED, "Pause"): "ignore: it is paused already",
    (FAILING, "Pause"): "ignore: a failure stands, so nothing new starts anyway",
    (RUNNING, "Resume"): "ignore: it is not paused",
    (PAUSING, "Resume"): APPLY,
    (PAUSED, "Resume"): APPLY,
    (FAILING, "Resume"): "UsageError: a failure stands and nothing new starts",
    (RUNNING, "Cancel"): APPLY,
    (PAUSING, "Cancel"): APPLY,
    (PAUSED, "Cancel"): APPLY,
    (FAILING, "Cancel"): APPLY,
    (CANCELLED, "Cancel"): "ignore: it is cancelled already",
    (SUCCEEDED, "Cancel"): _ENDED,
    (FAILED, "Cancel"): _ENDED,
    **{(s, m): APPLY for s in (RUNNING, PAUSING, PAUSED, FAILING) for m in ("Break", "ClearBreak")},
    **{
        (s, m): _ENDED
        for s in (SUCCEEDED, FAILED, CANCELLED)
        for m in ("Claim", "Pause", "Resume", "Break", "ClearBreak")
    },
}
"""(state of a run, message) → applied, ignored with a reason, or refused with an error."""
