"""The rarer options of a task: what they are in a plan, and what is refused where it is written."""

from __future__ import annotations

import concurrent.futures
import socket
import urllib.error
from collections.abc import Callable
from typing import Any

import pytest

from flowkit import (
    DefinitionError,
    Engine,
    Failure,
    Flow,
    ForEach,
    InvalidValue,
    Repeat,
    Retry,
    Task,
    UsageError,
    failed,
    finished,
    succeeded,
)
from flowkit.core import Param, Plan, RetryPlan, TaskPlan


def one(q): ...


def planned(flow: Flow, name: str = "it") -> TaskPlan:
    plan = flow.plan()
    assert plan == Plan.decode(plan.encode()), "what stands in a plan survives being stored"
    return next(task for task in plan.tasks if task.name == name)


def with_source(function: Callable[..., Any], **options: Any) -> Flow:
    """A flow with the task `a`, which has parts, and `it`, made of the function."""
    flow = Flow("options")
    flow.task(lambda: (1, 2), name="a", outputs=("left", "right"))
    flow.task(lambda a: 1, name="b")
    flow.task(function, name="it", **options)
    return flow


# Policies as values -----------------------------------------------------------------------------------------


def test_policies_are_plain_values_that_say_what_they_are() -> None:
    retry = Retry(3, delay=1, on=OSError)
    assert retry == Retry(attempts=3, delay=1.0, on=("OSError",))
    assert repr(retry) == "Retry(attempts=3, delay=1.0, on=('OSError',))"
    assert repr(ForEach("phones", as_="phone")) == "ForEach(values='phones', as_='phone')"
    assert repr(Repeat(max=3)) == "Repeat(max=3)"
    assert failed("pay") == failed("pay") != finished("pay")
    assert (
        repr([succeeded("a"), failed("b"), finished("c")]) == "[succeeded('a'), failed('b'), finished('c')]"
    )
    for value in (retry, ForEach("a", as_="b"), Repeat(max=3), failed("a")):
        with pytest.raises(AttributeError):
            value.anything = 1  # type: ignore[attr-defined]


class Local(Exception):
    pass


@pytest.mark.parametrize(
    ("given", "names"),
    [
        (OSError, ("OSError",)),
        ("HTTPError", ("HTTPError",)),
        ((OSError, "HTTPError"), ("OSError", "HTTPError")),
        ([IOError, EnvironmentError, socket.error], ("OSError",)),
        (("IOError", "EnvironmentError", "WindowsError", "socket.error"), ("OSError",)),
        ((socket.timeout, concurrent.futures.TimeoutError), ("TimeoutError",)),
        (
            ("socket.timeout", "concurrent.futures.TimeoutError", "asyncio.TimeoutError"),
            ("TimeoutError",),
        ),
        (urllib.error.HTTPError, ("urllib.error.HTTPError",)),
        (Local, (f"{__name__}.Local",)),
        ({"B", "A"}, ("A", "B")),
        ((), ()),
        (None, ()),
    ],
)
def test_errors_are_named_by_class_or_by_name_and_recorded_as_failures_are(given: Any, names: tuple) -> None:
    assert Retry(2, on=given).on == names
    assert Retry(2, not_on=given).plan() == RetryPlan(2, not_on=names)


# What stands in the plan ------------------------------------------------------------------------------------


def test_a_retry_in_the_plan() -> None:
    flow = with_source(
        lambda a: 1, retry=Retry(5, 0.5, 2, cap=9, jitter=0.1, on=OSError, not_on="PermissionError")
    )
    assert planned(flow).retry == RetryPlan(5, 0.5, 2.0, 9.0, 0.1, ("OSError",), ("PermissionError",))


def test_time_and_order_in_the_plan() -> None:
    flow = with_source(lambda a: 1, timeout=30, priority=-2, pause_before=True, on_crash="ask")
    task = planned(flow)
    assert (task.timeout, task.priority, task.pause_before, task.on_crash) == (30.0, -2, True, "ask")


@pytest.mark.parametrize(("join", "number"), [("all", 0), ("any", 1), (1, 1), (2, 2)])
def test_a_join_in_the_plan(join: Any, number: int) -> None:
    assert planned(with_source(lambda a=0, b=0: 1, join=join)).join == number


