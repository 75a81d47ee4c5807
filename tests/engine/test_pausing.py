"""The operator's verbs: pause, resume, cancel, breakpoints; and the background driver."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from flowkit import (
    AttemptWithdrawn,
    Engine,
    Flow,
    LateReport,
    NoResult,
    NotReady,
    UsageError,
    emit,
)
from tests.engine.orders import Aside, Gate, Order, chain


def kinds(events: Any) -> list[str]:
    return [event.kind for event in events]


def words(run: Any, task: str | None = None) -> str:
    return str(run.why(task))


# Pause, resume, cancel --------------------------------------------------------------------------------------


def test_pause_and_resume(engine: Engine) -> None:
    run = engine.start(Order(), {"item": "x"})
    run.step("quote")
    token = next(offer.token for offer in run.ready() if offer.task == "approve")
    assert run.pause(note="lunch").state == "paused"
    assert run.pause().state == "paused"
    assert "paused already" in run.note
    assert "lunch" in words(run)
    seq = run.seq
    assert run.run().stopped_by == "paused"
    assert run.step() == []
    assert run.seq == seq
    assert {offer.task for offer in run.ready()} == {"approve", "label"}
    engine.complete(token, True)
    assert run.states["ship"] == "waiting", "what follows waits for the resume"
    assert "run.resume()" in words(run, "ship") or "Resume" in words(run, "ship")
    with pytest.raises(NotReady, match=r"run\.resume\(\)"):
        run.complete("ship", [])
    assert run.resume().states["ship"] == "ready"
    assert run.run().state == "succeeded"
    with pytest.raises(UsageError, match="ended"):
        run.pause()


def test_a_pause_while_a_task_runs_comes_to_rest_with_it(engine: Engine) -> None:
    gate = Gate()
    flow = Flow("pausing")
    flow.task(gate.wait, name="a")
    flow.task(lambda a: 1, name="b")
    run = engine.start(flow)
    aside = Aside(run.run)
    gate.reached()
    assert run.pause().state == "pausing"
    assert "a" in words(run)
    gate.open()
    assert aside.end().stopped_by == "paused"
    assert run.state == "paused"
    assert run.states == {"a": "succeeded", "b": "waiting"}
    assert run.resume().run().state == "succeeded"


def test_a_paused_run_ends_with_the_last_report(engine: Engine) -> None:
    flow = Flow("last")
    flow.manual(lambda: 1, name="ask")
    run = engine.start(flow)
    run.pause()
    run.complete("ask", 1)
    assert run.states == {"ask": "succeeded"}
    assert run.resume().state == "succeeded"


def test_cancel_ends_everything_in_one_entry(engine: Engine) -> None:
    gate, heard = Gate(), []
    flow = Flow("cancel")

    @flow.task
    def slow() -> str:
        gate.wait()
        try:
            emit("still here")
        except AttemptWithdrawn as error:
            heard.append(str(error))
        return "too late"

    flow.manual(lambda: 1, name="ask")
    flow.task(lambda slow, ask: 1, name="last")
    run = engine.start(flow)
    aside = Aside(run.run)
    gate.reached()
    token = next(offer.token for offer in run.ready())
    before = run.seq
    run.cancel(note="changed my mind")
    assert run.state == "cancelled"
    assert run.states == dict.fromkeys(("slow", "ask", "last"), "cancelled")
    assert [event.kind for event in run.events[before:]] == ["RunCancelled", "TaskCancelled"]
    assert "changed my mind" in words(run)
    assert (run.task("slow").still_out, run.task("ask").still_out) == (True, False)
    assert "still out" in run._repr_mimebundle_()["text/plain"]
    gate.open()
    assert aside.end().stopped_by == "ended"
    assert len(heard) == 1
    assert not run.task("slow").still_out
    assert "still out" not in run._repr_mimebundle_()["text/plain"]
    assert "slow" in heard[0]
    assert run.ready() == []
    for late in (
        lambda: engine.complete(token, 1),
        lambda: run.complete("ask", 1),
        lambda: run.fail("last", "x"),
    ):
        with pytest.raises(LateReport, match="cancelled"):
            late()
    refused = [event for event in run.events if event.kind == "ReportRefused"]
    assert [(event.task, event.data["verdict"]) for event in refused][:1] == [("slow", "late")]
    assert {event.task for event in refused} == {"slow", "ask", "last"}
    assert run.cancel().state == "cancelled"
    with pytest.raises(UsageError):
        run.resume()
    with pytest.raises(NoResult, match="cancelled"):
        run["slow"]


def test_a_run_that_has_ended_cannot_be_cancelled(engine: Engine) -> None:
    run = engine.start(chain("a")).run()
    with pytest.raises(UsageError, match="ended"):
        run.cancel()
    assert run.result == ["a"]


def test_play_drives_in_the_background_and_waits_out_people_and_pauses(engine: Engine) -> None:
    run = engine.start(Order(), {"item": "x"})
    assert not run.playing
    assert run.play() is run
    asyncio.run(run.wait("label"))
    asyncio.run(run.wait("quote"))
    assert run.playing
    run.play()
    run.pause()
    run.complete("approve", True)
    assert run.states["ship"] == "waiting"
    run.resume()
    asyncio.run(run.wait())
    assert run.state == "succeeded"
    assert run.result["ship"] == [12.5, True]
    run._player._thread.join(60)
    assert not run.playing
    asyncio.run(run.wait(timeout=0))


def test_wait_only_watches(engine: Engine) -> None:
    run = engine.start(Order(), {"item": "x"})
    asyncio.run(run.wait(timeout=0.01))
    assert kinds(run.events) == ["RunStarted"]


# Breakpoints ------------------------------------------------------------------------------------------------


def test_the_run_pauses_in_front_of_a_breakpoint(engine: Engine) -> None:
    flow = chain("a", "b", "c")
    run = engine.start(flow)
    run.break_before("b")
    run.break_before("b")
    assert run.run().stopped_by == "breakpoint"
    assert (run.state, run.states["b"]) == ("paused", "waiting")
    assert "breakpoint before" in words(run)
    assert "breakpoint" in words(run, "b")
    again = engine.open(run.id, flow)
    assert again.run().stopped_by == "breakpoint", "it is a fact of the run"
    assert again.resume().run().stopped_by == "ended"
    assert kinds(run.events).count("BreakpointSet") == 1


def test_a_breakpoint_in_front_of_what_is_ready_pauses_at_once_and_can_be_cleared(engine: Engine) -> None:
    run = engine.start(chain("a", "b"))
    assert run.break_before("a").state == "paused"
    assert run.resume().state == "running"
    run.break_before("b")
    run.clear_break("b")
    run.clear_break("b")
    assert "no breakpoint" in run.note
    assert run.run().state == "succeeded"
    with pytest.raises(UsageError, match="ended"):
        run.break_before("b")
