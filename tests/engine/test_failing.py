"""Tasks that fail, and interrupts, which are no failures."""

from __future__ import annotations

import asyncio
import sys
import traceback
from pathlib import Path
from typing import Any

import pytest

from flowkit import (
    Engine,
    Flow,
    NoResult,
    NotReady,
)
from flowkit.errors import RunInterrupted
from tests.engine.orders import Aside, Gate


def kinds(events: Any) -> list[str]:
    return [event.kind for event in events]


def words(run: Any, task: str | None = None) -> str:
    return str(run.why(task))


# Failing ----------------------------------------------------------------------------------------------------


def test_a_failure_stops_what_is_new_and_lets_others_finish(engine: Engine) -> None:
    gate = Gate()
    flow = Flow("failing")
    flow.task(gate.wait, name="slow")
    flow.task(lambda slow: 1, name="after_slow")
    flow.task(lambda: 1 / 0, name="boom")
    flow.task(lambda: 1, name="untaken")
    flow.manual(lambda: 1, name="ask")
    run = engine.start(flow)
    aside = Aside(lambda: run.step("slow"))
    gate.reached()
    run.step("boom")
    assert run.state == "failing"
    assert run.states == {
        "slow": "running",
        "after_slow": "cancelled",
        "boom": "failed",
        "untaken": "cancelled",
        "ask": "ready",
    }
    assert "boom" in words(run, "untaken")
    assert "nothing new starts" in words(run)
    with pytest.raises(NotReady):
        run.step("untaken")
    gate.open()
    aside.end()
    assert (run.state, run.states["slow"]) == ("failing", "succeeded")
    run.complete("ask", "an answer")
    assert (run.state, run["ask"]) == ("failed", "an answer")
    assert run.run().stopped_by == "ended"
    with pytest.raises(NoResult, match="ZeroDivisionError"):
        run.result


def test_what_a_task_raised_is_data(engine: Engine) -> None:
    class Odd(ValueError):
        def __str__(self) -> str:
            raise RuntimeError("no words")

    def load() -> None:
        try:
            Path("/nowhere/at/all").read_text()
        except OSError as error:
            raise LookupError("no such book") from error

    def odd() -> None:
        raise Odd

    flow = Flow("failures")
    flow.task(load)
    flow.task(odd)
    run = engine.start(flow, target="load").run()
    failure = run.task("load").failure
    assert failure.types[:2] == ("LookupError", "Exception")
    assert str(failure) == "LookupError: no such book"
    assert failure.chain[0].types[0] == "FileNotFoundError"
    assert failure.traceback.splitlines()[1].endswith("in load")
    assert "flowkit/engine" not in failure.traceback
    failure = engine.start(flow, target="odd").run().task("odd").failure
    assert failure.types[0].endswith("Odd")
    assert "can't be read" in failure.message


@pytest.mark.parametrize("error", [SystemExit(3), asyncio.CancelledError("x"), RecursionError("deep")])
def test_what_a_task_raises_to_leave_is_its_failure(engine: Engine, error: BaseException) -> None:
    flow = Flow("leaving")

    @flow.task
    def leave() -> None:
        raise error

    run = engine.start(flow).run()
    assert run.state == "failed"
    assert run.task("leave").failure.types[0].endswith(type(error).__name__)


def test_an_exception_that_is_none_gives_the_attempt_back(engine: Engine) -> None:
    class Abort(BaseException):
        pass

    flow, left = Flow("aborting"), [Abort()]

    @flow.task
    def leave() -> str:
        if left:
            raise left.pop()
        return "done"

    run = engine.start(flow)
    with pytest.raises(Abort):
        run.run()
    assert run.states == {"leave": "ready"}
    assert run.run().result == "done"


def test_a_failing_step_leaves_the_error_where_a_debugger_looks(engine: Engine) -> None:
    flow = Flow("debug")

    @flow.task
    def boom(x: int) -> float:
        here = x - 1
        return 1 / here

    for name in ("last_exc", "last_value", "last_type", "last_traceback"):
        vars(sys).pop(name, None)
    run = engine.start(flow, {"x": 1})
    run.step()
    assert type(sys.last_exc) is sys.last_type is ZeroDivisionError  # type: ignore[attr-defined]
    assert sys.last_value is sys.last_exc  # type: ignore[attr-defined]
    frames = [frame for frame, _ in traceback.walk_tb(sys.last_traceback)]
    assert [frame.f_code.co_name for frame in frames] == ["boom"]
    assert frames[0].f_locals["here"] == 0
    assert sys.last_exc.__traceback__ is sys.last_traceback  # type: ignore[attr-defined]


# Interrupts -------------------------------------------------------------------------------------------------


def test_an_interrupt_gives_the_attempt_back(engine: Engine) -> None:
    flow, interrupts = Flow("stop"), [KeyboardInterrupt(), KeyboardInterrupt()]

    @flow.task
    def work() -> str:
        print("at work")
        if interrupts:
            raise interrupts.pop()
        return "done"

    run = engine.start(flow)
    for number in (1, 2):
        with pytest.raises(RunInterrupted, match=r"work.*ready again.*run\.run\(\)"):
            run.run()
        assert run.state == "running"
        assert run.states == {"work": "ready"}
        assert run.task("work").failure is None
        assert [record.outcome for record in run.task("work").attempts] == ["interrupted"] * number + [
            "offered"
        ]
        assert run.task("work").output == "at work\n", "what the last attempt at work printed"
        assert "interrupted" in words(run, "work")
    assert run.run().result == "done"
    assert [r.outcome for r in run.task("work").attempts] == ["interrupted", "interrupted", "succeeded"]
    assert "TaskFailed" not in kinds(run.events)


def test_an_interrupted_step_of_a_paused_or_failing_run(engine: Engine) -> None:
    flow = Flow("stop")

    @flow.task
    def work(how: str) -> None:
        run.pause() if how == "pause" else run.fail("other", "no")
        raise KeyboardInterrupt

    flow.manual(lambda: 1, name="other")
    run = engine.start(flow, {"how": "pause"})
    with pytest.raises(RunInterrupted):
        run.step()
    assert (run.state, run.states["work"]) == ("paused", "ready")
    run = engine.start(flow, {"how": "fail"})
    with pytest.raises(RunInterrupted):
        run.step()
    assert (run.state, run.states["work"]) == ("failed", "cancelled")