def test_links_on_how_a_source_ended() -> None:
    flow = with_source(lambda: 1, after=("left", failed("b")))
    assert (planned(flow).after, planned(flow).upon) == (("a",), (("b", "failed"),))
    flow = with_source(lambda a: 1, after=finished("b"))
    assert (planned(flow).after, planned(flow).upon) == ((), (("b", "finished"),))
    flow = Flow("by task")
    pay = flow.task(lambda: 1, name="pay")
    flow.task(lambda pay: 1, name="it", after=[succeeded(pay)])
    assert (planned(flow).after, planned(flow).sources()) == (("pay",), ("pay",))


def test_a_decider_is_a_name_a_part_a_task_or_a_function() -> None:
    for given, source, part in (("b", "b", None), ("right", "a", 1)):
        when = planned(with_source(lambda: 1, when=given)).when
        assert when is not None
        assert (when.source, when.part, when.params) == (source, part, ())
    flow = Flow("by task")
    ask = flow.task(lambda: True, name="ask")
    flow.task(lambda: 1, name="it", when=ask)
    assert planned(flow).sources() == ("ask",)

    def enough(right: int, b: int, limit: int = 3) -> bool:
        return right > limit

    flow = with_source(lambda b: 1, when=enough, skip="self")
    task = planned(flow)
    assert task.skip == "self"
    assert task.when is not None
    assert task.when.params == (
        Param("right", "task", "a", 1),
        Param("b", "task", "b"),
        Param("limit", "input", "limit", required=False),
    )
    assert task.sources() == ("b", "a"), "it waits for what its decider asks for"
    assert task.when.text.startswith("def enough(")
    assert flow["it"].asked("when") is enough


def test_of_a_lambda_only_itself_is_shown() -> None:
    flow = with_source(lambda a: 1, when=lambda b, left: b > 10 and left)
    when = planned(flow).when
    assert when is not None
    assert when.text == "lambda b, left: b > 10 and left"


def test_bind_and_fixed_reach_the_code_beside_a_task() -> None:
    flow = with_source(
        lambda price: price,
        bind={"price": "b", "least": "left"},
        fixed={"most": 9},
        when=lambda price, least, most: least < price < most,
    )
    when = planned(flow).when
    assert when is not None
    assert when.params == (
        Param("price", "task", "b"),
        Param("least", "task", "a", 0),
        Param("most", "fixed", fixed="9"),
    )


def test_each_names_a_parameter_or_what_it_is_bound_to() -> None:
    flow = with_source(lambda url: 1, bind={"url": "urls"}, each="urls", concurrency=4)
    assert (planned(flow).each, planned(flow).concurrency) == ("url", 4)
    assert planned(with_source(lambda a: 1, each="a")).each == "a"
    task = planned(with_source(lambda urls=(): 1, each="urls"))
    assert task.params == (Param("urls", "input", "urls"),), "the list must be there, whatever the default"


def test_a_loop_gets_its_last_value_by_its_own_name() -> None:
    def enough(it: int, left: int) -> bool:
        return it > left

    flow = with_source(lambda it=0: it + 1, repeat=Repeat(until=enough, max=9))
    task = planned(flow)
    assert task.params == (Param("it", "own", required=False),)
    assert task.repeat is not None
    assert task.repeat.most == 9
    assert task.repeat.until is not None
    assert task.repeat.until.params == (Param("it", "own"), Param("left", "task", "a", 0))
    assert task.sources() == ("a",), "what the condition reads must be there by then"
    assert flow["it"].asked("until") is enough


def test_a_loop_ends_by_the_truth_of_its_own_value_or_of_a_part() -> None:
    for until, part in (("it", None), ("done", 1)):
        flow = Flow("poll")
        flow.task(lambda done=0: (1, True), name="it", outputs=("page", "done"), repeat=Repeat(until=until))
        task = planned(flow)
        assert task.params == (Param("done", "own", part=1, required=False),)
        assert task.repeat is not None
        assert task.repeat.until is not None
        assert (task.repeat.until.source, task.repeat.until.part) == ("it", part)


