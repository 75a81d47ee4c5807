"""Going on with an edited flow: what its bill says, what runs again, and what becomes of what was under way."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import flowkit
from flowkit import Engine, Flow, LateReport, NoResult, NotReady, UsageError
from flowkit.errors import BillStale, DefinitionError, FlowChanged
from tests.engine.orders import Aside, Gate
from tests.engine.reopening import reopened


def flow_of(**bodies: str) -> Flow:
    """A flow of tasks given as text: `b="a: [a, 'b']"` takes a; the same text is the same code."""
    flow = Flow("edited")
    for name, text in bodies.items():
        params, _, body = text.partition(":")
        scope: dict[str, Any] = {}
        exec(f"def {name}({params}): return {body or 'None'}", scope)
        flow.task(scope[name])
    return flow


FIRST = {"a": ":'a'", "b": "a: a + 'b'", "c": "a: a + 'c'", "d": "b, c: b + c"}


def first() -> Flow:
    return flow_of(**FIRST)


def test_the_bill_says_what_runs_again_and_changes_nothing(engine: Engine) -> None:
    run = engine.start(first()).run()
    seq = run.seq
    bill = run.adopt(flow_of(**{**FIRST, "b": "a: a + 'B'"}))
    assert list(bill.again) == ["b", "d"]
    assert bill.again["d"] == "hangs on b"
    assert bill.kept == ["a", "c"]
    assert (run.seq, run.result) == (seq, "abac")
    bill.apply()
    assert run.states == {"a": "succeeded", "b": "ready", "c": "succeeded", "d": "waiting"}
    assert run.run().result == "aBac"


def test_an_equal_flow_costs_nothing(engine: Engine) -> None:
    run = engine.start(first()).run()
    bill = run.adopt(first())
    assert (bill.again, bill.new, bill.gone) == ({}, [], [])
    bill.apply()
    assert (run.state, run.result) == ("succeeded", "abac")


def test_tasks_come_and_go(engine: Engine) -> None:
    run = engine.start(first()).run()
    edited = flow_of(a=FIRST["a"], c=FIRST["c"], e="c: c + 'e'")
    bill = run.adopt(edited)
    assert (bill.gone, bill.new) == (["b", "d"], ["e"])
    run.adopt(edited, apply=True)
    assert run.states == {"a": "succeeded", "c": "succeeded", "e": "ready"}
    for gone in ("b", "d"):
        with pytest.raises(NoResult, match="no task"):
            run[gone]
        with pytest.raises(UsageError):
            run.task(gone)
    assert run.run().result == "ace"


def test_a_failed_task_that_was_mended_runs_again(engine: Engine) -> None:
    broken = flow_of(**{**FIRST, "b": "a: 1 / 0"})
    run = engine.start(broken).run()
    assert run.state == "failed"
    run.adopt(first(), apply=True)
    assert run.state == "running"
    assert run.run().result == "abac"
    assert [one.outcome for one in run.task("b").attempts] == ["failed", "succeeded"]


def test_a_bill_that_was_overtaken_is_refused(engine: Engine) -> None:
    flow = first()
    run = engine.start(flow).run(until="b")
    bill = run.adopt(flow_of(**{**FIRST, "c": "a: a + 'C'"}))
    run.run()
    with pytest.raises(BillStale):
        bill.apply()
    assert run.result == "abac"


def test_a_faulty_flow_or_a_run_that_was_cancelled_is_refused(engine: Engine) -> None:
    run = engine.start(first())
    with pytest.raises(DefinitionError):
        run.adopt(flow_of(a="b: b", b="a: a"))
    run.cancel()
    seq = run.seq
    with pytest.raises(UsageError):
        run.adopt(flow_of(**{**FIRST, "a": ":'A'"}), apply=True)
    assert run.seq == seq
    assert run.states["a"] == "cancelled"


def test_what_is_at_work_on_a_changed_task_comes_late(engine: Engine) -> None:
    gate = Gate()
    flow = Flow("at work")
    flow.task(lambda: gate.wait() or "old", name="a")
    other = Flow("at work")
    other.task(lambda: "new", name="a")
    run = engine.start(flow)
    token = run.ready()[0].token
    aside = Aside(run.run)
    gate.reached()
    engine.open(run.id).adopt(other, apply=True)
    with pytest.raises(LateReport):
        engine.complete(token, "told")
    gate.open()
    aside.end()
    assert (run.state, run.states["a"], run.stopped_by) == ("running", "ready", "waiting")
    assert engine.open(run.id, other).run().result == "new"


def test_a_task_that_goes_while_it_is_at_work_does_no_harm(engine: Engine) -> None:
    gate = Gate()
    flow = Flow("at work")
    flow.task(lambda: 1, name="a")
    slow = flow.task(lambda: gate.wait() or 2, name="b")
    slow.revert(lambda: None)
    other = Flow("at work")
    other.tasks["a"] = flow["a"]
    run = engine.start(flow)
    run.step("a")
    aside = Aside(run.run)
    gate.reached()
    run.adopt(other, apply=True)
    gate.open()
    aside.end()
    assert (run.state, run.states, run.result) == ("succeeded", {"a": "succeeded"}, 1)


def test_the_code_of_before_does_not_drive_any_more(path: Path) -> None:
    with Engine(path) as engine:
        engine.start(first(), run_id="r").step()
    with reopened(path, None) as run:
        run.adopt(flow_of(**{**FIRST, "b": "a: a + 'B'"}), apply=True)
    with Engine(path) as engine:
        old = engine.open("r", first())
        assert "b" in old.note
        assert old.run().stopped_by == "waiting"
        assert old.states["b"] == "ready"
        assert engine.ready()[0].able == "missing"
        with pytest.raises(NotReady, match="adopt"):
            old.step("b")
    with reopened(path, flow_of(**{**FIRST, "b": "a: a + 'B'"})) as run:
        assert run.run().result == "aBac"
    with Engine(path) as engine, pytest.raises(FlowChanged):
        engine.open("r", flow_of(a=":1"))


def test_started_again_with_the_adopted_flow_it_goes_on(path: Path) -> None:
    edited = flow_of(**{**FIRST, "e": "d: d + 'e'"})
    with Engine(path) as engine:
        engine.start(first(), run_id="r").run().adopt(edited, apply=True)
    with Engine(path) as engine:
        assert engine.start(edited, run_id="r").run().result == "abace"


def test_the_past_is_shown_with_the_flow_that_it_had(engine: Engine) -> None:
    run = engine.start(first())
    events = run.step()
    run.run()
    run.adopt(flow_of(a=FIRST["a"], e="a: a"), apply=True)
    run.run()
    shown = events._repr_mimebundle_()
    assert "can't be shown" not in shown["text/plain"]
    assert "image/svg+xml" in shown
    assert "can't be shown" not in run._repr_mimebundle_()["text/plain"]


def test_an_adopted_flow_is_kept_by_a_saving(tmp_path: Path) -> None:
    edited = flow_of(a=FIRST["a"], e="a: a + 'e'")
    run = first().start()
    run.run()
    run.adopt(edited, apply=True)
    run.save(tmp_path / "kept.db")
    run.run()
    run_id = run.id
    with Engine(tmp_path / "kept.db") as engine:
        assert engine.open(run_id, edited).result == "ae"


def test_a_changed_decider_undo_or_option_is_told(engine: Engine) -> None:
    def make(limit: int, retry: Any = None, undo: Any = None) -> Flow:
        flow = Flow("options")
        flow.task(lambda: 5, name="a", retry=retry)
        task = flow.task(lambda a: a, name="b", when=lambda a: a > limit)
        if undo:
            task.revert(undo)
        return flow

    run = engine.start(make(3)).run()
    assert list(run.adopt(make(4)).again) == ["b"]
    assert run.adopt(make(3)).again == {}
    run.adopt(make(9), apply=True)
    assert run.run().states == {"a": "succeeded", "b": "skipped"}
    run.adopt(make(9, undo=lambda b: None), apply=True)
    assert run.run().state == "succeeded"


def test_items_and_subflows_are_adopted_as_wholes(engine: Engine) -> None:
    def make(factor: int, plus: int) -> Flow:
        child = Flow("child")
        child.task(lambda x: x, name="take")
        child.task(lambda take: take + plus, name="more")
        flow = Flow("groups")
        flow.task(lambda: [1, 2], name="numbers")
        flow.task(lambda n: n * factor, name="fan", each="n", bind={"n": "numbers"})
        flow.task(lambda fan: fan[0] + fan[1], name="x")
        flow.add(child)
        return flow

    run = engine.start(make(10, 1)).run()
    assert run.result == 31
    run.adopt(make(10, 2), apply=True)
    assert run.states["child.take"] == "succeeded"
    assert run.states["child"] == "running"
    assert run.run().result == 32
    assert len(run.task("fan[0]").attempts) == 1
    run.adopt(make(100, 2), apply=True)
    assert run.run().result == 302
    assert len(run.task("fan[0]").attempts) == 2


def test_what_a_bill_says_is_what_runs_again(engine: Engine) -> None:
    """Also around a subflow in which something changed, and in one that hangs on what changed."""

    def make(x: str = "x", more: str = "more") -> Flow:
        child = Flow("child")
        child.task(lambda x: [x], name="take")
        child.task(lambda take: [*take, more], name="more")
        flow = Flow("outer")
        flow.task(lambda: x, name="x")
        flow.add(child)
        flow.task(lambda child: [*child, "end"], name="end")
        flow.task(lambda: "beside", name="beside")
        return flow

    for edited, again, result in (
        (
            make(more="MORE"),
            {"child.more": "the closed-over more", "end": "hangs on child.more"},
            ["x", "MORE"],
        ),
        (
            make(x="X"),
            {
                "x": "the closed-over x",
                "child": "hangs on x",
                "child.take": "hangs on x",
                "child.more": "hangs on x",
                "end": "hangs on x",
            },
            ["X", "more"],
        ),
    ):
        run = engine.start(make()).run()
        before = {name: len(run.task(name).attempts) for name in run}
        bill = run.adopt(edited)
        assert bill.again == again
        bill.apply().run()
        assert run["end"] == [*result, "end"]
        done = {name for name in run if len(run.task(name).attempts) > before[name]}
        assert done == set(again) - {"child"}
        assert set(bill.kept) == set(run) - set(again) - {"child"}


def test_playing_goes_on_with_the_code_that_was_adopted(engine: Engine) -> None:
    def make(word: str) -> Flow:
        flow = Flow("played")
        flow.manual(lambda: None, name="ask")
        flow.task(lambda ask: word, name="say")
        return flow

    ended = Gate()
    run = engine.start(make("old"))
    run.subscribe(lambda event: event.kind == "RunSucceeded" and ended._reached.set())
    run.play()
    run.adopt(make("new"), apply=True)
    run.complete("ask", 1)
    ended.reached()
    assert run["say"] == "new"


def test_breakpoints_questions_and_delays_survive_it(clocked: Engine) -> None:
    def make(tail: str) -> Flow:
        flow = flow_of(z=f":{tail!r}")
        flow.manual(lambda: None, name="ask")
        flow.task(lambda: 1, name="q", when=lambda: True, after="ask")

        @flow.task(retry=flowkit.Retry(2, delay=10))
        def flaky() -> int:
            if flowkit.attempt().number == 1:
                raise OSError
            return 1

        return flow

    flow = make("x")
    run = clocked.start(flow)
    run.break_before("q")
    run.step("flaky")
    run.adopt(make("y"), apply=True)
    assert run.states == {"z": "ready", "ask": "ready", "q": "waiting", "flaky": "retrying"}
    assert run.task("flaky").due == 10.0
    run.complete("ask", 1)
    assert run.run().stopped_by == "breakpoint"
    run.tick(10)
    run.resume()
    assert run.run().state == "succeeded"


def test_an_edit_that_asks_for_an_input_which_the_run_never_got_is_refused_before_it_fails(
    engine: Engine,
) -> None:
    run = engine.start(first()).run()
    edited = flow_of(**FIRST, e="d, tax: d + tax")
    with pytest.raises(UsageError, match=r"without 'tax' \(asked for by e\).*fixed=\{'tax': …\}"):
        run.adopt(edited)
    assert run.states == dict.fromkeys("abcd", "succeeded")
    edited.task(edited.tasks["e"].function, name="e", fixed={"tax": "!"})
    assert run.adopt(edited, apply=True).run().result == "abac!"


def test_an_edit_may_ask_for_an_input_where_the_parameter_has_a_default(engine: Engine) -> None:
    run = engine.start(first()).run()
    assert run.adopt(flow_of(**FIRST, e="d, tax='?': d + tax"), apply=True).run().result == "abac?"
