"""The one tree of errors that flowkit raises to its callers.

What a *task* raises is data (a `Failure` in the journal), never one of these. Each class says whose turn it is: the flow is
wrong (`DefinitionError`), this call is (`UsageError`), the code no longer fits the journal (`FlowChanged`), the file is in
trouble (`JournalError`), the far side is (`TransportError`). This file must import nothing of flowkit.
"""

from __future__ import annotations

from typing import Any


class FlowkitError(Exception):
    """Everything that flowkit raises to a caller."""


class DefinitionError(FlowkitError):
    """The flow is wrong. `faults` holds all of them at once, each with task, parameter, message and hint."""

    def __init__(self, message: str, faults: tuple[Any, ...] = ()) -> None:
        super().__init__(message)
        self.faults = faults


class UsageError(FlowkitError):
    """This call is wrong; nothing was recorded."""


class RunExists(UsageError):
    """A run of that id is recorded with other inputs. Choose another id, or open the recorded one."""


class UnknownRun(UsageError):
    """The journal holds no run of that id."""


class NoResult(UsageError):
    """The task (or the run) has no result to read; the message says why."""


class ReportRefused(UsageError):
    """A report was not applied. `recorded` is what the journal holds, `sent` what was reported, where they matter."""

    verdict = "refused"

    def __init__(self, message: str, *, task: str = "", recorded: Any = None, sent: Any = None) -> None:
        super().__init__(message)
        self.task = task
        self.recorded = recorded
        self.sent = sent


class UnknownAttempt(ReportRefused):
    """No such task, or a completion token that this journal never gave out."""

    verdict = "unknown"


class AlreadyCompleted(ReportRefused):
    """The attempt has an accepted report with another value. The new one is kept in the journal and not used."""

    verdict = "already completed"


class LateReport(ReportRefused):
    """The attempt ended otherwise (superseded, cancelled, the run ended). Kept in the journal, not used."""

    verdict = "late"


class NotReady(ReportRefused):
    """The task has not been reached yet, so nobody can have its result. Nothing was recorded."""

    verdict = "not ready"


class InvalidValue(ReportRefused):
    """The value does not fit the task's annotation. Nothing was recorded. `problems` lists each misfit."""

    verdict = "invalid"

    def __init__(
        self,
        message: str,
        *,
        problems: tuple[Any, ...] = (),
        task: str = "",
        recorded: Any = None,
        sent: Any = None,
    ) -> None:
        super().__init__(message, task=task, recorded=recorded, sent=sent)
        self.problems = problems


class AttemptWithdrawn(FlowkitError):
    """Raised inside a task whose attempt no longer counts (cancelled or superseded): stop working and return."""


class FlowChanged(FlowkitError):
    """The flow in this process no longer fits the plan that the run was started with."""


class BillStale(FlowChanged):
    """The run moved on since the bill was made: make it again."""


class RunFailed(FlowkitError):
    """Raised by `run.run(check=True)` when the run ended as failed. `failures` maps task names to failures."""

    def __init__(self, message: str, failures: dict[str, Any] | None = None) -> None:
        super().__init__(message)
        self.failures = failures or {}


class ValueNotStorable(FlowkitError):
    """A value has no code-free way into the journal.

    `path` is the place inside the value (`result["rows"][3]`), `type_name` the type found there, `way_out` what to do instead.
    """

    def __init__(self, message: str, *, path: str = "", type_name: str = "", way_out: str = "") -> None:
        super().__init__(message)
        self.path = path
        self.type_name = type_name
        self.way_out = way_out


class JournalError(FlowkitError):
    """The journal's file is in trouble; nothing is half-written."""


class NotAJournal(JournalError):
    """The file is no SQLite database, or a database of something else. It was not touched."""


class JournalBusy(JournalError):
    """Another process holds the file's lock for longer than the wait. Nothing was recorded; try again."""


class JournalFull(JournalError):
    """The disk is full. Nothing was recorded."""


class JournalReadOnly(JournalError):
    """The file can be read and not written: looking works, recording does not."""


class JournalCorrupt(JournalError):
    """The file, or a fact in it, is damaged. It is not written to any more."""


class JournalTooNew(JournalError):
    """The file was written by a newer flowkit than this one."""


class TransportError(FlowkitError):
    """The far side of a transport could not be reached or answered wrongly."""


class RunInterrupted(KeyboardInterrupt):
    """Somebody pressed ■ while a run was driven: the attempt was given back, nothing failed, the run can go on."""

    def _render_traceback_(self) -> list[str]:
        return [str(self)]
