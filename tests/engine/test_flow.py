"""Defining flows: what wires them, what may be changed, what is given beforehand."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import pytest

from flowkit import Engine, Flow, NotReady, Task, UsageError
from tests.engine.orders import Order, chain

# Wiring -----------------------------------------------------------------------------------------------------


def test_parameter_names_wire_tasks_and_inputs(engine: Engine) -> None:
    run = engine.start(Order(), {"item": "book"}).run()
    run.complete("approve", True)
    assert run.run().states == dict.fromkeys(("quote", "approve", "ship", "label"), "succeeded")
    assert run.task("ship").inputs == {"quote": 12.5, "approve": True}
    assert run.task("quote").inputs == {"item": "book"}
    assert run.result == {"ship": [12.5, True], "label": "BOOK"}


def test_decorated_functions_stay_ordinary_callables() -> None:
    flow = Order()
    quote, approve = flow["quote"], flow["approve"]
    assert isinstance(quote, Task)
    assert quote("book") == 12.5
    assert quote.__name__ == "quote"
    assert approve.__doc__ == "Is this price all right?"
    with pytest.raises(UsageError, match=r"run\.complete\('approve'"):
        approve(3.0)


def test_a_flow_is_defined_by_calls_as_well(engine: Engine) -> None:
    def load(path: str) -> str:
        return f"<{path}>"

    flow = Flow("calls")
    a = flow.task(load, name="load_a", bind={"path": "first"})
    flow.task(load, name="load_b", bind={"path": "second"})
    flow.task(lambda left, right: left + right, name="both", bind={"left": a, "right": "load_b"})
    assert engine.start(flow, {"first": "x", "second": "y"}).run().result == "<x><y>"


def test_fixed_values_and_defaults(engine: Engine) -> None:
    flow = Flow("options")

    @flow.task(fixed={"factor": 3, "names": ["a"]})
    def scale(amount: int, factor: int, names: list, unit: str = "cm", *, sign: int = -1) -> list:
        names.append(unit)
        return [amount * factor * sign, names]

    assert engine.start(flow, {"amount": 2}).run().result == [-6, ["a", "cm"]]
    assert engine.start(flow, {"amount": 2, "unit": "m", "sign": 1}).run().result == [6, ["a", "m"]]
    assert flow["scale"].fixed == {"factor": 3, "names": ["a"]}, "a run can't change what the flow has"


def test_a_fixed_value_that_cannot_be_stored_stays_with_the_code(engine: Engine) -> None:
    marker = lambda: 1  # noqa: E731
    flow = Flow("fixed")

    @flow.task(fixed={"what": marker})
    def same(what: object) -> bool:
        return what is marker

    assert engine.start(flow).run().result is True


def test_outputs_name_the_parts_of_a_tuple(engine: Engine) -> None:
    flow = Flow("parts")

    @flow.task(outputs=("train", "test"))
    def split(rows: list) -> tuple:
        return rows[:2], rows[2:]

    @flow.task
    def fit(train: list) -> int:
        return sum(train)

    @flow.task(bind={"model": fit, "rows": "test"})
    def score(model: int, rows: list) -> list:
        return [model, rows]

    run = engine.start(flow, {"rows": [1, 2, 3]}).run()
    assert run.result == [3, [3]]
    assert (run["train"], run["test"], run["split"]) == ([1, 2], [3], ([1, 2], [3]))
    assert run.task("score").inputs == {"model": 3, "rows": [3]}


@pytest.mark.parametrize("value", [5, (1, 2, 3), "ab", None])
def test_a_task_that_returns_other_parts_than_it_names_fails(engine: Engine, value: Any) -> None:
    flow = Flow("parts")
    flow.task(lambda: value, name="split", outputs=("a", "b"))
    run = engine.start(flow).run()
    assert run.state == "failed"
    assert "tuple of 2" in run.task("split").failure.message


def test_after_gives_order_without_data(engine: Engine) -> None:
    order: list[str] = []
    flow = Flow("after")
    for name in ("third", "second", "first"):
        flow.task(functools.partial(order.append, name), name=name)
    flow.chain("first", "second", flow["third"])
    engine.start(flow).run()
    assert order == ["first", "second", "third"]

    order.clear()
    flow = Flow("after")
    flow.task(lambda: order.append("late"), name="late", after="early")
    flow.task(lambda: order.append("early"), name="early")
    assert engine.start(flow).run().state == "succeeded"
    assert order == ["early", "late"]


def test_any_callable_can_be_a_task(engine: Engine) -> None:
    class Adder:
        def __init__(self, by: int) -> None:
            self.by = by

        def __call__(self, x: int) -> int:
            return x + self.by

        def twice(self, three: int) -> int:
            return three * 2

    flow = Flow("callables")
    flow.task(Adder(3), name="three")
    flow.task(Adder(0).twice)
    flow.task(functools.partial(pow, exp=2), name="square", bind={"base": "twice"}, fixed={"mod": None})
    assert engine.start(flow, {"x": 1}).run().result == 64


# A flow is a builder ----------------------------------------------------------------------------------------


def test_defining_a_task_again_replaces_it_and_keeps_its_order(engine: Engine) -> None:
    flow = chain("a", "b", "c")
    flow.task(lambda: 0, name="z")
    flow.chain("z", "b")

    @flow.task
    def b(a: list) -> list:
        return [*a, "new"]

    assert list(flow.tasks) == ["a", "b", "c", "z"]
    run = engine.start(flow)
    run.run(until="b")
    assert run["b"] == ["a", "new"]
    assert run.states == {"a": "succeeded", "b": "succeeded", "c": "ready", "z": "succeeded"}


def test_what_is_defined_after_the_start_concerns_later_runs_only(engine: Engine) -> None:
    flow = chain("a", "b")
    run = engine.start(flow)
    flow.task(lambda a: "changed", name="b")
    flow.task(lambda b: 0, name="c")
    assert run.run().states == {"a": "succeeded", "b": "succeeded"}
    assert run.result == ["a", "b"]
    assert list(engine.start(flow).states) == ["a", "b", "c"]


def test_a_flow_s_name_and_result_can_be_set_later(engine: Engine) -> None:
    flow = chain("a", "b")
    assert engine.start(flow).run().result == ["a", "b"]
    flow.name, flow.result = "other", "a"
    run = engine.start(flow).run()
    assert (run.flow_name, run.result) == ("other", ["a"])


def test_a_task_can_be_taken_out() -> None:
    flow = chain("a", "b", "c")
    flow.chain("a", "c")
    flow.remove("c")
    assert "c" not in flow
    assert list(flow.start().run().states) == ["a", "b"]
    flow.remove(flow["b"])
    with pytest.raises(UsageError, match=r"no task 'nope'.*a"):
        flow.remove("nope")
    for odd in ([], None, 5):
        with pytest.raises(UsageError, match="or its name"):
            flow.remove(odd)
        with pytest.raises(UsageError, match="or its name"):
            flow.chain("a", odd)
    flow.task(lambda: 1, name="c")
    assert flow.start().run(until="c").states == {"a": "ready", "c": "succeeded"}, "and its links with it"


def test_chain_refuses_what_is_not_there() -> None:
    flow = chain("a", "b")
    with pytest.raises(UsageError, match="nope"):
        flow.chain("a", "nope")
    assert flow.start().run().state == "succeeded"


def test_the_result_is_named_or_that_of_the_ends(engine: Engine) -> None:
    flow = chain("a", "b", "c")
    assert engine.start(flow).run().result == ["a", "b", "c"]
    named = Flow("named", result="a")
    named.task(flow["a"].function)
    named.task(flow["b"].function)
    assert engine.start(named).run().result == ["a"]
    assert engine.start(Order(), {"item": "x"}, results={"ship": []}).run().result == {
        "ship": [],
        "label": "X",
    }


def test_target_keeps_what_it_needs_and_nothing_else(engine: Engine) -> None:
    flow = Order()
    run = engine.start(flow, {"item": "x"}, target="quote")
    assert run.states == {"quote": "ready"}
    assert run.run().state == "succeeded"
    assert run.result == 12.5
    assert flow.calls == ["quote"]
    by_task = engine.start(flow, {"item": "x"}, target=flow["approve"])
    assert list(by_task.states) == ["quote", "approve"]
    with pytest.raises(UsageError, match="nope"):
        engine.start(flow, {"item": "x"}, target="nope")
    with pytest.raises(UsageError, match=r"not part of|target"):
        by_task.task("ship")


def test_results_given_beforehand_are_not_made_again(engine: Engine) -> None:
    flow = Order()
    run = engine.start(flow, {"item": "x"}, results={"quote": 9.0, flow["approve"]: True})
    assert run.states == {"quote": "succeeded", "approve": "succeeded", "ship": "ready", "label": "ready"}
    assert run.task("quote").by_hand
    run.run()
    assert run["ship"] == [9.0, True]
    assert flow.calls == ["ship", "label"]


def test_what_feeds_only_given_results_is_skipped_and_its_inputs_are_not_asked_for(engine: Engine) -> None:
    flow = chain("a", "b", "c")
    flow.task(lambda path: path, name="a")
    run = engine.start(flow, results={"b": ["sample"]})
    assert run.states == {"a": "skipped", "b": "succeeded", "c": "ready"}
    assert run.run().result == ["sample", "c"]
    assert "given" in str(run.why("a"))


@pytest.mark.parametrize(
    ("results", "names"),
    [
        ({"qoute": 1}, ("qoute", "quote")),
        ({"approve": "yes"}, ("approve", "bool")),
        ({"quote": "much"}, ("quote", "float")),
        ({"parts": 5}, ("parts", "tuple of 2")),
    ],
)
def test_results_that_cannot_be_are_refused(engine: Engine, results: dict, names: tuple) -> None:
    flow = Order()
    flow.task(lambda: (1, 2), name="parts", outputs=("left", "right"))
    with pytest.raises(UsageError) as refused:
        engine.start(flow, {"item": "x"}, results=results)
    assert all(name in str(refused.value) for name in (*names, "No run was started"))
    assert engine.runs() == []


def test_results_outside_the_target_are_refused(engine: Engine) -> None:
    with pytest.raises(UsageError, match=r"ship.*quote"):
        engine.start(Order(), {"item": "x"}, target="quote", results={"ship": 1})


def test_thousands_of_tasks_in_a_row_meet_no_recursion_limit(engine: Engine) -> None:
    flow = Flow("long")
    for n in range(3000):
        flow.task(eval(f"lambda {f't{n - 1}' if n else ''}: {n}"), name=f"t{n}")
    assert flow.check() == []
    run = engine.start(flow)
    assert len(run.why("t2999").words) < 500
    for before, after in pairwise(["t0", "t1", "t2"]):
        run.run(until=before)
        assert run.states[after] == "ready"
    assert engine.start(flow, results={"t2998": 1}).run().states["t2997"] == "skipped"


def test_annotations_of_every_kind_are_taken() -> None:
    @dataclass
    class Quote:
        price: float
        note: str = ""

    flow = Flow("notes")

    @flow.manual
    def odd(x: NoSuchName, y: list[NoSuchName]) -> dict[str, NoSuchName]: ...  # noqa: F821

    def local(odd) -> Quote: ...

    local.__annotations__["return"] = Quote
    flow.manual(local)
    run = flow.start({"x": 1, "y": 2})
    run.complete("odd", {"any": object})
    run.complete("local", {"price": 3})
    assert run.result == Quote(3.0)


def test_a_manual_task_is_never_called(engine: Engine) -> None:
    flow = Flow("hands")
    called = []

    @flow.manual
    def ask(x: int):
        called.append(x)

    run = engine.start(flow, {"x": 1})
    assert run.run().stopped_by == "waiting"
    with pytest.raises(NotReady, match=r"run\.complete\('ask'"):
        run.step("ask")
    run.complete("ask", "done")
    assert run.run().result == "done"
    assert called == []
