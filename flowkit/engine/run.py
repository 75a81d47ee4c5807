"""The run that a user holds: step it, feed it, pause it, read it.

It keeps nothing of its own: where the run stands is the fold, behind the door, and the truth is the journal. Any number of
these, in any number of processes, may speak of the same run.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any

from ..core import Failure
from ..core.facts import RunRevertStarted
from ..core.messages import (
    Break,
    Cancel,
    ClearBreak,
    Message,
    Pause,
    Reply,
    Report,
    Rerun,
    Resume,
    Revert,
    Skip,
    Tick,
)
from ..core.states import LOST, READY
from ..core.values import Json, Live
from ..errors import ReportRefused, RunFailed, UsageError
from ..journal import Entry, unpack
from ..render import OFFER_HEADERS, offer_rows
from .addresses import named, refuse_unready
from .adopting import Bill
from .background import Player
from .claimants import gone_claims
from .clocks import judged_timeout, move_clock
from .door import Door
from .driver import Driver
from .events import Event, EventList, Offer, OfferList, Receipt, events_of, refuse_no_listener, tell_each
from .failures import failure_from
from .loops import drive_nested
from .reports import accepted_seq, address_of, judged, offer_for, offers_of, reply_to, words
from .run_reading import RunReading
from .saving import move
from .task import Task
from .watching import wait_async
from .working import CURRENT, listening

panel_of: list[Callable[[Any], Any]] = []
"""What makes a live panel of a run; the package's door puts it here, since widgets stand above the engine."""


