"""Random flows driven through the engine's public surface in random orders, against the reference model.

Drivers are threads whose task waits until the machine says how it ends, so any number of attempts can be at work while
people report, pause and look; killed processes are claims that they left behind. After every action all that a user can
read is compared with the model.
"""

from __future__ import annotations

import queue
import shutil
import tempfile
import threading
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings, stateful
from hypothesis import strategies as st

from flowkit import Engine, Flow, attempt
from flowkit.core import Claimant
from flowkit.core.messages import Claim
from flowkit.errors import FlowkitError, NoResult, RunInterrupted
from tests.core.model import DONE, ENDED, Model, Shape
from tests.core.test_machine import FULL, TEXTS, flows

VALUES = st.sampled_from([0, 1, 1.0, "one", None, [1], {"a": (1, 2)}])
DEAD = Claimant(boot="", space="", pid=0, born="", driver="")


class Work:
    """A driver in a thread that is inside a task's function."""

    def __init__(self, machine: EngineMachine, step: Any) -> None:
        self.entered: queue.SimpleQueue[tuple[str, int] | None] = queue.SimpleQueue()
        self.ending: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self.raised: BaseException | None = None

        def drive() -> None:
            machine.here.work = self
            try:
                step()
            except BaseException as error:
                self.raised = error
            self.entered.put(None)

        self._thread = threading.Thread(target=drive)
        self._thread.start()
        self.at = self.entered.get(timeout=60)

    def end(self, how: Any) -> None:
        """Let the function return or raise, and wait until what it did is reported."""
        self.ending.put(how)
        self._thread.join(60)
        assert not self._thread.is_alive()


