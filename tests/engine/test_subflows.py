"""A flow as a task of another: names, what goes in and comes out, and flows within flows as deep as one likes."""

from __future__ import annotations

import gc
import sys
from typing import Any

import pytest

from flowkit import DefinitionError, Engine, Flow, ForEach, Repeat, Retry, UsageError, failed, finished
from flowkit.core import Param, Plan, RetryPlan, TaskPlan, Wiring


def priced() -> Flow:
    """price(amount, rate=…) → total(price, amount)."""
    flow = Flow("priced", on_failure="continue")
    flow.task(lambda amount, rate=1.19: amount * rate, name="price")
    flow.task(lambda price, amount: price - amount, name="tax")
    return flow


def units(flow: Flow) -> dict[str, TaskPlan]:
    plan = flow.plan()
    assert plan == Plan.decode(plan.encode())
    return {task.name: task for task in plan.tasks}


# Names and wiring -------------------------------------------------------------------------------------------


def test_a_subflow_is_one_unit_followed_by_its_tasks() -> None:
    flow = Flow("order")
    flow.task(lambda: 10, name="amount")
    sub = flow.add(priced())
    flow.task(lambda priced: priced, name="end")
    found = units(flow)
    assert list(found) == ["amount", "priced", "priced.price", "priced.tax", "end"]
    assert [found[name].within for name in found] == ["", "", "priced", "priced", ""]
    assert found["priced"].kind == "flow"
    assert found["priced"].on_failure == "continue"
    assert found["priced"].params == (
        Param("amount", "task", "amount"),
        Param("rate", "input", "rate", required=False),
    )
    assert found["priced.price"].params == (
        Param("amount", "outer", "priced", outer="amount"),
        Param("rate", "outer", "priced", required=False, outer="rate"),
    )
    assert found["priced.tax"].params == (
        Param("price", "task", "priced.price"),
        Param("amount", "outer", "priced", outer="amount"),
    )
    assert (found["priced"].gives, found["priced"].whole) == (("priced.tax",), True)
    plan = flow.plan()
    assert [one.name for one in plan.inputs] == ["rate"]
    assert plan.ends == ("end",)
    assert repr(sub) == "<subflow priced: 2 tasks>"


def test_what_a_subflow_takes_may_be_bound_and_fixed() -> None:
    flow = Flow("order")
    flow.task(lambda: (1, 2), name="pair", outputs=("left", "right"))
    flow.add(priced(), "first", bind={"amount": "left"}, fixed={"rate": 1.07})
    flow.add(priced(), name="second", bind={"amount": "first"})
    found = units(flow)
    assert found["first"].params == (
        Param("amount", "task", "pair", 0),
        Param("rate", "fixed", fixed="1.07"),
    )
    assert found["second"].sources() == ("first",)
    assert found["second.price"].params[0] == Param("amount", "outer", "second", outer="amount")


def test_a_subflow_is_named_wherever_a_task_is() -> None:
    flow = Flow("order", result="a")
    sub = flow.add(priced(), "sub")
    flow.task(lambda: 1, name="a", after=sub)
    flow.task(lambda sub: 1, name="b", after=failed(sub))
    flow.task(lambda: 1, name="c", when=sub)
    flow.task(lambda x: 1, name="d", bind={"x": sub})
    flow.task(lambda: 1, name="e")
    flow.chain(sub, "e")
    flow.result = sub
    found = units(flow)
    assert all(found[name].sources() == ("sub",) for name in "abcde")
    assert found["b"].upon == (("sub", "failed"),)
    assert flow.plan().result == "sub"
    assert "sub" in flow
    assert flow["sub"] is sub
    assert sub.name == "sub"
    flow.remove(sub)
    assert "sub" not in flow
    with pytest.raises(UsageError, match="no task 'sub'"):
        flow.remove("sub")


def test_links_and_options_inside_get_the_subflow_s_address() -> None:
    child = Flow("child")
    child.task(lambda: (1, True), name="a", outputs=("x", "ok"))
    child.task(lambda: 1, name="b", after=finished("a"), when="ok", join=1)
    child.task(lambda: 1, name="c", after="a", when=lambda ok, least: ok > least)
    child.task(lambda d=0: d, name="d", repeat=Repeat(until=lambda d, x: d > x, max=3), after=finished("b"))
    child["c"].revert(lambda c, least, failure: None)
    flow = Flow("parent")
    flow.add(child, "s")
    found = units(flow)
    b, c, d = found["s.b"], found["s.c"], found["s.d"]
    assert (b.upon, b.when and (b.when.source, b.when.part)) == ((("s.a", "finished"),), ("s.a", 1))
    assert c.after == ("s.a",)
    assert c.when is not None
    assert c.when.params == (
        Param("ok", "task", "s.a", 1),
        Param("least", "outer", "s", outer="least"),
    )
    assert c.undo is not None
    assert [(p.name, p.kind) for p in c.undo.params] == [
        ("c", "own"),
        ("least", "outer"),
        ("failure", "failure"),
    ]
    assert d.params == (Param("d", "own", required=False),)
    assert d.repeat is not None
    assert d.repeat.until is not None
    assert d.repeat.until.params == (Param("d", "own"), Param("x", "task", "s.a", 0))
    assert d.upon == (("s.b", "finished"),)