def test_manual_tasks_have_the_same_options() -> None:
    flow = Flow("hands")
    flow.task(lambda: [1, 2], name="pages")

    @flow.manual(
        each="pages", concurrency=1, retry=Retry(2), timeout=60, when=lambda pages: pages, priority=1
    )
    def it(pages) -> bool: ...

    task = planned(flow)
    assert (task.kind, task.each, task.timeout, task.priority) == ("manual", "pages", 60.0, 1)
    assert task.when is not None


@pytest.mark.parametrize("policy", ["stop", "revert", "pause", "continue"])
def test_what_a_flow_does_about_failures(policy: str) -> None:
    flow = Flow("policy", on_failure=policy)
    flow.task(lambda: 1, name="it")
    assert flow.plan().on_failure == policy
    flow.on_failure = "stop"
    assert flow.plan().on_failure == "stop"


# Undos ------------------------------------------------------------------------------------------------------


def undoable() -> tuple[Flow, Task]:
    flow = Flow("undo")
    flow.task(lambda: 1.5, name="quote")
    it = flow.task(lambda price, key: "receipt", name="it", bind={"price": "quote"}, fixed={"key": "k"})
    return flow, it


def test_an_undo_takes_what_its_task_takes_its_result_and_its_failure() -> None:
    flow, it = undoable()

    @it.revert
    def refund(it, price, key, failure, address=""): ...

    undo = planned(flow).undo
    assert undo is not None
    assert undo.params == (
        Param("it", "own"),
        Param("price", "task", "quote"),
        Param("key", "fixed", fixed='"k"'),
        Param("failure", "failure"),
        Param("address", "input", "address", required=False),
    )
    assert it.undo_function is it.asked("revert") is refund
    assert refund.__name__ == "refund", "the decorated function stays what it is"
    assert flow.check() == []


def test_an_undo_stays_when_its_task_is_defined_again() -> None:
    flow, it = undoable()
    it.revert(lambda it: None)
    before = flow.plan()
    flow.task(lambda price, key: "other", name="it", bind={"price": "quote"}, fixed={"key": "k"})
    assert planned(flow).undo == next(task for task in before.tasks if task.name == "it").undo
    flow["it"].revert(lambda failure: None)
    undo = planned(flow).undo
    assert undo is not None
    assert [param.kind for param in undo.params] == ["failure"], "and a later one replaces it"
    flow.remove("it")
    flow.task(lambda: 1, name="it")
    assert planned(flow).undo is None


def test_an_undo_that_does_not_fit_its_task_is_a_fault() -> None:
    flow, it = undoable()
    flow.task(lambda: 1, name="other")
    it.revert(lambda other: None)
    (fault,) = flow.check()
    assert (fault.task, fault.parameter) == ("it", "other")
    assert "does not wait for" in fault.message
    assert "'failure'" in fault.hint
    for given in (3, it):
        with pytest.raises(DefinitionError, match="undo of it is a function"):
            it.revert(given)  # type: ignore[arg-type]


# Which code may be called -----------------------------------------------------------------------------------


def test_code_beside_a_task_is_recognised_as_the_task_s_own_is() -> None:
    def made(limit: int, undo: Callable[..., Any]) -> Flow:
        scope: dict[str, Any] = {}
        exec(
            f"def enough(a): return a > {limit}\ndef done(it): return it > {limit}\ndef again(it=0): return 1",
            scope,
        )
        flow = with_source(scope["again"], when=scope["enough"], repeat=Repeat(until=scope["done"]))
        flow["it"].revert(undo)
        return flow

    def undo(it): ...

    flow = made(1, undo)
    plan = planned(flow)
    same, other = made(1, undo)["it"], made(2, lambda it: [it])["it"]
    for what in ("when", "until", "revert"):
        assert same.fits(plan, what), what
        assert not other.fits(plan, what), what
    assert other.fits(plan), "its own code is the same"
    bare = with_source(lambda: 1)["it"]
    assert not any(bare.fits(plan, what) for what in ("when", "until", "revert"))
    assert [bare.asked(what) for what in ("when", "until", "revert")] == [None, None, None]


