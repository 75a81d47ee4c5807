"""Doing things again and leaving them out: rerun, skip, what becomes stale, and what old tokens are worth."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import flowkit
from flowkit import AlreadyCompleted, Engine, Flow, LateReport, NoResult, UsageError
from tests.engine.orders import Aside, Gate, Order
from tests.engine.reopening import reopened


class Numbers(Flow):
    """a → b → d, and a → c → d; each counts its calls."""

    def __init__(self, **options: Any) -> None:
        super().__init__("numbers", **options)
        self.calls: list[str] = []
        self.broken: set[str] = set()

        def work(name: str) -> int:
            self.calls.append(name)
            if name in self.broken:
                raise OSError(f"{name} is broken")
            return self.calls.count(name)

        self.task(lambda: work("a"), name="a")
        self.task(lambda a: work("b") + 10 * a, name="b")
        self.task(lambda a: work("c") + 10 * a, name="c")
        self.task(lambda b, c: [b, c], name="d")


def test_a_task_is_done_again_with_all_that_hangs_on_it(engine: Engine) -> None:
    flow = Numbers()
    run = engine.start(flow).run()
    run.rerun("b", note="b was odd")
    assert (run.state, run.states) == (
        "running",
        {"a": "succeeded", "b": "ready", "c": "succeeded", "d": "waiting"},
    )
    with pytest.raises(NoResult):
        run["d"]
    assert run.run().result == [12, 11]
    assert flow.calls == ["a", "b", "c", "b"]
    assert any(event.data.get("note") == "b was odd" for event in run.events)


def test_alone_it_leaves_the_rest_stale(engine: Engine) -> None:
    run = engine.start(Numbers()).run()
    run.rerun("a", downstream=False)
    assert run.states["d"] == "succeeded"
    assert [name for name in run if run.task(name).stale] == ["b", "c"]
    run.run()
    assert (run.state, run["a"], run["b"]) == ("succeeded", 2, 11)
    assert run.task("b").stale
    run.rerun("b")
    run.run()
    assert run.result == [22, 11]
    assert not run.task("b").stale


def test_while_the_run_goes_on(engine: Engine) -> None:
    flow = Numbers()
    run = engine.start(flow).run(until="b")
    run.rerun("a")
    assert run.states == {"a": "ready", "b": "waiting", "c": "waiting", "d": "waiting"}
    assert run.run().result == [2 + 20, 20 + flow.calls.count("c")]


def test_what_is_at_work_meanwhile_comes_late(engine: Engine) -> None:
    gate, keys = Gate(), []
    flow = Flow("work")

    @flow.task
    def a() -> int:
        keys.append(flowkit.attempt().key)
        if len(keys) == 1:
            gate.wait()
            with pytest.raises(flowkit.AttemptWithdrawn):
                flowkit.emit("late")
        return len(keys)

    run = engine.start(flow)
    aside = Aside(run.run)
    gate.reached()
    run.rerun("a")
    assert run.states["a"] == "ready"
    gate.open()
    aside.end()
    assert run.result == 2
    assert keys[0] != keys[1], "another thing to an outside service"
    assert [one.outcome for one in run.task("a").attempts] == ["superseded", "succeeded"]


def test_tokens_of_before_are_remembered_and_worth_nothing(engine: Engine) -> None:
    flow = Order()
    run = engine.start(flow, {"item": "book"}).run()
    (open_one,) = run.ready()
    run.rerun("quote")
    with pytest.raises(LateReport, match="superseded"):
        engine.complete(open_one.token, True)
    run.run()
    (again,) = run.ready()
    assert (again.attempt, again.token != open_one.token) == (2, True)
    run.complete(again, True)
    run.run()
    run.rerun("approve")
    assert run.complete(again.token, True).verdict == "repeat"
    with pytest.raises(AlreadyCompleted):
        engine.complete(again.token, False)
    assert run.states["approve"] == "ready"


def test_after_a_failure_it_revives_the_run(engine: Engine) -> None:
    flow = Numbers()
    flow.broken.add("b")
    run = engine.start(flow).run()
    assert run.states == {"a": "succeeded", "b": "failed", "c": "cancelled", "d": "cancelled"}
    flow.broken.clear()
    run.rerun("b")
    assert run.states == {"a": "succeeded", "b": "ready", "c": "ready", "d": "waiting"}
    assert run.task("b").failure is None
    assert run.run().state == "succeeded"


def test_a_cancelled_run_stays_so(engine: Engine) -> None:
    run = engine.start(Numbers())
    run.cancel()
    for verb in (run.rerun, run.skip):
        with pytest.raises(UsageError, match="cancelled"):
            verb("a")
    assert run.state == "cancelled"


@pytest.mark.parametrize("name", ["x", "a[0]", "", None, 5])
def test_what_is_no_task_can_t_be_done_again(engine: Engine, name: Any) -> None:
    run = engine.start(Numbers()).run()
    seq = run.seq
    for verb in (run.rerun, run.skip):
        with pytest.raises(UsageError):
            verb(name)
    with pytest.raises(UsageError, match="all"):
        run.rerun("a", items="some")
    assert run.seq == seq


def test_a_failed_task_that_is_skipped_counts_as_taken_care_of(engine: Engine) -> None:
    flow = Numbers()
    flow.broken.add("b")
    run = engine.start(flow).run()
    run.skip("b", note="not needed today")
    assert run.state == "running"
    assert run.run().state == "succeeded"
    assert run.states == {"a": "succeeded", "b": "skipped", "c": "succeeded", "d": "skipped"}
    with pytest.raises(NoResult, match="skipped"):
        run["b"]
    assert "not needed today" in run.why("b").words


def test_what_has_succeeded_can_t_be_skipped(engine: Engine) -> None:
    run = engine.start(Numbers()).run(until="b")
    with pytest.raises(UsageError, match=r"rerun\('a'\)"):
        run.skip("a")
    run.run()
    with pytest.raises(UsageError, match="rerun"):
        run.skip("a")


def test_a_task_is_skipped_before_its_turn_and_while_it_is_at_work(engine: Engine) -> None:
    flow = Flow("work")
    gate = Gate()

    @flow.task(skip="self")
    def a() -> int:
        gate.wait()
        return 1

    flow.task(lambda a=7: a, name="b")
    flow.task(lambda b: b, name="c", skip="self")
    flow.task(lambda c="none": [c], name="d")
    run = engine.start(flow)
    run.skip("c")
    token = run.ready()[0].token
    aside = Aside(run.run)
    gate.reached()
    run.skip("a")
    assert run.states["b"] == "ready"
    gate.open()
    aside.end()
    assert run.states == {"a": "skipped", "b": "succeeded", "c": "skipped", "d": "succeeded"}
    assert (run["b"], run["d"]) == (7, ["none"])
    with pytest.raises(LateReport):
        engine.complete(token, 5)


def test_skipped_and_then_done_after_all(engine: Engine) -> None:
    run = engine.start(Numbers())
    run.skip("b")
    run.run()
    assert run.states["d"] == "skipped"
    run.rerun("b")
    assert run.run().result == [11, 11]


def test_a_paused_run_waits_with_what_is_done_again(engine: Engine) -> None:
    run = engine.start(Numbers()).run(until="b")
    run.pause()
    run.rerun("b")
    assert (run.state, run.states["b"]) == ("paused", "waiting")
    assert [offer.task for offer in run.ready()] == ["c"], "which was offered before"
    run.resume()
    assert run.run().state == "succeeded"


def test_numbers_of_attempts_go_on(engine: Engine) -> None:
    run = engine.start(Numbers()).run()
    for _ in range(3):
        run.rerun("a")
        run.run()
    assert [one.number for one in run.task("a").attempts] == [1, 2, 3, 4]
    assert [one.outcome for one in run.task("a").attempts] == ["succeeded"] * 4
    assert run["a"] == 4


def test_another_process_sees_and_does_it(path: Path) -> None:
    flow = Numbers()
    with Engine(path) as engine:
        engine.start(flow, run_id="r").run()
    with reopened(path, None) as run:
        run.rerun("b")
        assert run.states["b"] == "ready"
    with reopened(path, flow) as run:
        assert run.run().result == [12, 11]


def test_the_past_can_still_be_looked_at(engine: Engine) -> None:
    run = engine.start(Numbers())
    events = run.step()
    run.run()
    run.rerun("a")
    run.run()
    shown = events._repr_mimebundle_()
    assert "can't be shown" not in shown["text/plain"]
    assert "image/svg+xml" in shown


def test_a_task_in_a_subflow_is_done_again_with_what_hangs_on_the_subflow(engine: Engine) -> None:
    inner = Numbers()
    flow = Flow("outer")
    flow.add(inner, name="sub")
    flow.task(lambda sub: sub, name="end")
    run = engine.start(flow).run()
    run.rerun("sub.b")
    assert run.states == {
        "sub": "running",
        "sub.a": "succeeded",
        "sub.b": "ready",
        "sub.c": "succeeded",
        "sub.d": "waiting",
        "end": "waiting",
    }
    assert run.run().result == [12, 11]
    assert inner.calls == ["a", "b", "c", "b"]
    run.rerun("sub")
    assert run.run().result == [1 + 2 + 20, 2 + 20]


def test_a_subflow_that_has_failed_is_skipped_as_one(engine: Engine) -> None:
    inner = Numbers()
    inner.broken.add("b")
    flow = Flow("outer")
    flow.add(inner, name="sub", skip="self")
    flow.task(lambda sub="instead": sub, name="end")
    run = engine.start(flow).run()
    assert run.states["sub"] == "failed"
    run.skip("sub")
    assert run.run().result == "instead"


def test_reruns_cost_the_same_each(engine: Engine) -> None:
    run = engine.start(Numbers()).run()
    counts = []
    for _ in range(5):
        before = run.seq
        run.rerun("a")
        run.run()
        counts.append(run.seq - before)
    assert len(set(counts)) == 1
