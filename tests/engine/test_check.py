"""All that `check()` finds at once, and what is refused where it is written."""

from __future__ import annotations

import functools
from typing import Any

import pytest

from flowkit import DefinitionError, Flow, Retry
from tests.engine.orders import Order


def faults_of(flow: Flow) -> set[tuple[str, str, str]]:
    return {(fault.level, fault.task, fault.parameter) for fault in flow.check()}


def test_check_tells_all_faults_at_once_each_with_its_place_and_a_hint() -> None:
    flow = Flow("bad", inputs={"item": str, "count": int}, result="shipp")
    flow.task(lambda itm: 1, name="quote")
    flow.task(lambda x: 1, name="bound", bind={"x": "qoute", "y": "item"}, fixed={"z": 1})
    flow.task(lambda: (1, 2), name="parts", outputs=("left", "left", "quote"))
    flow.task(lambda: 1, name="late", after=("quote", "nobody"))
    flow.task(lambda v: 1, name="u")
    flow.task(lambda u: 1, name="v")
    flow.task(lambda q, p: 1, name="p", bind={"q": "u", "p": "q2"})
    flow.task(lambda p: 1, name="q2")

    def only_by_place(item, /): ...

    flow.task(only_by_place)
    faults = flow.check()
    assert faults_of(flow) == {
        ("error", "quote", "itm"),
        ("error", "bound", "x"),
        ("error", "bound", "y"),
        ("error", "bound", "z"),
        ("error", "parts", ""),
        ("error", "late", ""),
        ("error", "u", ""),
        ("error", "p", ""),
        ("error", "only_by_place", ""),
        ("error", "", ""),
    }
    assert len([fault for fault in faults if fault.task == "parts"]) == 2
    assert all(fault.hint for fault in faults)
    text = repr(faults)
    for words in ("'item'?", "'quote'?", "v → u → v", "q2 → p → q2", "nobody", "shipp"):
        assert words in text, words
    with pytest.raises(DefinitionError) as refused:
        flow.start({"item": "x"})
    assert len(refused.value.faults) == len(faults.errors) == len(faults)
    assert all(str(fault) in str(refused.value) for fault in faults)


def test_open_names_are_inputs_and_near_misses_are_warned_of() -> None:
    flow = Flow("trip")
    flow.task(lambda children: 1, name="price_bus")
    flow.task(lambda children: 1, name="book")
    flow.task(lambda chidren, price_bsu: 1, name="pack")
    faults = flow.check()
    assert {(f.parameter, f.level) for f in faults} == {("chidren", "warning"), ("price_bsu", "warning")}
    assert "children" in repr(faults)
    assert "'price_bus'" in repr(faults)
    assert faults.errors == []
    assert flow.start({"children": 1, "chidren": 1, "price_bsu": 1}).run().state == "succeeded"


def test_names_that_differ_as_numbers_do_are_no_slip() -> None:
    flow = Flow("rows")
    for n in range(30):
        flow.task(lambda: 1, name=f"part_{n}")
    flow.task(lambda part_30, left_a, left_b: 1, name="all")
    assert flow.check() == []


def test_a_flow_without_faults_says_so() -> None:
    faults = Order().check()
    assert faults == []
    assert repr(faults) == "no faults"


def test_an_empty_flow_can_be_looked_at_and_not_started() -> None:
    flow = Flow("empty")
    with pytest.raises(DefinitionError, match=r"no tasks.*@flow\.task"):
        flow.start()
    assert flow._repr_mimebundle_()["text/plain"]


def test_an_input_and_a_task_of_one_name_is_a_fault() -> None:
    flow = Flow("twice", inputs=("quote",))
    flow.task(lambda: 1, name="quote")
    assert "both" in repr(flow.check())


def test_a_task_that_waits_for_itself_is_a_fault() -> None:
    flow = Flow("self")
    flow.task(lambda me: 1, name="me")
    assert "me → me" in repr(flow.check())


def test_every_knot_is_told_though_one_hangs_on_the_other() -> None:
    flow = Flow("knots")
    for name, sources in {"a": "b", "b": "a", "c": "b, d", "d": "c", "e": "d", "f": "f"}.items():
        flow.task(eval(f"lambda {sources}: 1"), name=name)
    knots = [fault.message for fault in flow.check()]
    assert len(knots) == 3
    assert all(any(set(ring) <= set(knot) for knot in knots) for ring in ("ab", "cd", "f"))


