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
    seed: int = 0  # what delays are jittered from


class PauseRequested(Fact, frozen=True, kw_only=True, gc=False):
    """Somebody asked for a pause (or a breakpoint, or the failure of `task` did) while attempts were claimed."""

    reason: str = ""
    task: str = ""


class RunPaused(Fact, frozen=True, kw_only=True, gc=False):
    """The run rests: nothing is claimed, nothing new is offered. `task` is the failure that it rests for, if it is one."""

    reason: str = ""
    task: str = ""


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


class RunRevived(Fact, frozen=True, kw_only=True, gc=False):
    """A run that had ended, or was failing, goes on: tasks of it are to be done again, or left out (see what follows)."""

    note: str = ""


class RunRevertStarted(Fact, frozen=True, kw_only=True, gc=False):
    """All that was done is being undone, last things first. `task` is the failure that it began with, or empty."""

    task: str = ""
    note: str = ""


class RunReverted(Fact, frozen=True, kw_only=True, gc=False):
    """The run ended undone."""


class PlanAdopted(Fact, frozen=True, kw_only=True, gc=False):
    """The run goes on with an edited flow: this plan (by digest). `gone` are tasks that it has no more; `changes` says
    of each task
    that runs again why it does."""

    plan: str
    gone: tuple[str, ...] = ()
    changes: dict[str, str] = {}
    note: str = ""


class BreakpointSet(Fact, frozen=True, kw_only=True, gc=False):
    """The run is to pause in front of this task."""

    task: str


class BreakpointCleared(Fact, frozen=True, kw_only=True, gc=False):
    """The run is not to pause in front of this task any more."""

    task: str


class TaskReady(Fact, frozen=True, kw_only=True, gc=False):
    """A new attempt of a task is offered, where no other fact says so in its `ready`.

    `sources` are those that it uses, where not all of them had to be there.
    """

    task: str
    attempt: int
    sources: tuple[str, ...] | None = None


class TaskOpened(Fact, frozen=True, kw_only=True, gc=False):
    """A task that is done in parts began: a subflow, or one over `items` items, the first `offered` of which are ready at once.

    `sources` as in `TaskReady`.
    """

    task: str
    items: int | None = None
    offered: int = 0
    sources: tuple[str, ...] | None = None


class QuestionAsked(Fact, frozen=True, kw_only=True, gc=False):
    """Somebody with the code is to answer: `what` is "when", "until" or "each" (how many items there are)."""

    task: str
    what: str
    sources: tuple[str, ...] | None = None


class QuestionAnswered(Fact, frozen=True, kw_only=True, gc=False):
    """The answer: a truth, or a number of items."""

    task: str
    what: str
    answer: bool | int
    via: str = "run"
    note: str = ""


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


class RoundEnded(Fact, frozen=True, kw_only=True, gc=False):
    """A round of a loop has its result. Whether it is the last one is asked next."""

    task: str
    attempt: int
    round: int
    value: Any
    via: str = "run"
    note: str = ""


class TaskRetrying(Fact, frozen=True, kw_only=True, gc=False):
    """An attempt ended without a result and another follows, at `due` (seconds since the epoch; None: at once).

    `outcome`: "failure", "timeout" or "lost".
    """

    task: str
    attempt: int
    outcome: str
    failure: Failure | None = None
    due: float | None = None
    via: str = "run"
    note: str = ""


class GroupFailing(Fact, frozen=True, kw_only=True, gc=False):
    """A failure stands in a subflow, or an item's siblings are to start no more: nothing new starts in there. `by`
    names the task that failed.

    `undo`: what was done in there is undone before it ends.
    """

    task: str
    by: str
    undo: bool = False


class GroupRetrying(Fact, frozen=True, kw_only=True, gc=False):
    """A subflow is to be tried again: what was done in it is undone first, then its tasks are reset.

    `number` is the try that follows, from 2; `due` as in `TaskRetrying`; `by` names the task in it that failed.
    """

    task: str
    number: int
    by: str
    failure: Failure
    due: float | None = None


class TaskLost(Fact, frozen=True, kw_only=True, gc=False):
    """The claimant died and the task says that a person decides what follows."""

    task: str
    attempt: int


class TaskFailed(Fact, frozen=True, kw_only=True, gc=False):
    """The task has failed for good. `handled`: a link or a join goes on from there, so that nothing is wrong with the run.

    `outcome`: "failure", "lost", "timeout", "join" (it could not be met), "question" (its decider or condition raised,
    or a loop
    ended by its limit), "items" (some of its items failed) or "inside" (something in the subflow failed).
    """

    task: str
    attempt: int
    failure: Failure
    outcome: str = "failure"
    handled: bool = False
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


class TaskRevertStarted(Fact, frozen=True, kw_only=True, gc=False):
    """What the task did is to be undone; a TaskReady follows where it has an undo."""

    task: str


class TaskReverted(Fact, frozen=True, kw_only=True, gc=False):
    """The task is undone, and its result is none any more. `attempt` is that of the undo, 0 where it has none."""

    task: str
    attempt: int = 0
    via: str = "run"
    note: str = ""


class TaskRevertFailed(Fact, frozen=True, kw_only=True, gc=False):
    """The undo failed: what is left to be undone stays so until somebody asks for another try."""

    task: str
    attempt: int
    failure: Failure
    outcome: str = "failure"
    via: str = "run"
    note: str = ""


class TasksReset(Fact, frozen=True, kw_only=True, gc=False):
    """These tasks wait again, as if they had not been begun; their open attempts ended.

    `cause`: "rerun", "adopt", "retry" (of a subflow), "round" (of a subflow's loop), "skip" (what hangs on it is
    judged anew). An item is
    forgotten with its task, unless `kept` names the task: then, and where items of it are named, those that have ended stay.
    """

    tasks: tuple[str, ...]
    cause: str
    kept: tuple[str, ...] = ()


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
