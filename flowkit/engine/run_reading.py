"""A run as it is read: where it stands, what its tasks gave, why nothing moves, and its picture.

Reading never writes and never drives, and takes in what other processes wrote. The object that also drives is in `run.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..core.claiming import claim_next
from ..core.messages import Claim
from ..errors import NoResult
from ..journal import unpack
from ..render import Graph, Why, next_words, why
from .abilities import Code
from .addresses import named
from .claimants import me
from .door import Door
from .events import Journal, events_of
from .faces import bundled, one_line
from .needs import needs_of
from .pictures import flags_of, graph_of, picture_of_run
from .reading import TaskReading, result_of, seen_from, still_out
from .task import Unit
from .watching import refold


class RunReading:
    """What can be read of a run, in any process, with its code or without."""

    def __init__(self, door: Door, code: Mapping[str, Unit]) -> None:
        self._door = door
        self._tasks = code
        self._known: Code | None = Code(door.wiring, code)
        self._graph: tuple[Any, Graph] | None = None

    @property
    def _code(self) -> Code:
        """What this process can do of the run; worked out anew when the run has taken over an edited flow."""
        wiring = self._door.wiring
        if self._known is None or self._known.wiring is not wiring:
            self._known = Code(wiring, self._tasks)
        return self._known

    @property
    def id(self) -> str:
        """The run's id."""
        return self._door.run_id

    @property
    def engine_name(self) -> str:
        """Where it is kept: the journal's path, or "memory"."""
        return self._door.journal.name

    @property
    def flow_name(self) -> str:
        """The name of its flow."""
        return self._door.wiring.plan.flow

    @property
    def seq(self) -> int:
        """The number of the last event that this process knows."""
        return self._door.fold.seq

    @property
    def state(self) -> str:
        """The run's state, in lower case."""
        return self._door.refresh().state

    @property
    def states(self) -> dict[str, str]:
        """Each task's state by name, in the order of definition; those in a subflow as `name.task`."""
        fold = self._door.refresh()
        return {name: fold.states[name] for name in fold.wiring.order}

    @property
    def flags(self) -> dict[str, str]:
        """What is said beside the states of tasks, by name: items, tries, rounds, open questions, results that were told."""
        fold = self._door.refresh()
        with self._door.house.lock:
            return flags_of(fold)

    @property
    def breaks(self) -> tuple[str, ...]:
        """The tasks with a breakpoint in front of them."""
        return tuple(self._door.refresh().breaks)

    @property
    def needs(self) -> list[str]:
        """The units that wait for somebody, the most urgent first, some of each sort: what people were asked, questions and undos
        without their code here, what was lost, what failed."""
        fold, code = self._door.refresh(), self._code
        with self._door.house.lock:
            return needs_of(fold, code)

    @property
    def inputs(self) -> dict[str, Any]:
        """Copies of the inputs that it was started with."""
        return {name: unpack(value) for name, value in self._door.refresh().inputs.items()}

    def __getitem__(self, task: str | Unit) -> Any:
        """A copy of a task's result, or of a named part of one. Raises NoResult, with why."""
        name = task.name if isinstance(task, Unit) else task
        return result_of(self._door.refresh(), name, self._explain)

    def __iter__(self) -> Iterator[str]:
        return iter(self._door.wiring.order)

    def __contains__(self, task: object) -> bool:
        return task in self._door.wiring.tasks or task in self._door.wiring.parts

    @property
    def result(self) -> Any:
        """The run's result: of the task that the flow names, else of its one end, else a dict of all ends.

        Raises NoResult, with why.
        """
        fold, wiring = self._door.refresh(), self._door.wiring
        if fold.state != "succeeded":
            raise NoResult(f"The run has no result: {self.why().words}")
        names = (wiring.plan.result,) if wiring.plan.result and wiring.target is None else wiring.ends
        if len(names) == 1:
            return self[names[0]]
        return {name: self[name] for name in names if name in fold.values}

    def task(self, task: str | Unit) -> TaskReading:
        """One task: state, attempts, inputs, result, failure, output, timings. Raises UsageError for an unknown name."""
        return TaskReading(self._door, named(self._door, task), self._explain)

    @property
    def events(self) -> Journal:
        """The run's journal, oldest event first."""
        self._door.refresh()
        return Journal(events_of(self._door.entries()))

    def why(self, task: str | Unit | None = None) -> Why:
        """Why a task (or the run) is in its state, down to the root cause, and which call would move it."""
        name = None if task is None else named(self._door, task)
        return self._explain(name, self._door.house.clock())

    def to_pytest(self, flow: str = "") -> str:
        """The text of a test file that tells this run again by hand and must come to the same end.

        No task's function is called: it tests the flow's links and options. `flow` says where the flow is found, "module:name"
        (or "module", where it is called flow); without it a fixture is left to be filled in. Raises UsageError for a run that
        can't be told again, and for values that only this process has.
        """
        from .rehearsing import pytest_of

        try:
            result = self.result
        except NoResult:
            result = ...
        return pytest_of(self._door, flow, result)

    def next_words(self) -> str:
        """What the next step would do, in a sentence."""
        self._door.refresh()
        with self._door.house.lock:
            return next_words(self._door.fold, self._door.wiring, self._seen())

    def next_task(self) -> str | None:
        """The task that `step()` would run now, or None where there is nothing to run here."""
        fold, code = self._door.refresh(), self._code
        if fold.state not in ("running", "failing", "reverting"):
            return None
        with self._door.house.lock:
            if fold.state == "running" and (asked := code.question(fold)) is not None:
                return asked
            claim = claim_next(fold, Claim(claimant=me(), among=code.here))
        return None if claim is None else claim.task

    def graph(self) -> Graph:
        """The run's tasks and links as a drawing."""
        wiring = self._door.wiring
        if self._graph is None or self._graph[0] is not wiring:
            self._graph = (wiring, graph_of(self.flow_name, wiring.tasks.values()))
        return self._graph[1]

    def _explain(self, name: str | None, now: float | None = None) -> Why:
        """The answer of `why`; without `now` its words are the same whenever it is asked."""
        self._door.refresh()
        with self._door.house.lock:
            return why(self._door.fold, self._door.wiring, name, self._seen(now))

    def _seen(self, now: float | None = None) -> Any:
        return seen_from(self._door, self._code, now)

    def _face(self, seq: int | None, marks: dict[str, str], caption: str) -> dict[str, str]:
        fold = refold(self._door, seq)
        still = still_out(self._door, fold) if fold is self._door.fold else ()
        return picture_of_run(self.graph(), fold, marks, caption, still)

    @one_line
    def __repr__(self) -> str:
        fold = self._door.refresh()
        states = [fold.states[name] for name in fold.wiring.order]
        done = states.count("succeeded")
        return f"<Run {self.id} of {self.flow_name}: {fold.state}, {done} of {len(states)} tasks succeeded>"

    @bundled
    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        fold = self._door.refresh()
        words = f"{fold.state}: {self._explain(None).words}"
        return picture_of_run(self.graph(), fold, {}, words, still_out(self._door, fold))
