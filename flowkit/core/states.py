"""The states of tasks and runs, and every step between them, as tables.

Everything that says which state follows from which fact, and which message is taken in which state, is in this file; the
diagrams of the documentation are drawn from it. A (state, fact) that is missing below is a broken journal.
"""

from __future__ import annotations

WAITING, READY, RUNNING, RETRYING, LOST = "waiting", "ready", "running", "retrying", "lost"
SUCCEEDED, FAILED, SKIPPED, CANCELLED = "succeeded", "failed", "skipped", "cancelled"
REVERTING, REVERTED, REVERT_FAILED = "reverting", "reverted", "revert_failed"
FAILING, PAUSING, PAUSED = "failing", "pausing", "paused"

FINISHED = frozenset({SUCCEEDED, FAILED, SKIPPED, CANCELLED, REVERTED, REVERT_FAILED})
"""The states that a task (or a run) does not leave by itself."""

TASK_STATES = (
    *(WAITING, READY, RUNNING, RETRYING, LOST, SUCCEEDED, FAILED, SKIPPED, CANCELLED),
    *(REVERTING, REVERTED, REVERT_FAILED),
)
RUN_STATES = (RUNNING, PAUSING, PAUSED, FAILING, REVERTING, SUCCEEDED, FAILED, CANCELLED, REVERTED)

TASK_TABLE: dict[tuple[str, str], str] = {
    (WAITING, "TaskReady"): READY,  # links and join are met, its decider said yes, a loop goes round
    (RETRYING, "TaskReady"): READY,  # the delay is over
    (READY, "TaskReady"): READY,  # offered again after a release, under a new attempt number
    (REVERTING, "TaskReady"): REVERTING,  # an undo is an attempt that lives inside the state
    (WAITING, "TaskOpened"): RUNNING,  # a subflow, or a task over items: its parts do the work
    (RETRYING, "TaskOpened"): RUNNING,  # a subflow's next try
    (WAITING, "QuestionAsked"): WAITING,
    (WAITING, "QuestionAnswered"): WAITING,
    (READY, "AttemptClaimed"): RUNNING,
    (REVERTING, "AttemptClaimed"): REVERTING,
    (RUNNING, "AttemptReleased"): READY,  # TaskReady with a new attempt follows
    (REVERTING, "AttemptReleased"): REVERTING,
    (READY, "RoundEnded"): WAITING,  # of a loop: its condition is asked next
    (RUNNING, "RoundEnded"): WAITING,
    (LOST, "RoundEnded"): WAITING,
    (READY, "TaskRetrying"): RETRYING,  # a failure was told by hand, or a manual task timed out
    (RUNNING, "TaskRetrying"): RETRYING,
    (LOST, "TaskRetrying"): RETRYING,
    (RUNNING, "TaskLost"): LOST,  # the claimant died, where a person decides
    (WAITING, "TaskSucceeded"): SUCCEEDED,  # given at the start, the end of a loop, or no items
    (READY, "TaskSucceeded"): SUCCEEDED,  # told by hand
    (RUNNING, "TaskSucceeded"): SUCCEEDED,
    (LOST, "TaskSucceeded"): SUCCEEDED,
    (WAITING, "TaskFailed"): FAILED,  # its join can't be met, or its decider raised
    (READY, "TaskFailed"): FAILED,
    (RUNNING, "TaskFailed"): FAILED,
    (RETRYING, "TaskFailed"): FAILED,  # a subflow was to be tried again, and an undo in it failed
    (LOST, "TaskFailed"): FAILED,
    (WAITING, "TaskSkipped"): SKIPPED,
    (READY, "TaskSkipped"): SKIPPED,  # from here on: by an operator
    (RUNNING, "TaskSkipped"): SKIPPED,
    (RETRYING, "TaskSkipped"): SKIPPED,
    (LOST, "TaskSkipped"): SKIPPED,
    (FAILED, "TaskSkipped"): SKIPPED,
    (WAITING, "TaskCancelled"): CANCELLED,
    (READY, "TaskCancelled"): CANCELLED,
    (RUNNING, "TaskCancelled"): CANCELLED,
    (RETRYING, "TaskCancelled"): CANCELLED,
    (LOST, "TaskCancelled"): CANCELLED,
    (RUNNING, "GroupFailing"): RUNNING,
    (RUNNING, "GroupRetrying"): RETRYING,
    (SUCCEEDED, "TaskRevertStarted"): REVERTING,
    (FAILED, "TaskRevertStarted"): REVERTING,
    (LOST, "TaskRevertStarted"): REVERTING,
    (CANCELLED, "TaskRevertStarted"): REVERTING,  # it had been begun
    (REVERT_FAILED, "TaskRevertStarted"): REVERTING,  # another try of the undo
    (REVERTING, "TaskReverted"): REVERTED,
    (REVERTING, "TaskRevertFailed"): REVERT_FAILED,
    **{(state, "TasksReset"): WAITING for state in TASK_STATES if state != REVERTING},
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
    (RUNNING, "RunFailed"): FAILED,  # under "continue", when all has ended
    (PAUSING, "RunFailed"): FAILED,
    (REVERTING, "RunFailed"): FAILED,  # an undo failed
    (RUNNING, "RunSucceeded"): SUCCEEDED,
    (PAUSING, "RunSucceeded"): SUCCEEDED,  # what was claimed was the last
    (RUNNING, "RunCancelled"): CANCELLED,
    (PAUSING, "RunCancelled"): CANCELLED,
    (PAUSED, "RunCancelled"): CANCELLED,
    (FAILING, "RunCancelled"): CANCELLED,
    (REVERTING, "PauseRequested"): PAUSING,  # RunResumed leads back to reverting then
    (REVERTING, "RunPaused"): PAUSED,
    **{
        (state, "RunRevertStarted"): REVERTING
        for state in (RUNNING, PAUSING, PAUSED, FAILING, FAILED, SUCCEEDED)
    },
    (REVERTING, "RunReverted"): REVERTED,
    (PAUSING, "RunReverted"): REVERTED,  # what was claimed was the last undo
    **{(state, "RunRevived"): RUNNING for state in (FAILING, FAILED, SUCCEEDED, REVERTED)},
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
    (REVERTING, "Claim"): "its undo",  # applied where the undo is offered
    (REVERTED, "Claim"): "NotReady",
    (REVERT_FAILED, "Claim"): "NotReady",
    (WAITING, "Report"): "NotReady",
    (READY, "Report"): APPLY,
    (RUNNING, "Report"): APPLY,
    (RETRYING, "Report"): "NotReady",  # between two attempts
    (LOST, "Report"): APPLY,
    (SUCCEEDED, "Report"): "repeat or AlreadyCompleted",
    (FAILED, "Report"): "repeat or AlreadyCompleted",  # LateReport where it failed by being lost
    (SKIPPED, "Report"): "LateReport",
    (CANCELLED, "Report"): "LateReport",
    (REVERTING, "Report"): "its undo",
    (REVERTED, "Report"): "repeat or AlreadyCompleted",
    (REVERT_FAILED, "Report"): "repeat or AlreadyCompleted",
}
"""(state of a task, message about its current attempt) → applied, or which refusal."""

