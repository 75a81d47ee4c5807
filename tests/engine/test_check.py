"""All that `check()` finds at once, and what is refused where it is written."""

from __future__ import annotations

import functools
from typing import Any

import pytest

from flowkit import DefinitionError, Flow
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


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda flow: Flow(""), "name"),
        (lambda flow: Flow("x", on_failure="explode"), "on_failure"),
        (lambda flow: Flow("x", inputs="item"), "inputs"),
        (lambda flow: flow.task(3), "function"),
        (lambda flow: flow.task(lambda: 1), "name="),
        (lambda flow: flow.task(functools.partial(print)), "name="),
        (lambda flow: flow.task(print, name="fetch[3]"), "fetch[3]"),
        (lambda flow: flow.task(print, name=3), "name"),
        (lambda flow: flow.task(print, name="half \udc80"), "character"),
        (lambda flow: Flow("half \udc80"), "character"),
        (lambda flow: flow.task(dict, name="d"), "parameters"),
        (lambda flow: flow.task(print, name="p", outputs="xy"), "outputs"),
        (lambda flow: flow.task(print, name="p", on_crash="shrug"), "on_crash"),
        (lambda flow: flow.task(print, name="p", bind=["x"]), "bind"),
        (lambda flow: flow.task(print, name="p", fixed=["x"]), "fixed"),
    ],
)
def test_what_makes_no_sense_by_itself_is_refused_at_once(make: Any, words: str) -> None:
    flow = Flow("f")
    with pytest.raises(DefinitionError) as refused:
        make(flow)
    assert words in str(refused.value)
    assert flow.tasks == {}
