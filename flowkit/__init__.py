"""flowkit: watch a workflow engine think.

Define a flow of Python tasks, see it as a graph, step it, give a task its result by hand, kill the kernel, go on elsewhere. The
names below are the whole door; each is loaded when it is first used, and importing this runs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .core import Failure
    from .engine import (
        Engine,
        Event,
        Flow,
        ForEach,
        Offer,
        Receipt,
        Repeat,
        Retry,
        Run,
        Task,
        attempt,
        emit,
        failed,
        finished,
        progress,
        succeeded,
    )
    from .errors import (
        AlreadyCompleted,
        AttemptWithdrawn,
        BillStale,
        DefinitionError,
        FlowChanged,
        FlowkitError,
        InvalidValue,
        JournalError,
        LateReport,
        NoResult,
        NotReady,
        ReportRefused,
        RunExists,
        RunFailed,
        UnknownAttempt,
        UnknownRun,
        UsageError,
        ValueNotStorable,
    )
    from .journal import register

__version__ = "0.1.0"

_HOMES = {
    "Failure": "core",
    **dict.fromkeys(
        """
        Engine Event Flow ForEach Offer Receipt Repeat Retry Run Task attempt emit failed finished progress succeeded
        """.split(),
        "engine",
    ),
    "register": "journal",
}

__all__ = [
    "AlreadyCompleted",
    "AttemptWithdrawn",
    "BillStale",
    "DefinitionError",
    "Engine",
    "Event",
    "Failure",
    "Flow",
    "FlowChanged",
    "FlowkitError",
    "ForEach",
    "InvalidValue",
    "JournalError",
    "LateReport",
    "NoResult",
    "NotReady",
    "Offer",
    "Receipt",
    "Repeat",
    "ReportRefused",
    "Retry",
    "Run",
    "RunExists",
    "RunFailed",
    "Task",
    "UnknownAttempt",
    "UnknownRun",
    "UsageError",
    "ValueNotStorable",
    "attempt",
    "emit",
    "failed",
    "finished",
    "progress",
    "register",
    "succeeded",
]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f".{_HOMES.get(name, 'errors')}", __name__), name)
    if name in ("Run", "Engine", "Flow"):
        _bring_panel()
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])


def _bring_panel() -> None:
    """Let `run.live()` find the widgets, which stand above the engine and are imported only then."""
    from .engine import panel_of

    def live(run: Any) -> Any:
        from .widgets import live as show

        return show(run)

    if not panel_of:
        panel_of.append(live)
