"""The local driver: takes what is ready, calls its function, reports; and waits while others are at work.

It is one generator, `Driver.drive`, that says what is to be called and when to wait; hosts (a blocking one, an awaiting one,
a background thread) do the calling and the waiting. User code runs outside every lock, in the thread that asked for it.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Mapping
from difflib import get_close_matches
from typing import Any

import msgspec

from ..core import Fold, closure
from ..core.facts import AttemptClaimed
from ..core.messages import Claim, Release, Report, Tick
from ..core.refusals import not_ready
from ..core.states import FAILING, FINISHED, READY, RUNNING
from ..core.values import SCALARS, Json
from ..errors import NotReady, RunInterrupted, UsageError
from ..journal import Entry, pack, unpack
from .abilities import Code
from .claimants import AT_WORK, me, standing
from .door import Door
from .failures import failure_of, remember
from .loops import being_cancelled, is_failure, wait_for
from .working import CURRENT, Attempt, hearing_displays

POLL = 0.05
"""Seconds between two looks at a file that another process may write to."""


class Wait(msgspec.Struct):
    """Wait until the house's `changes` differ from `seen`, at most so many seconds."""

    seen: int
    seconds: float


Drive = Generator[Attempt | Wait, Report | None, str]


class Driver:
    """Drives one run with the code that this process has. `entries` collects what it caused, where that is asked for."""

    def __init__(self, door: Door, code: Code, *, echo: bool = True, debug: bool = True) -> None:
        self.door = door
        self.house = door.house
        self.code = code
        self.echo = echo
        self.debug = debug
        self.claimant = me()
        self.entries: list[Entry] = []
        self._keep = False
        self._held: Attempt | None = None  # claimed and not yet reported
        self._working = (door.place, "", 0)  # the last attempt that was claimed here
        self._wish = Claim(claimant=self.claimant)
        self._then: Claim | None = None
        self._plain = False  # nothing is to be looked at in a result that is a scalar
        self._deadline: float | None = None
        self._fold = door.fold  # as it stood when that was claimed
        self._only: set[str] | None = None
        self._on_file = not door.journal.live
        self._outputs = door.wiring.outputs

    def drive(
        self,
        *,
        once: bool = False,
        only: str | None = None,
        until: str | None = None,
        timeout: float | None = None,
    ) -> Drive:
        """Do what can be done here, and say why it stopped.

        `once`: one attempt at most, and no waiting. `only`: that task and no other. `until`: until that task has finished,
        doing only what it needs. `timeout` in seconds, looked at between attempts.
        Returns "ended", "until", "breakpoint", "paused", "waiting" (only others can move it), "timeout" or "stepped".
        """
        self._keep = once
        if until is not None:
            self._only = closure(self.door.wiring.tasks, [until])
        elif only is not None:
            self._only = {only}
        among = self.code.here if self._only is None else self.code.here & self._only
        self._wish = Claim(claimant=self.claimant, among=among)
        self._then = None if once else self._wish
        self._deadline = None if timeout is None else time.monotonic() + timeout
        self._plain = timeout is None and not self.door.wiring.outputs
        if self.door.refresh().claims:
            self._settle_gone()
        report: Report | None = None
        while True:
            attempt = self._turn(report)
            if attempt is not None:
                report = yield attempt
                continue
            if once and report is not None:
                return "stepped"
            fold = self.door.fold
            if (why := self._stopped(fold, until)) is not None:
                return why
            if self._overdue():
                return "timeout"
            if report is not None:
                report = None
                continue
            seen = self.house.changes
            if self._settle_gone():
                continue
            if once or not fold.claims:
                return "waiting"
            seconds = POLL if self._on_file else 1.0
            if self._deadline is not None:
                seconds = min(seconds, max(0.0, self._deadline - time.monotonic()))
            yield Wait(seen, seconds)

    def _overdue(self) -> bool:
        return self._deadline is not None and time.monotonic() >= self._deadline

    def _turn(self, report: Report | None) -> Attempt | None:
        """Report what was done, claiming what is next in the same commit. Returns what was claimed."""
        held, door, ended = self._held, self.door, self._working
        try:
            if held is not None and report is not None:
                durable = self._on_file and door.wiring.tasks[held.task].on_crash != "rerun"
                output = None if held.parts is None else (held.task, held.number, held.heard())
                _, entry = door.turn(report, durable=durable, output=output)
            elif not self._overdue() and self._could_claim():
                _, entry = door.turn(self._wish)
            else:
                return None
        finally:
            # Also after a trouble: nobody works on it any more, whatever is recorded.
            AT_WORK.discard(ended)
        self._held = None
        if entry is None:
            return None
        if self._keep:
            self.entries.append(entry)
        if type(fact := entry.facts[-1]) is not AttemptClaimed:
            return None
        self._working = (door.place, fact.task, fact.attempt)
        self._fold = door.fold
        self._held = attempt = Attempt(door.run_id, fact.task, fact.attempt, door, self.echo)
        if self._on_file:
            self.house.show_life()
        return attempt

    def _could_claim(self) -> bool:
        """Whether anything is there to be claimed here, as far as this process knows: else no turn is taken for it."""
        fold, among = self.door.fold, self._wish.among
        return fold.state == RUNNING and any(n in among for n in tuple(fold.queue) if fold.states[n] == READY)

    def _stopped(self, fold: Fold, until: str | None) -> str | None:
        if fold.ended:
            return "ended"
        if until is not None and fold.states[until] in FINISHED:
            return "until"
        if fold.state in (RUNNING, FAILING):
            return None
        return "breakpoint" if fold.reason.startswith("breakpoint") else "paused"

    def _settle_gone(self) -> bool:
        """Tell the run of claims whose claimant is dead. True if there were any."""
        if not gone_claims(self.door):
            return False
        # Looked at again under the lock, where no claim of this process can be half-noted.
        _, entry = self.door.turn(lambda fold: Tick(gone=tuple(gone_claims(self.door))))
        if self._keep and entry is not None:
            self.entries.append(entry)
        return True

    def perform(self, attempt: Attempt) -> Report:
        """Call the attempt's function, blocking; a coroutine is run on the helper loop."""
        token = CURRENT.set(attempt)
        try:
            task = self.code.tasks[attempt.task]
            value = task.function(**arguments(self._fold, attempt.task, task.fixed))
            if type(value) not in SCALARS and hasattr(value, "__await__"):
                value = wait_for(_awaited(value))
        except BaseException as error:
            if not is_failure(error):
                raise
            return self._failed(attempt, error)
        finally:
            CURRENT.reset(token)
        if self._plain and type(value) in SCALARS:  # the common case, said twice for the speed of small tasks
            return Report(task=attempt.task, attempt=attempt.number, value=value, via="run", then=self._then)
        return self._answer(attempt, value)

    async def perform_here(self, attempt: Attempt) -> Report:
        """Call the attempt's function; a coroutine is awaited on the caller's loop."""
        token = CURRENT.set(attempt)
        try:
            task = self.code.tasks[attempt.task]
            value = task.function(**arguments(self._fold, attempt.task, task.fixed))
            if hasattr(value, "__await__"):
                value = await value
        except BaseException as error:
            if not is_failure(error) or being_cancelled(error):
                raise
            return self._failed(attempt, error)
        finally:
            CURRENT.reset(token)
        return self._answer(attempt, value)

    def _answer(self, attempt: Attempt, value: Any) -> Report:
        outputs = self._outputs
        if outputs and attempt.task in outputs and (trouble := parts_trouble(outputs[attempt.task], value)):
            return self._failed(attempt, TypeError(trouble))
        if type(value) not in SCALARS:
            try:
                value = pack(value, live=self.door.journal.live)
            except Exception as error:  # it can't be stored, or its own code raised when it was looked at
                return self._failed(attempt, error)
        return Report(
            task=attempt.task,
            attempt=attempt.number,
            value=value,
            via="run",
            then=None if self._overdue() else self._then,
        )

    def _failed(self, attempt: Attempt, error: BaseException) -> Report:
        if self.debug:
            remember(error)
        return Report(task=attempt.task, attempt=attempt.number, failure=failure_of(error), via="run")

    def abandon(self, reason: str) -> str | None:
        """Give back what is claimed and not reported, without blame. Returns the task's name."""
        held, self._held = self._held, None
        fold = self.door.refresh()
        # Also what it never got to see, since it was interrupted in the turn that claimed it.
        mine = [name for name, claimant in fold.claims.items() if claimant == self.claimant]
        for name in mine:
            number = fold.attempts[name]
            AT_WORK.discard((self.door.place, name, number))
            output = None
            if held is not None and held.task == name and held.made_output:
                output = (name, number, held.heard())
            self.door.turn(Release(task=name, attempt=number, reason=reason), output=output)
        return mine[0] if mine else None

    def run(self, **options: Any) -> str:
        """Drive and block. A KeyboardInterrupt gives the attempt back and becomes RunInterrupted."""
        drive = self.drive(**options)
        house = self.house
        try:
            action = next(drive)
            while True:
                if type(action) is Attempt:
                    action = drive.send(self.perform(action))
                else:
                    house.wait(action.seen, action.seconds)  # type: ignore[union-attr]
                    self.door.refresh()
                    action = drive.send(None)
        except StopIteration as stop:
            return str(stop.value)
        except KeyboardInterrupt as error:
            raise self._interrupted() from error
        except BaseException as error:
            self._leave(error)
            raise

    def _leave(self, error: BaseException) -> None:
        """Whatever ends the driving, no attempt may look as if it were still at work here."""
        if isinstance(error, Exception):
            AT_WORK.discard(self._working)  # the journal is in trouble: a claim counts as lost from now on
        else:
            self.abandon("interrupted")

    def _interrupted(self) -> RunInterrupted:
        name = self.abandon("interrupted")
        what = f"in {name}, which is ready again" if name else "between two tasks"
        return RunInterrupted(f"{self.door.run_id}: interrupted {what}. Nothing is lost; run.run() goes on.")

    async def run_here(self, **options: Any) -> str:
        """Drive on the caller's loop. Being cancelled gives the attempt back and goes on as CancelledError."""
        import asyncio

        drive = self.drive(**options)
        try:
            action = next(drive)
            while True:
                if isinstance(action, Attempt):
                    report = await self.perform_here(action)
                    await asyncio.sleep(0)  # let clicks and other tasks in between two tasks of the run
                    action = drive.send(report)
                else:
                    await asyncio.sleep(min(action.seconds, POLL))
                    self.door.refresh()
                    action = drive.send(None)
        except StopIteration as stop:
            return str(stop.value)
        except BaseException as error:
            self._leave(error)
            raise


