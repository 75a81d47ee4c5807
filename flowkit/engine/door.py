"""The one door to a run: every message comes through here, is judged by the core, and what follows is committed.

A turn is: begin alone on the journal, fold what others wrote, judge the messages one after the other, write, commit. It
holds the engine's lock and never calls a user's function. A turn that breaks leaves nothing behind: it is rolled back
and the fold is dropped, to be folded again from the journal.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..core import Answer, Fold, Wiring, advance, counts, evolve
from ..core.messages import Emit, Message
from ..errors import AttemptWithdrawn, RunExists, UnknownRun
from ..journal import Entry, Journal, pack
from .house import House

Step = Message | Callable[[Fold], Message | None]
"""A message, or a function that makes one from where the run stands (None: nothing to say)."""


class Door:
    """One run in one engine. `fold` is where it stands as far as this process knows."""

    def __init__(self, house: House, run_id: str, wiring: Wiring) -> None:
        self.house = house
        self.journal: Journal = house.journal
        self.run_id = run_id
        self.wiring = wiring
        self._fold: Fold | None = None

    @property
    def fold(self) -> Fold:
        """The fold as it is; folded anew from the journal where it was dropped."""
        fold = self._fold
        if fold is None:
            with self.house.lock:
                fold = self._load()
        return fold

    def _load(self) -> Fold:
        if self._fold is None:
            fold = Fold(self.wiring)
            for entry in self.journal.read(self.run_id):
                _evolve_all(fold, entry)
            self._fold = fold
        return self._fold

    def refresh(self) -> Fold:
        """Fold what other processes wrote meanwhile. Writes nothing."""
        with self.house.lock:
            fold = self._load()
            if self.house.others_wrote(self.run_id):
                try:
                    self._take_in(fold, self.journal.read(self.run_id, fold.seq))
                except BaseException:
                    self._fold = None
                    raise
        self.house.deliver()
        return fold

    def _take_in(self, fold: Fold, entries: Any) -> None:
        for entry in entries:
            _evolve_all(fold, entry)
            self.house.publish(self.run_id, entry)

    def send(
        self, message: Message, *, durable: bool = True, by: str | None = None
    ) -> tuple[Answer, Entry | None]:
        """One message through the door. Raises what it is refused with, after recording what is to be recorded."""
        answer, entry = self.turn(message, durable=durable, by=by)[0]
        if answer.error is not None:
            raise answer.error
        return answer, entry

    def turn(
        self,
        *steps: Step,
        durable: bool = False,
        by: str | None = None,
        output: tuple[str, int, list[dict[str, Any]]] | None = None,
        first: Callable[[], None] | None = None,
    ) -> list[tuple[Answer, Entry | None]]:
        """Judge the steps one after the other and commit all that follows together; refusals are left to the caller.

        `output` (task, attempt, parts) is kept with it; `first` runs inside the turn before the first step: it makes a run
        known, and RunExists is raised where it is known already. Raises a JournalError when nothing could be committed.
        """
        house, journal, run_id = self.house, self.journal, self.run_id
        answers: list[tuple[Answer, Entry | None]] = []
        with house.lock:
            fold = self._load()
            try:
                news = journal.begin(run_id, fold.seq, durable)
                if news and first is None:
                    self._take_in(fold, news)
                if first is not None:
                    if news or fold.state:
                        raise RunExists(f"Run {run_id!r} is recorded already.")
                    first()
                before = fold.state
                at = max(house.clock(), fold.at)
                for step in steps:
                    message = step if isinstance(step, Message) else step(fold)
                    if message is None:
                        continue
                    answer = advance(fold, message)
                    entry = None
                    if answer.facts:
                        entry = Entry(fold.seq + 1, at, by or house.by, answer.facts)
                        for fact in answer.facts:
                            evolve(fold, fact, at)
                        state, before = (fold.state if fold.state != before else None), fold.state
                        journal.write(run_id, entry, state)
                    answers.append((answer, entry))
                if output is not None:
                    journal.keep_output(run_id, *output)
                journal.commit()
            except BaseException:
                self._fold = None
                journal.rollback()
                raise
            for _, entry in answers:
                if entry is not None:
                    house.publish(run_id, entry)
        house.deliver()
        return answers

    def progress(self, task: str, attempt: int, fraction: float, text: str) -> None:
        """A working attempt says how far it is. Raises AttemptWithdrawn when it counts no more."""
        fold = self.refresh()
        if not counts(fold, task, attempt):
            raise AttemptWithdrawn(f"Attempt {attempt} of {task} counts no more: stop working and return.")
        with self.house.lock:
            self.journal.set_progress(self.run_id, task, attempt, fraction, text)

    def emit(self, task: str, attempt: int, topic: str, payload: Any) -> None:
        """A working attempt records an event of its own."""
        stored = pack(payload, live=self.journal.live)
        self.send(Emit(task=task, attempt=attempt, topic=topic, payload=stored), durable=False)


def open_door(house: House, run_id: str) -> Door:
    """The door to a recorded run, one for all who ask. Raises UnknownRun when the journal holds none of that id."""
    with house.lock:
        held = house.doors.get(run_id)
        if held is not None:
            return held  # type: ignore[no-any-return]
        summary = house.journal.summary(run_id)
        if summary is None:
            known = [one.run_id for one in house.journal.summaries()[:5]]
            listed = f"It holds {', '.join(map(repr, known))}." if known else "It holds none yet."
            raise UnknownRun(
                f"{house.journal.name} holds no run {run_id!r}. {listed} engine.runs() lists all."
            )
        entries = house.journal.read(run_id)
        target = getattr(entries[0].facts[0], "target", None) if entries else None
        door = Door(house, run_id, Wiring(house.journal.plan(summary.plan), target))
        fold = Fold(door.wiring)
        for entry in entries:
            _evolve_all(fold, entry)
        door._fold = fold
        house.doors[run_id] = door
        return door


def _evolve_all(fold: Fold, entry: Entry) -> None:
    for fact in entry.facts:
        evolve(fold, fact, entry.at)