def test_the_options_of_a_subflow() -> None:
    flow = Flow("parent")
    flow.task(lambda: 1, name="go")
    flow.add(
        priced(),
        "sub",
        after=failed("go"),
        when=lambda amount: amount > 1,
        skip="self",
        retry=Retry(3, delay=2),
        repeat=Repeat(until=lambda sub, rate: sub > rate, max=4),
        pause_before=True,
    )
    sub = units(flow)["sub"]
    assert (sub.upon, sub.skip, sub.pause_before) == ((("go", "failed"),), "self", True)
    assert sub.retry == RetryPlan(3, 2.0)
    assert sub.when is not None
    assert sub.when.params == (Param("amount", "input", "amount"),)
    assert sub.repeat is not None
    assert sub.repeat.until is not None
    assert sub.repeat.until.params == (
        Param("sub", "own"),
        Param("rate", "input", "rate"),
    )
    handle = flow["sub"]
    assert handle.asked("when")(2) is True
    assert handle.fits(sub, "when")
    assert handle.fits(sub, "until")
    assert not handle.fits(sub, "revert")


def test_one_value_after_another() -> None:
    child = Flow("call")
    child.task(lambda phone, text: phone, name="dial")
    flow = Flow("parent")
    flow.task(lambda: [1, 2], name="directory")
    flow.add(child, "first", bind={"phones": "directory"}, retry=ForEach("phones", as_="phone"))
    flow.add(child, "second", fixed={"phones": [1, 2]}, retry=ForEach("phones", as_="phone"))
    found = units(flow)
    assert found["first"].retry == RetryPlan(0, each="phones")
    assert found["first"].params == (
        Param("text", "input", "text"),
        Param("phones", "task", "directory"),
    )
    assert found["first.dial"].params == (
        Param("phone", "try", "first", outer="phones"),
        Param("text", "outer", "first", outer="text"),
    )
    assert found["second"].params[1] == Param("phones", "fixed", fixed="[1,2]")


def test_one_value_after_another_of_a_list_that_the_child_takes_too() -> None:
    child = Flow("call")
    child.task(lambda phones, phone: phone, name="dial")
    flow = Flow("parent")
    flow.add(child, retry=ForEach("phones", as_="phone"))
    found = units(flow)
    assert found["call"].params == (Param("phones", "input", "phones"),)
    assert [p.kind for p in found["call.dial"].params] == ["outer", "try"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (
            {"retry": ForEach("phones", as_="number")},
            "which the flow within does not take. Its inputs are: phone.",
        ),
        ({"retry": ForEach("phones", as_="phone"), "fixed": {"phones": 3}}, "one value after another"),
        ({"retry": ForEach("phones", as_="phone"), "bind": {"phone": "x"}}, "Its inputs are: phones."),
        ({"bind": {"fone": "x"}}, "'fone', which is no parameter. Its inputs are: phone."),
        ({"join": 2}, "waits for nothing"),
    ],
)
def test_faults_of_a_subflow(options: dict, words: str) -> None:
    child = Flow("call")
    child.task(lambda phone: phone, name="dial")
    flow = Flow("parent")
    flow.add(child, **options)
    errors = flow.check().errors
    assert {fault.task for fault in errors} == {"call"}
    assert words in repr(errors), errors


# What it gives ----------------------------------------------------------------------------------------------


def test_a_subflow_gives_its_named_result_or_its_one_end_or_all_ends() -> None:
    def given(result: str | None = None) -> TaskPlan:
        child = Flow("child", result=result)

        @child.task
        def a() -> int: ...

        child.task(lambda a: 1, name="b")
        child.task(lambda a: 1, name="c")
        if result == "":
            child.remove("c")
        flow = Flow("parent")
        flow.add(child, "s")
        return units(flow)["s"]

    both = given()
    assert (both.gives, both.whole, both.result) == (("s.b", "s.c"), False, None)
    named = given("a")
    assert (named.gives, named.whole, named.result) == (("s.a",), True, {"kind": "int"})


# Builders ---------------------------------------------------------------------------------------------------