# What is refused where it is written ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"when": 5}, "when=lambda"),
        ({"when": True}, "when=True"),
        ({"when": ""}, "name"),
        ({"when": dict}, "parameters can't be read"),
        ({"skip": "all"}, "'dependents' or 'self'"),
        ({"skip": []}, "'dependents' or 'self'"),
        ({"join": 0}, "from 1"),
        ({"join": -1}, "from 1"),
        ({"join": True}, "from 1"),
        ({"join": "some"}, "'all', 'any'"),
        ({"join": 1.5}, "from 1"),
        ({"each": 5}, "5 is no name"),
        ({"each": ["q"]}, "each='url'"),
        ({"concurrency": 2}, "there is no each"),
        ({"each": "q", "concurrency": 0}, "concurrency=0"),
        ({"each": "q", "concurrency": True}, "concurrency=True"),
        ({"each": "q", "repeat": Repeat(max=2)}, "flow.add(child, repeat=…)"),
        ({"retry": 3}, "retry=Retry(3)"),
        ({"retry": True}, "retry=Retry(3)"),
        ({"retry": Retry}, "policy"),
        ({"retry": ForEach("a", as_="b")}, "flow.add"),
        ({"repeat": 3}, "repeat=Repeat("),
        ({"repeat": lambda: 1}, "repeat=Repeat("),
        ({"timeout": 0}, "more than 0 seconds"),
        ({"timeout": -1}, "more than 0 seconds"),
        ({"timeout": float("nan")}, "more than 0 seconds"),
        ({"timeout": "30"}, "timeout=30"),
        ({"timeout": True}, "timeout=30"),
        ({"pause_before": 1}, "True or False"),
        ({"priority": "high"}, "higher goes first"),
        ({"priority": 1.5}, "higher goes first"),
        ({"after": failed}, "after"),
        ({"after": (failed("a"), 5)}, "5 is no name"),
    ],
)
def test_options_that_make_no_sense_are_refused_where_they_are_written(options: dict, words: str) -> None:
    flow = Flow("f")
    with pytest.raises(DefinitionError) as refused:
        flow.task(one, **options)
    assert words in str(refused.value)
    assert str(refused.value).startswith("one: ")
    assert flow.tasks == {}


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Retry(0), "from 1"),
        (lambda: Retry(True), "from 1"),
        (lambda: Retry(2.0), "from 1"),  # type: ignore[arg-type]
        (lambda: Retry("3"), "from 1"),  # type: ignore[arg-type]
        (lambda: Retry(2, delay=-1), "Retry(delay=-1)"),
        (lambda: Retry(2, delay=float("inf")), "Retry(delay=inf)"),
        (lambda: Retry(2, delay="1"), "must be a number"),  # type: ignore[arg-type]
        (lambda: Retry(2, backoff=0), "delay=0"),
        (lambda: Retry(2, jitter=2), "from 0 to 1"),
        (lambda: Retry(2, cap=-1), "Retry(cap=-1)"),
        (lambda: Retry(2, on=5), "on=(OSError, 'HTTPError')"),
        (lambda: Retry(2, on=(5,)), "no error class"),
        (
            lambda: Retry(2, on=int),
            "no error class; write error classes or their names: on=(OSError, 'HTTPError')",
        ),
        (lambda: Retry(2, not_on=("",)), "no error class"),
        (Repeat, "until=…, max=…"),
        (lambda: Repeat(max=0), "from 1"),
        (lambda: Repeat(max=1.5), "from 1"),  # type: ignore[arg-type]
        (lambda: Repeat(until=5), "the task's own name"),
        (lambda: ForEach([1, 2], as_="phone"), "fixed={'phones': […]}"),  # type: ignore[arg-type]
        (lambda: ForEach("phones", as_="phones"), "one value isn't all"),
        (lambda: failed(5), "failed('ship')"),
        (lambda: finished(["a", "b"]), "finished('ship')"),
        (lambda: Flow("x", on_failure="explode"), "'pause'"),
        (lambda: Flow("x", on_failure=None), "'pause'"),  # type: ignore[arg-type]
    ],
)
def test_policies_that_make_no_sense_are_refused_where_they_are_made(make: Any, words: str) -> None:
    with pytest.raises(DefinitionError) as refused:
        make()
    assert words in str(refused.value)


