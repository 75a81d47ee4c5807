"""The local driver: takes what is ready, calls its function, reports; and waits while others are at work.

It is one generator, `Driver.drive`, that says what is to be called and when to wait; hosts (a blocking one, an awaiting one,
a background thread) do the calling and the waiting. User code runs outside every lock, in the thread that asked for it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from typing import Any

import msgspec

from ..core import Fold, closure
from ..core.claiming import claim_next
from ..core.facts import AttemptClaimed
from ..core.messages import Claim, Release, Reply, Report, Tick
from ..core.states import FAILING, REVERTING, RUNNING
from ..errors import RunInterrupted
from ..journal import Entry
from .abilities import Code
from .addresses import is_over
from .answering import Question, answer_here, answer_to
from .claimants import AT_WORK, gone_claims, me
from .clocks import VirtualClock
from .door import Door
from .performing import Performer
from .working import Attempt

POLL = 0.05
"""Seconds between two looks at a file that another process may write to."""


class Wait(msgspec.Struct):
    """Wait until the house's `changes` differ from `seen`, at most so many seconds."""

    seen: int
    seconds: float


Drive = Generator[Attempt | Question | Wait, Report | Reply | None, str]


class Driver(Performer):
    """Drives one run with the code that this process has, which `code_of` gives. `entries` collects what it caused, where that is
    asked for."""

    def __init__(
        self, door: Door, code_of: Callable[[], Code], *, echo: bool = True, debug: bool = True
    ) -> None:
        super().__init__(door, code_of(), debug)
        self._code_of = code_of  # asked again when the run has taken over an edited flow
        self.house = door.house
        self.echo = echo
        self.claimant = me()
        self.entries: list[Entry] = []
        self._keep = False
        self._held: Attempt | None = None  # claimed and not yet reported
        self._working = (door.place, "", 0)  # the last attempt that was claimed here
        self._wish = Claim(claimant=self.claimant)
        self._only: str | None = None
        self._until: str | None = None
        self._among: set[Any] | None = None  # what is asked for, None: all
        self._on_file = not door.journal.live

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
        self._deadline = None if timeout is None else time.monotonic() + timeout
        self._begin(once, only, until)
        report: Report | Reply | None = None
        while True:
            if report is None:
                if self.door.fold.wiring is not self.code.wiring:
                    self._look_up()
                if self.door.fold.questions and (question := self._question()) is not None:
                    report = yield question
                    continue
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
            due = self._until_due(fold)
            if due is not None and due <= 0:
                self._tick()
                if once and self.entries:
                    return "stepped"
                continue
            if once or not (fold.claims or due is not None):
                return "waiting"
            yield Wait(seen, self._patience(due))

    def _begin(self, once: bool, only: str | None, until: str | None) -> None:
        """Settle what is to be done in this drive."""
        self._keep, self._only, self._until = once, only, until
        self._look_up()
        if self.door.refresh().claims:
            self._settle_gone()

    def _look_up(self) -> None:
        """Settle by which wish the next attempt is claimed, as the run's plan and the code for it are now."""
        fold = self.door.fold
        wiring, tasks = fold.wiring, fold.wiring.tasks
        self.code = code = self._code_of()
        only, until = self._only, self._until
        if until is not None or only is not None:
            asked = _task_of(fold, until or only)
            names: set[Any] = closure(tasks, [asked]) if until is not None and asked in tasks else {asked}
            self._among = names | {(name, "revert") for name in names}
        among = code.here if self._among is None else code.here & self._among
        self._wish = Claim(claimant=self.claimant, among=among, task=None if only in tasks else only)
        self._then = None if self._keep or until in wiring.groups else self._wish
        self._outputs = wiring.outputs
        self._plain = self._deadline is None and not wiring.outputs

    def _patience(self, due: float | None) -> float:
        """How long to wait at most before the next look, in seconds."""
        seconds = POLL if self._on_file else 1.0
        if due is not None:
            seconds = min(seconds, due)
        if self._deadline is not None:
            seconds = min(seconds, max(0.0, self._deadline - time.monotonic()))
        return seconds

    def _question(self) -> Question | None:
        """An open question that this process can answer now."""
        fold = self.door.fold
        if fold.state != RUNNING or self._overdue():
            return None
        name = self.code.question(fold, self._among)
        return None if name is None else Question(name, fold.questions[name])

    def _until_due(self, fold: Fold) -> float | None:
        """Seconds until something is due that is waited for; None where nothing is, or where only a call moves the clock."""
        due = fold.next_due()
        if due is None:
            return None
        now = max(self.house.clock(), fold.at)
        if due > now:  # of people nobody waits for the time that they have
            times = [time for unit, time in fold.deadlines.items() if unit in fold.claims]
            due = min([*times, *fold.due.values()], default=None)
        still = due is not None and due > now and isinstance(self.house.clock, VirtualClock)
        return None if due is None or still else due - now

    def _tick(self) -> None:
        """Let happen what is due."""
        _, entry = self.door.turn(Tick())
        if self._keep and entry is not None:
            self.entries.append(entry)

    def _turn(self, report: Report | Reply | None) -> Attempt | None:
        """Report what was done, claiming what is next in the same commit. Returns what was claimed."""
        held, door, ended = self._held, self.door, self._working
        try:
            if held is not None and report is not None:
                durable = self._on_file and self._matters(held.task)
                output = None if held.parts is None else (held.task, held.number, held.heard())
                _, entry = door.turn(report, durable=durable, output=output)
            elif type(report) is Reply:
                _, entry = door.turn(report)
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
        unit, number = fact.task, fact.attempt
        if unit == self._until:
            self._then = None  # nothing is to be begun with its report
        self._working = (door.place, unit, number)
        fold = self._fold = door.fold
        if fold.wiring is not self.code.wiring and not self._fits(fact):
            return None
        self._held = attempt = Attempt(door.run_id, unit, number, door, self.echo)
        if not fold.plainly:
            attempt.undo = unit in fold.undos
            attempt.round = (fold.generations.get(unit, 0), fold.rounds.get(unit, 0))
        if self._on_file:
            self.house.show_life()
        return attempt

    def _fits(self, claimed: AttemptClaimed) -> bool:
        """Whether the code here is still that of a claim, in whose turn an edited flow came to light; else it is given back."""
        self._look_up()
        fold, unit = self.door.fold, claimed.task
        task = _task_of(fold, unit)
        if ((task, "revert") if unit in fold.undos else task) in self.code.here:
            return True
        AT_WORK.discard(self._working)
        self.door.turn(Release(task=unit, attempt=claimed.attempt, reason="edited"))
        return False

    def _could_claim(self) -> bool:
        """Whether anything is there to be claimed here, as far as this process knows: else no turn is taken for it."""
        fold = self.door.fold
        if fold.state not in (RUNNING, FAILING, REVERTING):
            return False
        with self.house.lock:  # the line may be changed by others meanwhile
            return claim_next(fold, self._wish) is not None

    def _matters(self, unit: str) -> bool:
        """Whether a report has to outlive the machine before it is acted upon: it can't simply be computed again."""
        try:
            task = self.door.fold.plan_of(unit)
        except KeyError:  # the run has it no more
            return False
        return task.on_crash != "rerun" or task.undo is not None

    def _stopped(self, fold: Fold, until: str | None) -> str | None:
        if fold.ended:
            return "ended"
        if until is not None and is_over(fold, until):
            return "until"
        if fold.state in (RUNNING, FAILING, REVERTING):
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
                elif type(action) is Question:
                    action = drive.send(answer_to(self.door.fold, action, self.code))
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
        undo = "the undo of " if name in self.door.fold.undos else ""
        what = f"in {undo}{name}, which is ready again" if name else "between two tasks"
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
                elif isinstance(action, Question):
                    action = drive.send(await answer_here(self.door.fold, action, self.code))
                else:
                    await asyncio.sleep(min(action.seconds, POLL))
                    self.door.refresh()
                    action = drive.send(None)
        except StopIteration as stop:
            return str(stop.value)
        except BaseException as error:
            self._leave(error)
            raise


def _task_of(fold: Fold, unit: Any) -> str:
    """The task that a unit is, or is an item of; what the run doesn't have any more is nobody's."""
    try:
        return fold.task_of(unit)
    except KeyError:
        return str(unit)
