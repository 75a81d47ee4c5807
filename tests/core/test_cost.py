"""What a message costs: its neighbours, never the size of the run. Counted in touches, not in seconds."""

from __future__ import annotations

from collections import OrderedDict, deque
from typing import Any

import msgspec
import pytest

from flowkit.core import Claimant, Failure, Fold, Param, Plan, TaskPlan, Wiring, advance
from flowkit.core import messages as m
from flowkit.core.plan import RetryPlan

ME = Claimant(boot="b", space="s", pid=7, born="1", driver="d")
BIG = 10_000


class Touches:
    """How often any of the counted containers was asked or changed; going through one counts its size."""

    def __init__(self) -> None:
        self.count = 0


def counted(kind: type, touches: Touches) -> type:
    """A container like `kind` that counts each touch."""

    def single(name: str) -> Any:
        original = getattr(kind, name)

        def method(self: Any, *args: Any, **kwargs: Any) -> Any:
            touches.count += 1
            return original(self, *args, **kwargs)

        return method

    def whole(name: str) -> Any:
        original = getattr(kind, name)

        def method(self: Any, *args: Any) -> Any:
            touches.count += len(self)
            return original(self, *args)

        return method

    def one_by_one(self: Any) -> Any:
        for item in kind.__iter__(self):
            touches.count += 1
            yield item

    one = {"__getitem__", "__setitem__", "__delitem__", "get", "pop", "append", "popleft", "setdefault"}
    every = {"keys", "values", "items", "copy", "remove", "index", "count"}
    linear = every if issubclass(kind, dict) else every | {"__contains__"}
    members = {name: single(name) for name in one if hasattr(kind, name)}
    members |= {name: whole(name) for name in linear if hasattr(kind, name)}
    members["__iter__"] = one_by_one
    return type(f"Counted{kind.__name__}", (kind,), members)


def task(name: str, *sources: str, kind: str = "task") -> TaskPlan:
    return TaskPlan(name, kind, params=tuple(Param(source, "task", source) for source in sources))


def begin(tasks: list[TaskPlan]) -> tuple[Fold, Touches]:
    """A run that has just begun, its containers replaced by counting ones."""
    fold = Fold(Wiring(Plan("big", tuple(tasks))))
    say(fold, m.Start(flow="big", plan="p", inputs={}))
    touches = Touches()
    a_tuple = counted(tuple, touches)
    kinds = {kind: counted(kind, touches) for kind in (dict, deque, OrderedDict)}
    for name in Fold.__slots__:
        held = getattr(fold, name)
        if type(held) in kinds:
            setattr(fold, name, kinds[type(held)](held))
    wiring = fold.wiring
    for name in Wiring.__slots__:
        held = getattr(wiring, name)
        if type(held) is dict:
            setattr(wiring, name, kinds[dict](held))
        elif type(held) is tuple:
            setattr(wiring, name, a_tuple(held))
    touches.count = 0
    return fold, touches


def say(fold: Fold, message: m.Message) -> list[Any]:
    return list(advance(fold, message, 0.0).facts)


def cost(fold: Fold, touches: Touches, message: m.Message) -> int:
    """Touches, plus the names in the facts."""
    before = touches.count
    facts = say(fold, message)
    names = sum(len(getattr(fact, "ready", ())) + len(getattr(fact, "tasks", ())) for fact in facts)
    return touches.count - before + names


def messages_about(name: str) -> list[m.Message]:
    """A life of one task with everything in it that is not meant to end the run."""
    return [
        m.Claim(task=name, claimant=ME),
        m.Claim(task=name, claimant=ME),
        m.Emit(task=name, attempt=1, topic="x"),
        m.Release(task=name, attempt=1),
        m.Claim(task=name, claimant=ME),
        m.Tick(gone=((name, 2),)),
        m.Break(task=name),
        m.Resume(),
        m.ClearBreak(task=name),
        m.Claim(task=name, claimant=ME),
        m.Report(task=name, value=1),
        m.Report(task=name, value=1),
        m.Report(task=name, value=2),
        m.Report(task=name, value=2, attempt=1),
        m.Pause(),
        m.Resume(),
    ]


