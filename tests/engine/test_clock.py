"""Time as the engine sees it: an injected clock, a virtual one, and one that runs backward."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from flowkit import Engine, UsageError
from tests.engine.orders import Order, chain

PLACES = ["memory", "file"]


@pytest.fixture(params=PLACES)
def place(request: pytest.FixtureRequest, path: Path) -> Path | None:
    return path if request.param == "file" else None


def times(run: Any) -> list[float]:
    return [event.at for event in run.events]


def test_without_a_clock_it_is_the_wall_s(place: Path | None) -> None:
    before = time.time()
    with Engine(place) as engine:
        run = engine.start(chain("a")).run()
        assert all(before <= at <= time.time() for at in times(run))


def test_an_injected_clock_is_what_facts_and_attempts_are_dated_by(place: Path | None) -> None:
    now = [1000.0]
    with Engine(place, clock=lambda: now[0]) as engine:
        flow = chain("a")

        @flow.task
        def slow(a: list) -> None:
            now[0] += 30

        run = engine.start(flow)
        run.step()
        now[0] += 5
        run.step()
        assert times(run)[0] == 1000.0
        assert run.task("slow").seconds == 30.0
        assert run.task("slow").attempts[0].claimed_at == 1005.0
        assert run.why("slow").since == 1035.0
        (summary,) = engine.runs()
        assert (summary.started, summary.changed) == (1000.0, 1035.0)


def test_a_clock_that_runs_backward_does_not_turn_facts_round(place: Path | None) -> None:
    readings = iter([50.0, 60.0, 10.0, 5.0, 70.0, *[20.0] * 100])
    with Engine(place, clock=lambda: next(readings)) as engine:
        run = engine.start(chain("a", "b", "c")).run()
        assert times(run) == sorted(times(run))
        assert max(times(run)) == 70.0 or max(times(run)) == 60.0
        assert run.task("a").seconds >= 0
        assert run.result == ["a", "b", "c"]


def test_a_virtual_clock_stands_still_until_it_is_moved(place: Path | None) -> None:
    with Engine(place, clock="virtual") as engine:
        run = engine.start(chain("a", "b"))
        run.step()
        assert set(times(run)) == {0.0}
        events = run.tick(now=90)
        assert events == []
        assert "due" in events.note
        run.step()
        assert times(run)[-1] == 90.0
        run.tick(now=10)
        run.tick("next")
        assert engine.start(chain("a")).events[0].at == 90.0


def test_a_virtual_clock_on_a_file_with_later_facts_goes_on_from_them(path: Path) -> None:
    with Engine(path) as engine:
        engine.start(chain("a", "b"), run_id="r").step()
    with Engine(path, clock="virtual") as engine:
        run = engine.open("r", chain("a", "b")).run()
        assert times(run) == sorted(times(run))


@pytest.mark.parametrize("now", [5, "next"])
def test_a_real_clock_cannot_be_moved(engine: Engine, now: Any) -> None:
    run = engine.start(chain("a"))
    with pytest.raises(UsageError, match="virtual"):
        run.tick(now)
    assert run.tick() == []


@pytest.mark.parametrize("now", ["later", None.__class__, [1], float("nan"), True])
def test_a_virtual_clock_takes_moments_and_next(now: Any) -> None:
    with Engine(clock="virtual") as engine:
        run = engine.start(chain("a"))
        with pytest.raises(UsageError, match="next"):
            run.tick(now)


@pytest.mark.parametrize("clock", ["wall", 5])
def test_what_is_no_clock_is_refused(clock: Any, path: Path) -> None:
    with pytest.raises(UsageError, match="clock"):
        Engine(clock=clock)
    with pytest.raises(UsageError, match="clock"):
        Engine(path, clock=clock)
    assert not path.exists()


def test_one_file_has_one_clock_in_a_process(path: Path) -> None:
    with Engine(path, clock="virtual") as one, Engine(path, clock="virtual") as two, Engine(path) as three:
        run = one.start(chain("a", "b"), run_id="r")
        run.tick(now=7)
        two.open("r", chain("a", "b")).step()
        assert times(three.open("r"))[-1] == 7.0
        with pytest.raises(UsageError, match="another clock"):
            Engine(path, clock=time.time)
    with Engine(path) as again, pytest.raises(UsageError, match="virtual"):
        again.open("r").tick(5)


def test_a_tick_settles_what_nobody_living_holds(engine: Engine) -> None:
    """See tests/faults for claims that other processes left behind; here nothing is due."""
    run = engine.start(Order(), {"item": "x"})
    seq = run.seq
    assert run.tick() == []
    assert run.seq == seq


@pytest.mark.parametrize("gives", ["x", None, float("nan"), True, []])
def test_a_clock_that_gives_no_number_is_named_and_nothing_is_recorded(
    place: Path | None, gives: Any
) -> None:
    now: list[Any] = [gives]
    with Engine(place, clock=lambda: now[0]) as engine:
        with pytest.raises(UsageError, match=r"clock gave .*clock="):
            engine.start(chain("a"))
        assert engine.runs() == []
        now[0] = 7
        run = engine.start(chain("a"))
        now[0] = gives
        with pytest.raises(UsageError, match=r"clock gave"):
            run.pause()
        now[0] = 8
        assert run.run().state == "succeeded"
        assert times(run) == [7.0, 8.0, 8.0, 8.0]


def test_the_same_function_is_the_same_clock(path: Path) -> None:
    def clock() -> float:
        return 5.0

    with Engine(path, clock=clock), Engine(path, clock=clock) as second:
        assert times(second.start(chain("a"))) == [5.0]
