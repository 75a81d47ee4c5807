"""What comes in beside a value: notes and types are texts, or nothing is recorded; and what a closed engine still does."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from pathlib import Path
from typing import Any

import pytest

from flowkit import Engine, Flow, UsageError


def asking() -> Flow:
    flow = Flow("asking")
    flow.manual(lambda: 1, name="m")
    flow.manual(lambda: 1, name="q")
    return flow


@pytest.mark.parametrize(
    "call",
    [
        lambda run: run.complete("m", 1, note=5),
        lambda run: run.complete("m", 1, note=[1]),
        lambda run: run.fail("m", "x", note=object()),
        lambda run: run.fail("m", "x", type=5),
        lambda run: run.fail("m", None),
        lambda run: run.fail("m", ""),
        lambda run: run.fail("m", ValueError),
        lambda run: run.cancel(5),
        lambda run: run.pause([1]),
        lambda run: run.resume({}),
    ],
)
def test_what_is_no_text_is_refused_before_anything_is_written(engine: Engine, call: Any) -> None:
    run = engine.start(asking())
    with pytest.raises(UsageError, match="Nothing was recorded"):
        call(run)
    assert len(run.events) == 1
    assert engine.open(run.id).state == "running"


def test_an_offer_will_do_where_a_token_would(engine: Engine) -> None:
    run = engine.start(asking())
    offer = run.ready()[0]
    assert engine.complete(offer, 1).verdict == "accepted"
    assert engine.complete(offer.token, 1).verdict == "repeat"


def test_a_run_is_walked_through_by_the_names_of_its_tasks(engine: Engine) -> None:
    run = engine.start(asking())
    assert list(run) == ["m", "q"]
    assert "m" in run
    assert "z" not in run


def test_one_damaged_run_hides_no_other(path: Path) -> None:
    with Engine(path) as engine:
        engine.start(asking(), run_id="bad")
        engine.start(asking(), run_id="good")
    with contextlib.closing(sqlite3.connect(path)) as file:
        file.execute("UPDATE events SET data = '{' WHERE run = 1")
        file.commit()
    with Engine(path) as engine:
        offers = engine.ready(manual=True)
        assert [(offer.run_id, offer.task) for offer in offers] == [("good", "m"), ("good", "q")]
        assert "bad" in offers._repr_mimebundle_()["text/html"]


def test_a_task_that_was_lost_is_among_what_waits_for_a_person(engine: Engine) -> None:
    flow = Flow("losing")

    @flow.task(on_crash="ask")
    def risky() -> int:
        return 1

    run = engine.start(flow)
    lose(run, "risky")
    assert run.states == {"risky": "lost"}
    assert [(offer.task, offer.able) for offer in run.ready()] == [("risky", "lost")]
    assert [offer.task for offer in engine.ready(manual=True)] == ["risky"]
    assert run.complete(run.ready()[0], 2).verdict == "accepted"
    assert run.result == 2


def lose(run: Any, task: str) -> None:
    """Claim a task in the name of a process that is no more, and have it noticed."""
    from flowkit.core import Claimant
    from flowkit.core.messages import Claim
    from flowkit.engine.claimants import AT_WORK, me

    mine = me()
    gone = Claimant(mine.boot, mine.space, 2**22 + 1, "1", "gone")
    run._door.send(Claim(task=task, claimant=gone))
    AT_WORK.clear()
    run.tick()


def test_a_background_driver_ends_with_its_engine(engine: Engine) -> None:
    flow, entered, go_on = Flow("many"), threading.Semaphore(0), threading.Event()

    def work() -> None:
        entered.release()
        assert go_on.wait(30)

    for number in range(8):
        flow.task(work, name=f"t{number}")
    run = engine.start(flow)
    run.play()
    assert entered.acquire(timeout=30)
    engine.close()
    go_on.set()
    player = run._player
    assert player is not None
    player._thread.join(30)
    assert not run.playing
    assert not entered.acquire(blocking=False)
