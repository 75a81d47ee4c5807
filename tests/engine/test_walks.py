"""Random runs of random flows through the engine's door, in memory and on a file that is opened anew, against the reference model.

The core alone goes the same walks in `tests/core/test_machine.py`; here the journals, the folding of what another engine wrote and
the readings of a run have to keep up with it.
"""

from __future__ import annotations

import dataclasses
import os
import random
from pathlib import Path
from typing import Any

import pytest

from flowkit import Engine, Run
from flowkit.core import Answer, Fold, Plan
from flowkit.core import messages as m
from flowkit.journal import unpack
from tests.core.acts import Actor
from tests.core.flows import made
from tests.core.shapes import LISTS, Made, plan_of, stored
from tests.core.walking import STEPS
from tests.core.world import World

FULL = os.environ.get("FLOWKIT_FULL") == "1"
SEEDS = {"memory": range(20_000 if FULL else 400), "file": range(2_000 if FULL else 100)}


class NoCode:
    """A task that this process has no fitting code for."""

    manual = False
    fixed: dict[str, Any] = {}  # noqa: RUF012 - nobody writes to it

    def fits(self, plan: Any, what: str = "do") -> bool:
        return False

    def asked(self, what: str) -> None:
        return None


class Blueprint:
    """A made-up flow as an engine takes one; nobody has code for it."""

    def __init__(self, flow: Made) -> None:
        self.name = "made up"
        self.tasks: dict[str, Any] = {}
        self.flow = flow

    def plan(self) -> Plan:
        return plan_of(self.flow)

    def all_tasks(self) -> dict[str, Any]:
        return {task.name: NoCode() for task in self.plan().tasks}


class ThroughTheDoor(World):
    """The same verbs, sent through the door of a run in an engine."""

    def __init__(self, flow: Made, path: Path | None, patch: pytest.MonkeyPatch) -> None:
        self.path = path
        patch.setattr("flowkit.engine.engine.secrets.randbits", lambda bits: flow.seed)
        super().__init__(flow)

    def do(self, action: Any) -> None:
        # A clock that goes back is held by the door, which has tests of its own; the model takes each time as it comes.
        super().do((max(0.0, action[0]), *action[1:]))

    def answer(self, message: m.Message) -> Answer:
        if isinstance(message, m.Start):
            self._start()
            facts = tuple(fact for entry in self.run._door.entries() for fact in entry.facts)
            return Answer("accepted", facts)
        answer, _ = self.run._door.turn(message)
        return answer

    def _start(self) -> None:
        self.engine = Engine(self.path, clock=lambda: self.now)
        inputs = {name: unpack(stored(value)) for name, value in LISTS.items() if name in self.wiring.inputs}
        results = {name: unpack(stored(value)) for name, value in self.made.given}
        self.run: Run = self.engine.start(
            Blueprint(self.made),  # type: ignore[arg-type]
            inputs,
            run_id="r",
            target=self.made.target,
            results=results,
        )

    @property
    def fold(self) -> Fold:
        return self.run._door.refresh() if hasattr(self, "run") else self._before

    @fold.setter
    def fold(self, fold: Fold) -> None:
        self._before = fold

    def _reopen(self) -> None:
        """Let go of the file and open it again; in memory, let go of what is known and fold it anew."""
        if self.path is None:
            self.run._door.forget()
        else:
            self.engine.close()
            self.engine = Engine(self.path, clock=lambda: self.now)
            self.run = self.engine.open("r")

    def compare(self) -> None:
        super().compare()
        assert self.run.state == self.fold.state
        names = self.wiring.order
        assert self.run.states == {name: self.fold.states[name] for name in names}
        assert str(self.run.why())


@pytest.mark.parametrize("where", ["memory", "file"])
def test_the_engine_and_the_reference_model_agree(
    where: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for seed in SEEDS[where]:
        path = None if where == "memory" else tmp_path / f"{seed}.db"
        flow = made(seed)
        if any(shape.each for shape in flow.shapes):  # whose given results would have to be lists
            flow = dataclasses.replace(flow, given=())
        world = ThroughTheDoor(flow, path, monkeypatch)
        actor = Actor(random.Random(f"acts {seed}"))
        for step in range(STEPS):
            action = actor.choose(world.model)
            if action[1] == "adopt":  # which begins with a bill, and has tests of its own
                continue
            world.do(action)
            if step % 20 == 7:
                world._reopen()
                world.compare()
        world.engine.close()