# What check() finds -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("function", "options", "parameter", "words"),
    [
        (lambda: 1, {"after": failed("nope")}, "", "failed(…) names 'nope', which is no task"),
        (lambda: 1, {"when": "nope"}, "", "when names 'nope', which is no task"),
        (lambda x: 1, {"when": "x"}, "", "when=lambda x: x"),
        (lambda a: 1, {"join": 2}, "", "waits for 1 task only"),
        (lambda: 1, {"join": "any"}, "", "waits for nothing"),
        (lambda: 1, {"after": ("b", failed("b"))}, "", "only one can come"),
        (lambda: 1, {"after": (failed("a"), finished("left"))}, "", "only one can come"),
        (lambda: 1, {"after": failed("b"), "when": "b"}, "", "its truth"),
        (lambda a: 1, {"each": "urls"}, "urls", "bind={'a': 'urls'}"),
        (lambda p, q: 1, {"each": "a", "bind": {"p": "a", "q": "a"}}, "a", "Name one: p, q"),
        (lambda n: 1, {"each": "n", "fixed": {"n": 3}}, "n", "Give a list"),
        (lambda n: 1, {"each": "n", "fixed": {"n": "abc"}}, "n", "Give a list"),
        (lambda it=0: 1, {"repeat": Repeat(until="b")}, "", "neither the task itself nor a part"),
        (lambda a: 1, {"when": lambda it: it}, "", "waits for itself: it → it"),
        (lambda a: 1, {"when": lambda a, /: a}, "", "can't be passed by name"),
        (lambda a: 1, {"bind": {"x": "a"}, "when": lambda y: y}, "x", "Its parameters are: a, y."),
    ],
)
def test_what_makes_no_sense_among_other_tasks_is_a_fault(
    function: Any, options: dict, parameter: str, words: str
) -> None:
    flow = with_source(function, **options)
    errors = flow.check().errors
    assert [(fault.task, fault.parameter) for fault in errors] == [("it", parameter)]
    assert words in repr(errors), errors
    assert errors[0].hint
    with pytest.raises(DefinitionError):
        flow.start()


def test_an_unknown_parameter_of_a_decider_is_told_with_its_place() -> None:
    flow = Flow("closed", inputs={"item": str})
    flow.task(lambda item: 1, name="it", when=lambda itme: itme)
    (fault,) = flow.check()
    assert str(fault) == "it(itme): when(…): there is no task and no input 'itme'. Did you mean 'item'?"


def doubts(flow: Flow) -> list[tuple[str, str]]:
    faults = flow.check()
    assert faults.errors == []
    assert all(fault.hint for fault in faults)
    return [(fault.task, fault.parameter) for fault in faults]


def test_values_that_may_be_missing_are_doubted() -> None:
    flow = Flow("missing")
    flow.task(lambda: 1, name="a")
    flow.task(lambda a: 1, name="b", when="a", skip="self")
    flow.task(lambda a: 1, name="c", when="a")
    flow.task(lambda b: 1, name="takes_b")
    flow.task(lambda b=0: 1, name="has_default")
    flow.task(lambda c: 1, name="is_skipped_with_it")

    @flow.task
    def says_none(b: int | None): ...

    flow.task(lambda a, c: 1, name="any", join="any")
    flow.task(lambda a, c: 1, name="both", join=2)
    flow.task(lambda a: 1, name="decided", when=lambda b: b)
    assert doubts(flow) == [("takes_b", "b"), ("any", "a"), ("any", "c"), ("decided", "b")]
    assert "then None" in str(flow.check()[0])


