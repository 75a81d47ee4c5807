"""What can be read of a run: offers, results, attempts, events, and why it stands where it stands."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from flowkit import (
    Engine,
    Flow,
    NoResult,
    NotReady,
)
from tests.engine.orders import Aside, Gate, Order


def words(run: Any, task: str | None = None) -> str:
    return str(run.why(task))


# Reading ----------------------------------------------------------------------------------------------------


def test_ready_tells_all_that_one_needs_to_answer_by_hand(engine: Engine) -> None:
    run = engine.start(Order(), {"item": "x"})
    run.step("quote")
    seq = run.seq
    offers = {offer.task: offer for offer in run.ready()}
    assert list(offers) == ["approve", "label"]
    ask, label = offers["approve"], offers["label"]
    assert (ask.kind, ask.item, ask.attempt, ask.able) == ("do", None, 1, "manual")
    assert ask.instructions == "Is this price all right?"
    assert ask.inputs == {"quote": 12.5}
    assert ask.expects == "bool"
    assert (label.able, label.inputs, label.expects) == ("here", {"item": "x"}, "str")
    assert run.seq == seq
    run.complete(ask, True)
    run.complete(label, "by hand")
    assert run["label"] == "by hand"
    assert run.task("label").by_hand
    assert not run.task("quote").by_hand


def test_ready_in_all_runs_of_an_engine(engine: Engine) -> None:
    flow = Order()
    one, two, three = (engine.start(flow, {"item": str(n)}, run_id=f"run {n}") for n in range(3))
    one.run()
    two.step("quote")
    three.cancel()
    found = engine.ready()
    assert [(offer.run_id, offer.task) for offer in found] == [
        ("run 0", "approve"),
        ("run 1", "approve"),
        ("run 1", "label"),
    ]
    assert [offer.run_id for offer in engine.ready(manual=True)] == ["run 0", "run 1"]
    engine.complete(engine.ready(manual=True)[0].token, True)
    assert one.states["approve"] == "succeeded"
    assert [summary.run_id for summary in engine.runs()] == ["run 2", "run 1", "run 0"]
    assert [summary.state for summary in engine.runs()] == ["cancelled", "running", "running"]
    assert [summary.flow for summary in engine.runs()] == ["order"] * 3


def test_a_result_that_is_not_there_says_why(engine: Engine) -> None:
    run = engine.start(Order(), {"item": "x"})
    for read in (lambda: run.result, lambda: run["ship"], lambda: run.task("ship").result):
        with pytest.raises(NoResult, match="quote"):
            read()
    assert run.task("ship").failure is None
    assert run.task("ship").inputs == {}


def test_a_run_without_its_flow_can_be_read_fed_and_ended_but_not_driven(engine: Engine) -> None:
    flow = Order()
    engine.start(flow, {"item": "x"}, run_id="r")
    run = engine.open("r")
    assert run.run().stopped_by == "waiting"
    assert {offer.able for offer in run.ready()} == {"missing"}
    assert "no code" in words(run, "quote")
    with pytest.raises(NotReady, match=r"engine\.open\('r', flow\)"):
        run.step("quote")
    run.complete("quote", 3.0)
    run.complete("approve", False)
    run.complete("label", "L")
    run.pause()
    run.resume()
    run.complete("ship", [])
    assert run.result == {"ship": [], "label": "L"}
    assert flow.calls == []


def test_every_state_is_explained(engine: Engine) -> None:
    gate = Gate()
    flow = Flow("states")
    flow.task(gate.wait, name="running")
    flow.task(lambda running: 1, name="waiting")
    flow.task(lambda: 1, name="ready")
    flow.manual(lambda: 1, name="asked")
    flow.task(lambda: 1, name="succeeded")
    flow.task(lambda source: 1, name="skipped")
    flow.task(lambda skipped: 1, name="given")
    run = engine.start(flow, results={"given": 1})
    run.step("succeeded")
    aside = Aside(lambda: run.step("running"))
    gate.reached()
    told = {name: run.why(name) for name in run.states}
    for name, why in told.items():
        assert f"`{name}`" in why.words
        assert why.state == run.states[name]
        assert "unknown" not in why.words.lower()
        assert why.calls or why.state in ("succeeded", "skipped")
    assert told["waiting"].waits_for == (("running", "running"),)
    assert told["asked"].who == "a person"
    assert told["ready"].who == "this process"
    assert told["running"].since is not None
    gate.open()
    aside.end()


def test_attempts_tell_who_when_and_how(engine: Engine) -> None:
    run = engine.start(Order(), {"item": "x"})
    assert run.task("quote").seconds is None
    assert [a.outcome for a in run.task("quote").attempts] == ["offered"]
    run.run()
    (attempt,) = run.task("quote").attempts
    assert (attempt.number, attempt.outcome) == (1, "succeeded")
    assert attempt.claimed_at <= attempt.ended_at
    assert attempt.seconds >= 0
    assert attempt.by == run.events[1].by
    assert run.task("ship").attempts == []
    run.cancel()
    assert [a.outcome for a in run.task("approve").attempts] == ["cancelled"]


def test_events_are_the_journal(engine: Engine) -> None:
    run = engine.start(Order(), {"item": "x"}).run()
    events = run.events
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    assert events[0].data["inputs"] == {"item": "x"}
    assert (events[0].task, events[0].attempt) == (None, None)
    assert all(a.at <= b.at for a, b in pairwise(events))
    assert all(event.by for event in events)
    assert all(event.words and event.kind in repr(event) for event in events)


def test_a_run_has_inputs_that_nobody_can_change(engine: Engine) -> None:
    given = {"rows": [1, 2]}
    flow = Flow("in")
    flow.task(lambda rows: rows.append(3) or len(rows), name="count")
    run = engine.start(flow, given)
    given["rows"].append(9)
    run.inputs["rows"].append(9)
    assert run.run().result == 3
    assert run.inputs == {"rows": [1, 2]}