def parts_trouble(outputs: tuple[str, ...], value: Any) -> str:
    """What keeps a value from being taken apart into its named parts; empty where nothing does."""
    if isinstance(value, tuple | list) and len(value) == len(outputs):
        return ""
    what = (
        f"{type(value).__name__} of {len(value)}" if isinstance(value, tuple | list) else type(value).__name__
    )
    return f"outputs={outputs!r} asks for a tuple of {len(outputs)} values, not for a {what}"


async def _awaited(value: Any) -> Any:
    with hearing_displays():  # this thread is the helper loop's
        return await value


def arguments(fold: Fold, name: str, fixed: Mapping[str, Any]) -> dict[str, Any]:
    """The values for a task's parameters, each a copy that nobody else can change."""
    values = fold.values
    pairs = fold.wiring.takes.get(name)
    found = {}
    if pairs is not None:
        for parameter, source in pairs:
            stored = values[source]
            found[parameter] = stored if type(stored) in SCALARS else unpack(stored)
        return found
    for param in fold.wiring.tasks[name].params:
        if param.kind == "task":
            stored = values[param.source]
            if param.part is not None:
                found[param.name] = unpack(stored)[param.part]
                continue
        elif param.kind == "input":
            if param.source not in fold.inputs:
                continue
            stored = fold.inputs[param.source]
        elif param.fixed is None:
            found[param.name] = fixed[param.name]
            continue
        else:
            stored = Json(param.fixed)
        found[param.name] = stored if type(stored) in SCALARS else unpack(stored)
    return found


