"""What can be told of a unit, and who is needed: what a face for people shows of a run."""

import pytest

from flowkit import Engine, Flow, UsageError


def photos() -> Flow:
    flow = Flow("photos")

    @flow.task
    def urls(n: int) -> list[str]:
        return [f"u{i}" for i in range(n)]

    @flow.manual(each="urls")
    def lynx(urls: str) -> bool:
        """Is it a lynx?"""

    @flow.task(when=lambda urls: len(urls) > 2)
    def many(urls: list[str]) -> int:
        return len(urls)

    @many.revert
    def forget(many: int) -> None: ...

    return flow


def test_an_offer_of_one_unit_is_the_one_among_all():
    run = photos().start({"n": 2})
    run.step()
    for offer in run.ready():
        one = run.offer(offer.task)
        assert (one.kind, one.attempt, one.expects) == (offer.kind, offer.attempt, offer.expects)
    assert {o.task: o.expects for o in run.ready()} == {"lynx[0]": "bool", "lynx[1]": "bool", "many": "bool"}
    assert run.offer("lynx") is None
    assert run.offer("urls") is None
    with pytest.raises(UsageError, match="lynx has 2 items"):
        run.offer("lynx[2]")


def test_an_offer_of_a_kind_is_judged_when_it_is_told():
    run = photos().start({"n": 2})
    run.step()
    question = run.offer("many", "when")
    assert run.complete(question, True).verdict == "accepted"
    assert run.complete(run.offer("many", "when"), True).verdict == "repeat"
    assert run.offer("many").kind == "do"


def test_people_and_questions_without_code_are_what_needs_somebody(tmp_path):
    with Engine(tmp_path / "photos.db") as engine:
        run = engine.start(photos(), {"n": 3}, run_id="today")
        assert run.needs == []
        run.step()
        assert run.needs == ["lynx[0]"]
        run.complete("lynx[0]", True)
        assert run.needs == ["lynx[1]"]
        assert run.task("lynx").item_states == {
            "lynx[0]": "succeeded",
            "lynx[1]": "ready",
            "lynx[2]": "ready",
        }
        assert run.flags == {"lynx": "1 of 3", "many": "to be done?"}
        assert engine.open("today").needs == ["lynx[1]", "many"], "nobody here has the decider's code"


def test_what_failed_needs_somebody_while_the_run_can_go_on():
    run = photos().start({"n": 0})
    run.run()
    assert run.needs == []
    run = photos().start({"n": 1})
    run.fail("urls", "no camera")
    assert run.needs == ["urls"]
    run.skip("urls")
    assert run.needs == []


def test_breakpoints_are_told():
    run = photos().start({"n": 1})
    assert run.breaks == ()
    run.break_before("many")
    assert run.breaks == ("many",)
    run.clear_break("many")
    assert run.breaks == ()