def test_check_looks_at_each_name_a_few_times_at_most() -> None:
    """Counted in calls, so that the machine's mood does not matter: ten times the tasks, ten times the work."""

    def work(size: int, shape: str) -> int:
        flow = Flow("large")
        names = [f"task_{n:04}" for n in range(size)]
        for n, name in enumerate(names):
            if shape == "chain":
                source = names[n - 1] if n else "start"
            elif shape == "fan":
                source = names[0] if n else "start"
            elif shape == "typos":
                source = f"{names[n]}_quote"
            else:  # pairs that wait for each other
                source = names[n ^ 1]
            flow.task(eval(f"lambda {source}: 1"), name=name)
        import sys

        calls = [0]

        def count(*_: Any) -> None:
            calls[0] += 1

        flow.check()  # what is cached for good is there now
        sys.setprofile(count)
        try:
            flow.check()
        finally:
            sys.setprofile(None)
        return calls[0]

    for shape in ("chain", "fan", "typos", "knots"):
        assert work(1000, shape) < 12 * work(100, shape), shape


def one(q): ...


class Unshown:
    def __repr__(self) -> str:
        raise ValueError("not to be shown")


def with_doc(doc: Any) -> Any:
    def function(): ...

    function.__doc__ = doc
    return function


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda flow: Flow(""), "name"),
        (lambda flow: Flow("x", on_failure="explode"), "on_failure"),
        (lambda flow: Flow("x", inputs="item"), "inputs"),
        (lambda flow: flow.task(3), "function"),
        (lambda flow: flow.task(Unshown()), "can't be called"),
        (lambda flow: flow.task(lambda: 1), "name="),
        (lambda flow: flow.task(functools.partial(print)), "name="),
        (lambda flow: flow.task(print, name="fetch[3]"), "fetch[3]"),
        (lambda flow: flow.task(print, name=3), "name"),
        (lambda flow: flow.task(print, name="half \udc80"), "character"),
        (lambda flow: Flow("half \udc80"), "character"),
        (lambda flow: flow.task(dict, name="d"), "parameters"),
        (lambda flow: flow.task(print, name="p", outputs="xy"), "outputs"),
        (lambda flow: flow.task(print, name="p", on_crash="shrug"), "on_crash"),
        (lambda flow: flow.task(print, name="p", on_crash=[]), "on_crash"),
        (lambda flow: flow.task(print, name="p", bind=["x"]), "bind"),
        (lambda flow: flow.task(print, name="p", fixed=["x"]), "fixed"),
        (lambda flow: flow.task(print, name=""), "name=''"),
        (lambda flow: flow.task(lambda: 1, name=""), "name=''"),
        (lambda flow: flow.task(one, bind={"q": 5}), "fixed={…}"),
        (lambda flow: flow.task(one, bind={"q": ["a", "b"]}), "one name"),
        (lambda flow: flow.task(one, bind={"q": None}), "None names no task"),
        (lambda flow: flow.task(one, bind={"q": ""}), "name of a task"),
        (lambda flow: flow.task(one, bind={5: "q"}), "5 is no name"),
        (lambda flow: flow.task(one, fixed={5: "q"}), "5 is no name"),
        (lambda flow: flow.task(one, outputs=5), "outputs=('left', 'right')"),
        (lambda flow: flow.task(one, outputs=[1, 2]), "1 is no name"),
        (lambda flow: flow.task(one, outputs=(None, "b")), "None is no name"),
        (lambda flow: flow.task(one, outputs=("a", "")), "'' is no name"),
        (lambda flow: flow.task(one, outputs={"a", "b"}), "no order"),
        (lambda flow: flow.manual(one, outputs=[1]), "1 is no name"),
        (lambda flow: flow.task(one, after=5), "after=('quote', 'pay')"),
        (lambda flow: flow.task(one, after=("a", 5)), "5 is no name"),
        (lambda flow: flow.task(one, after="half \udc80"), "character"),
        (lambda flow: flow.task(one, outputs=("half \udc80",)), "character"),
        (lambda flow: flow.task(with_doc(5)), "docstring"),
        (lambda flow: Flow(5), "Flow('order')"),
        (lambda flow: Flow("e", inputs=5), "inputs={'item': str}"),
        (lambda flow: Flow("e", inputs=["q", 5]), "5 is no name"),
        (lambda flow: Flow("e", inputs={5: int}), "5 is no name"),
        (lambda flow: Flow("e", inputs={"x": 5}), "such as int"),
        (lambda flow: Flow("e", result=5), "result='ship'"),
        (lambda flow: Flow("e", result=[]), "[] is no name"),
        (lambda flow: setattr(flow, "result", 5), "5 is no name"),
        (lambda flow: setattr(flow, "inputs", 5), "inputs={'item': str}"),
        (lambda flow: setattr(flow, "name", None), "None is no name"),
    ],
)
def test_what_makes_no_sense_by_itself_is_refused_at_once(make: Any, words: str) -> None:
    flow = Flow("f")
    with pytest.raises(DefinitionError) as refused:
        make(flow)
    assert words in str(refused.value)
    assert flow.tasks == {}


