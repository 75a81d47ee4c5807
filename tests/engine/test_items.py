"""Tasks over items: what one item is given, says, fails with and is told; how many are out at once; what a reader sees of them."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import flowkit
from flowkit import (
    AlreadyCompleted,
    Engine,
    Flow,
    LateReport,
    NoResult,
    NotReady,
    Retry,
    UnknownAttempt,
    UsageError,
)
from flowkit.errors import RunInterrupted
from tests.engine.orders import Aside, Gate
from tests.engine.reopening import reopened, step_by_step


def fan(function: Callable[[int], Any] | None = None, n: int = 4, **options: Any) -> Flow:
    """urls() → fetch(url) for each → total(fetch)."""
    flow = Flow("fan")

    def fetch(url: Any) -> Any:
        print(f"at {url}")
        return url * 10

    flow.task(lambda: list(range(n)), name="urls")
    flow.task(function or fetch, name="fetch", each="url", bind={"url": "urls"}, **options)
    flow.task(lambda fetch: [len(fetch), fetch], name="total")
    return flow


def odd_ones_fail(url: int) -> int:
    if url % 2:
        raise ValueError(f"{url} is odd")
    return url


def items(run: Any) -> list[str]:
    return [one.state for one in run.task("fetch").items()]


def test_each_item_is_done_by_itself_and_the_results_stand_in_their_order(engine: Engine) -> None:
    run = engine.start(fan()).run()
    assert run.result == [4, [0, 10, 20, 30]]
    assert run["fetch"] == [0, 10, 20, 30]
    assert run["fetch[3]"] == 30
    assert list(run.states) == ["urls", "fetch", "total"], "items are no tasks"
    assert [one.name for one in run.task("fetch").items()] == [f"fetch[{n}]" for n in range(4)]
    assert [run.task(f"fetch[{n}]").output for n in range(4)] == [f"at {n}\n" for n in range(4)]


@pytest.mark.parametrize("given", [(1, 2), {"a": 1, "b": 2}, {5}, "none"])
def test_what_can_be_gone_through_has_items(engine: Engine, given: Any) -> None:
    flow = Flow("any")
    flow.task(lambda: [] if given == "none" else given, name="all_of_it")
    flow.task(lambda one: one, name="take", each="one", bind={"one": "all_of_it"})
    run = engine.start(flow).run()
    assert run.state == "succeeded"
    assert run["take"] == ([] if given == "none" else list(given))


@pytest.mark.parametrize("given", ["text", 5, None])
def test_what_has_no_items_fails_the_task_with_words(engine: Engine, given: Any) -> None:
    flow = Flow("none")
    flow.task(lambda: given, name="all_of_it")
    flow.task(lambda one: one, name="take", each="one", bind={"one": "all_of_it"})
    run = engine.start(flow).run()
    assert run.state == "failed"
    assert run.states["take"] == "failed"
    assert type(given).__name__ in run.task("take").failure.message


def test_a_list_among_the_inputs_or_the_fixed_values_has_items_too(engine: Engine) -> None:
    flow = Flow("given")
    flow.task(lambda one, k: one * k, name="a", each="one", bind={"one": "numbers"}, fixed={"k": 2})
    flow.task(lambda two: two + 1, name="b", each="two", fixed={"two": [7, 8]})
    run = engine.start(flow, {"numbers": [1, 2, 3]}).run()
    assert run.result == {"a": [2, 4, 6], "b": [8, 9]}


def test_items_of_items(engine: Engine) -> None:
    flow = fan()
    flow.task(lambda x, urls: x + len(urls), name="again", each="x", bind={"x": "fetch"})
    run = engine.start(flow).run()
    assert run["again"] == [4, 14, 24, 34]


def test_no_item_can_change_what_another_gets(engine: Engine) -> None:
    flow = Flow("apart")
    flow.task(lambda: [{"n": 1}] * 3, name="rows")
    flow.task(lambda: {"seen": []}, name="shared")

    @flow.task(each="row", bind={"row": "rows"})
    def spoil(row: dict, shared: dict) -> list:
        row["n"] += 1
        shared["seen"].append(row["n"])
        return [row["n"], shared["seen"]]

    run = engine.start(flow).run()
    assert run["spoil"] == [[2, [2]]] * 3
    assert run["rows"] == [{"n": 1}] * 3
    assert run["shared"] == {"seen": []}


def test_an_item_s_value_is_a_copy_at_every_reading(engine: Engine) -> None:
    run = engine.start(fan(lambda url: [url])).run()
    run["fetch"][0].append("x")
    run["fetch[0]"].append("y")
    assert run["fetch"] == [[0], [1], [2], [3]]


def test_a_failed_item_does_not_stop_its_siblings(engine: Engine) -> None:
    run = engine.start(fan(odd_ones_fail)).run()
    assert (run.state, run.states["fetch"]) == ("failed", "failed")
    assert items(run) == ["succeeded", "failed", "succeeded", "failed"]
    assert [one.name for one in run.task("fetch").items("failed")] == ["fetch[1]", "fetch[3]"]
    assert "2 of 4 items failed" in run.task("fetch").failure.message
    assert "fetch[1]" in run.task("fetch").failure.message
    assert run.task("fetch[3]").failure.message == "3 is odd"
    assert run["fetch[2]"] == 2
    for name in ("fetch", "fetch[1]"):
        with pytest.raises(NoResult, match="failed"):
            run[name]
    with pytest.raises(NoResult, match="no task"):
        run["fetch[4]"]


def test_failed_items_alone_are_done_again(engine: Engine) -> None:
    calls: list[int] = []

    def fetch(url: int) -> int:
        calls.append(url)
        return odd_ones_fail(url) if len(calls) <= 4 else url

    run = engine.start(fan(fetch)).run()
    keys = [one.number for one in run.task("fetch[1]").attempts]
    run.rerun("fetch", items="failed")
    assert run.state == "running"
    run.run()
    assert calls == [0, 1, 2, 3, 1, 3]
    assert run.result == [4, [0, 1, 2, 3]]
    assert [one.number for one in run.task("fetch[1]").attempts] == [*keys, keys[-1] + 1]
    with pytest.raises(UsageError, match="no failed items"):
        run.rerun("fetch", items="failed")


def test_one_item_is_done_again_with_what_hangs_on_it(engine: Engine) -> None:
    calls: list[Any] = []
    run = engine.start(fan(lambda url: calls.append(url) or len(calls))).run()
    assert run.result == [4, [1, 2, 3, 4]]
    run.rerun("fetch[2]")
    assert run.states["total"] == "waiting"
    run.run()
    assert calls == [0, 1, 2, 3, 2]
    assert run.result == [4, [1, 2, 5, 4]]


def test_a_skipped_item_leaves_a_gap(engine: Engine) -> None:
    run = engine.start(fan()).run(until="urls")
    run.skip("fetch[1]")
    run.run()
    assert run.result == [4, [0, None, 20, 30]]
    with pytest.raises(NoResult, match="skipped"):
        run["fetch[1]"]


def test_a_failed_item_can_be_skipped_afterwards(engine: Engine) -> None:
    run = engine.start(fan(lambda url: 1 // url)).run()
    assert run.state == "failed"
    run.skip("fetch[0]")
    assert run.run().result == [4, [None, 1, 0, 0]]


def test_items_are_tried_again_one_by_one(engine: Engine) -> None:
    calls: Counter[int] = Counter()
    keys: dict[int, set[str]] = {}

    def fetch(url: int) -> int:
        calls[url] += 1
        keys.setdefault(url, set()).add(flowkit.attempt().key)
        if calls[url] <= url:
            raise OSError(f"{url} is not there")
        return url

    run = engine.start(fan(fetch, retry=Retry(3))).run()
    assert calls == {0: 1, 1: 2, 2: 3, 3: 3}
    assert items(run) == ["succeeded", "succeeded", "succeeded", "failed"]
    assert all(len(found) == 1 for found in keys.values())
    assert len(set.union(*keys.values())) == 4, "each item has a key of its own"


@pytest.mark.parametrize("concurrency", [1, 2, 3])
def test_no_more_items_are_offered_than_may_be_at_work(engine: Engine, concurrency: int) -> None:
    run = engine.start(fan(n=5, concurrency=concurrency)).run(until="urls")
    told = 0
    while offers := run.ready():
        if offers[0].task == "total":
            break
        assert [one.task for one in offers] == [
            f"fetch[{n}]" for n in range(told, min(5, told + concurrency))
        ]
        run.complete(offers[0], told)
        told += 1
    assert run.run().result == [5, [0, 1, 2, 3, 4]]


def test_a_try_that_waits_keeps_its_place(clocked: Engine) -> None:
    run = clocked.start(fan(odd_ones_fail, n=5, concurrency=2, retry=Retry(2, delay=10))).run()
    assert items(run) == ["succeeded", "retrying", "succeeded", "retrying", "waiting"]
    assert run.task("fetch[1]").due == 10.0
    run.tick("next")
    run.run()
    assert items(run) == ["succeeded", "failed", "succeeded", "failed", "succeeded"]


def test_items_are_told_in_any_order_by_whoever_has_their_token(engine: Engine) -> None:
    flow = Flow("people")
    flow.manual(lambda who: None, name="ask", each="who", bind={"who": "names"})
    run = engine.start(flow, {"names": ["ann", "bob", "cid"]})
    offers = engine.ready(manual=True)
    assert [(o.task, o.item, o.kind, o.attempt, o.inputs) for o in offers] == [
        ("ask[0]", 0, "do", 1, {"who": "ann"}),
        ("ask[1]", 1, "do", 1, {"who": "bob"}),
        ("ask[2]", 2, "do", 1, {"who": "cid"}),
    ]
    tokens = [o.token for o in offers]
    assert len(set(tokens)) == 3
    engine.complete(tokens[2], "c")
    run.complete("ask[0]", "a")
    assert run.state == "running"
    with pytest.raises(NotReady, match="item by item"):
        run.complete("ask", ["a", "b", "c"])
    with pytest.raises(UnknownAttempt, match="3 items"):
        run.complete("ask[3]", "d")
    run.complete(offers[1], "b")
    assert run.result == ["a", "b", "c"]
    assert engine.complete(tokens[2], "c").verdict == "repeat"
    with pytest.raises(AlreadyCompleted):
        engine.complete(tokens[0], "other")


def test_of_many_that_tell_one_item_one_is_taken(engine: Engine) -> None:
    flow = Flow("people")
    flow.manual(lambda who: None, name="ask", each="who", bind={"who": "names"})
    run = engine.start(flow, {"names": ["ann", "bob"]})
    token = run.ready()[1].token

    def tell(number: int) -> str:
        try:
            return engine.complete(token, number).verdict
        except AlreadyCompleted as refusal:
            return refusal.verdict

    asides = [Aside(lambda n=n: tell(n)) for n in range(6)]
    assert Counter(aside.end() for aside in asides) == {"accepted": 1, "already completed": 5}


def test_drivers_side_by_side_enter_no_item_twice(engine: Engine) -> None:
    entered: list[int] = []

    def note(url: int) -> None:
        entered.append(url)

    flow = fan(note, n=200)
    runs = [engine.start(flow)]
    runs += [engine.open(runs[0].id, flow) for _ in range(3)]
    for aside in [Aside(run.run) for run in runs]:
        aside.end()
    assert runs[0].state == "succeeded"
    assert sorted(entered) == list(range(200))


def test_one_item_is_stepped_and_another_waited_for(engine: Engine) -> None:
    run = engine.start(fan())
    run.step()
    assert [event.kind for event in run.step("fetch[2]")] == ["AttemptClaimed", "TaskSucceeded"]
    assert items(run) == ["ready", "ready", "succeeded", "ready"]
    asyncio.run(run.wait("fetch[2]"))
    run.run(until="fetch[1]")
    assert (run.stopped_by, items(run)) == ("until", ["succeeded", "succeeded", "succeeded", "ready"])
    with pytest.raises(NotReady, match="has succeeded"):
        run.step("fetch[2]")
    with pytest.raises(UsageError, match="4 items"):
        run.step("fetch[7]")


def test_before_they_are_counted_nobody_has_items(engine: Engine) -> None:
    run = engine.start(fan())
    assert run.task("fetch").items() == []
    with pytest.raises(UsageError, match="no items yet"):
        run.task("fetch[0]")
    with pytest.raises(NotReady):
        run.complete("fetch", [1])


def test_stopping_an_item_gives_it_back(engine: Engine) -> None:
    calls: list[int] = []

    def fetch(url: int) -> int:
        calls.append(url)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return url

    run = engine.start(fan(fetch, n=3))
    with pytest.raises(RunInterrupted, match=r"fetch\[1\]"):
        run.run()
    assert items(run) == ["succeeded", "ready", "ready"]
    assert run.run().result == [3, [0, 1, 2]]
    assert [one.outcome for one in run.task("fetch[1]").attempts] == ["interrupted", "succeeded"]


def test_items_say_how_far_they_are_and_what_they_think(engine: Engine) -> None:
    def fetch(url: int) -> int:
        flowkit.progress(url / 4, f"page {url}")
        flowkit.emit("page", url)
        assert flowkit.attempt().task == f"fetch[{url}]"
        return url

    run = engine.start(fan(fetch)).run()
    assert run.state == "succeeded"
    assert run.task("fetch[2]").progress == (0.5, "page 2")
    said = [event for event in run.events if event.kind == "Emitted"]
    assert [(event.task, event.data["payload"]) for event in said] == [(f"fetch[{n}]", n) for n in range(4)]


def test_async_items(engine: Engine) -> None:
    async def fetch(url: int) -> int:
        await asyncio.sleep(0)
        return url + 1

    assert engine.start(fan(fetch)).run().result == [4, [1, 2, 3, 4]]
    run = engine.start(fan(fetch))
    asyncio.run(run.finish())
    assert run.result == [4, [1, 2, 3, 4]]


def test_every_item_can_be_done_by_somebody_else(path: Path) -> None:
    flow = fan(odd_ones_fail, n=3, concurrency=2, retry=Retry(2, delay=1))
    assert step_by_step(path, flow) == "failed"
    with reopened(path, flow) as run:
        assert items(run) == ["succeeded", "failed", "succeeded"]
        assert len(run.task("fetch[1]").attempts) == 2


def test_an_item_at_work_while_its_task_is_set_back_comes_late(engine: Engine) -> None:
    gate, calls = Gate(), []

    def fetch(url: int) -> int:
        calls.append(url)
        if len(calls) == 1:
            gate.wait()
        return len(calls)

    flow = fan(fetch, n=2)
    run = engine.start(flow).run(until="urls")
    token = run.ready()[0].token
    aside = Aside(run.run)
    gate.reached()
    run.rerun("fetch")
    with pytest.raises(LateReport):
        engine.complete(token, 99)
    gate.open()
    aside.end()
    assert run.result == [2, [2, 3]]
    first = run.task("fetch[0]").attempts
    assert [one.outcome for one in first] == ["superseded", "succeeded"]


def test_an_item_at_work_that_there_is_no_more_does_no_harm(engine: Engine) -> None:
    gate, counts = Gate(), []
    flow = Flow("fewer")

    @flow.task
    def urls() -> list:
        counts.append(1)
        return [1, 2] if len(counts) == 1 else [5]

    @flow.task(each="url", bind={"url": "urls"})
    def fetch(url: int) -> int:
        if url == 2:
            gate.wait()
        return url

    run = engine.start(flow)
    run.step()
    run.step()
    aside = Aside(run.run)
    gate.reached()
    run.rerun("urls")
    gate.open()
    aside.end()
    assert (run.state, run.result) == ("succeeded", [5])


def test_a_list_that_only_the_journal_knows_is_counted_by_hand_too(engine: Engine) -> None:
    """What isn't a plain list is counted by whoever asks: a question that anybody may answer."""
    flow = Flow("counted")
    flow.task(lambda: {"a": 1, "b": 2}, name="table")
    flow.task(lambda key: key, name="take", each="key", bind={"key": "table"})
    run = engine.start(flow).run(until="table")
    (offer,) = run.ready()
    assert (offer.task, offer.kind, offer.expects) == ("take", "each", "int")
    with pytest.raises(flowkit.InvalidValue, match="number of items"):
        run.complete(offer, True)
    run.complete(offer.token, 2)
    assert engine.complete(offer.token, 2).verdict == "repeat"
    with pytest.raises(AlreadyCompleted):
        engine.complete(offer.token, 3)
    assert run.run().result == ["a", "b"]


