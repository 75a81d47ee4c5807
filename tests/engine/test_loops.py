"""Loops: round after round of a task or a subflow, who says that it was the last, and what each round has of the one before."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

import flowkit
from flowkit import AlreadyCompleted, Engine, Flow, InvalidValue, LateReport, NoResult, Repeat, Retry
from flowkit.errors import RunInterrupted
from tests.engine.orders import Aside, Gate
from tests.engine.reopening import reopened, step_by_step


def counting(until: Any = None, most: int | None = None, **options: Any) -> Flow:
    """n(start, n=None): one more in every round; last(n)."""
    flow = Flow("counting")
    flow.keys = []  # type: ignore[attr-defined]

    def n(start: int, n: int | None = None) -> int:
        flow.keys.append(flowkit.attempt().key)  # type: ignore[attr-defined]
        print(f"after {n}")
        return (start if n is None else n) + 1

    flow.task(n, repeat=Repeat(until=until, max=most), **options)
    flow.task(lambda n: [n], name="last")
    return flow


def test_it_goes_round_until_the_condition_is_true(engine: Engine) -> None:
    flow = counting(lambda n: n >= 3)
    run = engine.start(flow, {"start": 0}).run()
    assert run.result == [3]
    assert [one.number for one in run.task("n").attempts] == [1, 2, 3]
    assert run.task("n").output == "after 2\n"
    assert len(set(flow.keys)) == 3, "each round is another thing to an outside service"  # type: ignore[attr-defined]


def test_so_many_rounds(engine: Engine) -> None:
    assert engine.start(counting(most=4), {"start": 10}).run().result == [14]


def test_a_condition_that_never_comes_true_is_a_failure(engine: Engine) -> None:
    run = engine.start(counting(lambda n: False, 3), {"start": 0}).run()
    assert run.state == "failed"
    assert run.task("n").failure.types == ("flowkit.LoopNotEnded",)
    assert "3 rounds" in run.task("n").failure.message
    with pytest.raises(NoResult):
        run["n"]


def test_by_the_name_of_a_part(engine: Engine) -> None:
    flow = Flow("parts")
    flow.task(
        lambda page=None: ((page or [0])[0] + 1, (page or [0])[0] >= 2),
        name="page",
        outputs=("number", "over"),
        repeat=Repeat(until="over"),
    )
    run = engine.start(flow).run()
    assert (run["number"], run["over"]) == (3, True)


def test_by_its_own_name_zero_is_not_true(engine: Engine) -> None:
    run = engine.start(counting("n", 5), {"start": -3}).run()
    assert run.result == [-2], "the first round's -2 is true"
    run = engine.start(counting("n", 5), {"start": -1}).run()
    assert run.result == [1], "0 is not"


def test_between_two_rounds_there_is_no_result(engine: Engine) -> None:
    run = engine.start(counting(lambda n: n >= 2), {"start": 0})
    run.step()
    assert run.states["n"] == "waiting"
    with pytest.raises(NoResult, match="n has no result"):
        run["n"]
    (offer,) = run.ready()
    assert (offer.kind, offer.inputs) == ("until", {"n": 1})


def test_the_condition_is_told_by_hand_and_its_token_is_of_this_round(engine: Engine) -> None:
    run = engine.start(counting(lambda n: False), {"start": 0})
    tokens = []
    for _ in range(3):
        run.step("n")
        (offer,) = run.ready()
        assert offer.kind == "until"
        tokens.append(offer.token)
        with pytest.raises(InvalidValue):
            run.complete(offer, "no")
        run.complete(offer.token, len(tokens) == 3)
    assert len(set(tokens)) == 3
    assert run.run().result == [3]
    for token in tokens:
        said = token == tokens[2]
        assert engine.complete(token, said).verdict == "repeat"
        with pytest.raises(AlreadyCompleted) as told:
            engine.complete(token, not said)
        assert told.value.recorded is said
    assert run.result == [3]


def test_an_answer_about_a_round_that_is_over_does_not_end_the_next(engine: Engine) -> None:
    run = engine.start(counting(lambda n: False), {"start": 0})
    run.step()
    first = run.ready()[0].token
    run.complete(first, False)
    run.step("n")
    with pytest.raises(AlreadyCompleted):
        engine.complete(first, True)
    assert engine.complete(first, False).verdict == "repeat"
    assert [offer.kind for offer in run.ready()] == ["until"]


def test_rounds_are_told_by_hand_too(engine: Engine) -> None:
    flow = Flow("hand")
    flow.manual(lambda draft=None: None, name="draft", repeat=Repeat(until=lambda draft: draft == "good"))
    run = engine.start(flow)
    first = run.ready()[0]
    assert first.inputs == {}
    run.complete(first.token, "bad")
    run.run()
    second = run.ready()[0]
    assert (second.kind, second.attempt, second.inputs) == ("do", 2, {"draft": "bad"})
    assert run.complete(first.token, "bad").verdict == "repeat"
    with pytest.raises(AlreadyCompleted, match="bad"):
        run.complete(first.token, "good")
    run.complete(second, "good")
    assert run.run().result == "good"


def test_each_round_has_all_its_tries(engine: Engine) -> None:
    flow = Flow("tries")
    keys: list[str] = []

    @flow.task(retry=Retry(2), repeat=Repeat(max=3))
    def work(work: int = 0) -> int:
        keys.append(flowkit.attempt().key)
        if len(keys) % 2:
            raise OSError("every second time")
        return work + 1

    run = engine.start(flow).run()
    assert run.result == 3
    assert len(keys) == 6
    assert [keys[0], keys[2], keys[4]] == [keys[1], keys[3], keys[5]]
    assert len(set(keys)) == 3


def test_a_condition_that_raises_fails_the_task(engine: Engine) -> None:
    run = engine.start(counting(lambda n: 1 / 0), {"start": 0}).run()
    assert run.state == "failed"
    assert run.task("n").failure.types[0] == "ZeroDivisionError"


def test_stopping_a_condition_leaves_the_question_and_the_round(engine: Engine) -> None:
    asked: list[int] = []

    def until(n: int) -> bool:
        asked.append(n)
        if len(asked) == 1:
            raise KeyboardInterrupt
        return True

    run = engine.start(counting(until), {"start": 0})
    with pytest.raises(RunInterrupted):
        run.run()
    assert run.run().result == [1]
    assert asked == [1, 1]


def test_an_async_condition(engine: Engine) -> None:
    async def until(n: int) -> bool:
        await asyncio.sleep(0)
        return n == 2

    assert engine.start(counting(until), {"start": 0}).run().result == [2]
    run = engine.start(counting(until), {"start": 0})
    asyncio.run(run.finish())
    assert run.result == [2]


def test_a_pause_between_rounds(engine: Engine) -> None:
    flow = counting(lambda n: n >= 2)
    run = engine.start(flow, {"start": 0})
    run.step()
    run.pause()
    run.complete("n", False)
    assert run.ready() == []
    assert run.step() == []
    run.resume()
    assert run.run().result == [2]


def test_rerun_begins_with_the_first_round(engine: Engine) -> None:
    flow = counting(lambda n: n >= 2)
    run = engine.start(flow, {"start": 0}).run()
    run.rerun("n")
    assert run.run().result == [2]
    assert [one.number for one in run.task("n").attempts] == [1, 2, 3, 4]
    assert len(set(flow.keys)) == 4  # type: ignore[attr-defined]


def test_a_round_at_work_when_the_loop_is_skipped_comes_late(engine: Engine) -> None:
    gate = Gate()
    flow = Flow("skipped")

    @flow.task(repeat=Repeat(max=5))
    def work() -> int:
        gate.wait()
        return 1

    run = engine.start(flow)
    token = run.ready()[0].token
    aside = Aside(run.run)
    gate.reached()
    run.skip("work")
    gate.open()
    aside.end()
    assert (run.state, run.states["work"]) == ("succeeded", "skipped")
    with pytest.raises(LateReport):
        run.complete(token, 5)


def test_every_step_can_be_taken_by_somebody_else(path: Path) -> None:
    flow = counting(lambda n: n >= 3)
    assert step_by_step(path, flow, {"start": 0}) == "succeeded"
    with reopened(path, flow) as run:
        assert run.result == [3]


class Rounds(Flow):
    """A subflow of draft(text) → check(draft) that is repeated until check is true."""

    def __init__(self, until: Any, most: int | None = None) -> None:
        super().__init__("rounds")
        child = Flow("write", result="check")
        self.written: list[int] = []

        @child.task
        def draft(text: str) -> str:
            self.written.append(len(self.written))
            return text * len(self.written)

        @child.task
        def check(draft: str) -> list:
            return [draft, len(draft) >= 3]

        self.add(child, repeat=Repeat(until=until, max=most))
        self.task(lambda write: write[0], name="print_it")


def test_a_subflow_is_done_again_as_a_whole(engine: Engine) -> None:
    flow = Rounds(lambda write: write[1])
    run = engine.start(flow, {"text": "x"}).run()
    assert run.result == "xxx"
    assert run["write"] == ["xxx", True]
    assert run["write.draft"] == "xxx"
    assert len(flow.written) == 3
    assert run.states == dict.fromkeys(["write", "write.draft", "write.check", "print_it"], "succeeded")


def test_a_subflow_s_rounds_step_by_step(path: Path) -> None:
    flow = Rounds(lambda write: write[1])
    assert step_by_step(path, flow, {"text": "y"}) == "succeeded"
    with reopened(path, flow) as run:
        assert run.result == "yyy"


def test_tokens_of_a_round_of_a_subflow_that_is_over(engine: Engine) -> None:
    run = engine.start(Rounds(None, 2), {"text": "z"})
    (first,) = run.ready()
    run.complete(first.token, "told")
    run.step()
    assert run.states["write.draft"] == "ready"
    assert run.complete(first.token, "told").verdict == "repeat"
    with pytest.raises(AlreadyCompleted):
        run.complete(first.token, "otherwise")
    assert run.states["write.draft"] == "ready"
    assert run.run().state == "succeeded"


def test_a_loop_of_a_subflow_that_never_ends_well(engine: Engine) -> None:
    run = engine.start(Rounds(lambda write: False, 2), {"text": "x"}).run()
    assert (run.state, run.states["write"]) == ("failed", "failed")
    assert run.task("write").failure.types == ("flowkit.LoopNotEnded",)


def test_many_rounds_cost_the_same_each(engine: Engine) -> None:
    def facts(n: int) -> int:
        return len(engine.start(counting(most=n), {"start": 0}).run().events)

    assert facts(100) - facts(50) == 50 * 3


def test_until_may_name_a_loop_that_has_a_fixed_parameter_of_its_own_name(engine: Engine) -> None:
    flow = Flow("named")
    flow.task(lambda n: n, name="n", fixed={"n": 1}, repeat=Repeat(until="n", max=3))
    assert engine.start(flow).run().result == 1
