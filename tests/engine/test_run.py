"""Driving runs: one step, or as far as it goes; what stops it, and what it returns."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from flowkit import (
    Engine,
    Flow,
    NotReady,
    RunFailed,
    UsageError,
)
from tests.engine.orders import Aside, Gate, Order, chain


def kinds(events: Any) -> list[str]:
    return [event.kind for event in events]


def words(run: Any, task: str | None = None) -> str:
    return str(run.why(task))


# Step -------------------------------------------------------------------------------------------------------


def test_starting_calls_nothing(engine: Engine) -> None:
    flow = Order()
    run = engine.start(flow, {"item": "x"})
    assert flow.calls == []
    assert run.states == {"quote": "ready", "approve": "waiting", "ship": "waiting", "label": "ready"}
    assert kinds(run.events) == ["RunStarted"]


def test_a_step_runs_one_task_and_returns_what_it_caused(engine: Engine) -> None:
    flow = Order()
    run = engine.start(flow, {"item": "x"})
    events = run.step()
    assert kinds(events) == ["AttemptClaimed", "TaskSucceeded"]
    assert [(e.task, e.attempt, e.seq) for e in events] == [("quote", 1, 2), ("quote", 1, 3)]
    assert events[1].data["value"] == 12.5
    assert set(events[1].tasks) == {"quote", "approve"}
    assert flow.calls == ["quote"]
    assert run.stopped_by == "stepped"
    assert [event.seq for event in run.events] == [1, 2, 3]


def test_a_step_can_be_chosen(engine: Engine) -> None:
    run = engine.start(Order(), {"item": "x"})
    assert run.step("label")[0].task == "label"
    assert run.step(run.task("quote"))[0].task == "quote"


@pytest.mark.parametrize(
    ("task", "told"),
    [("ship", "approve"), ("approve", "run.complete('approve'"), ("label", "succeeded")],
)
def test_a_step_that_cannot_be_taken_says_why(engine: Engine, task: str, told: str) -> None:
    run = engine.start(Order(), {"item": "x"})
    run.step("quote")
    run.step("label")
    seq = run.seq
    with pytest.raises(NotReady, match=task) as refused:
        run.step(task)
    assert told in str(refused.value)
    assert run.seq == seq


def test_a_name_that_is_no_task_is_refused_wherever_a_task_is_named(engine: Engine) -> None:
    run = engine.start(Order(), {"item": "x"})
    calls = [
        lambda: run.step("qoute"),
        lambda: run.run(until="qoute"),
        lambda: run.task("qoute"),
        lambda: run.why("qoute"),
        lambda: run.break_before("qoute"),
        lambda: run.clear_break("qoute"),
        lambda: run.complete("qoute", 1),
        lambda: run.fail("qoute", "no"),
        lambda: run["qoute"],
        lambda: run.task(7),  # type: ignore[arg-type]
        lambda: run.complete(["quote"], 7),
        lambda: run["quote", "x"],  # type: ignore[index]
    ]
    for number, call in enumerate(calls):
        with pytest.raises(UsageError) as refused:
            call()
        assert number > 8 or "quote" in str(refused.value), "it names one that is there"
    assert kinds(run.events) == ["RunStarted"]


def test_an_empty_step_says_what_it_waits_for_and_which_call_would_move_it(engine: Engine) -> None:
    run = engine.start(Order(), {"item": "x"}).run()
    events = run.step()
    assert events == []
    assert "approve" in events.note
    assert 'run.complete("approve", True)' in repr(events)
    assert events._repr_mimebundle_()["text/plain"] == repr(events)
    assert run.stopped_by == "waiting"
    run.complete("approve", True)
    run.run()
    assert "succeeded" in run.step().note
    assert run.stopped_by == "ended"


# Run --------------------------------------------------------------------------------------------------------


def test_run_stops_at_the_end_or_where_only_others_can_go_on(engine: Engine) -> None:
    run = engine.start(Order(), {"item": "x"})
    assert run.run() is run
    assert (run.stopped_by, run.state) == ("waiting", "running")
    run.complete("approve", True)
    assert run.run().stopped_by == "ended"
    assert run.run().stopped_by == "ended"
    assert run.result["ship"] == [12.5, True]


def test_run_until_does_only_what_is_needed(engine: Engine) -> None:
    flow = Order()
    run = engine.start(flow, {"item": "x"})
    assert run.run(until="quote").stopped_by == "until"
    assert flow.calls == ["quote"]
    assert run.run(until=flow["ship"]).stopped_by == "waiting"
    assert run.run(until="quote").stopped_by == "until", "it has finished already"
    assert flow.calls == ["quote"]


def test_run_until_a_task_that_fails_stops_there(engine: Engine) -> None:
    flow = chain("a", "b")
    flow.task(lambda: 1 / 0, name="a")
    run = engine.start(flow)
    assert run.run(until="b").stopped_by == "ended"
    assert run.states == {"a": "failed", "b": "cancelled"}


def test_run_waits_for_what_another_thread_does_and_enters_nothing_twice(engine: Engine) -> None:
    gate, entered = Gate(), []
    flow = Flow("two")

    @flow.task
    def slow() -> str:
        entered.append("slow")
        gate.wait()
        return "slow"

    @flow.task
    def last(slow: str) -> str:
        entered.append("last")
        return slow + " last"

    run = engine.start(flow)
    one = Aside(run.run)
    gate.reached()
    assert run.states == {"slow": "running", "last": "waiting"}
    assert "running in this process" in words(run)
    assert run.run(timeout=0.02).stopped_by == "timeout"
    assert "running in this process" in run.step().note
    with pytest.raises(NotReady, match="claimed by process"):
        run.step("slow")
    other = Aside(engine.open(run.id, flow).run)
    gate.open()
    one.end()
    assert other.end().result == "slow last"
    assert entered == ["slow", "last"]


def test_a_timeout_is_looked_at_between_tasks(engine: Engine) -> None:
    run = engine.start(chain("a", "b"))
    assert run.run(timeout=0).stopped_by == "timeout"
    assert run.states == {"a": "ready", "b": "waiting"}
    assert run.run(timeout=60).stopped_by == "ended"


def test_check_raises_what_failed(engine: Engine) -> None:
    flow = chain("a", "b")
    assert engine.start(flow).run(check=True).state == "succeeded"
    flow.task(lambda: {}["nope"], name="a")
    run = engine.start(flow)
    with pytest.raises(RunFailed, match=r"a.*KeyError") as raised:
        run.run(check=True)
    assert raised.value.failures["a"].types[0] == "KeyError"
    with pytest.raises(RunFailed):
        run.run(check=True)


@pytest.mark.parametrize("options", [{"loop": "mine"}, {"until": "nobody"}])
def test_options_that_make_no_sense_are_refused(engine: Engine, options: dict) -> None:
    run = engine.start(chain("a"))
    with pytest.raises(UsageError):
        run.run(**options)
    assert run.states == {"a": "ready"}


def test_a_run_of_another_flow_inside_a_task(engine: Engine) -> None:
    flow = Flow("outer")

    @flow.task
    def inner() -> list:
        return engine.start(chain("a", "b")).run().result

    assert engine.start(flow).run().result == ["a", "b"]


def test_a_task_that_waits_for_its_own_run_is_told_so(engine: Engine) -> None:
    flow = Flow("snake")

    @flow.task
    def bite() -> None:
        run.run()

    @flow.task
    async def bite_softly() -> None:
        await run.finish()

    @flow.task
    def look() -> str:
        return run.state

    run = engine.start(flow, target="bite")
    assert "own" in str(run.run().task("bite").failure)
    run = engine.start(flow, target="bite_softly")
    assert "own" in str(run.run().task("bite_softly").failure)
    run = engine.start(flow, target="look")
    assert run.run().result == "running"


@pytest.mark.parametrize("timeout", ["x", "5", -1, float("nan"), True, [], object()])
def test_a_timeout_is_a_number_of_seconds(engine: Engine, timeout: Any) -> None:
    run = engine.start(chain("a"))
    for call in (
        lambda: run.run(timeout=timeout),
        lambda: run.run(loop="caller", timeout=timeout),
        lambda: asyncio.run(run.finish(timeout=timeout)),
        lambda: asyncio.run(run.wait(timeout=timeout)),
    ):
        with pytest.raises(UsageError, match="must be seconds"):
            call()
    assert run.states == {"a": "ready"}
    assert run.run(timeout=float("inf")).state == "succeeded"


@pytest.mark.parametrize("steps", ["x", -1, 1.5, True, []])
def test_steps_are_a_number_of_attempts(engine: Engine, steps: Any) -> None:
    run = engine.start(chain("a"))
    with pytest.raises(UsageError, match="number of attempts"):
        asyncio.run(run.finish(steps=steps))
    assert run.states == {"a": "ready"}