def chain(size: int) -> list[TaskPlan]:
    return [task("t0"), *[task(f"t{i}", f"t{i - 1}") for i in range(1, size)]]


def apart(size: int) -> list[TaskPlan]:
    return [task(f"t{i}") for i in range(size)]


def into_one(size: int) -> list[TaskPlan]:
    names = [f"t{i}" for i in range(size - 1)]
    return [*map(task, names), task("join", *names)]


@pytest.mark.parametrize("shape", [chain, apart, into_one])
@pytest.mark.parametrize("which", ["first", "later"])
def test_a_message_costs_the_same_in_a_large_run_as_in_a_small_one(shape: Any, which: str) -> None:
    costs = []
    for size in (20, BIG):
        fold, touches = begin(shape(size))
        name = "t0" if which == "first" or shape is chain else "t7"
        costs.append([cost(fold, touches, message) for message in messages_about(name)])
    assert costs[0] == costs[1]
    assert max(costs[1]) < 60


def test_a_report_touches_its_dependents_and_no_more() -> None:
    for fan in (10, 100, 1000):
        fold, touches = begin([task("root"), *[task(f"t{i}", "root") for i in range(fan)], *apart(50)[40:]])
        spent = cost(fold, touches, m.Report(task="root", value=1))
        assert spent < 20 * fan + 40, f"{spent} touches for {fan} dependents"


def test_a_report_that_is_offered_nothing_costs_nothing_more_in_a_wide_run() -> None:
    fold, touches = begin(into_one(BIG))
    costs = {cost(fold, touches, m.Report(task=f"t{i}", value=i)) for i in range(BIG - 2)}
    assert max(costs) < 40


def test_taking_ten_thousand_from_the_queue_costs_ten_thousand_times_one() -> None:
    fold, touches = begin(apart(BIG))
    spent = 0
    while (name := fold.next_ready()) is not None:
        spent += cost(fold, touches, m.Claim(task=name, claimant=ME))
        spent += cost(fold, touches, m.Report(task=name, value=1))
    assert fold.state == "succeeded"
    assert spent < 60 * BIG


@pytest.mark.parametrize("shape", [chain, apart])
def test_a_driver_that_claims_with_its_report_pays_for_neighbours_alone(shape: Any) -> None:
    fold, touches = begin(shape(BIG))
    claim = m.Claim(claimant=ME)
    spent = cost(fold, touches, claim)
    while not fold.ended:
        (name,) = dict.keys(fold.claims)
        report = m.Report(task=name, attempt=1, value=1, via="run", then=claim)
        spent += cost(fold, touches, report)
    assert spent < 60 * BIG


def test_a_wide_fan_out_is_offered_in_linear_time() -> None:
    """Counted in comparisons: looking for each name among all that are offered would make millions of them."""

    class Name(str):
        compared = 0
        __slots__ = ()

        def __eq__(self, other: object) -> bool:
            Name.compared += 1
            return str.__eq__(self, other)

        __hash__ = str.__hash__

    names = [Name(f"t{i}") for i in range(2000)]
    fold, _ = begin([task("root"), *[task(name, "root") for name in names]])
    Name.compared = 0
    say(fold, m.Report(task="root", value=1))
    assert fold.states["t1999"] == "ready"
    assert Name.compared < 40 * len(names)


@pytest.mark.parametrize("shape", [chain, into_one])
def test_fifty_thousand_tasks_need_no_recursion(shape: Any) -> None:
    fold = Fold(Wiring(Plan("deep", tuple(shape(50_000)))))
    say(fold, m.Start(flow="deep", plan="p", inputs={}))
    while (name := fold.next_ready()) is not None:
        say(fold, m.Claim(task=name, claimant=ME))
        say(fold, m.Report(task=name, value=1))
    assert (fold.state, fold.open) == ("succeeded", 0)


