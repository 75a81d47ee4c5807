"""A run told again by hand: the calls from outside that lead to where it stands, when everything is reported and nobody claims.

They are found in the journal and tried on the pure core as they are found, so that what they lead to is known. Nothing is written,
and no task's function is called.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from ..core import Fact, Fold, advance
from ..core import facts as f
from ..core import messages as m
from ..core.states import RETRYING, RUNNING
from ..errors import UsageError
from .door import Door

LOOP_NOT_ENDED = "flowkit.LoopNotEnded"


class Due(msgspec.Struct, frozen=True):
    """Time goes on until this unit's retry is due."""

    task: str


Call = m.Message | Due


class Telling:
    """The calls so far, and where they lead: `fold`, and all `facts` on the way."""

    def __init__(self, door: Door, start: m.Start) -> None:
        self._door = door
        self._start = start
        self.calls: list[Call] = []
        self._replay([])

    def _replay(self, calls: Iterable[Call]) -> None:
        self.fold = Fold(self._door.wiring)
        self.facts: list[Fact] = []
        self.at = 0.0
        self.calls = []
        self._ended: dict[str, int] = {}  # by unit: the call that ended it from outside
        self._send(self._start)
        for call in calls:
            self.tell(call)

    def tell(self, call: Call) -> None:
        """Make a call. Raises UsageError where it is refused, which the run itself did not."""
        if isinstance(call, Due):
            while self.fold.state_of(call.task) == RETRYING and self.fold.timers:
                self.at = max(self.at, self.fold.timers[0][0])
                if not self._send(m.Tick()).facts:
                    break
        else:
            error = self._send(call).error
            if error is not None:
                self._earlier(call, error)
                return
        self.calls.append(call)

    def _earlier(self, call: m.Message, error: Exception) -> None:
        """Who was at work when a run began to fail was waited for; by hand nobody is, so they report before that."""
        at = self._ended.get(getattr(call, "task", ""))
        if at is None:
            raise UsageError(f"This run can't be told again by hand: {error}")
        self._replay([*self.calls[:at], call, *self.calls[at:]])

    def _send(self, message: m.Message) -> Any:
        answer = advance(self.fold, message, self.at)
        self.facts += answer.facts
        for fact in answer.facts:
            if isinstance(fact, f.TaskCancelled):
                self._ended.update(dict.fromkeys(fact.tasks, len(self.calls)))
        return answer


def retell(door: Door) -> Telling:
    """Tell a run again. Raises UsageError where it can't be told: it went on with another flow, or needs claims."""
    telling: Telling | None = None
    asked: dict[str, str] = {}  # by task: what its open question is
    delayed: set[str] = set()  # units whose retry has a due time
    for entry in door.entries():
        for at, fact in enumerate(entry.facts):
            if isinstance(fact, f.RunStarted):
                telling = Telling(door, _start_of(fact))
                continue
            assert telling is not None
            if isinstance(fact, f.QuestionAsked):
                asked[fact.task] = fact.what
            elif (
                isinstance(fact, f.TaskRetrying | f.GroupRetrying)
                and fact.due is not None
                and fact.due > entry.at
            ):
                delayed.add(fact.task)
            elif isinstance(fact, f.TasksReset):
                delayed.difference_update(fact.tasks)
                if fact.cause == "rerun":
                    telling.tell(_rerun_of(telling, fact))
                    continue
            for call in _calls_of(fact, entry.facts[:at], asked, delayed):
                telling.tell(call)
    assert telling is not None
    return telling


def _start_of(fact: f.RunStarted) -> m.Start:
    return m.Start(
        flow=fact.flow,
        plan=fact.plan,
        inputs=fact.inputs,
        target=fact.target,
        results=fact.results,
        seed=fact.seed,
    )


