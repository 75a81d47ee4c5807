"""Random flows, driven in random orders, against the reference model; and the rows of the tables it takes."""

from __future__ import annotations

import functools
import os
import random
from typing import Any

from hypothesis import settings, stateful
from hypothesis import strategies as st

from flowkit.core.states import RUN_TABLE, RUN_VERDICTS, TASK_TABLE, TASK_VERDICTS
from tests.core.model import Shape
from tests.core.world import Rows, World

FULL = os.environ.get("FLOWKIT_FULL") == "1"

VALUES = st.sampled_from([0, 1, True, 1.0, "one", None])
TEXTS = st.sampled_from(["no", "never"])
CRASH = ("rerun", "rerun", "ask", "fail")


@st.composite
def flows(draw: Any) -> list[Shape]:
    """Up to twelve tasks, each waiting for up to four earlier ones."""
    shapes: list[Shape] = []
    for number in range(draw(st.integers(1, 12))):
        earlier = [shape.name for shape in shapes]
        sources = draw(st.lists(st.sampled_from(earlier), max_size=4, unique=True)) if earlier else []
        shapes.append(
            Shape(
                name=f"t{number}",
                sources=tuple(sources),
                manual=draw(st.sampled_from([False, False, True])),
                on_crash=draw(st.sampled_from(CRASH)),
                after=draw(st.booleans()),
            )
        )
    return shapes


class CoreMachine(stateful.RuleBasedStateMachine):
    """Every verb at any time, aimed well or badly."""

    world: World

    @stateful.initialize(shapes=flows(), data=st.data())
    def start(self, shapes: list[Shape], data: st.DataObject) -> None:
        target = data.draw(st.sampled_from([None, None, shapes[-1].name]), "target")
        within = list(World(shapes, target=target).names)
        given = data.draw(
            st.one_of(st.just({}), st.dictionaries(st.sampled_from(within), VALUES, max_size=3)), "given"
        )
        self.world = World(shapes, given, target)

    def _name(self, data: st.DataObject) -> str:
        return data.draw(st.sampled_from([*self.world.names, "nobody"]), "task")

    def _open(self, data: st.DataObject) -> str:
        reachable = [n for n, s in self.world.fold.states.items() if s in ("ready", "running", "lost")]
        return data.draw(st.sampled_from(reachable or self.world.names), "open task")

    def _attempt(self, data: st.DataObject, name: str) -> int | None:
        last = self.world.fold.attempts.get(name, 0)
        return data.draw(st.sampled_from([None, last, last - 1, last + 1]), "attempt")

    @stateful.rule()
    def claim_next(self) -> None:
        self.world.claim_next()

    @stateful.rule(data=st.data())
    def claim(self, data: st.DataObject) -> None:
        self.world.claim(self._name(data))

    @stateful.rule(data=st.data(), value=VALUES)
    def complete(self, data: st.DataObject, value: Any) -> None:
        self.world.complete(self._open(data), value)

    @stateful.precondition(lambda self: self.world.fold.claims)
    @stateful.rule(data=st.data(), value=VALUES)
    def complete_and_claim(self, data: st.DataObject, value: Any) -> None:
        self.world.complete_and_claim(data.draw(st.sampled_from(list(self.world.fold.claims)), "task"), value)

    @stateful.rule(data=st.data(), value=VALUES, valid=st.sampled_from([True, True, False]))
    def complete_anything(self, data: st.DataObject, value: Any, valid: bool) -> None:
        name = self._name(data)
        self.world.complete(name, value, self._attempt(data, name), valid)

    @stateful.rule(data=st.data(), text=TEXTS)
    def fail(self, data: st.DataObject, text: str) -> None:
        name = self._name(data)
        self.world.fail(name, text, self._attempt(data, name))

    @stateful.rule(data=st.data())
    def release(self, data: st.DataObject) -> None:
        name = self._open(data)
        self.world.release(name, self._attempt(data, name) or 0)

    @stateful.rule(data=st.data())
    def lose_claimants(self, data: st.DataObject) -> None:
        fold = self.world.fold
        pairs = [(name, fold.attempts[name]) for name in fold.claims] + [
            ("nobody", 1),
            (self.world.names[0], 1),
        ]
        self.world.tick(tuple(data.draw(st.lists(st.sampled_from(pairs), max_size=4), "gone")))

    @stateful.rule()
    def pause(self) -> None:
        self.world.pause()

    @stateful.rule()
    def resume(self) -> None:
        self.world.resume()

    @stateful.precondition(lambda self: len(self.world.facts) > 15)
    @stateful.rule()
    def cancel(self) -> None:
        self.world.cancel()

    @stateful.rule(data=st.data())
    def set_break(self, data: st.DataObject) -> None:
        self.world.set_break(self._name(data))

    @stateful.rule(data=st.data())
    def clear_break(self, data: st.DataObject) -> None:
        self.world.clear_break(self._name(data))

    @stateful.rule()
    def reopen(self) -> None:
        self.world.reopen()


