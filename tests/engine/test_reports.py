"""The one report door: its answers in their fixed order, the same by name, offer and token, by run and by engine."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest

from flowkit import (
    AlreadyCompleted,
    Engine,
    FlowkitError,
    InvalidValue,
    LateReport,
    NotReady,
    UnknownAttempt,
    UnknownRun,
    UsageError,
    ValueNotStorable,
)
from flowkit.errors import RunInterrupted
from tests.engine.orders import Aside, Gate, Order


def started(engine: Engine) -> Any:
    """An order whose quote is there, so that `approve` and `label` are asked."""
    run = engine.start(Order(), {"item": "x"})
    run.step("quote")
    return run


def token_of(run: Any, task: str) -> str:
    return next(offer.token for offer in run.ready() if offer.task == task)


# The order of the answers -----------------------------------------------------------------------------------


def test_a_report_is_accepted_once_and_the_same_again_changes_nothing(engine: Engine) -> None:
    run = started(engine)
    receipt = run.complete("approve", True, note="by phone")
    assert (receipt.verdict, receipt.task, receipt.attempt) == ("accepted", "approve", 1)
    event = run.events[receipt.seq - 1]
    assert (event.kind, event.task, event.data["note"], event.data["via"]) == (
        "TaskSucceeded",
        "approve",
        "by phone",
        "hand",
    )
    seq = run.seq
    for again in (run.complete("approve", True), run.complete(run.task("approve"), True)):
        assert (again.verdict, again.seq) == ("repeat", receipt.seq)
    assert run.seq == seq


def test_another_value_is_refused_and_kept_for_the_record(engine: Engine) -> None:
    run = started(engine)
    run.complete("approve", True)
    with pytest.raises(AlreadyCompleted, match=r"True.*False") as refused:
        run.complete("approve", False, note="a mistake")
    assert (refused.value.recorded, refused.value.sent) == (True, False)
    with pytest.raises(AlreadyCompleted, match="OSError"):
        run.fail("approve", OSError("no"))
    kept = [event for event in run.events if event.kind == "ReportRefused"]
    assert [event.data["verdict"] for event in kept] == ["already completed"] * 2
    assert (kept[0].data["value"], kept[0].data["note"]) == (False, "a mistake")
    assert run["approve"] is True


def test_whatever_became_of_the_run_since(engine: Engine) -> None:
    run = started(engine)
    token = token_of(run, "approve")
    run.complete("approve", True)
    run.cancel()
    assert engine.complete(token, True).verdict == "repeat"
    with pytest.raises(AlreadyCompleted):
        run.complete("approve", False)
    with pytest.raises(LateReport):
        run.complete("label", "x")


def test_a_failure_is_a_report_like_any(engine: Engine) -> None:
    run = started(engine)
    receipt = run.fail("approve", ValueError("too dear"), note="she said")
    assert receipt.verdict == "accepted"
    assert run.state == "failed"
    failure = run.task("approve").failure
    assert (failure.types[0], failure.message) == ("ValueError", "too dear")
    assert run.fail("approve", ValueError("too dear")).verdict == "repeat"
    with pytest.raises(AlreadyCompleted, match="too dear"):
        run.fail("approve", ValueError("something else"))
    with pytest.raises(AlreadyCompleted):
        run.complete("approve", True)
    run = started(engine)
    run.fail("approve", "nobody answers", type="shop.Silence")
    assert run.task("approve").failure.types == ("shop.Silence",)
    assert str(run.task("approve").failure) == "Silence: nobody answers"


def test_what_is_not_asked_yet_is_not_ready(engine: Engine) -> None:
    run = started(engine)
    seq = run.seq
    with pytest.raises(NotReady, match="approve"):
        run.complete("ship", [])
    with pytest.raises(NotReady, match="approve"):
        run.complete("ship", "which would not fit")
    with pytest.raises(NotReady):
        run.fail("ship", "x")
    assert run.seq == seq


@pytest.mark.parametrize("value", ["yes", 1, None, [True]])
def test_a_value_that_does_not_fit_is_refused_and_nothing_recorded(engine: Engine, value: Any) -> None:
    run = started(engine)
    seq = run.seq
    with pytest.raises(InvalidValue, match=r"approve.*bool") as refused:
        run.complete("approve", value)
    assert refused.value.problems
    assert refused.value.sent == value
    assert run.seq == seq
    assert run.states["approve"] == "ready"


def test_what_was_recorded_goes_before_what_does_not_fit(engine: Engine) -> None:
    run = started(engine)
    run.complete("approve", True)
    with pytest.raises(AlreadyCompleted):
        run.complete("approve", "yes")
    run.cancel()
    with pytest.raises(LateReport):
        run.complete("label", 7)


def test_a_value_without_a_codec_is_no_repeat_of_nothing(path: Path) -> None:
    with Engine(path) as engine:
        flow = Order()
        flow.manual(lambda item: None, name="ask")
        run = engine.start(flow, {"item": "x"})
        with pytest.raises(ValueNotStorable, match="object"):
            run.complete("ask", object())
        assert run.states["ask"] == "ready"
        run.complete("ask", None)
        with pytest.raises(AlreadyCompleted):
            run.complete("ask", object())


def test_parts_are_asked_for_by_hand_as_well(engine: Engine) -> None:
    flow = Order()
    flow.manual(lambda item: None, name="sizes", outputs=("width", "height"))
    flow.task(lambda width, height: width * height, name="area")
    run = engine.start(flow, {"item": "x"}, target="area")
    with pytest.raises(InvalidValue, match="2 values"):
        run.complete("sizes", [1, 2, 3])
    run.complete("sizes", (2, 3))
    assert run.run().result == 6


def test_a_report_by_hand_overtakes_the_one_who_is_at_work(engine: Engine) -> None:
    gate, flow = Gate(), Order()
    flow.task(lambda item: gate.wait() or 1.0, name="quote")
    run = engine.start(flow, {"item": "x"})
    aside = Aside(lambda: run.step("quote"))
    gate.reached()
    assert run.complete("quote", 9).verdict == "accepted"
    assert run.task("quote").still_out
    gate.open()
    aside.end()
    assert not run.task("quote").still_out
    assert run["quote"] == 9.0
    assert run.states["approve"] == "ready"
    refused = run.events[-1]
    assert (refused.kind, refused.data["value"]) == ("ReportRefused", 1.0)


# Tokens -----------------------------------------------------------------------------------------------------


def test_a_token_is_the_same_at_every_reading(engine: Engine) -> None:
    run = started(engine)
    token = token_of(run, "approve")
    assert token == token_of(run, "approve") == token_of(engine.open(run.id), "approve")
    assert token == next(offer.token for offer in engine.ready() if offer.task == "approve")
    assert token != token_of(run, "label")
    assert token != token_of(started(engine), "approve")


def test_a_token_is_the_same_in_another_engine_on_the_file(path: Path) -> None:
    with Engine(path) as engine:
        run = started(engine)
        token = token_of(run, "approve")
    with Engine(path) as engine:
        assert token_of(engine.open(run.id), "approve") == token
        assert engine.complete(token, True).verdict == "accepted"


def test_one_who_holds_only_a_token_can_report(engine: Engine) -> None:
    run = started(engine)
    assert run.complete(token_of(run, "approve"), True).verdict == "accepted"
    receipt = engine.fail(token_of(run, "label"), "the printer burns", type="Fire", note="help")
    assert (receipt.task, receipt.verdict) == ("label", "accepted")
    assert run.events[receipt.seq - 1].data["note"] == "help"
    assert run.task("label").failure.types == ("Fire",)


def forged(token: str) -> list[Any]:
    body, _, mac = token.partition(".")
    other = base64.urlsafe_b64encode(b'["nobody","approve",1]').decode().rstrip("=")
    return [
        "",
        ".",
        token[:-1],
        token + "x",
        body,
        f"{body}.",
        f"{body}.{mac[::-1]}",
        f"{other}.{mac}",
        f"{body}.{mac}.{mac}",
        token.replace(".", "·"),
        token.encode(),
        None,
        42,
    ]


def test_made_up_tokens_are_unknown(engine: Engine) -> None:
    run = started(engine)
    seq = run.seq
    for token in forged(token_of(run, "approve")):
        with pytest.raises(UnknownAttempt):
            engine.complete(token, True)
        with pytest.raises(UnknownAttempt):
            engine.fail(token, "x")
        with pytest.raises(UsageError):
            run.complete(token, True)
    assert run.seq == seq


def test_foreign_tokens(engine: Engine, tmp_path: Path) -> None:
    run, other = started(engine), started(engine)
    with pytest.raises(UsageError, match=other.id):
        run.complete(token_of(other, "approve"), True)
    with pytest.raises(UsageError, match=other.id):
        run.complete(other.ready()[0], True)
    with Engine(tmp_path / "other.db") as elsewhere:
        foreign = token_of(started(elsewhere), "approve")
        with pytest.raises(UnknownAttempt):
            engine.complete(foreign, True)
        with pytest.raises(UnknownAttempt):
            run.complete(foreign, True)
    assert {run.states["approve"], other.states["approve"]} == {"ready"}


def test_a_token_counts_for_its_attempt_only(engine: Engine) -> None:
    flow, interrupts = Order(), [KeyboardInterrupt()]

    def quote(item: str) -> float:
        raise interrupts.pop()

    flow.task(quote)
    run = engine.start(flow, {"item": "x"})
    first = token_of(run, "quote")
    with pytest.raises(RunInterrupted):
        run.step()
    second = token_of(run, "quote")
    assert first != second
    with pytest.raises(LateReport, match=r"attempt 1.*interrupted.*attempt 2"):
        engine.complete(first, 1.0)
    assert engine.complete(second, 2.0).verdict == "accepted"
    with pytest.raises(LateReport):
        engine.complete(first, 2.0)
    assert run["quote"] == 2.0


def test_names_and_values_of_any_kind_go_through_tokens(engine: Engine) -> None:
    flow = Order()
    odd = 'a "b" <c>\n\x00 ünï 🚲 [x] .'
    flow.manual(lambda item: None, name=odd)
    run = engine.start(flow, {"item": "x"}, run_id='r "ö" . \n')
    assert engine.complete(token_of(run, odd), {"deep": [None]}).verdict == "accepted"
    assert run[odd] == {"deep": [None]}


def test_a_run_that_is_not_there(engine: Engine) -> None:
    started(engine)
    for call in (lambda: engine.open("nobody"), lambda: engine.open(""), lambda: engine.open(7)):  # type: ignore[arg-type]
        with pytest.raises(UnknownRun, match=r"engine\.runs\(\)"):
            call()


def test_every_refusal_is_one_tree_and_says_what_is_recorded(engine: Engine) -> None:
    run = started(engine)
    for task, value, error in [
        ("nobody", 1, UnknownAttempt),
        ("ship", [], NotReady),
        ("approve", "yes", InvalidValue),
    ]:
        with pytest.raises(error, match="Nothing was recorded") as refused:
            run.complete(task, value)
        assert isinstance(refused.value, FlowkitError)
    run.complete("approve", False)
    with pytest.raises(AlreadyCompleted, match="kept in the journal"):
        run.complete("approve", True)