def test_results_of_items_are_given_beforehand_as_one_list(engine: Engine) -> None:
    flow = Flow("given")
    flow.task(lambda: [1, 2], name="urls")

    @flow.task(each="url", bind={"url": "urls"})
    def fetch(url: int) -> int:
        raise AssertionError("nobody asks for it")

    flow.task(lambda fetch: [*fetch, 7], name="total")
    run = engine.start(flow, results={"fetch": [4, 5, 6]}).run()
    assert run.result == [4, 5, 6, 7]
    assert run.task("fetch").by_hand
    with pytest.raises(flowkit.InvalidValue, match="fetch"):
        engine.start(flow, results={"fetch": ["four"]})


def test_a_pause_between_items(engine: Engine) -> None:
    run = engine.start(fan(n=3, concurrency=1)).run(until="urls")
    run.step()
    run.pause()
    offers = run.ready()
    assert run.step() == []
    run.complete(offers[0] if offers else "fetch[1]", 11)
    assert run.states["fetch"] == "running"
    assert items(run) == ["succeeded", "succeeded", "waiting"], "what follows waits for the resume"
    run.resume()
    assert run.run().result == [3, [0, 11, 20]]


def test_cancelling_ends_every_item(engine: Engine) -> None:
    run = engine.start(fan(n=3)).run(until="urls")
    tokens = [offer.token for offer in run.ready()]
    run.step()
    run.cancel()
    assert items(run) == ["succeeded", "cancelled", "cancelled"]
    for token in tokens[1:]:
        with pytest.raises(LateReport):
            engine.complete(token, 1)
    assert engine.complete(tokens[0], 0).verdict == "repeat"


