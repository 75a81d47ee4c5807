"""`kill -9` in all that the flow language has: in a delay, an item, a decider, a subflow, a loop, an undo; and between question
and answer. Another process goes on to the same end, and nothing that had ended is entered again."""

from __future__ import annotations

import signal
from collections import Counter
from typing import Any

import pytest

from flowkit import Engine
from tests.faults.language import DAY
from tests.faults.processes import FULL, Workshop

LIFE = """
from tests.faults.language import workshop_day
run = Engine(file).start(workshop_day(fails), run_id="r")
run.run()
say(state=run.state, result=run.result if run.state == "succeeded" else None)
"""

STEPPED = """
from tests.faults.language import workshop_day
run = Engine(file).start(workshop_day(fails), run_id="r")
while run.state in ("running", "reverting"):
    if not run.step():
        run.run(until=run.next_task(), timeout=0.02)
say(state=run.state, result=run.result if run.state == "succeeded" else None)
"""

ONCE = {
    "fetch": 2,
    "parts": 1,
    "polish[0]": 1,
    "polish[1]": 1,
    "polish[2]": 1,
    "worth_it": 1,
    "paint": 1,
    "packing.wrap": 1,
    "packing.label": 1,
    "weigh": 2,
    "heavy": 2,
    "close": 1,
}
UNDONE = {**ONCE, "fetch": 3, **{f"polish[{n}]": 2 for n in range(3)}}
"""How often each is entered in a day that is undone: what has an undo once more."""


def check(shop: Workshop, again: Counter[str], fails: bool) -> None:
    expected = Counter(UNDONE if fails else ONCE) + again
    assert shop.entries("r") == expected
    with Engine(shop.file) as engine:
        run = engine.open("r")
        assert run.state == ("reverted" if fails else "succeeded")
        if not fails:
            assert run.result == DAY
        kinds = Counter((event.kind, event.task) for event in run.events)
        for name in ("fetch", "parts", "polish", "paint", "packing", "weigh"):
            assert kinds["TaskSucceeded", name] == 1
        assert all(kinds["TaskSucceeded", f"polish[{n}]"] == 1 for n in range(3))
        assert all(kinds["TaskReverted", f"polish[{n}]"] == fails for n in range(3))
        assert kinds["QuestionAnswered", "paint"] == 1
        assert kinds["QuestionAnswered", "weigh"] == 2
        assert [event.seq for event in run.events] == list(range(1, len(run.events) + 1))


@pytest.mark.parametrize("life", [LIFE, STEPPED], ids=["run", "step"])
@pytest.mark.parametrize(
    "inside", ["fetch", "polish[1]", "worth_it", "packing.wrap", "packing.label", "weigh", "heavy", "close"]
)
def test_killed_inside_it_only_that_is_done_again(shop: Workshop, inside: str, life: str) -> None:
    process = shop.process(life, gate=inside, fails=False)
    assert process.said()["entered"] == inside
    process.kill()
    assert shop.do(life, fails=False) == {"state": "succeeded", "result": DAY}
    again = Counter({inside: 1})
    if inside == "fetch":  # its first attempt was lost, so that the second is the one that succeeds
        again = Counter()
    check(shop, again, False)


@pytest.mark.parametrize("undo", ["polish[2]", "polish[0]", "fetch"])
def test_killed_in_an_undo_it_is_done_again(shop: Workshop, undo: str) -> None:
    process = shop.process(LIFE, gate=undo, fails=True)
    for _ in range(2 if undo == "fetch" else 1):  # as a task
        assert process.said()["entered"] == undo
        process.tell()
    assert process.said()["entered"] == undo
    process.kill()
    with Engine(shop.file) as engine:
        assert engine.open("r").state == "reverting"
    assert shop.do(LIFE, fails=True) == {"state": "reverted", "result": None}
    check(shop, Counter({undo: 1}), True)


