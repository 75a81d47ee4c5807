"""The one door to a run: every message comes through here, is judged by the core, and what follows is committed.

A turn is: begin alone on the journal, fold what others wrote, judge the message, write, commit. It
holds the engine's lock and never calls a user's function. A turn that breaks leaves nothing behind: it is rolled back
and the fold is dropped, to be folded again from the journal.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..core import Answer, Fold, Plan, Wiring, advance, counts, evolve_all
from ..core import facts as f
from ..core.messages import Adopt, Emit, Message
from ..errors import AttemptWithdrawn, RunExists, UnknownRun, UsageError
from ..journal import Entry, Journal, pack
from .claimants import AT_WORK
from .house import House

Step = Message | Callable[[Fold], Message]
"""A message, or a function that makes one from where the run stands in the turn."""


class Door:
    """One run in one engine. `fold` is where it stands as far as this process knows."""

    def __init__(self, house: House, run_id: str, wiring: Wiring) -> None:
        self.house = house
        self.journal: Journal = house.journal
        self.run_id = run_id
        self._first = wiring  # the plan that the run began with, looked up
        self.place = (
            f"{self.journal.key.hex()}/{run_id}"  # the same for every door to this run in this process
        )
        self._adopted = False
        self.shut = ""  # why nothing can be recorded through this door any more
        self._fold: Fold | None = None
        self._dropped: int | None = None  # up to which fact a dropped fold was told of
        self._since: dict[str, float] = {}
        self._reasons: dict[str, str] = {}
        self._told = 0  # up to which fact these two are told

    @property
    def wiring(self) -> Wiring:
        """The plan that the run has now, looked up."""
        fold = self._fold
        return self._first if fold is None and not self._adopted else self.fold.wiring

    def plans(self, digest: str) -> Wiring:
        """An adopted plan, looked up. Asked under the lock."""
        self._adopted = True
        return self.house.wiring(digest, self._first.target)

    def new_fold(self) -> Fold:
        """Where the run stood before its first fact."""
        return Fold(self._first, self.plans)

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
            fold = self.new_fold()
            for entry in self.journal.read(self.run_id):
                evolve_all(fold, entry.facts, entry.at)
                if self._dropped is not None and entry.seq > self._dropped:
                    self._tell(entry)
            self._fold, self._dropped = fold, None
        return self._fold

    def _drop(self, known: int) -> None:
        """Let go of a fold that may be wrong; `known` is the last fact that this process has told of."""
        if self._fold is not None:
            self._fold, self._dropped = None, known

    def forget(self) -> None:
        """Let go of the fold; the next look folds anew."""
        self._fold = self._dropped = None

    def refresh(self) -> Fold:
        """Fold what other processes wrote meanwhile. Writes nothing."""
        with self.house.lock:
            if self.house.closed and not self.journal.live:
                raise UsageError(self._closed())
            fold = self._load()
            if self.house.others_wrote(self.run_id):
                known = fold.seq
                try:
                    self._take_in(fold, self.journal.read(self.run_id, fold.seq))
                except BaseException:
                    self._drop(known)
                    raise
        self.house.deliver()
        return fold

    def _closed(self) -> str:
        return f"The engine on {self.journal.name} is closed: open an engine and the run again."

    def _take_in(self, fold: Fold, entries: Any) -> None:
        for entry in entries:
            evolve_all(fold, entry.facts, entry.at)
            self._tell(entry)

    def _tell(self, entry: Entry) -> None:
        self.house.changes += 1
        self.house.publish(self.run_id, entry)

    def send(
        self, message: Message, *, durable: bool = True, by: str | None = None
    ) -> tuple[Answer, Entry | None]:
        """One message through the door. Raises what it is refused with, after recording what is to be recorded."""
        answer, entry = self.turn(message, durable=durable, by=by)
        if answer.error is not None:
            raise answer.error
        return answer, entry

    def turn(
        self,
        step: Step,
        *,
        durable: bool = False,
        by: str | None = None,
        output: tuple[str, int, list[dict[str, Any]]] | None = None,
        first: Callable[[], None] | None = None,
    ) -> tuple[Answer, Entry | None]:
        """Judge a message and commit all that follows together; a refusal is left to the caller.

        `output` (task, attempt, parts) is kept with it; `first` runs inside the turn before the message: it makes a run known,
        and RunExists is raised where it is known already. Raises a JournalError
        when nothing could be committed.
        """
        house, journal, run_id = self.house, self.journal, self.run_id
        with house.lock:
            if self.shut or house.closed:
                raise UsageError(self.shut or self._closed())
            fold = self._fold or self._load()
            known = fold.seq
            claimed = None
            try:
                news = journal.begin(run_id, known, durable)
                if first is not None:
                    if news or fold.state:
                        raise RunExists(f"Run {run_id!r} is recorded already.")
                    first()
                elif news:
                    self._take_in(fold, news)
                    known = fold.seq
                at, stood = house.clock(), fold.state
                if at < fold.at:
                    at = fold.at  # a clock that was set back must not turn the order of facts round
                answer = advance(fold, step(fold) if callable(step) else step, at)
                entry, facts = None, answer.facts
                if facts:
                    entry = Entry(known + 1, at, by or house.by, facts)
                    state = fold.state
                    journal.write(run_id, entry, None if state == stood else state)
                    if type(last := facts[-1]) is f.AttemptClaimed:
                        # Before the commit: from then on anybody may ask whether somebody living holds this claim.
                        claimed = (self.place, last.task, last.attempt)
                        AT_WORK.add(claimed)
                if output is not None:
                    journal.keep_output(run_id, *output)
                journal.commit()
            except BaseException:
                AT_WORK.discard(claimed)
                self._drop(known)
                journal.rollback()
                raise
            house.changes += 1
            if house.attended:
                house.publish(run_id, entry)
        if house.attended:
            house.deliver()
        return answer, entry

    def adopt(self, message: Adopt, plan: Plan) -> None:
        """Take over another plan: kept in the journal in the same turn as the facts that follow. Raises what it is
        refused with."""

        def keep(fold: Fold) -> Message:
            self.journal.keep_plan(message.plan, plan)
            return message

        answer, _ = self.turn(keep, durable=True)
        if answer.error is not None:
            raise answer.error

    def entries(self, after: int = 0) -> Sequence[Entry]:
        """What is recorded behind the fact `after`, oldest first; never what a turn has not committed yet."""
        with self.house.lock:
            return self.journal.read(self.run_id, after)

    def told(self) -> tuple[dict[str, float], dict[str, str]]:
        """Since when each task (and the run, under "") is in its state, and why tasks were skipped or cancelled.

        Times in seconds since the epoch. Costs what was written since it was last asked.
        """
        with self.house.lock:
            for entry in self.journal.read(self.run_id, self._told):
                for fact in entry.facts:
                    _note(self._since, self._reasons, fact, entry.at)
                self._told = entry.seq + len(entry.facts) - 1
            return self._since, self._reasons

    def progress(self, task: str, attempt: int, fraction: float, text: str) -> None:
        """A working attempt says how far it is. Raises AttemptWithdrawn when it counts no more."""
        fold = self.refresh()
        if not counts(fold, task, attempt):
            raise AttemptWithdrawn(f"Attempt {attempt} of {task} counts no more: stop working and return.")
        with self.house.lock:
            self.journal.set_progress(self.run_id, task, attempt, fraction, text)

    def emit(self, task: str, attempt: int, topic: str, payload: Any) -> None:
        """A working attempt records an event of its own."""
        stored = pack(payload, live=self.journal.live, name="payload")
        self.send(Emit(task=task, attempt=attempt, topic=topic, payload=stored), durable=False)


def open_door(house: House, run_id: str) -> Door:
    """The door to a recorded run, one for all who ask. Raises UnknownRun when the journal holds none of that id."""
    with house.lock:
        held = house.doors.get(run_id) if isinstance(run_id, str) else None
        if held is not None:
            return held  # type: ignore[no-any-return]
        summary = house.journal.summary(run_id) if isinstance(run_id, str) else None
        if summary is None:
            known = [one.run_id for one in house.journal.summaries()[:5]]
            listed = f"It holds {', '.join(map(repr, known))}." if known else "It holds none yet."
            raise UnknownRun(
                f"{house.journal.name} holds no run {run_id!r}. {listed} engine.runs() lists all."
            )
        entries = house.journal.read(run_id)
        target = getattr(entries[0].facts[0], "target", None) if entries else None
        door = Door(house, run_id, house.wiring(summary.plan, target))
        fold = door.new_fold()
        for entry in entries:
            evolve_all(fold, entry.facts, entry.at)
        door._fold = fold
        house.doors[run_id] = door
        return door


def _note(since: dict[str, float], reasons: dict[str, str], fact: f.Fact, at: float) -> None:
    if fact.kind.startswith(("Run", "Pause")):
        since[""] = at
    if isinstance(fact, f.TaskSkipped | f.TaskCancelled):
        for name in fact.tasks:
            since[name], reasons[name] = at, fact.reason
    elif hasattr(fact, "task") and not isinstance(fact, f.Emitted | f.ReportRefused):
        since[fact.task] = at
    for name in getattr(fact, "ready", ()):
        since[name] = at
