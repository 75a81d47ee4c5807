"""Deciders: who answers whether a task is done, once, and what it is given."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

import flowkit
from flowkit import AlreadyCompleted, Engine, Flow, InvalidValue, LateReport, NoResult, NotReady
from flowkit.errors import FlowkitError, RunInterrupted
from tests.engine.orders import Aside
from tests.engine.reopening import reopened, step_by_step


class Parcel(Flow):
    """price(item) → insure(price), if `when` says so → send(price, insure=None), skipped with it or not."""

    def __init__(self, when: Any = None, skip: str = "dependents", **options: Any) -> None:
        super().__init__("parcel", **options)
        self.asked: list[Any] = []

        def is_dear(price: float) -> bool:
            self.asked.append(price)
            return price > 100

        @self.task
        def price(item: str) -> float:
            return {"book": 12.0, "ring": 900.0}[item]

        @self.task(when=when or is_dear, skip=skip)
        def insure(price: float) -> str:
            return f"insured for {price}"

        @self.task
        def send(price: float, insure: str = "not insured") -> str:
            return insure


@pytest.mark.parametrize(
    ("item", "skip", "result"),
    [
        ("ring", "dependents", "insured for 900.0"),
        ("ring", "self", "insured for 900.0"),
        ("book", "self", "not insured"),
    ],
)
def test_what_it_says_is_done(engine: Engine, item: str, skip: str, result: str) -> None:
    flow = Parcel(skip=skip)
    run = engine.start(flow, {"item": item}).run()
    assert (run.state, run.result) == ("succeeded", result)
    assert flow.asked == [{"book": 12.0, "ring": 900.0}[item]], "asked once"


def test_a_no_takes_what_hangs_on_it_along(engine: Engine) -> None:
    run = engine.start(Parcel(), {"item": "book"}).run()
    assert run.states == {"price": "succeeded", "insure": "skipped", "send": "skipped"}
    assert run.state == "succeeded"
    for name in ("insure", "send"):
        with pytest.raises(NoResult, match="skipped"):
            run[name]
    with pytest.raises(NoResult):
        _ = run.result


def test_stepping_asks_and_does_one_thing_at_a_time(engine: Engine) -> None:
    run = engine.start(Parcel(), {"item": "ring"})
    run.step()
    assert run.next_task() == "insure"
    assert [event.kind for event in run.step()] == ["QuestionAnswered", "TaskReady"]
    assert [event.kind for event in run.step()] == ["AttemptClaimed", "TaskSucceeded"]
    assert run.step("send")
    assert run.state == "succeeded"


def test_one_question_is_stepped_by_the_name_of_its_task(engine: Engine) -> None:
    run = engine.start(Parcel(), {"item": "book"})
    run.step()
    assert run.step("insure")[0].kind == "QuestionAnswered"
    assert run.states["insure"] == "skipped"
    with pytest.raises(NotReady, match="skipped"):
        run.step("insure")


def test_run_stops_where_its_task_is_left_out(engine: Engine) -> None:
    run = engine.start(Parcel(), {"item": "book"}).run(until="insure")
    assert (run.stopped_by, run.states["insure"]) == ("ended", "skipped")


@pytest.mark.parametrize("answer", [True, False])
def test_anybody_answers_by_name_offer_or_token(engine: Engine, answer: bool) -> None:
    flow = Parcel(skip="self")
    for way in ("name", "offer", "token", "engine"):
        run = engine.start(flow, {"item": "book"}).run(until="price")
        (offer,) = run.ready()
        assert (offer.task, offer.kind, offer.expects) == ("insure", "when", "bool")
        assert offer.inputs == {"price": 12.0}
        tell = engine.complete if way == "engine" else run.complete
        what: Any = {"name": "insure", "offer": offer}.get(way, offer.token)
        assert tell(what, answer).verdict == "accepted"
        assert run.run().result == ("insured for 12.0" if answer else "not insured")
        assert engine.complete(offer.token, answer).verdict == "repeat"
        with pytest.raises(AlreadyCompleted):
            run.complete(offer, not answer)
    assert flow.asked == [], "nobody asks what was told"


@pytest.mark.parametrize("answer", [1, 0, "yes", None, [True], 1.0])
def test_only_a_truth_is_an_answer(engine: Engine, answer: Any) -> None:
    run = engine.start(Parcel(), {"item": "book"}).run(until="price")
    seq = run.seq
    with pytest.raises(InvalidValue, match="True or False"):
        run.complete("insure", answer)
    assert run.seq == seq
    assert [offer.kind for offer in run.ready()] == ["when"]


def test_whatever_a_decider_returns_counts_by_its_truth(engine: Engine) -> None:
    for value, state in (([], "skipped"), ("yes", "succeeded"), (0, "skipped"), (None, "skipped")):
        flow = Flow("truth")
        flow.task(lambda: 1, name="a", when=lambda value=value: value)
        assert engine.start(flow).run().states["a"] == state


def test_a_decider_that_raises_fails_its_task_and_is_not_tried_again(engine: Engine) -> None:
    calls: list[int] = []

    def broken(price: float) -> bool:
        calls.append(1)
        raise ZeroDivisionError("hm")

    flow = Parcel(broken)
    run = engine.start(flow, {"item": "book"}).run()
    assert (run.state, run.states["insure"]) == ("failed", "failed")
    assert run.task("insure").failure.types[0] == "ZeroDivisionError"
    assert run.task("insure").attempts == []
    assert len(calls) == 1
    run.rerun("insure")
    assert [offer.kind for offer in run.ready()] == ["when"]
    run.complete("insure", True)
    assert run.run().state == "succeeded"


def test_a_question_can_be_failed_by_hand(engine: Engine) -> None:
    run = engine.start(Parcel(), {"item": "book"}).run(until="price")
    (offer,) = run.ready()
    run.fail(offer.token, "nobody knows")
    assert run.state == "failed"
    assert run.task("insure").failure.message == "nobody knows"
    with pytest.raises(FlowkitError):
        run.complete(offer.token, True)
    assert run.states["insure"] == "failed"


def test_stopping_a_decider_leaves_the_question(engine: Engine) -> None:
    calls: list[int] = []

    def slow(price: float) -> bool:
        calls.append(1)
        if len(calls) == 1:
            raise KeyboardInterrupt
        return True

    run = engine.start(Parcel(slow), {"item": "book"})
    with pytest.raises(RunInterrupted):
        run.run()
    assert run.state == "running"
    assert [(offer.task, offer.kind) for offer in run.ready()] == [("insure", "when")]
    assert run.run().state == "succeeded"


def test_an_async_decider_is_asked_on_the_caller_s_loop(engine: Engine) -> None:
    """Else it could wait for something there that never comes, since that loop waits for it."""
    flow = Flow("loops")

    async def main() -> str:
        known = asyncio.Event()
        asyncio.get_running_loop().call_soon(known.set)

        async def when() -> bool:
            await known.wait()
            return True

        flow.task(lambda: "done", name="a", when=when)
        run = engine.start(flow)
        await run.finish()
        return run.result

    assert asyncio.run(main()) == "done"


def test_an_async_decider_is_waited_for_by_the_blocking_verbs(engine: Engine) -> None:
    async def when(price: float) -> bool:
        await asyncio.sleep(0)
        return price < 100

    run = engine.start(Parcel(when), {"item": "book"}).run()
    assert run.states["insure"] == "succeeded"


def test_being_cancelled_in_an_async_decider_leaves_the_question(engine: Engine) -> None:
    async def main() -> Any:
        begun = asyncio.Event()

        async def when(price: float) -> bool:
            begun.set()
            await asyncio.Event().wait()
            return True

        run = engine.start(Parcel(when), {"item": "book"})
        driving = asyncio.create_task(run.finish())
        await begun.wait()
        driving.cancel()
        with pytest.raises(asyncio.CancelledError):
            await driving
        return run

    run = asyncio.run(main())
    assert run.state == "running"
    assert [offer.kind for offer in run.ready()] == ["when"]


def test_an_answer_given_while_the_decider_thinks_wins(engine: Engine) -> None:
    run: Any = None

    def when(price: float) -> bool:
        run.complete("insure", False)
        return True

    run = engine.start(Parcel(when, skip="self"), {"item": "ring"})
    run.run()
    assert run.result == "not insured"


def test_of_many_answers_one_is_taken(engine: Engine) -> None:
    flow = Parcel(skip="self")
    run = engine.start(flow, {"item": "book"}).run(until="price")
    token = run.ready()[0].token

    def tell(answer: bool) -> str:
        try:
            return engine.complete(token, answer).verdict
        except AlreadyCompleted as refusal:
            return refusal.verdict

    found = Counter(one.end() for one in [Aside(lambda n=n: tell(n % 2 == 0)) for n in range(8)])
    assert found["accepted"] == 1
    assert found == {"accepted": 1, "repeat": 3, "already completed": 4}
    assert [event.kind for event in run.events].count("QuestionAnswered") == 1


def test_drivers_and_people_at_once_decide_once(engine: Engine) -> None:
    flow = Flow("many")
    for number in range(30):
        flow.task(lambda: 1, name=f"t{number}", when=lambda: True)
    first = engine.start(flow)
    runs = [first, *(engine.open(first.id, flow) for _ in range(3))]
    for aside in [Aside(run.run) for run in runs]:
        aside.end()
    assert first.state == "succeeded"
    kinds = Counter((event.kind, event.task) for event in first.events)
    assert all(kinds["QuestionAnswered", f"t{n}"] == kinds["AttemptClaimed", f"t{n}"] == 1 for n in range(30))


def test_a_question_asked_again_has_another_token(engine: Engine) -> None:
    run = engine.start(Parcel(skip="self"), {"item": "ring"}).run(until="price")
    offers = []
    for answer in (False, False, True):
        offers += run.ready()
        run.complete(offers[-1].token, answer)
        run.run()
        run.rerun("insure")
    assert len({offer.token for offer in offers}) == 3
    seq = run.seq
    for offer, answer in zip(offers, (False, False, True), strict=True):
        assert run.complete(offer, answer).verdict == "repeat"
        with pytest.raises(AlreadyCompleted):
            engine.complete(offer.token, not answer)
    assert run.seq == seq
    (last,) = run.ready()
    run.rerun("price")
    run.run(until="price")
    with pytest.raises(LateReport):
        run.complete(last.token, False)
    run.complete("insure", False)
    assert run.run().result == "not insured"


def test_a_question_waits_out_a_pause(engine: Engine) -> None:
    run = engine.start(Parcel(), {"item": "ring"})
    run.step()
    run.pause()
    assert run.step() == []
    run.complete("insure", True)
    assert run.states["insure"] == "waiting", "what follows waits for the resume"
    run.resume()
    assert run.run().state == "succeeded"


def test_in_a_run_that_has_ended_no_answer_is_taken(engine: Engine) -> None:
    run = engine.start(Parcel(), {"item": "ring"}).run(until="price")
    token = run.ready()[0].token
    run.cancel()
    assert run.ready() == []
    with pytest.raises(FlowkitError):
        engine.complete(token, True)
    assert run.states["insure"] == "cancelled"


def test_by_name_a_task_s_truth_decides_and_nobody_is_asked(engine: Engine) -> None:
    for said, state in ((True, "succeeded"), (False, "skipped"), ([], "skipped"), ("x", "succeeded")):
        flow = Flow("named")
        flow.task(lambda said=said: said, name="ok")
        flow.task(lambda: 1, name="a", when="ok")
        run = engine.start(flow).run()
        assert run.states["a"] == state
        assert "QuestionAsked" not in [event.kind for event in run.events]


def test_by_the_name_of_a_part(engine: Engine) -> None:
    flow = Flow("parts")
    flow.task(lambda: (0, 1), name="two", outputs=("no", "yes"))
    flow.task(lambda: 1, name="a", when="no")
    flow.task(lambda: 1, name="b", when="yes")
    assert engine.start(flow).run().states == {"two": "succeeded", "a": "skipped", "b": "succeeded"}


def test_a_decider_can_change_nothing(engine: Engine) -> None:
    flow = Flow("apart")
    flow.task(lambda: [1], name="rows")
    flow.task(lambda rows: rows, name="use", when=lambda rows: rows.append(2) or True)
    assert engine.start(flow).run()["use"] == [1]


def test_a_decider_of_items_and_of_a_subflow(engine: Engine) -> None:
    child = Flow("child")
    child.task(lambda n: n, name="inner")
    flow = Flow("groups")
    flow.task(lambda: [1, 2], name="numbers")
    flow.task(lambda n: n, name="fan", each="n", bind={"n": "numbers"}, when=lambda numbers: len(numbers) > 5)
    flow.add(child, bind={"n": "numbers"}, when=lambda numbers: len(numbers) == 2)
    run = engine.start(flow).run()
    assert run.states == {
        "numbers": "succeeded",
        "fan": "skipped",
        "child": "succeeded",
        "child.inner": "succeeded",
    }


def test_without_its_code_a_question_waits_for_whoever_has_it(path: Path) -> None:
    flow = Parcel()
    with Engine(path) as engine:
        engine.start(flow, {"item": "ring"}, run_id="r").step()
    with reopened(path, None) as run:
        (offer,) = run.ready()
        assert (offer.kind, offer.able, offer.inputs) == ("when", "missing", {"price": 900.0})
        assert run.run().stopped_by == "waiting"
        assert "insure" in run.step().note
        run.complete(offer.token, True)
    with reopened(path, flow) as run:
        assert run.run().result == "insured for 900.0"


def test_the_token_of_a_question_is_the_same_after_a_restart(path: Path) -> None:
    flow = Parcel()
    with Engine(path) as engine:
        engine.start(flow, {"item": "ring"}, run_id="r").step()
        token = engine.open("r").ready()[0].token
    with Engine(path) as engine:
        assert engine.open("r").ready()[0].token == token
        assert engine.complete(token, False).verdict == "accepted"
        assert engine.open("r").state == "succeeded"


@pytest.mark.parametrize("item", ["ring", "book"])
def test_every_step_can_be_taken_by_somebody_else(path: Path, item: str) -> None:
    assert step_by_step(path, Parcel(skip="self"), {"item": item}) == "succeeded"


def test_a_decider_has_no_attempt(engine: Engine) -> None:
    flow = Flow("none")
    flow.task(lambda: 1, name="a", when=lambda: bool(flowkit.attempt()))
    run = engine.start(flow).run()
    assert run.states["a"] == "failed"
    assert "inside a task" in run.task("a").failure.message


def test_a_decider_that_failed_is_told_from_its_task(engine: Engine) -> None:
    flow = Flow("decided")
    flow.task(lambda: 1, name="a", when=lambda: 1 / 0)
    run = engine.start(flow).run()
    assert run.why("a").words.startswith("`a` failed, when its decider was asked: ZeroDivisionError")
    flow.task(lambda: 1, name="a", repeat=flowkit.Repeat(until=lambda: 1 / 0))
    run = engine.start(flow).run()
    assert run.why("a").words.startswith(
        "`a` failed, when after round 1 its until was asked: ZeroDivisionError"
    )
