"""Time that is up: of attempts at work, of people, of items; and what becomes of what they say then."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import flowkit
from flowkit import Engine, Flow, LateReport, NotReady, Retry
from tests.engine.orders import Aside, Gate
from tests.engine.reopening import reopened


def people(**options: Any) -> Flow:
    flow = Flow("people")
    flow.manual(lambda: None, name="agree", **options)
    flow.task(lambda agree: agree, name="end")
    return flow


def test_people_have_their_time_from_the_offer(clocked: Engine) -> None:
    run = clocked.start(people(timeout=30))
    token = run.ready()[0].token
    assert run.task("agree").due == 30.0
    assert run.run().stopped_by == "waiting"
    run.tick(29.9)
    assert run.states["agree"] == "ready"
    assert run.tick("next")[0].kind == "TaskFailed"
    assert run.state == "failed"
    assert run.task("agree").failure.types[0] == "TimeoutError"
    assert "30 s" in run.task("agree").failure.message
    assert run.task("agree").attempts[0].outcome == "timeout"
    with pytest.raises(LateReport, match="timeout"):
        clocked.complete(token, True)
    assert run.events[-1].kind == "ReportRefused"


def test_a_report_at_the_very_moment_is_late(clocked: Engine) -> None:
    run = clocked.start(people(timeout=30))
    clocked.start(people()).tick(30)  # another run's tick: nobody has looked at this one
    assert run.states["agree"] == "ready"
    with pytest.raises(LateReport):
        run.complete("agree", True)
    assert (run.states["agree"], run.state) == ("failed", "failed")


def test_a_report_in_time_ends_the_time(clocked: Engine) -> None:
    run = clocked.start(people(timeout=30))
    run.complete("agree", True)
    assert run.task("agree").due is None
    assert run.tick(100) == []
    assert run.run().result is True


def test_after_a_timeout_another_try_has_a_time_of_its_own(clocked: Engine) -> None:
    run = clocked.start(people(timeout=30, retry=Retry(2, delay=5, on=TimeoutError)))
    first = run.ready()[0]
    run.tick("next")
    assert run.states["agree"] == "retrying"
    with pytest.raises((LateReport, NotReady)):
        run.complete(first.token, True)
    run.tick("next")
    (second,) = run.ready()
    assert (second.attempt, run.task("agree").due) == (2, 65.0)
    with pytest.raises(LateReport):
        run.complete(first.token, True)
    run.complete(second.token, True)
    assert run.run().state == "succeeded"


def test_an_attempt_that_takes_too_long_comes_late_and_the_run_goes_on(clocked: Engine) -> None:
    flow = Flow("slow")
    gate, calls = Gate(), []

    @flow.task(timeout=10, retry=Retry(2))
    def work() -> str:
        calls.append(flowkit.attempt().number)
        if len(calls) == 1:
            gate.wait()
            with pytest.raises(flowkit.AttemptWithdrawn):
                flowkit.progress(0.5)
            return "too late"
        return "in time"

    run = clocked.start(flow)
    aside = Aside(run.run)
    gate.reached()
    assert run.task("work").due == 10.0
    run.tick("next")
    assert run.task("work").attempts[0].outcome == "timeout"
    gate.open()
    aside.end()
    assert (run.state, run.result) == ("succeeded", "in time")
    assert calls == [1, 2]


def test_a_function_that_moves_the_clock_itself_is_too_late(path: Path) -> None:
    """Nobody looked meanwhile: its own report finds that its time was up."""
    now = [0.0]
    for place in (None, path):
        with Engine(place, clock=lambda: now[0]) as engine:
            flow = Flow("slow")

            @flow.task(timeout=10)
            def work() -> str:
                now[0] += 11
                return "done"

            run = engine.start(flow).run()
            assert (run.state, run.states["work"]) == ("failed", "failed")
            assert run.task("work").failure.types[0] == "TimeoutError"
            refused = [event for event in run.events if event.kind == "ReportRefused"]
            assert [event.data["value"] for event in refused] == ["done"], "kept for the record"


def test_time_runs_from_the_claim_and_not_from_the_offer(clocked: Engine) -> None:
    flow = Flow("later")
    flow.task(lambda: 1, name="a", timeout=10)
    run = clocked.start(flow)
    run.tick(100)
    assert run.states["a"] == "ready"
    assert run.run().state == "succeeded"


def test_each_item_has_its_own_time(clocked: Engine) -> None:
    flow = Flow("items")
    flow.manual(lambda who: None, name="ask", each="who", bind={"who": "names"}, timeout=10, concurrency=2)
    run = clocked.start(flow, {"names": ["a", "b", "c"]})
    tokens = [offer.token for offer in run.ready()]
    run.tick(4)
    run.complete("ask[0]", "A")
    assert [one.task for one in run.ready()] == ["ask[1]", "ask[2]"]
    assert [event.task for event in run.tick("next") if event.kind == "TaskFailed"] == ["ask[1]"]
    with pytest.raises(LateReport):
        clocked.complete(tokens[1], "B")
    assert run.task("ask[2]").state == "ready"
    assert run.task("ask[2]").due == 14.0
    run.complete("ask[2]", "C")
    assert run.state == "failed"
    assert [one.state for one in run.task("ask").items()] == ["succeeded", "failed", "succeeded"]
    assert "TimeoutError" in run.task("ask[1]").failure.types


def test_time_runs_on_while_the_run_rests(clocked: Engine) -> None:
    run = clocked.start(people(timeout=30))
    run.pause()
    run.tick("next")
    assert run.states["agree"] == "failed"


def test_a_call_that_drives_waits_for_no_person_s_time(engine: Engine) -> None:
    run = engine.start(people(timeout=3600)).run()
    assert (run.stopped_by, run.states["agree"]) == ("waiting", "ready")


def test_a_person_s_time_on_a_real_clock(engine: Engine) -> None:
    run = engine.start(people(timeout=0.01))
    ended = Gate()
    run.subscribe(lambda event: event.kind == "RunFailed" and ended._reached.set())
    run.play()
    ended.reached()
    assert run.task("agree").failure.types[0] == "TimeoutError"


def test_the_time_that_was_left_is_known_after_a_restart(path: Path) -> None:
    flow = people(timeout=30)
    with Engine(path, clock="virtual") as engine:
        engine.start(flow, run_id="r")
    with reopened(path, flow, clock="virtual") as run:
        assert run.task("agree").due == 30.0
        run.tick("next")
        assert run.states["agree"] == "failed"


def test_the_next_thing_due_is_the_earliest_of_all(clocked: Engine) -> None:
    flow = Flow("several", on_failure="continue")
    for name, seconds in (("a", 30), ("b", 10), ("c", 25)):
        flow.manual(lambda: None, name=name, timeout=seconds, retry=Retry(2, delay=1))
    run = clocked.start(flow)
    seen = []
    for _ in range(6):
        seen += [(event.at, event.task, event.kind) for event in run.tick("next")]
    assert seen == [
        (10, "b", "TaskRetrying"),
        (11, "b", "TaskReady"),
        (21, "b", "TaskFailed"),
        (25, "c", "TaskRetrying"),
        (26, "c", "TaskReady"),
        (30, "a", "TaskRetrying"),
    ]


def test_with_nothing_due_a_tick_moves_nothing(clocked: Engine) -> None:
    run = clocked.start(people())
    events = run.tick("next")
    assert events == []
    assert "due" in events.note


def test_an_undo_has_all_the_time_it_needs(clocked: Engine) -> None:
    flow = Flow("undo")

    @flow.task(timeout=10)
    def a() -> int:
        return 1

    @a.revert
    def undo_a(a: int) -> None: ...

    run = clocked.start(flow).run()
    run.revert()
    assert run.task("a").due is None
    run.tick(1000)
    assert run.run().state == "reverted"


def test_a_timeout_that_somebody_handles(clocked: Engine) -> None:
    flow = people(timeout=30)
    flow.task(lambda agree: agree.types[0], name="remind", after=flowkit.failed("agree"))
    run = clocked.start(flow)
    run.tick("next")
    run.run()
    assert run["remind"] == "TimeoutError"
