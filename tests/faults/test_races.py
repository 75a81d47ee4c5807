"""Many at once on one file: of N reporters one wins, and no task is entered twice by N drivers."""

from __future__ import annotations

import os
from collections import Counter

import pytest

from flowkit import Engine
from tests.faults import flows
from tests.faults.processes import FULL, Workshop

RACES = 200 if FULL else 25
REPORTERS = 8

REPORT = """
run_of = Engine(file).open
say(ready=True)
for number in range(races):
    run = run_of(f"race-{number}")
    run.state
    hear()
    try:
        verdict = run.complete("pay", value).verdict
    except FlowkitError as error:
        verdict = f"{type(error).__name__}: {getattr(error, 'recorded', error)}"
    say(verdict=verdict)
"""


@pytest.mark.parametrize("values", ["different", "the same"])
def test_of_eight_reporters_at_once_one_is_accepted(shop: Workshop, values: str) -> None:
    with Engine(shop.file) as engine:
        runs = [
            engine.start(flows.visit, run_id=f"race-{number}", target="pay", results={"mend": "mended"})
            for number in range(RACES)
        ]
        reporters = [
            shop.process(REPORT, races=RACES, value=(number if values == "different" else 7))
            for number in range(REPORTERS)
        ]
        assert [one.said() for one in reporters] == [{"ready": True}] * REPORTERS
        for run in runs:
            for one in reporters:
                one.tell()
            verdicts = Counter(one.said()["verdict"] for one in reporters)
            loser = f"AlreadyCompleted: {run.result}" if values == "different" else "repeat"
            assert verdicts == {"accepted": 1, loser: REPORTERS - 1}
            kinds = Counter(event.kind for event in run.events)
            assert kinds["TaskSucceeded"] == 2, "the given one and the winner's"
            assert kinds["ReportRefused"] == (REPORTERS - 1 if values == "different" else 0)
        for one in reporters:
            one.end()


DRIVE = """
flow = wide(chains, length)
run = Engine(file).open("wide", flow)
say(ready=True)
hear()
run.run()
say(stopped_by=run.stopped_by)
"""


@pytest.mark.parametrize("drivers", [2, 4])
def test_no_task_is_entered_twice_by_drivers_side_by_side(shop: Workshop, drivers: int) -> None:
    chains, length = (40, 50) if FULL else (20, 20)
    with Engine(shop.file) as engine:
        run = engine.start(flows.wide(chains, length), run_id="wide")
        driving = [shop.process(DRIVE, chains=chains, length=length) for _ in range(drivers)]
        assert [one.said() for one in driving] == [{"ready": True}] * drivers
        for one in driving:
            one.tell()
        assert [one.said() for one in driving] == [{"stopped_by": "ended"}] * drivers
        assert (run.state, run.result) == ("succeeded", "done")
        assert shop.entries("wide") == dict.fromkeys(run.states, 1)
        assert all(run[f"t{chain}_{length - 1}"] == length for chain in range(chains))


def test_threads_of_one_process_enter_no_task_twice(shop: Workshop) -> None:
    """Four threads drive, and a fifth looks all the time for claims that nobody living holds."""
    chains, length = (40, 50) if FULL else (10, 20)
    said = shop.do(
        """
        import threading
        flow = wide(chains, length)
        run = Engine(file).start(flow, run_id="wide")
        drivers = [Engine(file).open("wide", flow).play() for _ in range(4)]
        while any(one.playing for one in drivers):
            run.tick()
        say(state=run.state)
        """,
        chains=chains,
        length=length,
    )
    assert said == {"state": "succeeded"}
    assert set(shop.entries("wide").values()) == {1}


def test_readers_see_whole_entries_while_others_write(shop: Workshop) -> None:
    """A process that only looks never sees a half of what belongs together."""
    with Engine(shop.file) as engine:
        run = engine.start(flows.wide(5, 20), run_id="wide")
        driver = shop.process(DRIVE, chains=5, length=20)
        driver.said()
        driver.tell()
        looks = 0
        while run.state == "running":
            states = run.states
            for chain in range(5):
                row = [states[f"t{chain}_{place}"] for place in range(20)]
                finished = row.index("waiting") if "waiting" in row else 20
                assert row[finished:] == ["waiting"] * (20 - finished)
                assert row[: max(finished - 1, 0)] == ["succeeded"] * max(finished - 1, 0)
            looks += 1
        assert driver.said() == {"stopped_by": "ended"}
        assert looks


def test_a_subscriber_that_looks_for_lost_claims_finds_none_that_lives(shop: Workshop) -> None:
    """Between the commit of a claim and the entry of its function, somebody may look whether its claimant lives."""
    with Engine(shop.file) as engine:
        run = engine.start(flows.visit, run_id="r")
        lost: list[str] = []
        run.subscribe(lambda event: lost.extend(one.kind for one in run.tick()))
        os.environ["LEDGER"] = str(shop.ledger)
        run.run()
        assert lost == []
        assert shop.entries("r") == {"look": 1, "mend": 1}