def test_a_failure_in_place_of_a_value_is_doubted_unless_the_annotation_takes_one() -> None:
    flow = Flow("failures")
    flow.task(lambda: 1, name="a")

    @flow.task(after=finished("a"))
    def unsaid(a): ...

    @flow.task(after=finished("a"))
    def other(a: str): ...

    @flow.task(after=finished("a"))
    def both(a: str | Failure): ...

    @flow.task(after=failed("a"))
    def wrong(a: str): ...

    @flow.task(after=failed("a"))
    def right(a: Failure): ...

    @flow.task(after=failed("a"))
    def plain(a): ...

    assert doubts(flow) == [("unsaid", "a"), ("other", "a"), ("wrong", "a")]


def test_a_task_that_can_never_begin_is_doubted() -> None:
    flow = Flow("never")
    flow.task(lambda: 1, name="a")
    flow.task(lambda a: 1, name="b")
    flow.task(lambda b: 1, name="it", after=failed("a"))
    flow.task(lambda b: 1, name="fine", after=finished("a"))
    (fault,) = flow.check()
    assert (fault.task, fault.level) == ("it", "warning")
    assert "can't begin" in fault.message


def test_a_loop_without_an_end_is_doubted() -> None:
    for until, most, count in (
        (lambda it: False, None, 1),
        (lambda it: False, 3, 0),
        (lambda it: it, None, 0),
    ):
        flow = Flow("loop")
        flow.task(lambda it=0: it, name="it", repeat=Repeat(until=until, max=most))
        assert len(doubts(flow)) == count


def test_a_manual_task_without_a_return_annotation_is_doubted() -> None:
    flow = Flow("hands")

    @flow.manual
    def ask(x: int): ...

    @flow.manual
    def nothing(x: int) -> None: ...

    assert doubts(flow) == [("ask", "")]
    assert "def ask(…) -> bool" in flow.check()[0].hint


def test_options_cost_check_no_more_than_their_number() -> None:
    """Counted in calls: ten times the tasks, ten times the work."""
    import sys

    def work(size: int, shape: str) -> int:
        flow = Flow("large")
        flow.task(lambda: [1], name="hub")
        for n in range(size):
            before = f"t{n - 1}" if n else "hub"
            if shape == "deciders":
                flow.task(eval(f"lambda {before}: 1"), name=f"t{n}", when=lambda hub: hub, skip="self")
            elif shape == "failures":
                flow.task(lambda: 1, name=f"t{n}", after=(failed("hub"), finished(before)) if n else ())
            else:
                second = f"t{n - 1}" if n else "start"
                flow.task(eval(f"lambda hub, {second}=0: 1"), name=f"t{n}", join="any", retry=Retry(2))
        flow.check()
        calls = [0]

        def count(*_: Any) -> None:
            calls[0] += 1

        sys.setprofile(count)
        try:
            flow.check()
        finally:
            sys.setprofile(None)
        return calls[0]

    for shape in ("deciders", "failures", "joins"):
        assert work(1000, shape) < 12 * work(100, shape), shape


# Running ----------------------------------------------------------------------------------------------------


def test_options_at_work(engine: Engine) -> None:
    tried: list[int] = []
    flow = Flow("all")

    @flow.task(retry=Retry(3, on="IOError"), outputs=("price", "stock"))
    def load(item: str) -> tuple:
        tried.append(len(tried))
        if len(tried) < 2:
            raise OSError("not yet")
        return 10, [1, 2, 3]

    flow.task(
        lambda n, price: n * price,
        name="times",
        bind={"n": "stock"},
        each="stock",
        when=lambda price: price > 5,
    )
    flow.task(
        lambda up=0: (up + 1, up >= 2), name="climb", outputs=("up", "done"), repeat=Repeat(until="done")
    )
    flow.task(
        lambda grow=1: grow * 2, name="grow", repeat=Repeat(until=lambda grow, least: grow > least, max=9)
    )
    flow.task(lambda: 1, name="left_out", when=lambda grow: grow > 100)
    run = engine.start(flow, {"item": "book", "least": 10}).run()
    assert run.state == "succeeded", run.why()
    assert len(tried) == 2
    assert run["times"] == [10, 20, 30]
    assert run["climb"] == (3, True)
    assert run["grow"] == 16
    assert run.states["left_out"] == "skipped"