def test_a_child_may_be_edited_until_the_start() -> None:
    child = priced()
    flow = Flow("parent")
    flow.add(child, "s")
    flow.add(child, "t")
    before = flow.plan()
    assert flow.plan() is before, "nothing was edited"
    child.task(lambda tax: tax, name="more")
    assert [task.name for task in flow.plan().tasks][-1] == "t.more"
    assert before.structure() != flow.plan().structure()
    child["more"].revert(lambda more: None)
    assert units(flow)["s.more"].undo is not None
    child.on_failure = "stop"
    assert units(flow)["s"].on_failure == "stop"
    child.remove("more")
    child.on_failure = "continue"
    assert flow.plan() == before


def test_a_subflow_is_replaced_by_what_is_defined_under_its_name() -> None:
    flow = Flow("parent")
    flow.add(priced(), "s")
    flow.task(lambda: 1, name="s")
    assert list(units(flow)) == ["s"]
    flow.add(priced(), "s")
    assert list(units(flow)) == ["s", "s.price", "s.tax"]


def test_what_is_within_is_not_linked_to_from_outside() -> None:
    flow = Flow("parent")
    flow.add(priced(), "s")
    flow.task(lambda: 1, name="x", after="s.tax")
    (fault,) = flow.check().errors
    assert fault.hint == "What is inside s can't be linked to from outside: name 's' itself."


def test_faults_within_are_told_once_at_their_address() -> None:
    child = Flow("child", inputs={"item": str})
    child.task(lambda itme: 1, name="a")
    middle = Flow("middle")
    middle.add(child, "c")
    flow = Flow("parent")
    flow.add(middle, "m")
    flow.add(middle, "n")
    flow.add(Flow("hollow"))
    faults = flow.check()
    assert [(fault.task, fault.parameter) for fault in faults] == [("m.c.a", "itme"), ("hollow", "")]
    assert "m.c.a(itme)" in repr(faults)


def test_two_tasks_of_one_address_are_a_fault() -> None:
    flow = Flow("parent")
    flow.task(lambda: 1, name="s.tax")
    flow.add(priced(), "s")
    (fault,) = flow.check()
    assert (fault.task, fault.level) == ("s.tax", "error")


def test_a_flow_can_t_contain_itself() -> None:
    a, b, c = Flow("a"), Flow("b"), Flow("c")
    with pytest.raises(DefinitionError, match="a lies within it"):
        a.add(a)
    a.add(b)
    b.add(c)
    with pytest.raises(DefinitionError, match=r"contain itself.*Repeat"):
        c.add(a)
    assert c.tasks == {}


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda flow: flow.add(lambda: 1), "@flow.task"),
        (lambda flow: flow.add("child"), "takes a Flow"),
        (lambda flow: flow.task(priced(), name="x"), "flow.add(child)"),
        (lambda flow: flow.add(priced(), name="s[1]"), "brackets"),
        (lambda flow: flow.add(priced(), name=""), "name"),
        (lambda flow: flow.add(priced(), retry=3), "ForEach("),
        (lambda flow: flow.add(priced(), join="some"), "'all', 'any'"),
        (lambda flow: flow.add(priced(), skip="none"), "'dependents' or 'self'"),
    ],
)
def test_what_makes_no_sense_by_itself_is_refused_at_once(make: Any, words: str) -> None:
    flow = Flow("f")
    with pytest.raises(DefinitionError) as refused:
        make(flow)
    assert words in str(refused.value)
    assert flow.tasks == {}


# Depth and breadth ------------------------------------------------------------------------------------------


def nested(levels: int) -> Flow:
    flow = Flow("leaf")
    flow.task(lambda x: x, name="t")
    for _ in range(levels):
        outer = Flow("f")
        outer.add(flow, "f")
        flow = outer
    return flow


def test_flows_lie_in_flows_beyond_any_recursion_limit() -> None:
    flow = nested(1000)
    assert flow.check() == []
    plan = flow.plan()
    assert len(plan.tasks) == 1001
    deepest = plan.tasks[-1]
    assert deepest.name == ".".join(["f"] * 1000 + ["t"])
    assert deepest.within == deepest.name[:-2]
    assert [one.name for one in plan.inputs] == ["x"]
    assert list(flow.all_tasks()) == [task.name for task in plan.tasks]
    assert Plan.decode(plan.encode()) == plan
    assert len(Wiring(plan).inside("f")) == 1000
    del flow, plan, deepest
    gc.collect()


def test_freezing_costs_as_much_as_there_is_to_freeze() -> None:
    def work(count: int) -> int:
        child = priced()
        flow = Flow("wide")
        for n in range(count):
            flow.add(child, f"s{n}")
        flow.check()
        calls = [0]

        def counted(*_: Any) -> None:
            calls[0] += 1

        sys.setprofile(counted)
        try:
            flow.check()
        finally:
            sys.setprofile(None)
        return calls[0]

    assert work(500) < 12 * work(50)


