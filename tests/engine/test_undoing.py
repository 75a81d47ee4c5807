"""Undoing: in which order, what an undo is given and says, what becomes of results, and what happens when an undo fails."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

import flowkit
from flowkit import AlreadyCompleted, Engine, Flow, LateReport, NoResult, UsageError
from flowkit.errors import RunFailed, RunInterrupted
from tests.engine.orders import Aside, Gate
from tests.engine.reopening import reopened, step_by_step


class Trip(Flow):
    """flight(city), hotel(city, flight), mail(hotel), of which the first two can be undone; `pay` fails where it is asked to."""

    def __init__(self, pay: bool = False, **options: Any) -> None:
        super().__init__("trip", **options)
        self.log: list[Any] = []
        log = self.log

        @self.task
        def flight(city: str) -> dict:
            log.append("flight")
            return {"to": city}

        @flight.revert
        def cancel_flight(flight: dict, city: str) -> str:
            print("called the airline")
            flight["to"] = "nowhere"
            log.append(("cancel", city, flight["to"]))
            return "what it returns is of no account"

        @self.task
        def hotel(city: str, flight: dict) -> str:
            log.append("hotel")
            return f"hotel in {flight['to']}"

        @hotel.revert
        def cancel_hotel(hotel: str, flight: dict) -> None:
            log.append(("cancel", hotel, flight["to"]))

        @self.task
        def mail(hotel: str) -> None:
            log.append("mail")

        if pay:

            @self.task
            def charge(mail: None) -> None:
                raise ConnectionError("no money")

            @charge.revert
            def uncharge(failure: Any, charge: Any) -> None:
                log.append(("uncharge", failure and failure.message, charge))


def test_what_was_done_is_undone_from_its_end(engine: Engine) -> None:
    flow = Trip()
    run = engine.start(flow, {"city": "rome"}).run()
    run.revert()
    assert run.state == "reverting"
    assert run.states == {"flight": "succeeded", "hotel": "reverting", "mail": "reverted"}
    run.run()
    assert (run.state, run.stopped_by) == ("reverted", "ended")
    assert set(run.states.values()) == {"reverted"}
    assert flow.log[3:] == [("cancel", "hotel in rome", "rome"), ("cancel", "rome", "nowhere")]


def test_a_result_that_is_undone_is_gone(engine: Engine) -> None:
    run = engine.start(Trip(), {"city": "rome"}).run()
    run.revert()
    assert run["flight"] == {"to": "rome"}, "not yet"
    run.run()
    for name in ("flight", "hotel"):
        with pytest.raises(NoResult, match="undone"):
            run[name]
    with pytest.raises(NoResult):
        _ = run.result
    assert run.task("hotel").failure is None
    assert [(one.number, one.outcome) for one in run.task("hotel").attempts] == [
        (1, "succeeded"),
        (2, "undone"),
    ]


def test_a_failure_undoes_all_where_the_flow_says_so(engine: Engine) -> None:
    flow = Trip(pay=True, on_failure="revert")
    run = engine.start(flow, {"city": "rome"}).run()
    assert run.state == "reverted"
    assert flow.log[3:] == [
        ("uncharge", "no money", None),
        ("cancel", "hotel in rome", "rome"),
        ("cancel", "rome", "nowhere"),
    ]
    assert run.task("charge").failure.message == "no money", "one can still read what it was undone for"
    with pytest.raises(RunFailed):
        engine.start(Trip(pay=True, on_failure="revert"), {"city": "x"}).run(check=True)


def test_undos_are_offers_like_any_other(engine: Engine) -> None:
    run = engine.start(Trip(), {"city": "rome"}).run()
    done = run.task("hotel").attempts[0].number
    run.revert()
    (offer,) = run.ready()
    assert (offer.task, offer.kind, offer.attempt) == ("hotel", "revert", done + 1)
    assert offer.inputs == {"hotel": "hotel in rome", "flight": {"to": "rome"}}
    assert engine.ready()[0].token == offer.token
    assert engine.complete(offer.token, None).verdict == "accepted"
    assert engine.complete(offer.token, "whatever").verdict == "repeat"
    with pytest.raises(AlreadyCompleted, match="undone"):
        engine.fail(offer.token, "it can't be undone")
    assert [event.kind for event in run.step("flight")] == ["AttemptClaimed", "TaskReverted", "RunReverted"]


def test_tokens_of_what_was_done_are_remembered(engine: Engine) -> None:
    run = engine.start(Trip(), {"city": "rome"})
    token = run.ready()[0].token
    run.complete(token, {"to": "told"})
    run.run()
    run.revert()
    run.run()
    assert run.complete(token, {"to": "told"}).verdict == "repeat"
    with pytest.raises(AlreadyCompleted):
        run.complete(token, {"to": "elsewhere"})


def test_an_undo_that_fails_stops_there_and_is_tried_again_by_the_same_verb(engine: Engine) -> None:
    flow = Flow("stuck")
    calls: list[str] = []
    for name, sources in (("a", ()), ("b", ("a",)), ("c", ("b",))):
        task = flow.task(lambda name=name: calls.append(name), name=name, after=sources)

        @task.revert
        def undo(name: str = name) -> None:
            calls.append(f"undo {name}")
            if name == "b" and calls.count("undo b") == 1:
                raise OSError("locked")

    run = engine.start(flow).run()
    run.revert()
    run.run()
    assert run.state == "failed"
    assert run.states == {"a": "succeeded", "b": "revert_failed", "c": "reverted"}
    assert run.task("b").failure.message == "locked"
    run.revert()
    assert run.run().state == "reverted"
    assert calls[3:] == ["undo c", "undo b", "undo b", "undo a"]
    assert [one.outcome for one in run.task("b").attempts] == ["succeeded", "undo failed", "undone"]


def test_an_undo_is_failed_and_done_by_hand(engine: Engine) -> None:
    run = engine.start(Trip(), {"city": "rome"}).run()
    run.revert()
    token = run.ready()[0].token
    run.fail(token, "closed on sundays")
    assert (run.state, run.states["hotel"]) == ("failed", "revert_failed")
    assert engine.fail(token, "closed on sundays").verdict == "repeat"
    with pytest.raises(AlreadyCompleted, match="sundays"):
        engine.complete(token, None)
    run.revert()
    with pytest.raises(AlreadyCompleted):
        engine.complete(token, None)
    run.complete("hotel", None)
    assert run.states["hotel"] == "reverted"


def test_stopping_an_undo_gives_it_back(engine: Engine) -> None:
    flow = Flow("stopped")
    calls: list[int] = []

    @flow.task
    def a() -> int:
        return 1

    @a.revert
    def undo_a(a: int) -> None:
        calls.append(flowkit.attempt().number)
        if len(calls) == 1:
            raise KeyboardInterrupt

    run = engine.start(flow).run()
    run.revert()
    with pytest.raises(RunInterrupted, match="undo of a"):
        run.run()
    assert (run.state, run.states["a"]) == ("reverting", "reverting")
    assert run["a"] == 1
    assert run.run().state == "reverted"
    assert calls == [2, 3]


def test_what_an_undo_says_and_prints_is_its_own(engine: Engine) -> None:
    flow = Flow("said")
    keys: list[str] = []

    @flow.task
    def a() -> int:
        print("did")
        keys.append(flowkit.attempt().key)
        flowkit.progress(1, "done")
        return 1

    @a.revert
    def undo_a() -> None:
        print("undid")
        keys.append(flowkit.attempt().key)
        flowkit.emit("undone")
        flowkit.progress(0.5, "half back")

    run = engine.start(flow).run()
    run.revert()
    assert run.task("a").output == "did\n", "the undo is on offer, nobody has begun it"
    assert run.task("a").progress == (1.0, "done")
    run.run()
    assert run.task("a").output == "undid\n"
    assert run.task("a").progress == (0.5, "half back")
    assert len(set(keys)) == 2
    assert [(e.task, e.attempt) for e in run.events if e.kind == "Emitted"] == [("a", 2)]


def test_an_async_undo(engine: Engine) -> None:
    def make() -> Flow:
        flow = Flow("soft")

        @flow.task
        async def a() -> int:
            return 1

        @a.revert
        async def undo_a(a: int) -> None:
            await asyncio.sleep(0)

        return flow

    run = engine.start(make()).run()
    run.revert()
    assert run.run().state == "reverted"

    async def main() -> None:
        run = engine.start(make())
        await run.finish()
        run.revert()
        await run.finish()
        assert run.state == "reverted"

    asyncio.run(main())


def test_what_is_at_work_is_waited_for_and_undone_too(engine: Engine) -> None:
    flow = Flow("waits")
    gate, undone = Gate(), []

    @flow.task
    def a() -> str:
        gate.wait()
        return "a"

    @a.revert
    def undo_a(a: str) -> None:
        undone.append(a)

    flow.manual(lambda: None, name="b")
    flow.task(lambda a: a, name="c")
    run = engine.start(flow)
    token = run.ready()[1].token
    aside = Aside(run.run)
    gate.reached()
    run.revert()
    assert run.states == {"a": "running", "b": "cancelled", "c": "cancelled"}
    with pytest.raises(LateReport):
        engine.complete(token, 1)
    gate.open()
    aside.end()
    assert (run.state, undone) == ("reverted", ["a"])
    assert run.states == {"a": "reverted", "b": "cancelled", "c": "cancelled"}


def test_of_many_that_tell_an_undo_one_is_taken(engine: Engine) -> None:
    flow = Trip()
    run = engine.start(flow, {"city": "rome"}).run()
    run.revert()
    token = run.ready()[0].token

    def tell(number: int) -> str:
        try:
            return (engine.complete(token, 1) if number % 2 else engine.fail(token, f"no {number}")).verdict
        except (AlreadyCompleted, LateReport) as refusal:
            return refusal.verdict

    found = Counter(one.end() for one in [Aside(lambda n=n: tell(n)) for n in range(8)])
    assert found["accepted"] == 1
    ended = [
        event.kind
        for event in run.events
        if event.kind in ("TaskReverted", "TaskRevertFailed") and event.task == "hotel"
    ]
    assert len(ended) == 1


def test_drivers_side_by_side_undo_everything_once(engine: Engine) -> None:
    flow = Flow("many")
    undone: list[str] = []
    for number in range(20):
        task = flow.task(lambda: 1, name=f"t{number}")
        task.revert(lambda number=number: undone.append(number))
    run = engine.start(flow).run()
    run.revert()
    for aside in [Aside(engine.open(run.id, flow).run) for _ in range(4)]:
        aside.end()
    assert run.state == "reverted"
    assert sorted(undone) == list(range(20))


def test_items_are_undone_one_by_one_from_the_last(engine: Engine) -> None:
    flow = Flow("items")
    undone: list[Any] = []
    task = flow.task(lambda n: n * 10, name="put", each="n", bind={"n": "numbers"})

    @task.revert
    def take_back(put: int, n: int) -> None:
        undone.append((put, n, flowkit.attempt().task))

    run = engine.start(flow, {"numbers": [1, 2, 3]}).run()
    run.revert()
    (offer,) = run.ready()
    assert (offer.task, offer.item, offer.kind, offer.inputs) == ("put[2]", 2, "revert", {"put": 30, "n": 3})
    engine.complete(offer.token, None)
    run.run()
    assert undone == [(20, 2, "put[1]"), (10, 1, "put[0]")]
    assert (run.state, run.states) == ("reverted", {"put": "reverted"})
    with pytest.raises(NoResult):
        run["put[0]"]
    assert [one.state for one in run.task("put").items()] == ["reverted"] * 3


def test_a_subflow_is_undone_with_all_that_is_in_it(engine: Engine) -> None:
    flow = Flow("outer")
    log: list[Any] = []
    inner = Trip()
    flow.task(lambda: "oslo", name="city")
    flow.add(inner)
    after = flow.task(lambda trip: 1, name="after")
    after.revert(lambda: log.append(len(inner.log)))
    run = engine.start(flow).run()
    run.revert()
    run.run()
    assert run.state == "reverted"
    assert set(run.states.values()) == {"reverted"}
    assert log == [3], "first what came last"
    assert inner.log[3:] == [("cancel", "hotel in oslo", "oslo"), ("cancel", "oslo", "nowhere")]


def test_a_pause_between_two_undos(engine: Engine) -> None:
    flow = Trip()
    run = engine.start(flow, {"city": "rome"}).run()
    run.revert()
    run.step()
    run.pause()
    assert run.state == "paused"
    assert run.step() == []
    run.resume()
    assert run.state == "reverting"
    assert run.run().state == "reverted"
    assert len(flow.log) == 5


def test_a_run_that_is_being_undone_can_t_be_cancelled_or_changed(engine: Engine) -> None:
    run = engine.start(Trip(), {"city": "rome"}).run()
    run.revert()
    seq = run.seq
    for verb in (run.cancel, lambda: run.skip("mail"), lambda: run.rerun("mail")):
        with pytest.raises(UsageError):
            verb()
    run.revert()
    assert run.seq == seq, "it is being undone already"


def test_a_run_that_is_undone_is_done_again_by_a_rerun(engine: Engine) -> None:
    flow = Trip()
    run = engine.start(flow, {"city": "rome"}).run()
    run.revert()
    run.run()
    run.rerun("flight")
    assert run.run().state == "succeeded"
    assert flow.log[5:] == ["flight", "hotel", "mail"]
    assert run.states == dict.fromkeys(["flight", "hotel", "mail"], "succeeded")


def test_nothing_that_was_given_or_left_out_is_undone(engine: Engine) -> None:
    flow = Trip()
    run = engine.start(flow, {"city": "rome"}, results={"flight": {"to": "given"}})
    run.skip("mail")
    run.run()
    run.revert()
    run.run()
    assert run.state == "reverted"
    assert flow.log == ["hotel", ("cancel", "hotel in given", "given")]


def test_without_its_code_an_undo_waits_for_whoever_has_it(path: Path) -> None:
    flow = Trip()
    with Engine(path) as engine:
        engine.start(flow, {"city": "rome"}, run_id="r").run().revert()
    with reopened(path, None) as run:
        (offer,) = run.ready()
        assert (offer.able, offer.kind) == ("missing", "revert")
        assert run.run().stopped_by == "waiting"
        run.complete(offer.token, None)
    with reopened(path, flow) as run:
        assert run.run().state == "reverted"


def test_every_undo_can_be_done_by_somebody_else(path: Path) -> None:
    flow = Trip(pay=True, on_failure="revert")
    assert step_by_step(path, flow, {"city": "rome"}) == "reverted"
    assert len(flow.log) == 6


def test_an_undo_kept_through_a_saving(tmp_path: Path) -> None:
    flow = Trip()
    run = flow.start({"city": "rome"}).run()
    run.revert()
    run.step()
    run.save(tmp_path / "kept.db")
    assert run.run().state == "reverted"
    assert run.task("flight").output == "called the airline\n"
    assert flow.log[-1] == ("cancel", "rome", "nowhere")
