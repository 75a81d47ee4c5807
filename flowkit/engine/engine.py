"""The engine: runs on one journal. It has no loop and no thread that drives; it lives in its caller's thread.

The same file in one process is one journal with one lock, however many engines are opened on it.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import time
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from ..core import Plan, Wiring
from ..core.draft import Fault
from ..core.messages import Start
from ..core.states import FINISHED
from ..core.values import same
from ..errors import FlowChanged, JournalCorrupt, RunExists, UsageError
from ..journal import MemoryJournal, Summary
from . import files
from .clocks import clock_from
from .door import Door, open_door
from .events import Event, Offer, OfferList, Receipt, refuse_no_listener, tell_each
from .faces import one_line
from .failures import failure_from
from .house import House
from .intake import (
    by_names,
    difference,
    judged_id,
    judged_target,
    other_start,
    packed_inputs,
    packed_results,
    refuse_no_flow,
)
from .reports import words
from .run import Run
from .runs import RunList
from .tokens import read_token


class Blueprint(Protocol):
    """A flow, as an engine needs it: its name, its tasks with their code, and its plan."""

    name: str

    def all_tasks(self) -> Mapping[str, Any]: ...

    def plan(self) -> Plan: ...

    def definition(self) -> str: ...

    def draft_plan(self) -> tuple[Plan, list[Fault]]: ...


class Engine:
    """Runs on one journal: in memory, or in a SQLite file.

    `path` of the file (None: memory, gone with the process). `clock`: a function that returns seconds since the epoch, or
    "virtual" for a clock that only `run.tick` moves. `durability`: "process" (what a local driver can compute again may be lost
    with the machine, never with the process; the default) or "power" (every commit is fsynced). Both are the file's for the
    whole process: engines opened later take them over. Also a context manager, which closes it.
    Raises a JournalError where the file can't serve, UsageError where it is open here with another clock or durability.
    """

    def __init__(
        self,
        path: str | os.PathLike[str] | None = None,
        *,
        clock: Callable[[], float] | str | None = None,
        durability: str | None = None,
    ) -> None:
        if durability not in (None, "process", "power"):
            raise UsageError(f"durability={durability!r} is not known: 'process' or 'power'.")
        self.path = None if path is None else files.place(path)
        if self.path is None:
            self._house = House(MemoryJournal(), clock_from(clock))
        else:
            self._house = files.enter(self.path, clock, durability)
        self._closed = False

    @property
    def name(self) -> str:
        """The journal's path, or "memory"."""
        return self._house.journal.name

    def start(
        self,
        flow: Blueprint,
        inputs: Mapping[str, Any] | None = None,
        run_id: str | None = None,
        target: Any = None,
        results: Mapping[str, Any] | None = None,
    ) -> Run:
        """Start a run, or resume it: the same `run_id` with the same inputs *is* a resume, and says so. Calls no user code.

        `target`: only that task and what it needs. `results` gives tasks their results beforehand.
        Raises DefinitionError for a faulty flow, UsageError for missing or unknown inputs, InvalidValue for one that does not
        fit, RunExists when the id is taken by other inputs, FlowChanged when by another structure.
        """
        self._check_open()
        refuse_no_flow(flow)
        inputs, given = by_names("inputs", inputs), by_names("results", results)
        run_id, name = judged_id(run_id), judged_target(target, flow)
        plan = flow.plan()
        wiring = Wiring(plan, name)
        live = self._house.journal.live
        stored = packed_inputs(wiring, inputs, given, live)
        if run_id is not None and self._has(run_id):
            return self._again(flow, run_id, name, stored, packed_results(wiring, given, live))
        digest = hashlib.sha256(plan.encode()).hexdigest()[:32]
        door = Door(self._house, run_id or _new_id(), wiring)
        message = Start(
            flow=flow.name,
            plan=digest,
            inputs=stored,
            target=name,
            results=packed_results(wiring, given, live),
            seed=secrets.randbits(32),
        )
        now = self._house.clock()
        summary = Summary(door.run_id, flow.name, digest, "running", now, now)

        def make_known() -> None:
            self._house.journal.add_run(summary, plan)
            self._house.doors[door.run_id] = door  # before anybody can ask for a second door to it

        try:
            door.turn(message, durable=True, first=make_known)
        except RunExists:  # another process was faster
            return self._again(flow, door.run_id, name, stored, message.results)
        except BaseException:
            self._house.doors.pop(door.run_id, None)
            raise
        return Run(door, flow.all_tasks())

    def _has(self, run_id: str) -> bool:
        with self._house.lock:
            return self._house.journal.summary(run_id) is not None

    def _again(
        self,
        flow: Blueprint,
        run_id: str,
        target: str | None,
        inputs: dict[str, Any],
        results: dict[str, Any],
    ) -> Run:
        run = self.open(run_id, flow)
        door = run._door
        fold = door.refresh()
        for what, before, now in (("inputs", fold.inputs, inputs), ("results", fold.results, results)):
            if before.keys() != now.keys() or not all(same(before[k], value) for k, value in now.items()):
                raise RunExists(other_start(run_id, what, before, now))
        if door.wiring.target != target:
            raise RunExists(
                f"Run {run_id!r} is recorded with target {door.wiring.target!r}, not {target!r}. "
                f"Take another run_id, or engine.open({run_id!r}, flow) for the recorded one."
            )
        states = [fold.states[name] for name in door.wiring.order]
        done = states.count("succeeded")
        print(
            f"{run_id}: resumed, {done} of {len(states)} tasks succeeded, the run is {fold.state}.{run.note}"
        )
        return run

    def open(self, run_id: str, flow: Blueprint | None = None) -> Run:
        """A recorded run, from any process. Without the flow one can read, report, pause and cancel, but not execute.

        Raises UnknownRun for an unknown id, FlowChanged when the flow has another structure than the run's plan. Code that alone
        differs is named in `run.note`; such a task is not entered by this process.
        """
        self._check_open()
        if flow is not None:
            refuse_no_flow(flow)
        door = open_door(self._house, run_id)
        run = Run(door, {} if flow is None else flow.all_tasks())
        if flow is not None:
            if (
                flow.definition() != door.wiring.plan.definition
            ):  # it is made otherwise, and perhaps comes to the same
                self._compare(run_id, flow, door.wiring.plan)
            changed = run._code.changed()
            if changed:
                run.note = (
                    f" Edited since it was started: {', '.join(changed)}; this process does not enter "
                    f"{'it' if len(changed) == 1 else 'them'}. A new run takes the new code."
                )
        return run

    def _compare(self, run_id: str, flow: Blueprint, recorded: Plan) -> None:
        """Raise FlowChanged where a flow has another structure than a run's plan."""
        plan, faults = flow.draft_plan()  # without its code, which takes longest and is compared elsewhere
        if faults:
            plan = flow.plan()  # which says what is wrong
        if plan.structure() != recorded.structure():
            raise FlowChanged(difference(run_id, recorded, plan))

    def runs(self) -> RunList:
        """Summaries of all runs, newest first."""
        self._check_open()
        with self._house.lock:
            return RunList(self._house.journal.summaries())

    def ready(self, manual: bool = False) -> OfferList:
        """What is ready in all runs that have not ended; with `manual`, only what waits for people.

        A run that can't be read is left out and named below the list; `engine.open` says what is wrong with it.
        """
        offers: list[Offer] = []
        broken = []
        for summary in reversed(self.runs()):
            if summary.state not in FINISHED:
                try:
                    found = self.open(summary.run_id).ready()
                except JournalCorrupt:
                    broken.append(summary.run_id)
                else:
                    offers += [offer for offer in found if not manual or offer.able in ("manual", "lost")]
        head = ("run", "task", "expects", "instructions")
        rows = [(o.run_id, o.task, o.expects, o.instructions) for o in offers]
        caption = "" if rows else "Nothing waits."
        if broken:
            caption = f"{caption} Can't be read: {', '.join(broken)}.".strip()
        return OfferList(offers, lambda: (head, rows, caption))

    def complete(self, token: str | Offer, value: Any, note: str | None = None) -> Receipt:
        """Report a result by completion token (or an offer) alone. Raises as `Run.complete` does."""
        run, unit, attempt, kind = self._of_token(token)
        return run._tell(unit, attempt, kind, value, note)

    def fail(
        self, token: str | Offer, error: BaseException | str, type: str | None = None, note: str | None = None
    ) -> Receipt:
        """Report a failure by completion token alone. Raises as `Run.fail` does."""
        run, unit, attempt, kind = self._of_token(token)
        return run._tell_failure(unit, attempt, kind, failure_from(error, words("type", type)), note)

    def _of_token(self, token: str | Offer) -> tuple[Run, str, int, str]:
        self._check_open()
        if isinstance(token, Offer):
            return self.open(token.run_id), token.task, token.number, token.kind
        run_id, unit, attempt, kind = read_token(self._house.journal.key, token)
        return self.open(run_id), unit, attempt, kind

    def subscribe(self, listener: Callable[[str, Event], None]) -> Callable[[], None]:
        """Call `listener(run_id, event)` with each event of every run, once, in order, after its commit, outside every lock.

        What it raises disturbs nobody. What another process records is told when this one takes it in, which needs a run
        object here. Returns a function that ends the subscription.
        """

        self._check_open()
        refuse_no_listener(listener)

        def tell(run_id: str, entry: Any) -> None:
            tell_each(listener, run_id, entry, run_id)

        return self._house.listen(tell)

    def close(self) -> None:
        """Let go of the file. Background drivers stop at the next task; nothing is lost. Closing twice is fine."""
        if self._closed:
            return
        self._closed = True
        files.leave(self._house)

    def _check_open(self) -> None:
        if self._closed:
            again = f"Engine({self.path!r}) opens it again" if self.path else "its runs are gone"
            raise UsageError(f"This engine is closed: {again}.")

    def __enter__(self) -> Engine:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    @one_line
    def __repr__(self) -> str:
        return f"<Engine on {self.name}>"


def _new_id() -> str:
    """A run id that sorts by time and is short enough to be typed."""
    return time.strftime("%m%d-%H%M%S-") + secrets.token_hex(2)
