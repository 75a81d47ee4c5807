"""What a task can say and ask while it works: progress, events of its own, its attempt and its key."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import flowkit
from flowkit import AttemptWithdrawn, Engine, Flow, UsageError
from flowkit.errors import RunInterrupted
from tests.engine.orders import Aside, Gate
from tests.faults.processes import workshop


def flow_of(function: Any) -> Flow:
    flow = Flow("works")
    flow.task(function, name="work")
    return flow


def test_a_task_says_how_far_it_is(engine: Engine) -> None:
    gate = Gate()

    def work() -> None:
        flowkit.progress(0.25)
        flowkit.progress(0.4, "page 4")
        gate.wait()
        flowkit.progress(1)

    run = engine.start(flow_of(work))
    assert run.task("work").progress is None
    aside = Aside(run.run)
    gate.reached()
    assert run.task("work").progress == (0.4, "page 4")
    assert engine.open(run.id).task("work").progress == (0.4, "page 4")
    gate.open()
    aside.end()
    assert run.task("work").progress == (1.0, "")
    assert len(run.events) == 4, "progress is no fact"


@pytest.mark.parametrize("fraction", [-0.1, 1.1, float("nan")])
def test_progress_is_between_nothing_and_all(engine: Engine, fraction: float) -> None:
    run = engine.start(flow_of(lambda: flowkit.progress(fraction))).run()
    assert run.task("work").failure.types[0] == "ValueError"


@pytest.mark.parametrize(
    "say",
    [
        lambda: flowkit.progress("x"),  # type: ignore[arg-type]
        lambda: flowkit.progress("0.5"),  # type: ignore[arg-type]
        lambda: flowkit.progress(None),  # type: ignore[arg-type]
        lambda: flowkit.progress(0.5, 5),  # type: ignore[arg-type]
        lambda: flowkit.emit(5, 1),  # type: ignore[arg-type]
        lambda: flowkit.emit(None, 1),  # type: ignore[arg-type]
        lambda: flowkit.emit("", 1),
    ],
)
def test_what_is_no_number_or_no_text_is_told_and_not_recorded(engine: Engine, say: Any) -> None:
    run = engine.start(flow_of(say)).run()
    assert run.task("work").failure.types[0] == "flowkit.errors.UsageError"
    assert run.task("work").progress is None
    assert "Emitted" not in [event.kind for event in run.events]
    with pytest.raises(UsageError):  # the same where the function is tried by itself
        say()


def test_events_of_a_task_s_own_are_in_the_journal(engine: Engine) -> None:
    given = {"rows": [1]}

    def work() -> None:
        flowkit.emit("read", given)
        given["rows"].append(2)
        flowkit.emit("thought")

    run = engine.start(flow_of(work))
    heard: list[str] = []
    run.subscribe(lambda event: heard.append(event.kind))
    run.run()
    said = [event for event in run.events if event.kind == "Emitted"]
    assert [(e.task, e.attempt, e.data["topic"], e.data["payload"]) for e in said] == [
        ("work", 1, "read", {"rows": [1]}),
        ("work", 1, "thought", None),
    ]
    assert heard.count("Emitted") == 2
    assert "read" in said[0].words


def test_an_event_that_cannot_be_stored_is_told_to_the_task(path: Path) -> None:
    with Engine(path) as engine:
        run = engine.start(flow_of(lambda: flowkit.emit("thing", [object()]))).run()
        assert "payload[0]" in run.task("work").failure.message


def test_a_task_knows_its_attempt(engine: Engine) -> None:
    seen: list[Any] = []
    others: list[str] = []

    def work() -> None:
        mine = flowkit.attempt()
        seen.append((mine.run_id, mine.task, mine.number, mine.key))
        if len(seen) < 3:
            raise KeyboardInterrupt

    flow = flow_of(work)
    flow.task(lambda: others.append(flowkit.attempt().key), name="other")
    run = engine.start(flow)
    for _ in range(2):
        with pytest.raises(RunInterrupted):
            run.step("work")
    run.run()
    again = engine.start(flow)
    again.run()
    first, second, third, later = seen
    assert first[:3] == (run.id, "work", 1)
    assert (second[2], third[2]) == (2, 3)
    assert first[3] == second[3] == third[3], "the same for every attempt of the task"
    assert len({first[3], later[3], *others}) == 4, "new for every task and run"


def test_the_key_is_the_same_after_a_crash_and_in_another_process(tmp_path: Path) -> None:
    with workshop(tmp_path) as shop:
        code = """
        import flowkit
        flow = Flow("keys")
        @flow.task
        def work():
            say(key=flowkit.attempt().key, number=flowkit.attempt().number)
            if crash: die()
        run = Engine(file).start(flow, run_id="r").run()
        """
        first = shop.process(code, crash=True)
        before = first.said()
        first.end(-9)
        after = shop.process(code, crash=False).said()
        assert (before["number"], after["number"]) == (1, 2)
        assert before["key"] == after["key"]


def test_outside_a_run_functions_can_be_tried_by_themselves() -> None:
    flowkit.progress(0.5, "half")
    flowkit.emit("kind", {"a": 1})
    with pytest.raises(UsageError, match="inside a task"):
        flowkit.attempt()
    with pytest.raises(ValueError, match="between"):
        flowkit.progress(2)


def test_a_cancelled_attempt_is_told_so(engine: Engine) -> None:
    gate, heard = Gate(), []

    def work() -> str:
        gate.wait()
        for say in (lambda: flowkit.progress(0.5), lambda: flowkit.emit("x", 1)):
            with pytest.raises(AttemptWithdrawn, match=r"work.*stop") as told:
                say()
            heard.append(told.value)
        assert flowkit.attempt().number == 1
        raise heard[0]

    run = engine.start(flow_of(work))
    aside = Aside(run.run)
    gate.reached()
    run.cancel()
    gate.open()
    aside.end()
    assert len(heard) == 2
    assert (run.state, run.states["work"]) == ("cancelled", "cancelled")
    assert run.task("work").failure is None


def test_an_attempt_that_was_overtaken_is_told_so(engine: Engine) -> None:
    gate = Gate()

    def work() -> str:
        gate.wait()
        flowkit.progress(0.9)
        return "in time"

    run = engine.start(flow_of(work))
    aside = Aside(run.run)
    gate.reached()
    run.complete("work", "by hand")
    gate.open()
    aside.end()
    assert run.result == "by hand"
    assert run.task("work").progress is None


def test_async_tasks_say_and_ask_the_same(engine: Engine) -> None:
    async def work() -> str:
        flowkit.progress(0.5)
        flowkit.emit("x")
        return flowkit.attempt().task

    run = engine.start(flow_of(work)).run()
    assert run.result == "work"
    assert run.task("work").progress == (0.5, "")
