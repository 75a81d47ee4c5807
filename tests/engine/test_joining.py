"""Links and joins: what an attempt is given when not all of its sources ended well."""

from __future__ import annotations

from typing import Any

import pytest

from flowkit import Engine, Failure, Flow, NoResult, failed, finished, succeeded
from tests.engine.orders import Aside, Gate


def two(**last: Any) -> Flow:
    """Manual a and b, and last(a, b)."""
    flow = Flow("two")
    flow.manual(lambda: None, name="a")
    flow.manual(lambda: None, name="b")
    flow.task(lambda a="no a", b="no b": [a, b], name="last", **last)
    return flow


def test_of_any_the_first_to_end_is_used(engine: Engine) -> None:
    run = engine.start(two(join="any"))
    run.complete("b", "B")
    assert run.ready()[-1].inputs == {"b": "B"}, "its own default stands for the other"
    run.step("last")
    run.complete("a", "A")
    assert run["last"] == ["no a", "B"], "what comes later changes nothing"
    assert run.state == "succeeded"


def test_what_came_in_before_it_was_entered_is_not_used_either(engine: Engine) -> None:
    run = engine.start(two(join="any"))
    run.complete("b", "B")
    run.complete("a", "A")
    assert run.run()["last"] == ["no a", "B"]


def test_a_source_that_failed_is_no_failure_while_another_suffices(engine: Engine) -> None:
    run = engine.start(two(join="any"))
    run.fail("a", "no")
    assert run.state == "running"
    run.complete("b", "B")
    assert (run.run().state, run["last"]) == ("succeeded", ["no a", "B"])


def test_when_none_suffices_the_last_is_named(engine: Engine) -> None:
    flow = two(join="any")
    flow.on_failure = "continue"
    run = engine.start(flow)
    run.fail("a", "no")
    run.fail("b", "no either")
    assert run.states == {"a": "failed", "b": "failed", "last": "failed"}
    assert run.task("last").failure.types == ("flowkit.JoinNotMet",)
    assert "a" in run.task("last").failure.message
    assert run.state == "failed"


def test_two_of_three(engine: Engine) -> None:
    flow = Flow("three")
    for name in "abc":
        flow.manual(lambda: None, name=name)
    flow.task(lambda a, b, c: [a, b, c], name="last", join=2)
    run = engine.start(flow)
    run.complete("c", 3)
    run.fail("a", "no")
    assert run.states["last"] == "waiting"
    run.complete("b", 2)
    assert run.run()["last"] == [None, 2, 3], "a parameter without a value is None"


def test_what_all_were_left_out_of_is_left_out(engine: Engine) -> None:
    flow = two(join="any")
    run = engine.start(flow)
    run.skip("a")
    run.skip("b")
    assert (run.states["last"], run.state) == ("skipped", "succeeded")


def test_a_handler_gets_the_failure_and_the_run_succeeds(engine: Engine) -> None:
    flow = Flow("handled")
    seen: list[Any] = []

    @flow.task
    def charge() -> str:
        raise ConnectionError("no line")

    @flow.task(after=failed("charge"))
    def apologise(charge: Failure) -> str:
        seen.append(charge)
        return f"sorry: {charge.message}"

    @flow.task(after=succeeded("charge"))
    def thank(charge: str) -> str:
        raise AssertionError("it failed")

    @flow.task(after=finished("charge"))
    def close(charge: Any) -> str:
        return type(charge).__name__

    run = engine.start(flow).run()
    assert run.states == {
        "charge": "failed",
        "apologise": "succeeded",
        "thank": "failed",
        "close": "succeeded",
    }
    assert run.state == "failed", "nobody has taken care of thank, which needs it to succeed"
    assert run["apologise"] == "sorry: no line"
    assert run["close"] == "Failure"
    assert isinstance(seen[0], Failure)
    assert "ConnectionError" in seen[0].types[0]


def test_what_handles_a_failure_is_left_out_where_there_is_none(engine: Engine) -> None:
    flow = Flow("well")
    flow.task(lambda: 1, name="charge")
    flow.task(lambda charge: 0, name="apologise", after=failed("charge"))
    flow.task(lambda charge: charge, name="close", after=finished("charge"))
    run = engine.start(flow).run()
    assert run.states == {"charge": "succeeded", "apologise": "skipped", "close": "succeeded"}
    assert (run.state, run["close"]) == ("succeeded", 1)


def test_a_handler_is_still_done_when_the_run_stops_for_another_failure(engine: Engine) -> None:
    flow = Flow("both")
    done: list[str] = []
    flow.manual(lambda: None, name="a")
    flow.manual(lambda: None, name="b")
    flow.task(lambda a: done.append(a.message), name="mend", after=failed("a"))
    run = engine.start(flow)
    run.fail("a", "first")
    run.fail("b", "second")
    run.run()
    assert done == ["first"]
    assert (run.state, run.states["mend"]) == ("failed", "succeeded")


def test_a_failure_as_a_value_is_the_same_after_a_restart(path: Any) -> None:
    flow = Flow("kept")
    flow.manual(lambda: None, name="a")
    flow.task(lambda a: [a.types[0], a.message], name="mend", after=failed("a"))
    with Engine(path) as engine:
        engine.start(flow, run_id="r").fail("a", KeyError("k"))
    with Engine(path) as engine:
        run = engine.open("r", flow)
        assert run.task("mend").inputs["a"].message == "'k'"
        assert run.run()["mend"] == ["KeyError", "'k'"]


def test_a_source_that_is_left_out_alone_gives_nothing(engine: Engine) -> None:
    flow = Flow("alone")
    flow.task(lambda: "A", name="a", when=lambda: False, skip="self")
    flow.task(lambda a: [a], name="none")
    flow.task(lambda a="default": [a], name="own")
    flow.task(lambda a: 0, name="only_if_failed", after=failed("a"))
    run = engine.start(flow).run()
    assert run["none"] == [None]
    assert run["own"] == ["default"]
    assert run.states["only_if_failed"] == "skipped"


def test_what_is_used_stays_the_same_for_a_retry_and_a_crash(engine: Engine) -> None:
    """The sources of an attempt are fixed when it becomes ready."""
    flow = Flow("fixed")
    seen: list[Any] = []
    gate = Gate()
    flow.manual(lambda: None, name="a")
    flow.manual(lambda: None, name="b")

    @flow.task(join="any")
    def last(a: Any = None, b: Any = None) -> list:
        seen.append([a, b])
        gate.wait()
        return [a, b]

    run = engine.start(flow)
    run.complete("a", 1)
    aside = Aside(run.run)
    gate.reached()
    run.complete("b", 2)
    assert run.task("last").inputs == {"a": 1}
    gate.open()
    aside.end()
    assert run["last"] == [1, None]


def test_a_value_that_nobody_has_says_why(engine: Engine) -> None:
    run = engine.start(two(join="any"))
    with pytest.raises(NoResult, match="last"):
        run["last"]
    run.cancel()
    with pytest.raises(NoResult, match="cancel"):
        run["last"]