def _calls_of(
    fact: Fact, before: tuple[Fact, ...], asked: dict[str, str], delayed: set[str]
) -> Iterator[Call]:
    """What somebody outside did that this fact came of; nothing where it followed from another one."""
    match fact:
        case f.TaskSucceeded() | f.RoundEnded() if fact.attempt and fact.via in ("run", "hand"):
            yield m.Report(task=fact.task, value=fact.value)
        case f.TaskFailed(outcome="failure" | "timeout" | "lost") if fact.attempt:
            yield m.Report(task=fact.task, failure=fact.failure)
        case f.TaskRetrying(outcome="failure" | "timeout"):
            yield m.Report(task=fact.task, failure=fact.failure)
        case f.TaskFailed(outcome="question") if fact.failure.types != (LOOP_NOT_ENDED,):
            yield m.Reply(task=fact.task, what=asked[fact.task], failure=fact.failure)
        case f.QuestionAnswered():
            yield m.Reply(task=fact.task, what=fact.what, answer=fact.answer)
        case f.TaskReverted() if fact.attempt:
            yield m.Report(task=fact.task)
        case f.TaskRevertFailed() if fact.attempt:
            yield m.Report(task=fact.task, failure=fact.failure)
        case f.TaskReady() | f.TaskOpened() if fact.task in delayed:
            delayed.discard(fact.task)
            yield Due(fact.task)
        case f.PlanAdopted():
            raise UsageError(
                "This run went on with another flow (adopt), and a test has one flow: write it from a run that was started with it."
            )
        case _:
            yield from _verbs_of(fact, before)


def _verbs_of(fact: Fact, before: tuple[Fact, ...]) -> Iterator[Call]:
    """What an operator asked for."""
    match fact:
        case f.PauseRequested() | f.RunPaused() if not _follows(fact, before):
            yield m.Pause(note="" if fact.reason == "asked for" else fact.reason)
        case f.RunResumed() if not any(isinstance(one, f.TasksReset | f.TaskSkipped) for one in before):
            yield m.Resume(note=fact.note)
        case f.RunCancelled():
            yield m.Cancel(note=fact.note)
        case f.RunRevertStarted(task=""):
            yield m.Revert(note=fact.note)
        case f.TaskSkipped() if fact.reason.startswith("by hand"):
            yield m.Skip(task=fact.tasks[0])
        case f.BreakpointSet():
            yield m.Break(task=fact.task)
        case f.BreakpointCleared():
            yield m.ClearBreak(task=fact.task)


def _follows(fact: f.PauseRequested | f.RunPaused, before: tuple[Fact, ...]) -> bool:
    """Whether a pause came of something else: of a failure, a breakpoint, or of the end of what was claimed."""
    if fact.task or fact.reason.startswith("breakpoint before "):
        return True
    due = (f.TaskReady, f.TasksReset, f.TaskOpened)
    return any(not isinstance(one, due) for one in before)


def _rerun_of(telling: Telling, fact: f.TasksReset) -> m.Rerun:
    """The rerun that sets back just these units: tried one after another on a copy of the run so far."""
    units = dict.fromkeys(name for name in fact.tasks)
    for items in ("failed", "all"):
        for downstream in (True, False):
            for task in units:
                message = m.Rerun(task=task, items=items, downstream=downstream)
                if _resets(telling, message) == set(fact.tasks):
                    return message
    raise UsageError(
        f"This run can't be told again by hand: nobody knows which rerun set back {', '.join(fact.tasks)}."
    )


def _resets(telling: Telling, message: m.Rerun) -> set[str]:
    """What a rerun would set back."""
    trial = Telling(telling._door, telling._start)
    trial._replay(telling.calls)
    answer = advance(trial.fold, message, trial.at)
    resets = (fact for fact in answer.facts if isinstance(fact, f.TasksReset))
    return {name for fact in resets if fact.cause == "rerun" for name in fact.tasks}


def as_untaken(fold: Fold) -> dict[str, str]:
    """The states of a run's tasks as they would be if nobody had claimed anything."""
    groups = fold.wiring.groups
    return {
        name: "ready"
        if fold.states[name] in (RUNNING, "lost") and name not in groups and name not in fold.items
        else fold.states[name]
        for name in fold.wiring.order
    }