TestCoreMachine = CoreMachine.TestCase
TestCoreMachine.settings = settings(
    max_examples=2000 if FULL else 120, stateful_step_count=80 if FULL else 40, deadline=None
)


def walk(seed: int, rows: Rows) -> None:
    """One random run from its start to well after its end; the same for the same seed, for ever."""
    rng = random.Random(seed)
    shapes: list[Shape] = []
    for number in range(rng.randint(1, 10)):
        sources = rng.sample([s.name for s in shapes], min(len(shapes), rng.randint(0, 2)))
        manual, crash = rng.random() < 0.25, rng.choice(CRASH)
        shapes.append(Shape(f"t{number}", tuple(sources), manual, crash, rng.random() < 0.3))
    names = [shape.name for shape in shapes]
    given = dict.fromkeys(rng.sample(names, 1), 1) if rng.random() < 0.3 else {}
    world = World(shapes, given, rows=rows)
    ending, careful = rng.random(), rng.random() < 0.5
    for _ in range(90):
        name = rng.choice(names)
        fold = world.fold
        last = fold.attempts.get(name, 0)
        verb = rng.randint(0, 30)
        if verb < 10:
            world.claim_next() if verb < 8 else world.claim(name)
        elif verb < 12 and name in fold.claims:
            world.complete_and_claim(name, 1)
        elif verb < 18:
            world.complete(name, rng.randint(0, 1), rng.choice([None, last, last - 1]))
        elif verb < 20:
            if not careful or ending > 0.7:
                world.fail(name, "no")
        elif verb < 22:
            world.release(name, last)
        elif verb < 24:
            world.tick(tuple((n, fold.attempts[n]) for n in fold.claims if rng.random() < 0.5))
        elif verb < 26:
            world.pause()
        elif verb < 28:
            world.resume()
        elif verb == 28 and ending < 0.6 and rng.random() < 0.3:
            world.cancel()
        elif verb == 29:
            world.set_break(name) if rng.random() < 0.5 else world.clear_break(name)
    world.complete(names[0], 1, valid=False)


@functools.cache
def walked() -> Rows:
    """Many such runs: runs in every state, with tasks in every state, reached by messages alone."""
    rows = Rows()
    for seed in range(2000 if FULL else 100):
        walk(seed, rows)
    return rows


def test_every_legal_row_is_taken_and_every_verdict_given() -> None:
    rows = walked()
    never = {  # under the policy "stop" a run that has such a task answers first
        ("failed", "Claim"),
        ("cancelled", "Claim"),
        ("retrying", "Claim"),
    }
    assert rows.task_table == TASK_TABLE.keys()
    assert rows.run_table == RUN_TABLE.keys()
    assert rows.task_verdicts == TASK_VERDICTS.keys() - never
    assert rows.run_verdicts == RUN_VERDICTS.keys()
    assert rows.verdicts == {
        *("accepted", "repeat", "ignored", "UsageError", "UnknownAttempt", "NotReady"),
        *("AlreadyCompleted", "LateReport", "InvalidValue"),
    }