def test_many_items_cost_two_facts_each_and_no_more(engine: Engine) -> None:
    def facts(n: int) -> int:
        flow = Flow("many")
        flow.task(lambda one: one, name="do", each="one", bind={"one": "all_of_it"})
        run = engine.start(flow, {"all_of_it": list(range(n))}).run()
        assert run.state == "succeeded"
        return len(run.events)

    few, many = facts(10), facts(1010)
    assert many - few == 2 * 1000


def test_ten_thousand_items() -> None:
    flow = Flow("many")
    flow.task(lambda one: one + 1, name="do", each="one", bind={"one": "all_of_it"})
    flow.task(lambda do: do[1:], name="rest")
    run = flow.start({"all_of_it": [0] * 10_000}).run()
    assert run.result == [1] * 9_999
    assert len(run.events) == 2 * 10_000 + 7


def test_what_can_be_gone_through_only_once_is_no_list_of_items() -> None:
    flow = Flow("once")

    @flow.task
    def urls() -> Any:
        yield from "abc"

    flow.task(lambda url: url, name="fetch", each="url", bind={"url": "urls"})
    run = flow.start().run()
    assert "urls gives a generator, which can be gone through only once" in run.task("fetch").failure.message
    assert run.task("fetch").items() == []


def test_a_breakpoint_in_front_of_an_item_names_the_task_that_can_have_one(engine: Engine) -> None:
    run = engine.start(fan())
    run.step()
    with pytest.raises(UsageError, match=r"fetch\[0\] is an item.*run\.break_before\('fetch'\)"):
        run.break_before("fetch[0]")
    with pytest.raises(UsageError, match=r"has no task 'fetch\[9\]'; fetch has 4 items"):
        run.break_before("fetch[9]")
