"""Runs of flows within flows: names, values, failures, targets, results given, and how deep it may go."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import flowkit
from flowkit import AlreadyCompleted, Engine, Flow, LateReport, NoResult, NotReady, Retry, UsageError
from tests.engine.orders import Aside, Gate
from tests.engine.reopening import reopened, step_by_step


class Packing(Flow):
    """order() → packing(goods): [box(goods), wrap(box), a person's check(wrap)] → send(packing)."""

    def __init__(
        self, fails: int = 0, on_failure: str = "stop", person: bool = False, **options: Any
    ) -> None:
        super().__init__("shop")
        self.entered: list[str] = []
        entered = self.entered
        child = Flow("packing", on_failure=on_failure)

        @child.task
        def box(goods: list) -> list:
            entered.append("box")
            goods.append("box")
            return goods

        @child.task
        def wrap(box: list) -> list:
            entered.append("wrap")
            print(flowkit.attempt().task)
            if entered.count("wrap") <= fails:
                raise OSError("torn")
            return [*box, "paper"]

        if person:

            @child.manual
            def check(wrap: list) -> bool:
                """Is it well wrapped?"""

        self.task(lambda: ["book"], name="goods")
        self.sub = self.add(child, **options)
        self.task(lambda packing: packing, name="send")


def test_its_tasks_have_its_name_before_theirs(engine: Engine) -> None:
    run = engine.start(Packing()).run()
    assert run.states == dict.fromkeys(
        ["goods", "packing", "packing.box", "packing.wrap", "send"], "succeeded"
    )
    assert run["packing"] == run["packing.wrap"] == run.result == ["book", "box", "paper"]
    assert run["goods"] == ["book"], "what goes in is a copy"
    assert run["packing.box"] == ["book", "box"]
    assert run.task("packing.wrap").output == "packing.wrap\n"
    assert "packing.box" in run
    assert run.task("packing").result == run.result


def test_the_handle_names_it_wherever_a_task_is_named(engine: Engine) -> None:
    flow = Packing()
    run = engine.start(flow).run(until=flow.sub)
    assert run.stopped_by == "until"
    assert run[flow.sub] == ["book", "box", "paper"]
    assert run.task(flow.sub).state == "succeeded"
    run.rerun(flow.sub)
    assert run.run().state == "succeeded"


def test_one_can_step_within_and_run_up_to_a_task_within(engine: Engine) -> None:
    flow = Packing()
    run = engine.start(flow).run(until="packing.box")
    assert (run.stopped_by, flow.entered) == ("until", ["box"])
    assert run.states["packing"] == "running"
    with pytest.raises(NotReady, match=r"packing\.wrap|packing\.box"):
        run.step("packing")
    with pytest.raises(NotReady, match="subflow"):
        run.complete("packing", 1)
    run.step("packing.wrap")
    assert run.states["packing"] == "succeeded"


def test_before_it_is_open_nothing_in_it_can_be_told(engine: Engine) -> None:
    run = engine.start(Packing())
    for name in ("packing.box", "packing.wrap"):
        with pytest.raises(NotReady, match="not ready"):
            run.complete(name, [])
        with pytest.raises(NoResult):
            run[name]
    with pytest.raises(NoResult, match="no task"):
        run["packing.tape"]
    with pytest.raises(UsageError, match=r"packing\.wrap|did you mean"):
        run.task("packing.wrapp")


def test_a_break_before_it_and_before_a_task_in_it(engine: Engine) -> None:
    run = engine.start(Packing())
    run.break_before("packing")
    run.break_before("packing.wrap")
    assert run.run().stopped_by == "breakpoint"
    assert run.states["packing"] == "waiting"
    run.resume()
    assert run.run().stopped_by == "breakpoint"
    assert (run.states["packing.box"], run.states["packing.wrap"]) == ("succeeded", "waiting")
    run.resume()
    assert run.run().state == "succeeded"


def test_a_person_within_is_asked_by_the_long_name(engine: Engine) -> None:
    run = engine.start(Packing(person=True)).run()
    (offer,) = engine.ready(manual=True)
    assert (offer.task, offer.instructions, offer.expects) == ("packing.check", "Is it well wrapped?", "bool")
    with pytest.raises(flowkit.InvalidValue):
        run.complete("packing.check", "yes")
    engine.complete(offer.token, True)
    assert run["packing"] is True
    assert run.run().result is True


def test_what_fails_within_fails_it_and_says_where(engine: Engine) -> None:
    run = engine.start(Packing(fails=1)).run()
    assert run.states == {
        "goods": "succeeded",
        "packing": "failed",
        "packing.box": "succeeded",
        "packing.wrap": "failed",
        "send": "cancelled",
    }
    assert run.task("packing").failure.message == "packing.wrap: torn"
    assert run.task("packing").failure.types[0] == "OSError"
    with pytest.raises(flowkit.errors.RunFailed, match="torn"):
        run.run(check=True)
    with pytest.raises(NoResult):
        run["packing"]


def test_its_failure_is_handled_outside(engine: Engine) -> None:
    flow = Packing(fails=1)
    flow.task(lambda packing: packing.message, name="excuse", after=flowkit.failed("packing"))
    flow.remove("send")
    run = engine.start(flow).run()
    assert (run.state, run["excuse"]) == ("succeeded", "packing.wrap: torn")


def test_it_is_tried_again_after_a_delay_and_waits_for_people_within(clocked: Engine) -> None:
    flow = Flow("outer")
    child = Flow("sub")
    calls: list[int] = []

    @child.task
    def work() -> int:
        calls.append(flowkit.attempt().number)
        if len(calls) == 1:
            raise OSError("once")
        return 5

    child.manual(lambda: None, name="ask")
    flow.add(child, retry=Retry(2, delay=10))
    run = clocked.start(flow)
    token = next(offer.token for offer in run.ready() if offer.task == "sub.ask")
    run.run()
    assert (run.states["sub"], run.states["sub.ask"]) == ("retrying", "ready")
    run.tick(20)
    assert run.run().stopped_by == "waiting", "what people were asked is waited for"
    assert calls == [1]
    clocked.complete(token, "first")
    assert (run.states["sub"], run.states["sub.work"]) == ("running", "ready")
    assert clocked.complete(token, "first").verdict == "repeat"
    with pytest.raises(AlreadyCompleted):
        clocked.complete(token, "other")
    run.run()
    run.complete("sub.ask", "second")
    assert run.run().result == {"work": 5, "ask": "second"}
    assert calls == [1, 2]


def test_each_try_is_another_thing_to_an_outside_service(engine: Engine) -> None:
    keys: list[str] = []
    child = Flow("sub")

    @child.task(retry=Retry(2))
    def work() -> None:
        keys.append(flowkit.attempt().key)
        if len(keys) < 4:
            raise OSError

    flow = Flow("outer")
    flow.add(child, retry=Retry(2))
    assert engine.start(flow).run().state == "succeeded"
    assert keys[0] == keys[1] != keys[2] == keys[3]


def test_an_attempt_within_that_is_at_work_when_the_subflow_fails_may_still_report(engine: Engine) -> None:
    child = Flow("sub")
    gate = Gate()

    @child.task
    def slow() -> str:
        gate.wait()
        return "done"

    child.manual(lambda: None, name="ask")
    flow = Flow("outer")
    flow.add(child)
    run = engine.start(flow)
    aside = Aside(run.run)
    gate.reached()
    run.fail("sub.ask", "no")
    assert (run.state, run.states["sub"]) == ("running", "running")
    gate.open()
    aside.end()
    assert run.states == {"sub": "failed", "sub.slow": "succeeded", "sub.ask": "failed"}
    assert run["sub.slow"] == "done"


def test_parameters_of_a_subflow_are_kept_apart(engine: Engine) -> None:
    """Two tasks that take the same input of it, and the one that gave it, each have their own."""
    child = Flow("sub")

    @child.task
    def one(rows: list) -> list:
        rows.append("one")
        return rows

    @child.task
    def two(rows: list) -> list:
        rows.append("two")
        return rows

    flow = Flow("outer")
    flow.task(lambda: ["first"], name="source")
    flow.add(child, bind={"rows": "source"})
    flow.add(child, name="again", fixed={"rows": ["fixed"]})
    run = engine.start(flow).run()
    assert run["source"] == ["first"]
    assert run["sub"] == {"one": ["first", "one"], "two": ["first", "two"]}
    assert run["again"] == {"one": ["fixed", "one"], "two": ["fixed", "two"]}


def test_what_can_t_be_stored_stays_with_the_code_of_a_subflow(engine: Engine) -> None:
    child = Flow("sub")
    child.task(lambda how, x: how(x), name="work")
    flow = Flow("outer")
    flow.add(child, fixed={"how": str.upper})
    assert engine.start(flow, {"x": "loud"}).run().result == "LOUD"


def test_its_value_is_that_of_the_task_that_it_names_else_of_its_ends(engine: Engine) -> None:
    named = Flow("named", result="a")
    named.task(lambda: 1, name="a")
    named.task(lambda a: 2, name="b")
    two = Flow("two")
    two.task(lambda: 3, name="c")
    two.task(lambda: 4, name="d")
    flow = Flow("outer")
    flow.add(named)
    flow.add(two)
    flow.task(lambda named, two: [named, two], name="end")
    assert engine.start(flow).run().result == [1, {"c": 3, "d": 4}]


def test_a_target_needs_all_of_a_subflow_and_no_more(engine: Engine) -> None:
    flow = Packing()
    flow.task(lambda: 1 / 0, name="other")
    run = engine.start(flow, target=flow.sub).run()
    assert (run.state, run.result) == ("succeeded", ["book", "box", "paper"])
    assert "other" not in run.states
    assert "packing.wrap" in run.states
    with pytest.raises(UsageError, match="target"):
        run.task("send")


def test_a_target_within_a_subflow_needs_nothing_beside_it(engine: Engine) -> None:
    flow = Packing()
    run = engine.start(flow, target="packing.box").run()
    assert (run.state, run.result) == ("succeeded", ["book", "box"])
    assert flow.entered == ["box"]
    with pytest.raises(UsageError, match=r"packing\.bix"):
        engine.start(flow, target="packing.bix")


def test_results_are_given_for_it_or_for_what_is_in_it(engine: Engine) -> None:
    flow = Packing()
    run = engine.start(flow, results={"packing": ["ready-made"]}).run()
    assert run.result == ["ready-made"]
    assert run.states["packing.box"] == "skipped"
    assert flow.entered == []
    run = engine.start(flow, results={"packing.box": ["given"]}).run()
    assert run.result == ["given", "paper"]
    assert flow.entered == ["wrap"]
    assert run.task("packing.box").by_hand
    with pytest.raises(UsageError, match=r"packing\.bix"):
        engine.start(flow, results={"packing.bix": 1})


def test_cancelling_and_pausing_reach_within(engine: Engine) -> None:
    run = engine.start(Packing(person=True)).run()
    token = run.ready()[0].token
    run.pause()
    run.complete(token, True)
    assert run.states["send"] == "waiting"
    run.cancel()
    assert (run.states["packing"], run.states["send"]) == ("succeeded", "cancelled")
    other = engine.start(Packing(person=True)).run()
    token = other.ready()[0].token
    other.cancel()
    assert other.states["packing.check"] == other.states["packing"] == "cancelled"
    with pytest.raises(LateReport):
        engine.complete(token, True)


def test_a_decider_that_says_no_leaves_all_of_it_out(engine: Engine) -> None:
    run = engine.start(Packing(when=lambda goods: len(goods) > 1)).run()
    assert run.states == {
        "goods": "succeeded",
        "packing": "skipped",
        "packing.box": "skipped",
        "packing.wrap": "skipped",
        "send": "skipped",
    }
    with pytest.raises(NoResult, match="skipped"):
        run["packing.wrap"]


@pytest.mark.parametrize("fails", [0, 1, 2])
def test_every_step_can_be_taken_by_somebody_else(path: Path, fails: int) -> None:
    flow = Packing(fails=fails, retry=Retry(2, delay=3))
    assert step_by_step(path, flow) == ("failed" if fails == 2 else "succeeded")
    with reopened(path, flow) as run:
        assert run.states["packing"] == ("failed" if fails == 2 else "succeeded")
        assert flow.entered.count("wrap") == min(fails + 1, 2)


@pytest.mark.parametrize("policy", ["stop", "continue", "revert"])
def test_its_own_policy_holds_within(engine: Engine, policy: str) -> None:
    child = Flow("sub", on_failure=policy)
    log: list[str] = []

    first = child.task(lambda: log.append("first"), name="first")
    first.revert(lambda: log.append("undo first"))

    @child.task(after="first")
    def bad() -> None:
        raise OSError("bad")

    child.task(lambda: log.append("beside"), name="beside", after="first")
    flow = Flow("outer", on_failure="continue")
    flow.add(child)
    flow.task(lambda: log.append("free"), name="free")
    run = engine.start(flow).run()
    assert (run.state, run.states["sub"], run.states["free"]) == ("failed", "failed", "succeeded")
    assert run.states["sub.beside"] == ("succeeded" if policy == "continue" else "cancelled")
    assert ("undo first" in log) == (policy == "revert")
    assert run.states["sub.first"] == ("reverted" if policy == "revert" else "succeeded")


def test_a_subflow_that_pauses_the_run_for_its_failure(engine: Engine) -> None:
    run = engine.start(Packing(fails=1, on_failure="pause", person=True)).run()
    assert (run.stopped_by, run.state) == ("paused", "paused")
    assert run.states["packing"] == "running"
    run.rerun("packing.wrap")
    assert run.state == "running", "nothing stands in the way any more"
    run.run()
    run.complete("packing.check", True)
    assert run.run().result is True


def test_saving_in_the_middle_of_a_subflow(tmp_path: Path) -> None:
    flow = Packing(person=True)
    run = flow.start().run()
    token = run.ready()[0].token
    run.save(tmp_path / "kept.db")
    with pytest.raises(flowkit.UnknownAttempt):
        run.complete(token, True)
    with Engine(tmp_path / "kept.db") as engine:
        other = engine.open(run.id, flow)
        assert other.task("packing.wrap").output == "packing.wrap\n"
        engine.complete(other.ready()[0].token, True)
        assert other.run().result is True
    assert run.state == "succeeded"


def test_flows_in_flows_three_hundred_deep() -> None:
    flow = Flow("f0")
    flow.task(lambda x: x + 1, name="work")
    for depth in range(1, 300):
        outer = Flow(f"f{depth}")
        outer.add(flow, name="in_it")
        flow = outer
    run = flow.start({"x": 1}).run()
    deep = ".".join(["in_it"] * 299 + ["work"])
    assert (run.state, run.result, run[deep]) == ("succeeded", 2, 2)
    run.rerun(deep)
    assert run.run().result == 2
    run.revert()
    assert run.run().state == "reverted"
    assert set(run.states.values()) == {"reverted"}


@pytest.mark.parametrize("phones", ["12", None, {"0160": 1}])
def test_a_retry_over_something_that_is_no_list_does_not_call_it_empty(engine: Engine, phones: Any) -> None:
    child, flow = Flow("call", inputs={"phone": str}), Flow("family")
    child.task(lambda phone: phone, name="dial")
    flow.add(child, retry=flowkit.ForEach("phones", as_="phone"))
    run = engine.start(flow, {"phones": phones}).run()
    assert run.task("call").failure.message == "phones is no list of values that can be stored"
    run = engine.start(flow, {"phones": []}).run()
    assert run.task("call").failure.message == "phones is empty"


def test_a_subflow_whose_end_was_left_out_says_so_when_it_is_asked_for_its_result(engine: Engine) -> None:
    child, flow = Flow("child"), Flow("outer")
    child.task(lambda: 1, name="work", when=lambda: False)
    flow.add(child)
    run = engine.start(flow).run()
    assert (run.state, run.states["child"]) == ("succeeded", "succeeded")
    with pytest.raises(NoResult, match=r"child has no result: `child\.work` was skipped"):
        run["child"]


def test_what_is_said_of_a_subflow_that_failed_with_its_items_is_a_call_that_can_be_made(
    engine: Engine,
) -> None:
    child, flow = Flow("child"), Flow("outer")
    broken = {2}
    child.task(lambda n: 1 // (n not in broken), name="work", each="n", bind={"n": "numbers"})
    flow.add(child)
    run = engine.start(flow, {"numbers": [1, 2]}).run()
    assert run.why("child").calls[1] == 'run.rerun("child")'
    assert run.why("child.work").calls[1] == 'run.rerun("child.work", items="failed")'
    broken.clear()
    run.rerun("child.work", items="failed")
    assert run.run().state == "succeeded"


def test_a_subflow_left_out_while_it_waits_for_its_next_try_says_nothing_of_undoing(clocked: Engine) -> None:
    child, flow = Flow("child"), Flow("outer", on_failure="continue")
    child.task(lambda: 1 / 0, name="work")
    flow.add(child, retry=Retry(2, delay=5))
    flow.task(lambda: 1 / 0, name="other")
    run = clocked.start(flow).run()
    assert run.states == {"child": "retrying", "child.work": "reverted", "other": "failed"}
    assert "undone" not in run.why("other").words
    run.skip("child")
    assert (run.state, run.why("other").calls[1]) == ("failed", 'run.rerun("other")')


def test_while_something_in_a_subflow_is_undone_that_is_named_as_what_others_wait_for(
    clocked: Engine,
) -> None:
    child, flow = Flow("child"), Flow("outer", on_failure="continue")
    child.task(lambda: 1, name="work").revert(lambda work: None)
    child.task(lambda work: 1 / 0, name="fails")
    flow.add(child, retry=Retry(2))
    flow.task(lambda: 1 / 0, name="other")
    run = clocked.start(flow)
    run.step("child.work")
    run.step("other")
    run.step("child.fails")
    assert run.states["child.work"] == "reverting"
    assert run.why("other").words.endswith("First `child.work` is undone; then it can be done again.")