def test_undos_at_work(engine: Engine) -> None:
    undone: list[Any] = []
    flow = Flow("undo", on_failure="revert")
    load = flow.task(lambda item: (10, 3), name="load", outputs=("price", "stock"))
    fail = flow.task(lambda price: price / 0, name="fail")
    load.revert(lambda load, price, item, failure: undone.append((load, price, item, failure)))
    fail.revert(lambda price, fail, failure: undone.append((price, fail, failure.type)))
    run = engine.start(flow, {"item": "book"}).run()
    assert run.state == "reverted", run.why()
    assert undone == [(10, None, "ZeroDivisionError"), ((10, 3), 10, "book", None)]


def test_a_failure_is_handed_on_by_links(engine: Engine) -> None:
    flow = Flow("links")
    flow.task(lambda: 1 / 0, name="a")
    flow.task(lambda a: a.type, name="b", after=failed("a"))
    flow.task(lambda a: f"{a}!", name="c", after=finished("a"))
    flow.task(lambda: 1, name="d", after="a")
    run = engine.start(flow).run()
    assert (run["b"], run["c"]) == ("ZeroDivisionError", "ZeroDivisionError: division by zero!")
    assert run.states["d"] == "failed"


def test_a_value_that_is_missing_is_the_default_or_none(engine: Engine) -> None:
    flow = Flow("missing")
    flow.task(lambda: False, name="no")
    flow.task(lambda: 1, name="a", when="no", skip="self")
    flow.task(lambda a: [a], name="b")
    flow.task(lambda a=5: [a], name="c")
    run = engine.start(flow).run()
    assert (run["b"], run["c"]) == ([None], [5])


def test_the_input_of_a_task_over_items_is_a_list_whatever_its_item_is() -> None:
    flow = Flow("many")

    @flow.task(each="name")
    def greet(name: str) -> str:
        return f"hello {name}"

    assert flow.start({"name": ["Ada", "Ben"]}).run()["greet"] == ["hello Ada", "hello Ben"]
    assert flow.start({"name": []}, results={"greet": ["hi"]}).run()["greet"] == ["hi"]
    with pytest.raises(InvalidValue, match="does not fit"):
        flow.start({"name": []}, results={"greet": "hi"})
    run = flow.start({"name": 5}).run()
    assert "'name' is to get one item of a list at a time, and name gives 5" in str(run.task("greet").failure)


def test_doubts_of_items_of_one_value_and_of_an_undo_that_asks_for_something_new() -> None:
    flow = Flow("doubtful")

    @flow.task
    def count() -> int:
        return 3

    @flow.task(each="count")
    def go(count: int) -> int:
        return count

    @go.revert
    def back(go: int, reason: str) -> None: ...

    said = [str(fault) for fault in flow.check()]
    assert any("count is said to give one value. Let count give a list" in one for one in said)
    assert any("its undo alone asks for 'reason'" in one for one in said)
    with pytest.raises(UsageError, match=r"'reason' is missing \(asked for by the undo of go\)"):
        flow.start()
    flow.inputs = ()
    with pytest.raises(DefinitionError, match=r"revert.*'reason'.*its result\) and 'failure'"):
        flow.start()


def test_what_looks_like_a_link_and_is_none_is_told_with_the_way_to_write_it() -> None:
    flow, child = Flow("outer"), Flow("inner")
    child.task(lambda: 1, name="one")
    flow.add(child)
    flow.task(lambda: None, name="x", after="failed('inner')")
    flow.task(lambda given: given, name="y", bind={"given": "inner.one"})
    said = {fault.task: fault.hint for fault in flow.check().errors}
    assert (
        said["x"] == "Write it without quotes around it, failed('inner'), after: from flowkit import failed."
    )
    assert said["y"] == "What is inside inner can't be linked to from outside: name 'inner' itself."
    with pytest.raises(UsageError, match=r"'x' is no Flow: run\.adopt\(flow\)"):
        child.start().adopt("x")


def test_parts_are_of_one_result_and_not_of_a_list_of_them() -> None:
    with pytest.raises(
        DefinitionError, match=r"halves: outputs names the parts of one result, and with each"
    ):
        Flow("parts").task(lambda words: (words, words), name="halves", each="words", outputs=("a", "b"))
