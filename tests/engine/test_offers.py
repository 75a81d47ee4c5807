"""What is on offer, of whatever kind: who could do it, with which token, and that looking changes nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import flowkit
from flowkit import Engine, Flow, Repeat, UnknownAttempt, UsageError
from tests.engine.reopening import reopened


def everything() -> Flow:
    """A flow of which at some time each kind of offer is open: see `offers_of`."""
    flow = Flow("everything")

    @flow.task
    def do(x: int) -> int:
        """Do it."""
        return x

    @do.revert
    def undo(do: int) -> None:
        """Undo it."""

    flow.manual(lambda x: None, name="ask")
    flow.task(lambda x: x, name="perhaps", when=lambda x: x > 0)
    flow.task(lambda x: x, name="round_and_round", repeat=Repeat(until=lambda round_and_round: True))
    flow.task(lambda: {"a": 1, "b": 2}, name="table")
    flow.task(lambda key: key, name="fan", each="key", bind={"key": "table"})
    flow.manual(lambda who: None, name="people", each="who", bind={"who": "names"})
    return flow


def begun(engine: Engine) -> Any:
    run = engine.start(everything(), {"x": 1, "names": ["ann", "bob"]}, run_id="r")
    run.step("round_and_round")
    run.step("table")
    return run


def told(run: Any) -> dict[str, str]:
    return {offer.task: offer.kind for offer in run.ready()}


def test_each_kind_is_there(engine: Engine) -> None:
    run = begun(engine)
    assert told(run) == {
        "do": "do",
        "ask": "do",
        "perhaps": "when",
        "round_and_round": "until",
        "fan": "each",
        "people[0]": "do",
        "people[1]": "do",
    }
    by_name = {offer.task: offer for offer in run.ready()}
    assert by_name["do"].instructions == "Do it."
    assert by_name["do"].inputs == {"x": 1}
    assert by_name["people[1]"].inputs == {"who": "bob"}
    assert by_name["round_and_round"].inputs == {"round_and_round": 1}
    assert (by_name["people[1]"].item, by_name["do"].item) == (1, None)
    assert {offer.able for offer in run.ready()} == {"here", "manual"}


def test_looking_changes_nothing(engine: Engine) -> None:
    run = begun(engine)
    seq, tokens = run.seq, [offer.token for offer in run.ready()]
    for _ in range(3):
        assert [offer.token for offer in run.ready()] == tokens
        assert [offer.token for offer in engine.ready()] == tokens
        for offer in run.ready():
            repr(offer), offer.inputs, offer.expects
        run.ready()._repr_mimebundle_()
        engine.ready(manual=True)._repr_mimebundle_()
    assert run.seq == seq
    assert len(set(tokens)) == len(tokens)


def test_for_people_there_is_what_only_people_do(engine: Engine) -> None:
    begun(engine)
    other = engine.start(everything(), {"x": 1, "names": []}, run_id="other")
    other.pause()
    assert [(offer.run_id, offer.task) for offer in engine.ready(manual=True)] == [
        ("r", "ask"),
        ("r", "people[0]"),
        ("r", "people[1]"),
        ("other", "ask"),
    ]


def test_every_kind_is_answered_by_its_token_from_anywhere(path: Path) -> None:
    with Engine(path) as engine:
        run = begun(engine)
        tokens = {offer.task: offer.token for offer in run.ready()}
    answers: dict[str, Any] = {
        "do": 5,
        "ask": "yes",
        "perhaps": False,
        "round_and_round": True,
        "fan": 2,
        "people[0]": "a",
        "people[1]": "b",
    }
    for name, token in tokens.items():
        with Engine(path) as engine:
            assert engine.complete(token, answers[name]).verdict == "accepted"
    for name, token in tokens.items():
        with Engine(path) as engine:
            assert engine.complete(token, answers[name]).verdict == "repeat"
    with reopened(path, None) as run:
        assert told(run) == {"fan[0]": "do", "fan[1]": "do"}
        assert {offer.able for offer in run.ready()} == {"missing"}
        run.complete("fan[0]", "A")
        run.complete("fan[1]", "B")
        assert run.state == "succeeded"
        assert run["people"] == ["a", "b"]
        run.revert()
        assert told(run) == {"do": "revert"}
        (offer,) = run.ready()
        assert "Undo" in offer.instructions
        assert run.complete(offer.token, None).verdict == "accepted"
        assert run.state == "reverted"


def test_a_token_with_one_letter_changed_is_none(engine: Engine) -> None:
    run = begun(engine)
    for offer in run.ready():
        token = offer.token
        for place in (0, len(token) // 2, len(token) - 1):
            other = "A" if token[place] != "A" else "B"
            with pytest.raises((UnknownAttempt, UsageError)):
                engine.complete(token[:place] + other + token[place + 1 :], True)
    assert told(run)["do"] == "do"


def test_a_token_of_another_run_or_file_is_none(engine: Engine) -> None:
    run = begun(engine)
    token = run.ready()[0].token
    other = engine.start(everything(), {"x": 1, "names": []})
    with pytest.raises(UsageError, match=r"engine\.complete"):
        other.complete(token, 1)
    with pytest.raises(UsageError, match="belongs to run"):
        other.complete(run.ready()[0], 1)
    with Engine() as elsewhere, pytest.raises(UnknownAttempt):
        elsewhere.complete(token, 1)


def test_a_question_s_token_is_not_its_attempt_s(engine: Engine) -> None:
    """The answer to whether a task is done must not be taken for its result."""
    run = begun(engine)
    question = next(offer for offer in run.ready() if offer.task == "perhaps")
    engine.complete(question.token, True)
    (attempt,) = [offer for offer in run.ready() if offer.task == "perhaps"]
    assert attempt.kind == "do"
    assert attempt.token != question.token
    assert engine.complete(question.token, True).verdict == "repeat"
    assert run.states["perhaps"] == "ready"
    engine.complete(attempt.token, 7)
    assert run["perhaps"] == 7


def test_a_token_that_has_left_outlives_the_machine(path: Path) -> None:
    with Engine(path) as engine:
        run = begun(engine)
        before = run.ready()[1].token
    with Engine(path) as engine:
        assert engine.open("r").ready()[1].token == before


def test_in_a_paused_run_what_was_offered_may_still_be_told(engine: Engine) -> None:
    run = begun(engine)
    before = told(run)
    run.pause()
    assert told(run) == before
    run.complete("ask", "yes")
    run.complete("people[0]", "a")
    run.complete("perhaps", True)
    assert run.states["perhaps"] == "waiting"
    run.resume()
    assert told(run)["perhaps"] == "do"


def test_of_many_items_a_thousand_are_listed_and_all_can_be_told(engine: Engine) -> None:
    flow = Flow("many")
    flow.manual(lambda who: None, name="people", each="who", bind={"who": "names"})
    run = engine.start(flow, {"names": list(range(1500))})
    assert len(run.ready()) == 1000
    run.complete("people[1499]", "the last")
    assert run["people[1499]"] == "the last"


def test_offers_of_a_run_that_has_ended_are_none(engine: Engine) -> None:
    run = begun(engine)
    offers = run.ready()
    run.cancel()
    assert run.ready() == engine.ready() == []
    for offer in offers:
        with pytest.raises(flowkit.errors.ReportRefused):
            run.complete(offer, True)