class Run(RunReading):
    """One execution of a flow. Get one from `flow.start`, `engine.start` or `engine.open`."""

    def __init__(self, door: Door, code: Mapping[str, Task]) -> None:
        super().__init__(door, code)
        self._player: Player | None = None
        self._listeners: dict[Callable[[str, Entry], None], Callable[[], None]] = {}  # and what ends each
        self.stopped_by = ""
        self.note = ""

    # Driving

    def step(self, task: str | Task | None = None, echo: bool = True) -> EventList:
        """Do the one next thing that this process can do, and return the events that it caused.

        `task` chooses among those that are ready; raises NotReady where it isn't. With `echo` false, what the task prints is
        kept for it and not shown here. An empty list says what it waits for and which call would move it. Never waits for
        anybody.
        """
        driver = self._driver(echo=echo)
        only = None
        if task is not None:
            only = named(self._door, task)
            refuse_unready(self._door, self._code, only)
        with listening():
            self.stopped_by = driver.run(once=True, only=only)
        return self._events(driver.entries)

    def run(
        self,
        until: str | Task | None = None,
        timeout: float | None = None,
        check: bool = False,
        loop: str = "helper",
    ) -> Run:
        """Step until nothing is left to do here, and wait while somebody living is at work. Never waits for a person.

        `until`: stop when that task has finished, doing only what it needs; `timeout` in seconds, looked at between tasks;
        `loop="caller"` runs async tasks on the caller's own event loop, through nest-asyncio. `stopped_by` then says which:
        "ended", "until", "breakpoint", "paused", "waiting" (only others can move it) or "timeout". With `check`, raises
        RunFailed when the run has failed, or was undone for a failure. ■ raises RunInterrupted after giving the attempt back.
        """
        self._refuse_own_task()
        if loop not in ("helper", "caller"):
            raise UsageError(f"loop={loop!r} is not known: 'helper' (a loop of flowkit's own) or 'caller'.")
        name = None if until is None else named(self._door, until)
        timeout = judged_timeout(timeout)
        if loop == "caller":
            drive_nested(self.finish(name, timeout=timeout))
        else:
            with listening():
                self.stopped_by = self._driver().run(until=name, timeout=timeout)
        if check:
            self._raise_if_failed()
        return self

    async def finish(
        self, until: str | Task | None = None, steps: int | None = None, timeout: float | None = None
    ) -> Run:
        """The same as `run`, awaited: async tasks run on the caller's loop, and clicks are handled between tasks.

        `steps` limits the number of attempts. Being cancelled gives the attempt back.
        """
        self._refuse_own_task()
        name = None if until is None else named(self._door, until)
        timeout = judged_timeout(timeout)
        if steps is not None and (isinstance(steps, bool) or not isinstance(steps, int) or steps < 0):
            raise UsageError(
                f"steps={steps!r} must be a number of attempts, 0 or more; None is without a limit."
            )
        with listening():
            if steps is None:
                self.stopped_by = await self._driver().run_here(until=name, timeout=timeout)
            for _ in range(steps or 0):
                self.stopped_by = await self._driver().run_here(once=True, until=name)
                if self.stopped_by != "stepped":
                    break
        return self

    def play(self) -> Run:
        """Drive in a background thread until the run has ended; it waits out pauses and what others have to do."""
        if self._player is None or not self._player.alive:
            self._player = Player(self._driver(echo=False, debug=False))
            self._player.begin()
        return self

    @property
    def playing(self) -> bool:
        """Whether a background thread of this object drives the run."""
        return self._player is not None and self._player.alive

    def pause(self, note: str = "") -> Run:
        """No new offers and claims; what is out may still report. The run is `pausing` until then, and then `paused`."""
        return self._verb(Pause(note=words("note", note)))

    def resume(self, note: str = "") -> Run:
        """Go on after a pause or a breakpoint. This alone drives nothing."""
        return self._verb(Resume(note=words("note", note)))

    def cancel(self, note: str = "") -> Run:
        """End the run: every open attempt is cancelled, and what is reported for it from now on comes late."""
        return self._verb(Cancel(note=words("note", note)))

    def break_before(self, task: str | Task) -> Run:
        """Pause in front of this task."""
        return self._verb(Break(task=named(self._door, task)))

    def clear_break(self, task: str | Task) -> Run:
        """Do not pause in front of this task any more."""
        return self._verb(ClearBreak(task=named(self._door, task)))

    def tick(self, now: float | str | None = None) -> EventList:
        """Fire what is due: claims that nobody living holds are given up. Drivers do this by themselves.

        With a virtual clock, `now` moves it on (seconds since the epoch); "next" jumps to the next moment at which something
        is due, if there is one. Raises UsageError for a moment where the clock is a real one.
        """
        fold = self._door.refresh()
        if now is not None:
            due = fold.next_due() if now == "next" else None
            move_clock(self._door.house.clock, now if due is None else due)
        _, entry = self._door.turn(lambda fold: Tick(gone=tuple(gone_claims(self._door))))
        return self._events([] if entry is None else [entry], "Nothing is due.")

    # Reporting

    def ready(self) -> OfferList:
        """What is ready to be done by whoever can, and what was lost with its process; asking changes nothing.

        Each can be answered by hand. Of a task over very many items the first 1,000 are listed; the others can be
        taken and reported
        by their addresses all the same.
        """
        fold, door = self._door.refresh(), self._door
        return OfferList(() if fold.ended else offers_of(door, self._code), self._offer_rows)

    def offer(self, task: Any, kind: str = "") -> Offer | None:
        """What can be told of one task, item or subflow now, also while somebody is at work on it: its result, the answer to a
        question, or that it is undone. None where nothing can. `kind` asks for one of these ("do", "when", "until",
        "each", "revert"), open or not. Raises UsageError for an unknown name.
        """
        unit = named(self._door, task)
        self._door.refresh()
        return offer_for(self._door, self._code, unit, kind)

    def _offer_rows(self) -> tuple[Any, Any, str]:
        with self._door.house.lock:
            fold, wiring = self._door.fold, self._door.wiring
            names = [
                n
                for n in wiring.order
                if fold.states[n] in (READY, LOST) or n in fold.questions or n in fold.undos
            ]
            names += [n for n in fold.states if n not in wiring.tasks and fold.states[n] in (READY, LOST)]
            rows = offer_rows(fold, wiring, self._seen(), names)
        return OFFER_HEADERS, rows, "" if rows else self.next_words()

    def complete(self, task: Any, value: Any, note: str | None = None) -> Receipt:
        """Report a task's result: by its name, by an offer, or by its completion token.

        Returns a receipt; its verdict is "repeat" where the same value was recorded before. Raises UnknownAttempt,
        AlreadyCompleted, LateReport, NotReady or InvalidValue, whose messages say what is recorded; ValueNotStorable for a
        value without a codec, on a file.
        """
        unit, attempt, kind = address_of(self._door, task)
        return self._tell(unit, attempt, kind, value, note)

    def _tell(self, unit: str, attempt: int | None, kind: str, value: Any, note: Any) -> Receipt:
        if kind in ("do", "revert"):
            return self._report(judged(self._door, unit, attempt, value, note))
        return self._report(reply_to(self._door, unit, attempt, kind, value, note))

    def fail(
        self,
        task: Any,
        error: BaseException | Failure | str,
        type: str | None = None,
        note: str | None = None,
    ) -> Receipt:
        """Report that a task failed, with an exception, a recorded failure, or a text (`type` names its kind).

        Otherwise as `complete`.
        """
        unit, attempt, kind = address_of(self._door, task)
        return self._tell_failure(unit, attempt, kind, failure_from(error, words("type", type)), note)

    def _tell_failure(
        self, unit: str, attempt: int | None, kind: str, failure: Failure, note: Any
    ) -> Receipt:
        if kind in ("do", "revert"):
            return self._report(Report(task=unit, attempt=attempt, failure=failure, note=words("note", note)))
        return self._report(reply_to(self._door, unit, attempt, kind, None, note, failure))

    def _report(self, message: Report | Reply) -> Receipt:
        try:
            answer, entry = self._door.send(message)
        except ReportRefused as refusal:
            refusal.recorded, refusal.sent = _opened(refusal.recorded), _opened(refusal.sent)
            raise
        fold = self._door.fold
        attempt = getattr(message, "attempt", None)
        if attempt is None:
            attempt = fold.attempts.get(message.task, 0)
        seq = entry.seq if entry is not None else accepted_seq(self._door, message.task)
        return Receipt(answer.verdict, seq, message.task, attempt, self._face)

    # The operator's verbs

    def skip(self, task: Any, note: str | None = None) -> Run:
        """Leave a task (or an item, or a subflow) out, whatever became of it; what hangs on it goes on as the task's
        `skip` says.

        Also after a failure: the failed task counts as taken care of, and a run that had failed goes on. Raises
        UsageError for one that has
        succeeded, or was undone.
        """
        return self._verb(Skip(task=named(self._door, task), note=words("note", note)))

    def rerun(self, task: Any, items: str = "all", downstream: bool = True, note: str | None = None) -> Run:
        """Set a task back to waiting, to be done again, with all that hangs on it (unless `downstream` is False);
        reopens a run that has
        ended, but not a cancelled one. `items="failed"` does only the failed items of a task over items again. This
        alone drives nothing.
        """
        if items not in ("all", "failed"):
            raise UsageError(f"items={items!r} is not known: 'all' or 'failed'.")
        message = Rerun(
            task=named(self._door, task), items=items, downstream=bool(downstream), note=words("note", note)
        )
        return self._verb(message)

    def revert(self, note: str | None = None) -> Run:
        """Undo all that was done, last things first: undos are offered and done as tasks are. Also to try a failed
        undo again."""
        return self._verb(Revert(note=words("note", note)))

    def adopt(self, flow: Any, apply: bool = False) -> Any:
        """Go on with an edited flow. Gives the bill: what is kept, what runs again and why; `.apply()` (or
        `apply=True`, which gives the
        run) puts it into force.

        Raises DefinitionError for a faulty flow, UsageError for a run that was cancelled or is being undone and for one
        that was started without an input which is asked for now, BillStale where the run has moved on since the bill was made.
        """
        bill = Bill(self, flow)
        return bill.apply() if apply else bill

    # Reading

    async def wait(self, task: str | Task | None = None, timeout: float | None = None) -> Run:
        """Only watch, until the task (or the run) has ended or `timeout` seconds have passed. Drives nothing."""
        name = None if task is None else named(self._door, task)
        await wait_async(self._door, name, judged_timeout(timeout))
        return self

    def refresh(self) -> Run:
        """Take in what other processes wrote meanwhile. Every reading does so too."""
        self._door.refresh()
        return self

    def subscribe(self, listener: Callable[[Event], None]) -> Callable[[], None]:
        """Call `listener` with each event from now on, once, in order, after its commit; what it raises disturbs nobody.

        Events of other processes are told when this one takes them in. Returns a function that ends the subscription.
        """

        refuse_no_listener(listener)

        def tell(run_id: str, entry: Entry) -> None:
            if run_id == self.id:
                tell_each(listener, run_id, entry)

        self._listeners[tell] = self._door.house.listen(tell)

        def stop() -> None:
            if tell in self._listeners:
                self._listeners.pop(tell)()

        return stop

    def save(self, path: str | os.PathLike[str]) -> Run:
        """Keep a run that began in memory in a file; this object goes on there, and so can any other process.

        Raises UsageError while an attempt is at work, ValueNotStorable for a value that only memory can hold, RunExists where
        the file has a run of that id, a JournalError where the file can't serve. Then nothing has changed.
        """
        self._door = move(self._door, path)
        for tell in tuple(self._listeners):
            self._listeners[tell]()
            self._listeners[tell] = self._door.house.listen(tell)
        if self.playing:
            self._player = None
            self.play()
        return self

    def live(self) -> Any:
        """The live panel of this run, to be shown in a notebook. Looking at it starts nothing."""
        if not panel_of:
            raise UsageError("The panel comes with the whole package: import flowkit.")
        return panel_of[0](self)

    # Inner parts

    def _driver(self, echo: bool = True, debug: bool = True) -> Driver:
        return Driver(self._door, lambda: self._code, echo=echo, debug=debug)

    def _refuse_own_task(self) -> None:
        mine = CURRENT.get()
        if mine is not None and getattr(mine.line, "place", None) == self._door.place:
            raise UsageError(
                f"{mine.task} is a task of run {self.id}: driving its own run from inside, it would wait for itself."
            )

    def _verb(self, message: Message) -> Run:
        answer, _ = self._door.send(message)
        self.note = answer.reason
        self._door.house.ring()
        return self

    def _events(self, entries: list[Entry], empty: str = "") -> EventList:
        events = events_of(entries)
        return EventList(events, "" if events else empty or self._explain(None).words, self._face)

    def _raise_if_failed(self) -> None:
        name = self._failed_by()
        if name:
            first, state = self.task(name).failure, self._door.fold.state
            text = f"{self.id} {state}: {name} raised {first}. run.task({name!r}).failure has the traceback."
            raise RunFailed(text, {name: first, **self._door.fold.failures})

    def _failed_by(self) -> str:
        """The task by whose failure the run failed, or was undone without being asked to; empty for any other end."""
        fold = self._door.fold
        if fold.state != "reverted":
            return fold.ended_by if fold.state == "failed" else ""
        facts = (fact for entry in reversed(self._door.entries()) for fact in reversed(entry.facts))
        return next(fact.task for fact in facts if isinstance(fact, RunRevertStarted))


def _opened(held: Any) -> Any:
    """What a refusal holds as its reader knows it: the value itself, not how a journal keeps it."""
    return unpack(held) if isinstance(held, Json | Live) else held