def test_a_deep_chain_can_be_aimed_at_given_and_cancelled() -> None:
    tasks = chain(50_000)
    aimed = Wiring(Plan("deep", tuple(tasks)), "t49998")
    assert len(aimed.order) == 49_999
    fold = Fold(aimed)
    say(fold, m.Start(flow="deep", plan="p", inputs={}, target="t49998", results={"t40000": 1}))
    assert fold.states["t39999"] == "skipped"
    assert fold.next_ready() == "t40001"
    say(fold, m.Cancel())
    assert (fold.state, fold.open) == ("cancelled", 0)


def retried(size: int) -> list[TaskPlan]:
    """Tasks with a delay, and as many for people."""
    delayed = [TaskPlan(f"t{i}", retry=RetryPlan(2, delay=10.0)) for i in range(size)]
    return [*delayed, *[task(f"m{i}", kind="manual") for i in range(size)]]


def test_retries_that_wait_for_a_run_to_go_on_cost_no_message_anything() -> None:
    spent = set()
    for size in (20, 2000):
        fold, touches = begin(retried(size))
        for i in range(size):
            advance(fold, m.Report(task=f"t{i}", attempt=1, failure=Failure(("E",), "")), 0.0)
        advance(fold, m.Pause(), 1.0)
        advance(fold, m.Tick(), 20.0)
        before = touches.count
        advance(fold, m.Report(task="m7", value=1), 21.0)
        spent.add(touches.count - before)
        advance(fold, m.Resume(), 22.0)
        assert sorted(fold.line()) == sorted(f"t{i}" for i in range(size))
    assert len(spent) == 1


def groups(size: int) -> list[TaskPlan]:
    """Subflows side by side, each with two tasks."""
    found = [TaskPlan("plain")]
    for i in range(size):
        found.append(TaskPlan(f"s{i}", "flow", gives=(f"s{i}.a", f"s{i}.b")))
        found += [TaskPlan(f"s{i}.{name}", within=f"s{i}") for name in "ab"]
    return found


def test_a_subflow_that_fails_costs_the_same_among_many_others() -> None:
    spent = set()
    for size in (20, 2000):
        fold, touches = begin(groups(size))
        fold.wiring.plan = msgspec.structs.replace(fold.wiring.plan, on_failure="continue")
        spent.add(cost(fold, touches, m.Report(task="s9.a", failure=Failure(("E",), ""))))
        assert fold.states["s9"] == "failed"
        assert fold.states["s9.b"] == "cancelled"
    assert len(spent) == 1


def test_tasks_of_a_thousand_priorities_are_taken_as_quickly_as_those_of_twenty() -> None:
    spent = []
    for size in (20, 1000):
        fold, touches = begin([TaskPlan(f"t{i}", priority=i) for i in range(size)])
        taken, total = [], 0
        while (name := fold.next_ready()) is not None:
            total += cost(fold, touches, m.Claim(claimant=ME))
            taken.append(name)
        assert taken == [f"t{i}" for i in reversed(range(size))]
        spent.append(total / size)
    assert spent[1] < 1.2 * spent[0]


def test_a_failure_a_thousand_subflows_deep_is_told_once_and_costs_each_of_them_alike() -> None:
    spent = []
    for deep in (10, 1000):
        names = [".".join(["s"] * (i + 1)) for i in range(deep)]
        leaf = f"{names[-1]}.leaf"
        plans = [
            TaskPlan(name, "flow", within=name.rpartition(".")[0], gives=(f"{name}.s",)) for name in names
        ]
        plans.append(TaskPlan(leaf, within=names[-1]))
        fold, touches = begin(plans)
        total = cost(fold, touches, m.Report(task=leaf, failure=Failure(("E",), "it broke")))
        assert fold.state == "failed"
        assert fold.failures["s"].message == f"{leaf}: it broke"
        spent.append(total / deep)
    assert spent[1] < 1.2 * spent[0]
