"""What a failure brings: stop, continue, pause, revert; and who takes care of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from flowkit import Engine, Flow, LateReport, NoResult
from flowkit.errors import RunFailed
from tests.engine.orders import Aside, Gate
from tests.engine.reopening import reopened, step_by_step


class Fork(Flow):
    """bad() → after(bad); good() → last(good); ask, a person."""

    def __init__(self, on_failure: str, gate: Gate | None = None, person: bool = False) -> None:
        super().__init__("fork", on_failure=on_failure)
        self.log: list[str] = []
        self.broken = True

        @self.task
        def good() -> int:
            if gate:
                gate.wait()
            self.log.append("good")
            return 1

        good.revert(lambda good: self.log.append("undo good"))

        @self.task
        def bad() -> int:
            if self.broken:
                raise OSError("bad")
            return 2

        self.task(lambda bad: self.log.append("after"), name="after")
        self.task(lambda good: self.log.append("last"), name="last")
        if person:
            self.manual(lambda: None, name="ask")


def test_stop_begins_nothing_new(engine: Engine) -> None:
    flow = Fork("stop")
    run = engine.start(flow)
    run.step("bad")
    assert run.state == "failed"
    assert run.states == {"good": "cancelled", "bad": "failed", "after": "cancelled", "last": "cancelled"}
    assert flow.log == []


def test_stop_lets_those_finish_that_are_at_work_or_were_asked(engine: Engine) -> None:
    gate = Gate()
    flow = Fork("stop", gate, person=True)
    run = engine.start(flow)
    aside = Aside(run.run)
    gate.reached()
    run.fail("bad", "told")
    assert run.state == "failing"
    assert (run.states["good"], run.states["ask"], run.states["last"]) == ("running", "ready", "cancelled")
    gate.open()
    aside.end()
    assert (run.state, run.stopped_by) == ("failing", "waiting")
    assert [offer.task for offer in run.ready()] == ["ask"]
    run.complete("ask", "yes")
    assert run.state == "failed"
    assert (run["good"], run["ask"]) == (1, "yes")
    with pytest.raises(RunFailed, match="told"):
        run.run(check=True)


def test_continue_does_all_that_does_not_hang_on_it(engine: Engine) -> None:
    flow = Fork("continue")
    run = engine.start(flow).run()
    assert run.state == "failed"
    assert run.states == {"good": "succeeded", "bad": "failed", "after": "failed", "last": "succeeded"}
    assert "bad" in run.task("after").failure.message
    assert flow.log == ["good", "last"]
    with pytest.raises(NoResult):
        _ = run.result
    with pytest.raises(RunFailed, match="bad") as told:
        run.run(check=True)
    assert "bad" in told.value.failures


def test_pause_waits_for_a_person_who_mends_it(engine: Engine) -> None:
    flow = Fork("pause")
    run = engine.start(flow)
    run.step("bad")
    assert run.state == "paused"
    assert run.run().stopped_by == "paused"
    assert run.states["after"] == "waiting"
    assert "bad" in run.why().words
    flow.broken = False
    run.rerun("bad")
    assert run.state == "running", "nothing stands in the way any more"
    assert run.run().state == "succeeded"
    assert sorted(flow.log) == ["after", "good", "last"]


def test_pause_resumed_goes_on_without_it(engine: Engine) -> None:
    flow = Fork("pause")
    run = engine.start(flow)
    run.step("bad")
    run.resume()
    assert run.run().state == "failed"
    assert run.states["after"] == "failed"
    assert flow.log == ["good", "last"]


def test_pause_skipped_goes_on_by_itself(engine: Engine) -> None:
    flow = Fork("pause")
    run = engine.start(flow)
    run.step("bad")
    run.skip("bad")
    assert run.state == "running"
    assert run.run().state == "succeeded"
    assert run.states["after"] == "skipped"


def test_pause_waits_for_what_is_at_work(engine: Engine) -> None:
    gate = Gate()
    flow = Fork("pause", gate)
    run = engine.start(flow)
    aside = Aside(run.run)
    gate.reached()
    run.fail("bad", "told")
    assert run.state == "pausing"
    gate.open()
    aside.end()
    assert run.state == "paused"
    assert run.states["last"] == "waiting"
    assert run["good"] == 1


def test_revert_undoes_what_was_done(engine: Engine) -> None:
    flow = Fork("revert", person=True)
    run = engine.start(flow)
    token = run.ready()[-1].token
    run.run()
    assert (run.state, run.stopped_by) == ("reverted", "ended")
    assert run.states["ask"] == "cancelled"
    with pytest.raises(LateReport):
        engine.complete(token, 1)
    assert flow.log == ["good", "undo good"]
    assert run.task("bad").failure.message == "bad"


@pytest.mark.parametrize("policy", ["stop", "continue", "pause", "revert"])
def test_a_restart_at_every_step_ends_alike(path: Path, policy: str) -> None:
    def hands(run: Any) -> bool:
        if run.state == "paused":
            run.resume()
            return True
        return False

    at_once = Fork(policy).start().run()
    if policy == "pause":
        at_once.resume()
        at_once.run()
    flow = Fork(policy)
    state = step_by_step(path, flow, hands=hands)
    assert state == at_once.state
    with reopened(path, flow) as run:
        assert run.states == at_once.states


def test_what_follows_a_failure_may_be_set_for_later_runs(engine: Engine) -> None:
    flow = Fork("stop")
    first = engine.start(flow)
    flow.on_failure = "continue"
    second = engine.start(flow)
    assert first.run().states["after"] == "cancelled"
    assert second.run().states["after"] == "failed"


def test_the_first_failure_names_the_run_s(engine: Engine) -> None:
    flow = Flow("two", on_failure="continue")
    flow.manual(lambda: None, name="a")
    flow.manual(lambda: None, name="b")
    run = engine.start(flow)
    run.fail("b", "first")
    run.fail("a", "second")
    assert run.state == "failed"
    (end,) = [event for event in run.events if event.kind == "RunFailed"]
    assert end.task == "b"


def test_priority_goes_first_and_then_who_waited_longest(engine: Engine) -> None:
    flow = Flow("line")
    order: list[str] = []
    for name, priority in (("a", 0), ("b", 5), ("c", -1), ("d", 5), ("e", 0)):
        flow.task(lambda name=name: order.append(name), name=name, priority=priority)
    run = engine.start(flow)
    assert run.next_task() == "b"
    run.run()
    assert order == ["b", "d", "a", "e", "c"]


def test_pause_before_rests_in_front_of_it_once(engine: Engine) -> None:
    flow = Flow("rest")
    flow.task(lambda: 1, name="a")
    flow.task(lambda a: 2, name="b", pause_before=True)
    run = engine.start(flow).run()
    assert (run.stopped_by, run.states["b"]) == ("breakpoint", "waiting")
    run.resume()
    assert run.run().state == "succeeded"
    other = engine.start(flow)
    other.clear_break("b")
    assert other.run().state == "succeeded"


def test_a_subflow_that_pauses_waits_for_somebody_though_nothing_else_is_left_in_it(engine: Engine) -> None:
    flow, child = Flow("outer"), Flow("child", on_failure="pause")
    child.task(lambda: 1 / 0, name="bad")
    flow.add(child)
    flow.task(lambda child: child, name="after")
    run = engine.start(flow).run()
    assert (run.state, run.states["child"], run.states["after"]) == ("paused", "running", "waiting")
    run.rerun("child.bad")
    assert run.state == "running"
    run.complete("child.bad", 7)
    assert run.run().result == 7


def test_a_subflow_that_paused_fails_when_the_run_is_resumed_as_it_is(engine: Engine) -> None:
    flow, child = Flow("outer"), Flow("child", on_failure="pause")
    child.task(lambda: 1 / 0, name="bad")
    flow.add(child)
    run = engine.start(flow).run().resume().run()
    assert (run.state, run.states["child"]) == ("failed", "failed")
