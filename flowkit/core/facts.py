"""The facts that a journal holds: what happened, in the past tense, frozen.

A fact records its *consequences* too (`ready` names the tasks that it made ready), so that folding needs no rule and an old
journal folds alike for ever. Run, seq, time and author stand beside a fact, in its entry. Values are stored values
(`flowkit.core.values`); `gc=False` is right because no fact can sit in a cycle.
"""

from typing import Any, ClassVar

import msgspec

from .failure import Failure


class Claimant(msgspec.Struct, frozen=True, gc=False):
    """Who is about to enter an attempt: enough to tell later whether that process still lives."""

    boot: str
    space: str  # the pid namespace: a pid means something only inside it
    pid: int
    born: str  # the process's start, since pids are used again
    driver: str  # one driver inside the process


class Fact(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Common to all facts: `task` and `attempt` where a fact speaks of one."""

    kind: ClassVar[str] = "Fact"

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.kind = cls.__name__


class RunStarted(Fact, frozen=True, kw_only=True, gc=False):
    """A run began: with this plan (by digest), these inputs, and these tasks ready at once."""

    flow: str
    plan: str
    inputs: dict[str, Any]
    target: str | None = None
    results: dict[str, Any] = {}
    ready: tuple[str, ...] = ()


class PauseRequested(Fact, frozen=True, kw_only=True, gc=False):
    """Somebody asked for a pause (or a breakpoint did) while attempts were claimed."""

    reason: str = ""


class RunPaused(Fact, frozen=True, kw_only=True, gc=False):
    """The run rests: nothing is claimed, nothing new is offered."""

    reason: str = ""


class RunResumed(Fact, frozen=True, kw_only=True, gc=False):
    """The run goes on. `passed` are breakpoints that this visit does not stop at again."""

    ready: tuple[str, ...] = ()
    passed: tuple[str, ...] = ()
    note: str = ""


class RunFailing(Fact, frozen=True, kw_only=True, gc=False):
    """A failure stands: nothing new starts; what is claimed or offered to people may still report."""

    task: str


class RunFailed(Fact, frozen=True, kw_only=True, gc=False):
    """The run ended with a failure."""

    task: str


class RunSucceeded(Fact, frozen=True, kw_only=True, gc=False):
    """The run ended well."""


class RunCancelled(Fact, frozen=True, kw_only=True, gc=False):
    """Somebody ended the run."""

    note: str = ""


class BreakpointSet(Fact, frozen=True, kw_only=True, gc=False):
    """The run is to pause in front of this task."""

    task: str


class BreakpointCleared(Fact, frozen=True, kw_only=True, gc=False):
    """The run is not to pause in front of this task any more."""

    task: str


class TaskReady(Fact, frozen=True, kw_only=True, gc=False):
    """A new attempt of a task is offered, where no other fact says so in its `ready`."""

    task: str
    attempt: int


class AttemptClaimed(Fact, frozen=True, kw_only=True, gc=False):
    """A driver took the attempt and is about to enter the function."""

    task: str
    attempt: int
    claimant: Claimant


class AttemptReleased(Fact, frozen=True, kw_only=True, gc=False):
    """A driver gave the attempt back (interrupted, stopped politely). It counts as no failure."""

    task: str
    attempt: int
    reason: str = ""


class TaskSucceeded(Fact, frozen=True, kw_only=True, gc=False):
    """The task has its result. `via`: "run" (a driver), "hand" (told us), "given" (at the start)."""

    task: str
    attempt: int
    value: Any
    via: str = "run"
    note: str = ""
    ready: tuple[str, ...] = ()


class TaskRetrying(Fact, frozen=True, kw_only=True, gc=False):
    """An attempt ended without a result and another follows."""

    task: str
    attempt: int
    outcome: str


class TaskLost(Fact, frozen=True, kw_only=True, gc=False):
    """The claimant died and the task says that a person decides what follows."""

    task: str
    attempt: int


class TaskFailed(Fact, frozen=True, kw_only=True, gc=False):
    """The task has failed for good. `outcome`: "failure" or "lost"."""

    task: str
    attempt: int
    failure: Failure
    outcome: str = "failure"
    via: str = "run"
    note: str = ""


class TaskSkipped(Fact, frozen=True, kw_only=True, gc=False):
    """These tasks will not run, and nothing is wrong with that."""

    tasks: tuple[str, ...]
    reason: str


class TaskCancelled(Fact, frozen=True, kw_only=True, gc=False):
    """These tasks were ended from outside; their open attempts count no more."""

    tasks: tuple[str, ...]
    reason: str


class ReportRefused(Fact, frozen=True, kw_only=True, gc=False):
    """A late or conflicting report, kept for the record. It changes no state."""

    task: str
    attempt: int
    verdict: str
    value: Any = None
    failure: Failure | None = None
    note: str = ""


class Emitted(Fact, frozen=True, kw_only=True, gc=False):
    """A task said something while it worked (`flowkit.emit`)."""

    task: str
    attempt: int
    topic: str
    payload: Any = None


FACTS: dict[str, type[Fact]] = {cls.__name__: cls for cls in Fact.__subclasses__()}
"""Every kind of fact by its name, for journals that read them back."""