class EngineMachine(stateful.RuleBasedStateMachine):
    """Every verb of a run at any time."""

    on_file = False

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.mkdtemp() if self.on_file else None
        self.path = None if self.folder is None else Path(self.folder) / "journal.db"
        self.engine = Engine(self.path)
        self.here = threading.local()
        self.works: list[Work] = []
        self.tokens: dict[tuple[str, int], str] = {}
        self.told: list[int] = []

    @stateful.initialize(shapes=flows(), data=st.data())
    def start(self, shapes: list[Shape], data: st.DataObject) -> None:
        self.flow = self._flow(shapes)
        target = data.draw(st.sampled_from([None, None, shapes[-1].name]), "target")
        within = list(Model(shapes, target=target).shapes)
        manual = {shape.name for shape in shapes if shape.manual}
        names = data.draw(st.lists(st.sampled_from(within), max_size=2, unique=True), "given")
        given = {name: 5 if name in manual else [name] for name in names}
        self.model = Model(shapes, given, target)
        self.run = self.engine.start(self.flow, run_id="r", target=target, results=given)
        self._listen()
        self.names = within

    def _flow(self, shapes: list[Shape]) -> Flow:
        """The flow of these shapes; its functions do what the machine says."""
        here = self.here

        def function(**_: Any) -> Any:
            at, work = attempt(), here.work
            work.entered.put((at.task, at.number))
            how = work.ending.get(timeout=60)
            if isinstance(how, BaseException):
                raise how
            return how

        def person(**_: Any) -> int: ...

        flow = Flow("made up")
        for shape in shapes:
            scope: dict[str, Any] = {"person": person, "function": function}
            params = "" if shape.after else ", ".join(shape.sources)
            called = ", ".join(f"{name}={name}" for name in params.split(", ") if name)
            arrow = " -> int" if shape.manual else ""
            body = f"def {shape.name}({params}){arrow}: return {'person' if shape.manual else 'function'}({called})"
            exec(body, scope)
            after = shape.sources if shape.after else ()
            if shape.manual:
                flow.manual(scope[shape.name], after=after)
            else:
                flow.task(scope[shape.name], after=after, on_crash=shape.on_crash)
        return flow

    def _listen(self) -> None:
        self.told = [event.seq for event in self.run.events]
        self.deafen = self.run.subscribe(lambda event: self.told.append(event.seq))

    # Driving ------------------------------------------------------------------------------------------------

    @stateful.precondition(lambda self: len(self.works) < 3)
    @stateful.rule(data=st.data())
    def step(self, data: st.DataObject) -> None:
        """Begin a step: of the next task, or of one by name."""
        name = data.draw(st.one_of(st.none(), st.sampled_from(self.names)), "task")
        stand = self.model.now()
        ready = stand.states[name] == "ready" and not self.model.shapes[name].manual if name else True
        work = Work(self, lambda: self.run.step(name, echo=False))
        if not ready:
            assert work.at is None
            assert type(work.raised).__name__ == "NotReady"
            return
        self._settle_dead()
        if work.at is None:
            assert work.raised is None
            assert self.run.stopped_by in ("waiting", "paused", "breakpoint", "ended")
            stand = self.model.now()
            able = {n for n in stand.having("ready") if not self.model.shapes[n].manual}
            assert stand.run != "running" or not (able & {name} if name else able)
            return
        task, number = work.at
        assert name in (None, task)
        assert self.model.claim(task) == "accepted"
        assert number == self.model.now().attempts[task]
        self.works.append(work)

    @stateful.precondition(lambda self: self.works)
    @stateful.rule(data=st.data(), value=VALUES)
    def return_value(self, data: st.DataObject, value: Any) -> None:
        work = self._some_work(data)
        assert work.at is not None
        work.end(value)
        assert work.raised is None, work.raised
        self.model.report(work.at[0], ("value", value), work.at[1])

    @stateful.precondition(lambda self: self.works)
    @stateful.rule(data=st.data(), text=TEXTS)
    def raise_error(self, data: st.DataObject, text: str) -> None:
        work = self._some_work(data)
        assert work.at is not None
        work.end(OSError(text))
        assert work.raised is None
        self.model.report(work.at[0], ("failure", text), work.at[1])

    @stateful.precondition(lambda self: self.works)
    @stateful.rule(data=st.data())
    def interrupt(self, data: st.DataObject) -> None:
        work = self._some_work(data)
        assert work.at is not None
        work.end(KeyboardInterrupt())
        assert isinstance(work.raised, RunInterrupted)
        self.model.release(*work.at)

    @stateful.rule(data=st.data())
    def leave_a_dead_claim(self, data: st.DataObject) -> None:
        """What is left of another process that claimed a task and was killed."""
        name = data.draw(st.sampled_from(self.names), "task")
        expected = self.model.claim(name)
        self._expect(expected, lambda: self.run._door.send(Claim(task=name, claimant=DEAD)))

    @stateful.rule()
    def tick(self) -> None:
        self.run.tick()
        self._settle_dead()

    def _settle_dead(self) -> None:
        """A driver looks for claims that nobody living holds before it does anything else."""
        at_work = {work.at for work in self.works}
        stand = self.model.now()
        gone = [
            (name, stand.attempts[name])
            for name, state in stand.states.items()
            if state == "running" and (name, stand.attempts[name]) not in at_work
        ]
        self.model.tick(tuple(gone))

    def _some_work(self, data: st.DataObject) -> Work:
        number = data.draw(st.integers(0, len(self.works) - 1), "which")
        return self.works.pop(number)

    # Reporting ----------------------------------------------------------------------------------------------

    @stateful.rule(data=st.data(), value=VALUES)
    def complete(self, data: st.DataObject, value: Any) -> None:
        name = data.draw(st.sampled_from([*self.names, "nobody"]), "task")
        expected = self.model.report(name, ("value", value), valid=self._fits(name, value))
        self._expect(expected, lambda: self.run.complete(name, value))

    @stateful.rule(data=st.data())
    def complete_what_is_asked(self, data: st.DataObject) -> None:
        open_tasks = sorted(self.model.now().having("ready", "running", "lost")) or self.names
        name, value = data.draw(st.sampled_from(open_tasks), "task"), data.draw(st.integers(0, 1), "value")
        expected = self.model.report(name, ("value", value))
        self._expect(expected, lambda: self.run.complete(name, value))

    @stateful.rule(data=st.data(), text=TEXTS)
    def fail(self, data: st.DataObject, text: str) -> None:
        name = data.draw(st.sampled_from(self.names), "task")
        expected = self.model.report(name, ("failure", text))
        self._expect(expected, lambda: self.run.fail(name, OSError(text)))

    @stateful.rule()
    def read_the_tokens(self) -> None:
        for offer in self.run.ready():
            known = self.tokens.setdefault((offer.task, offer.attempt), offer.token)
            assert known == offer.token, "the same on every reading"

    @stateful.precondition(lambda self: self.tokens)
    @stateful.rule(data=st.data(), value=VALUES)
    def complete_by_token(self, data: st.DataObject, value: Any) -> None:
        name, number = data.draw(st.sampled_from(sorted(self.tokens)), "token of")
        token = self.tokens[name, number]
        expected = self.model.report(name, ("value", value), number, self._fits(name, value))
        self._expect(expected, lambda: self.engine.complete(token, value))

    @stateful.rule()
    def complete_by_a_made_up_token(self) -> None:
        self._expect("UnknownAttempt", lambda: self.engine.complete("bm9ib2R5.bm9ib2R5", 1))

    def _fits(self, name: str, value: Any) -> bool:
        shape = self.model.shapes.get(name)
        return shape is None or not shape.manual or type(value) is int

    def _expect(self, expected: str, call: Any) -> None:
        """Call, and see that it is worth what the model says."""
        try:
            answer = call()
        except FlowkitError as error:
            found = type(error).__name__
        else:
            ordinary = expected in ("accepted", "repeat", "ignored")
            found = getattr(answer, "verdict", expected if ordinary else "accepted")
        assert found == expected

    # The operator's verbs -----------------------------------------------------------------------------------

    @stateful.rule()
    def pause(self) -> None:
        self._expect(self.model.pause(), self.run.pause)

    @stateful.rule()
    def resume(self) -> None:
        self._expect(self.model.resume(), self.run.resume)

    @stateful.precondition(lambda self: self.run.seq > 15)
    @stateful.rule()
    def cancel(self) -> None:
        self._expect(self.model.cancel(), self.run.cancel)

    @stateful.rule(data=st.data())
    def break_before(self, data: st.DataObject) -> None:
        name = data.draw(st.sampled_from(self.names), "task")
        self._expect(self.model.set_break(name), lambda: self.run.break_before(name))

    @stateful.rule(data=st.data())
    def clear_break(self, data: st.DataObject) -> None:
        name = data.draw(st.sampled_from(self.names), "task")
        self._expect(self.model.clear_break(name), lambda: self.run.clear_break(name))

    @stateful.precondition(lambda self: not self.works)
    @stateful.rule()
    def reopen(self) -> None:
        """Go on as another process would: with a new engine where there is a file, else with a new run object."""
        self.deafen()
        if self.on_file:
            self.engine.close()
            self.engine = Engine(self.path)
        self.run = self.engine.open("r", self.flow)
        self._listen()

    # What can be seen ---------------------------------------------------------------------------------------

    @stateful.invariant()
    def all_that_can_be_read_is_right(self) -> None:
        if not hasattr(self, "model"):
            return
        run, stand = self.run, self.model.now()
        assert (run.state, run.states) == (stand.run, stand.states)
        assert self.engine.runs()[0].state == stand.run
        offers = {offer.task: offer.attempt for offer in run.ready()}
        assert offers == {name: stand.attempts[name] for name in stand.having("ready", "lost")}
        for name, state in stand.states.items():
            reports = [how for (task, _), how in stand.reports.items() if task == name]
            if state == "succeeded":
                assert [("value", run[name])] == reports
            else:
                with pytest.raises(NoResult):
                    run[name]
            reading = run.task(name)
            if reports and reports[0][0] == "failure":
                assert reading.failure is not None
                assert reading.failure.message == reports[0][1]
            assert len(reading.attempts) == stand.attempts.get(name, 0)
            assert run.why(name).words
        events = run.events
        assert [event.seq for event in events] == list(range(1, len(events) + 1))
        assert self.told == [event.seq for event in events], "each event is told once, in order"
        assert sum(e.kind in ("RunSucceeded", "RunFailed", "RunCancelled") for e in events) == (
            stand.run in ENDED
        )
        assert (stand.run not in ENDED) or set(stand.states.values()) <= DONE

    def teardown(self) -> None:
        for work in self.works:
            work.end(None)
        self.engine.close()
        if self.folder is not None:
            shutil.rmtree(self.folder)


class FileMachine(EngineMachine):
    on_file = True


TestInMemory = EngineMachine.TestCase
TestInMemory.settings = settings(
    max_examples=600 if FULL else 40, stateful_step_count=60 if FULL else 30, deadline=None
)
TestOnFile = FileMachine.TestCase
TestOnFile.settings = settings(
    max_examples=400 if FULL else 20, stateful_step_count=60 if FULL else 30, deadline=None
)