POINTS = [
    "TaskRetrying(fetch)",
    "TaskReady(fetch)",
    "TaskOpened(polish)",
    "TaskSucceeded(polish[1])",
    "QuestionAsked(paint)",
    "QuestionAnswered(paint)",
    "TaskOpened(packing)",
    "TaskSucceeded(packing)",
    "RoundEnded(weigh)",
    "QuestionAnswered(weigh)",
    "TaskSucceeded(weigh)",
]
REVERTING = [
    "RunRevertStarted",
    "TaskRevertStarted(polish)",
    "TaskReverted(polish[1])",
    "TaskReverted(fetch)",
]


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("point", POINTS + REVERTING)
def test_killed_around_a_commit_it_comes_to_the_same_end(shop: Workshop, point: str, when: str) -> None:
    fails = point in REVERTING
    known: dict[str, Any] = {"point": point, "when": when, "fails": fails}
    shop.process(f"die_at(when, point)\n{LIFE}", **known).end(-signal.SIGKILL)
    said = shop.do(LIFE, fails=fails)
    assert said["state"] == ("reverted" if fails else "succeeded")
    again = shop.entries("r") - Counter(UNDONE if fails else ONCE)
    assert sum(again.values()) <= 1, "only what had not been recorded is done again"
    check(shop, again, fails)


def test_an_answer_given_while_nobody_lives(shop: Workshop) -> None:
    """The process dies with the question open; a person answers; a third process goes on and asks nobody."""
    process = shop.process(LIFE, gate="worth_it", fails=False)
    assert process.said()["entered"] == "worth_it"
    process.kill()
    with Engine(shop.file) as engine:
        run = engine.open("r")
        (offer,) = run.ready()
        assert (offer.task, offer.kind) == ("paint", "when")
        token = offer.token
        engine.complete(token, True)
    assert shop.do(LIFE, fails=False) == {"state": "succeeded", "result": DAY}
    check(shop, Counter(), False)
    with Engine(shop.file) as engine:
        assert engine.complete(token, True).verdict == "repeat"


def test_the_token_of_a_killed_item_comes_late(shop: Workshop) -> None:
    process = shop.process(LIFE, gate="polish[1]", fails=False)
    process.said()
    with Engine(shop.file) as engine:
        assert engine.open("r").task("polish[1]").state == "running"
    process.kill()
    assert shop.do(LIFE, fails=False)["state"] == "succeeded"
    with Engine(shop.file) as engine:
        outcomes = [one.outcome for one in engine.open("r").task("polish[1]").attempts]
        assert outcomes == ["lost", "succeeded"]


DRIVE = """
from tests.faults.language import workshop_day
run = Engine(file).open("r", workshop_day(fails))
say(ready=True)
hear()
run.run()
say(state=run.state)
"""


@pytest.mark.parametrize("fails", [False, True])
def test_processes_side_by_side_do_nothing_twice(shop: Workshop, fails: bool) -> None:
    shop.do(
        """
        from tests.faults.language import workshop_day
        Engine(file).start(workshop_day(fails), run_id="r")
        """,
        fails=fails,
    )
    drivers = [shop.process(DRIVE, fails=fails) for _ in range(3)]
    for one in drivers:
        one.said()
    for one in drivers:
        one.tell()
    ends = {one.said()["state"] for one in drivers}
    assert ends == {"reverted" if fails else "succeeded"}
    entered = shop.entries("r")
    # Two may ask a decider at the same time, of whom the first answer counts; no attempt is entered twice.
    for name in ("worth_it", "heavy"):
        assert entered[name] >= ONCE[name]
        entered[name] = ONCE[name]
    assert entered == Counter(UNDONE if fails else ONCE)


@pytest.mark.skipif(not FULL, reason="the named points stand for these: FLOWKIT_FULL=1 tries every commit")
@pytest.mark.parametrize("fails", [False, True])
def test_killed_before_and_after_every_single_commit(shop: Workshop, fails: bool) -> None:
    for number in range(1, 60):
        for point in ("before", "after"):
            folder = shop.ledger.parent / f"{number}-{point}"
            folder.mkdir()
            here = Workshop(folder)
            process = here.process(
                f"die_at_commit(number, point)\n{LIFE}", number=number, point=point, fails=fails
            )
            try:
                process.said()
            except AssertionError:
                said = here.do(LIFE, fails=fails)
                assert said["state"] == ("reverted" if fails else "succeeded"), (number, point)
            here.close()