def test_the_code_of_all_units_is_found_by_the_names_of_the_plan() -> None:
    child = priced()
    flow = Flow("parent")
    flow.task(lambda: 1, name="a")
    flow.add(child, "s")
    flow.add(child, "t")
    code = flow.all_tasks()
    assert list(code) == [task.name for task in flow.plan().tasks]
    assert code["s.tax"] is code["t.tax"] is child["tax"]
    plans = units(flow)
    assert all(code[name].fits(plans[name]) for name in plans if plans[name].kind == "task")


# Running ----------------------------------------------------------------------------------------------------


def test_a_subflow_at_work(engine: Engine) -> None:
    flow = Flow("order")
    flow.task(lambda item: len(item) + 0, name="amount")
    flow.add(priced(), "sub", fixed={"rate": 2})
    flow.add(priced(), "again", bind={"amount": "sub"})
    flow.task(lambda sub, again: [sub, round(again, 2)], name="end")
    run = engine.start(flow, {"item": "book"}).run()
    assert run.result == [4, 0.76]
    assert (run["sub"], run["sub.price"]) == (4, 8)


def test_several_ends_are_a_dict_without_the_address(engine: Engine) -> None:
    child = Flow("child")
    child.task(lambda x: x + 1, name="up")
    child.task(lambda x: x - 1, name="down")
    flow = Flow("parent")
    flow.add(child, "s")
    flow.task(lambda s: s, name="end")
    assert engine.start(flow, {"x": 1}).run().result == {"up": 2, "down": 0}


def test_values_are_tried_until_one_succeeds(engine: Engine) -> None:
    called, undone = [], []
    child = Flow("call")

    @child.task
    def dial(phone: int, text: str) -> str:
        called.append(phone)
        if phone != 555:
            raise OSError("busy")
        return f"{phone} {text}"

    @dial.revert
    def hang_up(phone: int, failure: Any) -> None:
        undone.append((phone, failure.message))

    flow = Flow("parent")
    flow.task(lambda: [333, 444, 555, 666], name="directory")
    flow.add(child, "calls", bind={"phones": "directory"}, retry=ForEach("phones", as_="phone"))
    run = engine.start(flow, {"text": "hello"}).run()
    assert run.result == "555 hello"
    assert called == [333, 444, 555]
    assert undone == [(333, "busy"), (444, "busy")]


def test_a_subflow_is_repeated_with_its_last_value(engine: Engine) -> None:
    child = Flow("double")
    child.task(lambda start=1: start * 2, name="twice")
    flow = Flow("parent")
    flow.add(child, bind={"start": "double"}, repeat=Repeat(until=lambda double, most: double > most))
    run = engine.start(flow, {"most": 10}).run()
    assert run.result == 16, run.why()


def test_a_loop_s_value_reaches_what_lies_deep_within(engine: Engine) -> None:
    inner, middle = Flow("inner"), Flow("middle")
    inner.task(lambda start=1: start * 2, name="twice")
    middle.add(inner)
    flow = Flow("parent")
    flow.add(middle, "double", bind={"start": "double"}, repeat=Repeat(max=3))
    assert engine.start(flow).run().result == 8


def test_a_subflow_uses_the_sources_that_were_there_when_it_began(engine: Engine) -> None:
    child = Flow("child")
    child.task(lambda: 0, name="first")
    child.manual(lambda first: None, name="wait")
    child.task(lambda wait, a="none", b="none": [a, b], name="told")
    flow = Flow("parent")
    flow.task(lambda: "a", name="a")
    flow.manual(lambda: None, name="b")
    flow.add(child, "s", join="any")
    run = engine.start(flow)
    run.run()
    run.complete("b", "b")
    run.complete("s.wait", 1)
    assert run.run()["s"] == ["a", "none"]


def test_deep_flows_run(engine: Engine) -> None:
    run = engine.start(nested(60), {"x": 7}).run()
    assert run.result == 7
    assert run.states["f.f.f"] == "succeeded"


def test_a_run_knows_a_subflow_by_its_handle(engine: Engine) -> None:
    flow = Flow("parent")
    sub = flow.add(priced(), "sub", fixed={"rate": 2})
    flow.task(lambda sub: -sub, name="end")
    flow.task(lambda: 1, name="beside")
    run = engine.start(flow, {"amount": 4}, target=sub).run()
    assert run[sub] == run.result == 4
    assert list(run.states) == ["sub", "sub.price", "sub.tax"]
    given = engine.start(flow, results={sub: 10}).run()
    assert given.states["sub.price"] == "skipped"
    assert (given[sub], given["end"]) == (10, -10)


def test_what_a_decider_takes_must_be_given(engine: Engine) -> None:
    flow = Flow("parent")
    flow.add(priced(), "sub", when=lambda limit: limit > 3)
    with pytest.raises(UsageError, match=r"'limit' is missing \(asked for by sub\)"):
        engine.start(flow, {"amount": 4})