def test_only_the_rule_that_was_broken_is_named() -> None:
    for function, name, told in (
        (lambda: 1, None, "'<lambda>' can't name a task: give name='…'."),
        (functools.partial(print), None, "give name='…'."),
        (print, "", "name='': '' is no name."),
    ):
        with pytest.raises(DefinitionError) as refused:
            Flow("f").task(function, name=name)
        assert told in str(refused.value)
        assert "brackets" not in str(refused.value)
    with pytest.raises(DefinitionError, match="brackets"):
        Flow("f").task(print, name="fetch[3]")


def test_texts_of_other_classes_reach_a_plan_as_plain_ones() -> None:
    class Name(str):
        def __str__(self) -> str:
            return "something else"

    flow = Flow(Name("named"), inputs={Name("start"): int}, result=Name("sum"))
    flow.task(
        lambda x: (x, x), name=Name("pair"), bind={Name("x"): Name("start")}, outputs=[Name("a"), Name("b")]
    )
    flow.task(
        lambda a, b: a + b, name=Name("sum"), after=Name("pair"), fixed={Name("b"): 1}, on_crash=Name("ask")
    )
    assert flow.check() == []
    plan = flow.plan()
    assert plan == type(plan).decode(plan.encode())
    assert flow.start({Name("start"): 2}, run_id=Name("mine"), target=Name("sum")).run()["sum"] == 3


def test_names_may_come_from_what_can_be_gone_through_once() -> None:
    flow = Flow("once", inputs=(name for name in ("x", "y")))
    flow.task(lambda x, y: (x, y), name="pair", outputs=(name for name in ("a", "b")))
    flow.task(lambda b: b, name="use", after=(name for name in ("pair",)))
    flow.task(lambda: 1, name="free", outputs=None, after=None)
    plan = flow.plan()
    assert [one.name for one in plan.inputs] == ["x", "y"]
    assert (plan.tasks[0].outputs, plan.tasks[1].after) == (("a", "b"), ("pair",))
    assert flow.start({"x": 1, "y": 2}).run()["use"] == 2


def test_an_annotation_that_cannot_be_evaluated_is_warned_of_where_it_types_a_form() -> None:
    def pick(x, y, z): ...
    def use(pick): ...

    nested = list["Gone"]  # type: ignore[name-defined]  # noqa: F821
    pick.__annotations__ = {"x": "list[Nope]", "y": nested, "z": "int", "return": "Nowhere"}
    use.__annotations__ = {"pick": "Nowhere", "return": "'float'"}
    flow = Flow("notes")
    flow.manual(pick)
    flow.task(use)
    faults = flow.check()
    assert {(f.level, f.task, f.parameter) for f in faults} == {
        ("warning", "pick", "x"),
        ("warning", "pick", "y"),
        ("warning", "pick", ""),
    }
    assert all(words in repr(faults) for words in ("'Nowhere'", "'Gone'", "takes anything"))
    flow.start({"x": 1, "y": [2], "z": 3}).complete("pick", object())
    closed = Flow("closed", inputs={"x": "Nope"})
    closed.task(lambda x: x, name="use")
    assert "warning: x: " in repr(closed.check())
    assert "inputs={'x': Nope}" in repr(closed.check())


def test_a_slip_in_the_name_of_an_error_is_doubted() -> None:
    flow = Flow("slips")
    flow.task(lambda: 1, name="a", retry=Retry(2, on=("ConectionError", "HTTPError", "OSError")))
    assert [str(fault) for fault in flow.check()] == [
        "a: its retry names 'ConectionError', and Python's own error is called 'ConnectionError'. "
        "Did you mean 'ConnectionError'?"
    ]