_ENDED = "UsageError: the run has ended"
_UNDOING = "UsageError: the run is being undone"
_CANCELLED = "UsageError: the run was cancelled, which is for good"

_ALIVE = (RUNNING, PAUSING, PAUSED, FAILING)
_OVER = (SUCCEEDED, FAILED, CANCELLED, REVERTED)

RUN_VERDICTS: dict[tuple[str, str], str] = {
    (RUNNING, "Claim"): APPLY,
    (PAUSING, "Claim"): "UsageError: the run is being paused",
    (PAUSED, "Claim"): "UsageError: the run is paused",
    (FAILING, "Claim"): APPLY,  # all that is still offered handles the failure
    (REVERTING, "Claim"): APPLY,
    (RUNNING, "Pause"): APPLY,
    (PAUSING, "Pause"): "ignore: it is being paused already",
    (PAUSED, "Pause"): "ignore: it is paused already",
    (FAILING, "Pause"): "ignore: a failure stands, so nothing new starts anyway",
    (REVERTING, "Pause"): APPLY,
    (RUNNING, "Resume"): "ignore: it is not paused",
    (PAUSING, "Resume"): APPLY,
    (PAUSED, "Resume"): APPLY,
    (FAILING, "Resume"): "UsageError: a failure stands and nothing new starts",
    (REVERTING, "Resume"): "ignore: it is not paused",
    **{(state, "Cancel"): APPLY for state in _ALIVE},
    (REVERTING, "Cancel"): "UsageError: the run is being undone, and is better paused",
    (CANCELLED, "Cancel"): "ignore: it is cancelled already",
    **{(state, "Cancel"): _ENDED for state in (SUCCEEDED, FAILED, REVERTED)},
    **{(state, kind): APPLY for state in _ALIVE for kind in ("Break", "ClearBreak", "Reply", "Skip")},
    **{(REVERTING, kind): _UNDOING for kind in ("Break", "ClearBreak", "Reply", "Skip", "Rerun", "Adopt")},
    (FAILED, "Skip"): APPLY,
    **{
        (state, kind): APPLY
        for state in (*_ALIVE, FAILED, SUCCEEDED, REVERTED)
        for kind in ("Rerun", "Adopt")
    },
    **{(CANCELLED, kind): _CANCELLED for kind in ("Rerun", "Adopt", "Revert", "Skip")},
    **{(state, "Skip"): _ENDED for state in (SUCCEEDED, REVERTED)},
    **{(state, "Revert"): APPLY for state in (*_ALIVE, FAILED, SUCCEEDED)},
    (REVERTING, "Revert"): "ignore: it is being undone already",
    (REVERTED, "Revert"): "ignore: it is undone already",
    **{(s, m): _ENDED for s in _OVER for m in ("Claim", "Pause", "Resume", "Break", "ClearBreak", "Reply")},
}
"""(state of a run, message) → applied, ignored with a reason, or refused with an error."""
