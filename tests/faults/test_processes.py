"""The engine is only a file and a rule: processes that know nothing but the file, a run's id and perhaps the flow's code."""

from __future__ import annotations

import signal

import pytest

from flowkit import Engine
from tests.faults.processes import Workshop


def test_six_processes_share_two_runs(shop: Workshop) -> None:
    shop.do("""
        engine = Engine(file)
        engine.start(visit, run_id="red")
        engine.start(visit, run_id="blue")
    """)
    drive = """
        run = Engine(file).open(run_id, visit).run()
        say(stopped_by=run.stopped_by, state=run.state)
    """
    second = shop.process(drive, gate="mend", run_id="red")
    assert second.said() == {"entered": "mend", "attempt": 1}
    third = shop.process(drive, run_id="blue")
    assert third.said() == {"stopped_by": "waiting", "state": "running"}

    fourth = shop.process("""
        run = Engine(file).open("red")
        run.pause()
        say(state=run.state)
        hear()
        say(state=run.state, tasks=run.states)
    """)
    assert fourth.said() == {"state": "pausing"}
    second.tell("go on")
    assert second.said() == {"stopped_by": "paused", "state": "paused"}
    fourth.tell("look again")
    assert fourth.said() == {
        "state": "paused",
        "tasks": {"look": "succeeded", "mend": "succeeded", "pay": "waiting"},
    }

    fifth = shop.do("""
        run = Engine(file).open("blue")
        receipt = run.complete("pay", 120)
        say(verdict=receipt.verdict, state=run.state)
    """)
    assert fifth == {"verdict": "accepted", "state": "succeeded"}
    sixth = shop.do("""
        run = Engine(file).open("red", visit)
        run.resume().run()
        run.complete("pay", 60)
        say(state=run.state, result=run.result)
    """)
    assert sixth == {"state": "succeeded", "result": 60}
    assert shop.entries("red") == shop.entries("blue") == {"look": 1, "mend": 1}


def test_a_process_that_waits_takes_over_when_the_other_is_killed(shop: Workshop) -> None:
    with Engine(shop.file) as engine:
        engine.start(_repair(), {"bike": "red"}, run_id="r")
    drive = """
        run = Engine(file).open("r", repair)
        say(ready=True)
        run.run(until="quote")
        say(states=run.states)
    """
    first = shop.process(drive, gate="inspect")
    first.said()
    assert first.said()["entered"] == "inspect"
    second = shop.process(drive)
    second.said()
    look = Engine(shop.file).open("r")
    assert look.states["inspect"] == "running"
    first.kill()
    assert second.said()["states"]["quote"] == "succeeded"
    assert shop.entries("r") == {"inspect": 2, "quote": 1}
    assert [one.outcome for one in look.task("inspect").attempts] == ["lost", "succeeded"]


@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="this system can't stop a process")
def test_a_claim_holds_as_long_as_its_process_lives_even_stopped(shop: Workshop) -> None:
    shop.do('Engine(file).start(visit, run_id="r")')
    first = shop.process('Engine(file).open("r", visit).run(); say(end=True)', gate="look")
    assert first.said()["entered"] == "look"
    first.signal(signal.SIGSTOP)
    try:
        other = shop.do("""
            run = Engine(file).open("r", visit)
            stepped = run.step()
            ticked = run.tick()
            say(events=len(stepped) + len(ticked), stopped_by=run.stopped_by, look=run.states["look"])
        """)
    finally:
        first.signal(signal.SIGCONT)
    assert other == {"events": 0, "stopped_by": "waiting", "look": "running"}
    first.tell("go on")
    assert first.said() == {"end": True}
    assert shop.entries("r") == {"look": 1, "mend": 1}


@pytest.mark.parametrize(
    ("on_crash", "state", "outcome"), [("ask", "lost", "lost"), ("fail", "failed", "lost")]
)
def test_what_a_crash_means_is_the_tasks_to_say(
    shop: Workshop, on_crash: str, state: str, outcome: str
) -> None:
    drive = 'Engine(file).start(asking(on_crash), run_id="r").run(); say(end=True)'
    first = shop.process(drive, gate="look", on_crash=on_crash)
    assert first.said()["entered"] == "look"
    first.kill()
    shop.do(drive, on_crash=on_crash)
    assert shop.entries("r") == {"look": 1}, "nobody but a person may try it again"
    run = Engine(shop.file).open("r")
    assert run.states["look"] == state
    assert [one.outcome for one in run.task("look").attempts] == [outcome]
    if on_crash == "ask":
        run.complete("look", "a scratch")
        shop.do(drive, on_crash=on_crash)
        assert (run.state, run.result) == ("succeeded", "mended the a scratch")


def test_three_crashes_in_a_row_fail_the_task(shop: Workshop) -> None:
    for number in (1, 2, 3):
        process = shop.process('Engine(file).start(visit, run_id="r").run()', gate="look")
        assert process.said() == {"entered": "look", "attempt": number}
        process.kill()
    shop.do('Engine(file).start(visit, run_id="r").run()')
    run = Engine(shop.file).open("r")
    assert (run.state, run.states["look"]) == ("failed", "failed")
    assert "3 times" in str(run.task("look").failure)
    assert shop.entries("r") == {"look": 3}


def _repair():  # type: ignore[no-untyped-def]
    from tests.faults.flows import repair

    return repair
