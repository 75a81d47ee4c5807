"""Tries: what a failure is followed by, when, and what of the tries before is left."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

import flowkit
from flowkit import AlreadyCompleted, Engine, Flow, LateReport, NoResult, NotReady, Retry
from flowkit.errors import RunInterrupted
from tests.engine.orders import Aside, Gate
from tests.engine.reopening import reopened, step_by_step


class Flaky(Flow):
    """fetch, which fails so many times, and use(fetch)."""

    def __init__(self, fails: int, retry: Retry | None = None, error: Any = OSError, **options: Any) -> None:
        super().__init__("flaky")
        self.seen: list[Any] = []
        seen = self.seen

        @self.task(retry=retry, **options)
        def fetch() -> str:
            seen.append(flowkit.attempt())
            print(f"try {len(seen)}")
            if len(seen) <= fails:
                raise error(f"no {len(seen)}")
            return f"got it at {len(seen)}"

        @self.task
        def use(fetch: str) -> str:
            return fetch.upper()


def test_at_once_the_next_try_is_made_in_the_same_run(engine: Engine) -> None:
    flow = Flaky(2, Retry(3))
    run = engine.start(flow).run()
    assert (run.state, run.result) == ("succeeded", "GOT IT AT 3")
    assert [one.outcome for one in run.task("fetch").attempts] == ["failed", "failed", "succeeded"]
    assert [one.number for one in flow.seen] == [1, 2, 3]
    assert len({one.key for one in flow.seen}) == 1, "an outside service recognises the repetition"
    assert run.task("fetch").failure is None


def test_after_the_last_try_the_task_has_failed_with_its_last_error(engine: Engine) -> None:
    flow = Flaky(9, Retry(3))
    run = engine.start(flow).run()
    assert run.state == "failed"
    assert len(flow.seen) == 3
    assert run.task("fetch").failure.message == "no 3"
    with pytest.raises(NoResult, match="fetch"):
        run["fetch"]


@pytest.mark.parametrize(
    ("on", "not_on", "tries"),
    [
        ((OSError,), (), 3),
        (("OSError",), (), 3),
        ((ConnectionError,), (), 3),
        ((Exception,), (), 3),
        ((KeyError,), (), 1),
        ((OSError,), (ConnectionResetError,), 1),
        ((), ("ConnectionError",), 1),
        ((), (KeyError,), 3),
    ],
)
def test_only_errors_that_are_worth_it_are_tried_again(
    engine: Engine, on: Any, not_on: Any, tries: int
) -> None:
    flow = Flaky(2, Retry(3, on=on, not_on=not_on), ConnectionResetError)
    run = engine.start(flow).run()
    assert (len(flow.seen), run.state) == (tries, "succeeded" if tries == 3 else "failed")


def test_a_delay_is_waited_for_by_a_clock_of_its_own(clocked: Engine) -> None:
    flow = Flaky(3, Retry(4, delay=10, backoff=3, cap=50))
    run = clocked.start(flow).run()
    assert (run.stopped_by, run.states["fetch"]) == ("waiting", "retrying")
    assert run.task("fetch").due == 10.0
    assert run.step() == []
    assert "fetch" in run.step().note
    times = []
    while run.state == "running":
        run.tick("next")
        times.append(run.events[-1].at)
        run.run()
    assert times == [10.0, 40.0, 90.0]
    assert run.result == "GOT IT AT 4"


def test_before_it_is_due_nothing_moves_it_and_after_it_any_call_does(clocked: Engine) -> None:
    flow = Flaky(1, Retry(2, delay=10))
    run = clocked.start(flow).run()
    run.tick(9.5)
    run.run()
    assert len(flow.seen) == 1
    run.tick(10.0)
    assert run.states["fetch"] == "ready"
    run.run()
    assert run.state == "succeeded"


def test_between_two_tries_the_task_can_be_told_nothing(clocked: Engine) -> None:
    run = clocked.start(Flaky(1, Retry(2, delay=10))).run()
    with pytest.raises(NotReady, match=r"tick|rerun"):
        run.complete("fetch", "x")
    with pytest.raises(NotReady):
        run.step("fetch")
    assert run.ready() == []
    assert len(run.events) == len(clocked.open(run.id).events)


def test_tokens_of_tries_that_are_over_say_so(clocked: Engine) -> None:
    flow = Flaky(0, Retry(3))
    run = clocked.start(flow)
    (first,) = run.ready()
    run.fail(first.token, "it rained", type="Rain")
    (second,) = run.ready()
    assert second.attempt == 2
    assert second.token != first.token
    assert run.fail(first.token, "it rained", type="Rain").verdict == "repeat"
    with pytest.raises(AlreadyCompleted, match="rained"):
        clocked.complete(first.token, "sunshine")
    run.complete(second.token, "told")
    with pytest.raises(AlreadyCompleted):
        run.fail(first, "something else")
    assert run.run().result == "TOLD"


def test_a_failure_told_by_hand_is_tried_again_and_the_try_can_be_told_too(engine: Engine) -> None:
    flow = Flow("hand")

    @flow.manual(retry=Retry(2, on="Busy"))
    def phone() -> str:
        """Call them."""

    run = engine.start(flow)
    run.fail("phone", "engaged", type="Busy")
    (offer,) = run.ready()
    assert (offer.attempt, offer.kind, run.states["phone"]) == (2, "do", "ready")
    run.fail("phone", "no such number", type="Wrong")
    assert run.state == "failed"
    assert run.task("phone").failure.types == ("Wrong",)


def test_the_delay_of_a_try_is_there_after_a_restart(path: Path) -> None:
    flow = Flaky(1, Retry(2, delay=10, jitter=0.5))
    with Engine(path, clock="virtual") as engine:
        due = engine.start(flow, run_id="r").run().task("fetch").due
        assert 5 <= due <= 15
    with reopened(path, flow, clock="virtual") as run:
        assert run.task("fetch").due == due
        assert [event.at for event in run.tick("next")] == [due]
    with reopened(path, flow, clock="virtual") as run:
        assert run.run().result == "GOT IT AT 2"


def test_every_step_of_it_can_be_taken_by_somebody_else(path: Path) -> None:
    flow = Flaky(3, Retry(4, delay=5))
    assert step_by_step(path, flow) == "succeeded"
    assert len(flow.seen) == 4
    with reopened(path, flow) as run:
        assert run.result == "GOT IT AT 4"
        assert [one.outcome for one in run.task("fetch").attempts] == ["failed"] * 3 + ["succeeded"]


def test_jitter_differs_from_run_to_run_and_stays_within_its_share(clocked: Engine) -> None:
    dues = {clocked.start(Flaky(1, Retry(2, delay=10, jitter=0.2))).run().task("fetch").due for _ in range(8)}
    assert len(dues) == 8
    assert all(8 <= due <= 12 for due in dues)


def test_a_real_clock_is_waited_for(engine: Engine) -> None:
    flow = Flaky(2, Retry(3, delay=0.02))
    run = engine.start(flow).run()
    assert (run.state, run.stopped_by) == ("succeeded", "ended")
    first, second, third = run.task("fetch").attempts
    assert second.claimed_at - first.ended_at >= 0.02
    assert third.claimed_at - second.ended_at >= 0.02


def test_a_timeout_of_the_call_comes_before_a_late_try(engine: Engine) -> None:
    run = engine.start(Flaky(1, Retry(2, delay=3600))).run(timeout=0.01)
    assert (run.stopped_by, run.states["fetch"]) == ("timeout", "retrying")


def test_awaited_it_waits_out_a_delay_too(engine: Engine) -> None:
    run = engine.start(Flaky(2, Retry(3, delay=0.02)))
    asyncio.run(run.finish())
    assert run.result == "GOT IT AT 3"


def test_playing_waits_out_delays(engine: Engine) -> None:
    flow = Flaky(2, Retry(3, delay=0.02))
    ended = Gate()
    run = engine.start(flow)
    run.subscribe(lambda event: event.kind == "RunSucceeded" and ended._reached.set())
    run.play()
    ended.reached()
    assert run.result == "GOT IT AT 3"


def test_in_a_paused_run_what_is_due_waits_for_the_resume(clocked: Engine) -> None:
    flow = Flaky(1, Retry(2, delay=10))
    run = clocked.start(flow).run()
    run.pause()
    run.tick(50)
    assert (run.states["fetch"], run.state) == ("retrying", "paused")
    assert run.run().stopped_by == "paused"
    run.resume()
    assert run.states["fetch"] == "ready"
    assert run.run().state == "succeeded"


def test_cancelling_in_a_delay_ends_it_for_good(clocked: Engine) -> None:
    flow = Flaky(1, Retry(2, delay=10))
    run = clocked.start(flow).run()
    run.cancel()
    assert run.tick(20) == []
    assert run.run().state == "cancelled"
    assert len(flow.seen) == 1


def test_the_failure_of_another_ends_the_delay(clocked: Engine) -> None:
    flow = Flaky(1, Retry(2, delay=10))

    @flow.manual
    def other() -> None: ...

    run = clocked.start(flow).run()
    run.fail("other", "lost")
    assert run.states == {"fetch": "cancelled", "use": "cancelled", "other": "failed"}
    assert run.state == "failed"
    assert run.tick(20) == []


def test_stopping_a_try_uses_none_up(engine: Engine) -> None:
    flow = Flow("stopped")
    calls: list[int] = []

    @flow.task(retry=Retry(2))
    def fetch() -> str:
        calls.append(flowkit.attempt().number)
        if len(calls) in (1, 3):
            raise KeyboardInterrupt
        if len(calls) == 2:
            raise OSError("once")
        return "there"

    run = engine.start(flow)
    for _ in range(2):
        with pytest.raises(RunInterrupted):
            run.run()
        assert (run.state, run.states["fetch"]) == ("running", "ready")
    assert run.run().result == "there"
    assert [one.outcome for one in run.task("fetch").attempts] == [
        "interrupted",
        "failed",
        "interrupted",
        "succeeded",
    ]


def test_what_each_try_printed_belongs_to_it(engine: Engine) -> None:
    run = engine.start(Flaky(1, Retry(2)))
    run.step()
    assert run.task("fetch").output == "try 1\n"
    run.step()
    assert run.task("fetch").output == "try 2\n"


def test_progress_begins_anew_with_every_try(engine: Engine) -> None:
    flow = Flow("far")
    calls: list[int] = []

    @flow.task(retry=Retry(2))
    def work() -> None:
        calls.append(1)
        if len(calls) == 1:
            flowkit.progress(0.75, "nearly")
            raise OSError

    run = engine.start(flow)
    run.step()
    assert run.task("work").progress == (0.75, "nearly")
    run.step()
    assert run.task("work").progress is None


def test_an_event_of_a_try_that_is_over_is_not_taken(engine: Engine) -> None:
    flow = Flow("late word")
    gate, told = Gate(), []

    @flow.task(retry=Retry(2))
    def work() -> str:
        if flowkit.attempt().number == 1:
            gate.wait()
            for say in (lambda: flowkit.emit("late"), lambda: flowkit.progress(0.5)):
                with pytest.raises(flowkit.AttemptWithdrawn):
                    say()
                told.append(1)
            return "the first"
        return "the second"

    run = engine.start(flow)
    aside = Aside(run.run)
    gate.reached()
    run.fail("work", "I know that it can't work")
    gate.open()
    aside.end()
    assert (run.result, len(told)) == ("the second", 2)
    assert "Emitted" not in [event.kind for event in run.events]


@pytest.mark.parametrize("reporters", [6])
def test_of_many_that_tell_one_try_one_is_taken(engine: Engine, reporters: int) -> None:
    flow = Flow("race")

    @flow.manual(retry=Retry(2))
    def phone() -> int: ...

    run = engine.start(flow)
    (offer,) = run.ready()
    token = offer.token

    def tell(number: int) -> str:
        try:
            return engine.complete(token, number).verdict
        except (AlreadyCompleted, LateReport) as refusal:
            return refusal.verdict

    asides = [Aside(lambda n=n: tell(n)) for n in range(reporters)]
    found = Counter(aside.end() for aside in asides)
    assert found == {"accepted": 1, "already completed": reporters - 1}


def test_a_subflow_is_tried_again_as_a_whole_and_undone_before(engine: Engine) -> None:
    child = Flow("child")
    calls: list[str] = []

    @child.task
    def book(n: int) -> int:
        calls.append("book")
        return n

    @book.revert
    def unbook(book: int) -> None:
        calls.append(f"unbook {book}")

    @child.task
    def pay(book: int) -> int:
        calls.append("pay")
        if calls.count("pay") < 3:
            raise OSError("no money")
        return book * 10

    flow = Flow("outer")
    flow.add(child, name="trip", retry=Retry(3))
    flow.task(lambda trip: trip + 1, name="end")
    run = engine.start(flow, {"n": 4}).run()
    assert run.result == 41
    assert calls == ["book", "pay", "unbook 4", "book", "pay", "unbook 4", "book", "pay"]
    assert run.states == {
        "trip": "succeeded",
        "trip.book": "succeeded",
        "trip.pay": "succeeded",
        "end": "succeeded",
    }
    assert [one.outcome for one in run.task("trip.pay").attempts][-1] == "succeeded"


def test_a_subflow_is_tried_with_one_value_after_another(engine: Engine) -> None:
    child = Flow("call")
    seen: list[str] = []

    @child.task
    def dial(phone: str) -> str:
        seen.append(phone)
        if phone != "c":
            raise OSError(f"{phone} is engaged")
        return f"talked to {phone}"

    flow = Flow("calls")
    flow.task(lambda: ["a", "b", "c", "d"], name="phones")
    flow.add(child, retry=flowkit.ForEach("phones", as_="phone"))
    run = engine.start(flow).run()
    assert (run.state, seen, run.result) == ("succeeded", ["a", "b", "c"], "talked to c")


def test_when_no_value_is_left_the_subflow_has_failed(engine: Engine) -> None:
    child = Flow("call")

    @child.task
    def dial(phone: str) -> str:
        raise OSError(f"{phone} is engaged")

    flow = Flow("calls")
    flow.add(child, retry=flowkit.ForEach("phones", as_="phone"))
    run = engine.start(flow, {"phones": ["a", "b"]}).run()
    assert run.state == "failed"
    assert run.task("call").failure.message == "call.dial: b is engaged"
    empty = engine.start(flow, {"phones": []}).run()
    assert (empty.state, empty.states) == ("failed", {"call": "failed", "call.dial": "skipped"})


def test_each_attempt_keeps_what_it_failed_with(engine: Engine) -> None:
    flow = Flow("tries")

    @flow.task(retry=Retry(3))
    def call() -> int:
        number = flowkit.attempt().number
        if number < 3:
            raise OSError(f"busy {number}")
        return number

    tries = engine.start(flow).run().task("call").attempts
    assert [str(one.failure) for one in tries] == ["OSError: busy 1", "OSError: busy 2", "None"]
    assert "busy 1" in repr(tries[0])