def gone_claims(door: Door) -> list[tuple[str, int]]:
    """The claims that nobody living holds: (task, attempt) each."""
    house, fold = door.house, door.fold
    gone = []
    for name, claimant in tuple(fold.claims.items()):
        attempt = fold.attempts[name]
        stands = standing(claimant)
        if stands == "this process":
            alive = (door.place, name, attempt) in AT_WORK
        elif stands == "elsewhere":
            alive = house.heard_of(claimant)
        else:
            alive = stands == "living"
        if not alive:
            gone.append((name, attempt))
    return gone


def named(door: Door, task: Any) -> str:
    """The name of a task of the run. Raises UsageError when there is none of that name."""
    name, wiring = getattr(task, "name", task), door.wiring
    if isinstance(name, str) and name in wiring.tasks:
        return name
    if wiring.target is not None and any(one.name == name for one in wiring.plan.tasks):
        text = f"{name!r} is not part of run {door.run_id}: its target, {wiring.target!r}, does not need it."
        raise UsageError(text)
    near = get_close_matches(str(name), wiring.order, 1)
    hint = f"did you mean {near[0]!r}?" if near else f"it has {', '.join(wiring.order[:8])}."
    raise UsageError(f"Run {door.run_id} has no task {name!r}; {hint}")


def refuse_unready(door: Door, code: Code, name: str) -> None:
    """Raise NotReady where a step of that task can't be taken here, with the reason."""
    fold = door.refresh()
    able = code.able(name)
    if fold.states[name] != READY or able == "manual":
        raise NotReady(not_ready(fold, name), task=name)
    if able == "missing":
        text = f"This process has no code for {name}: engine.open({door.run_id!r}, flow) brings it."
        raise NotReady(text, task=name)
    if able == "changed":
        text = f"The code of {name} here is not the code that run {door.run_id} was started with: start a new run with it."
        raise NotReady(text, task=name)
