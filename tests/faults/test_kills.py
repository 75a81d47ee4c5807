"""`kill -9` at any point of a task's life: the run goes on in a new process to the same end.

A process is killed at a named point of the repair flow; a second one, that knows the file, the run's id and the flow,
finishes. By the ledger nothing that had finished is entered again, by the journal nothing is recorded twice.
"""

from __future__ import annotations

import signal
import sqlite3
from collections import Counter

import pytest

from flowkit import Engine
from tests.faults.flows import REPAIRED
from tests.faults.processes import FULL, Workshop

LIFE = """
run = Engine(file).start(repair, {"bike": "red"}, run_id="r")
run.run()
if run.states["agree"] == "ready":
    run.complete("agree", True)
run.run()
say(state=run.state, result=run.result)
"""

STEPPED = """
run = Engine(file).start(repair, {"bike": "red"}, run_id="r")
while not run.state == "succeeded":
    if not run.step():
        run.complete("agree", True)
say(state=run.state, result=run.result)
"""

CHAIN = ["inspect", "quote", "agree", "work", "invoice"]

# Where a process dies, and which tasks' functions are entered once more because of it.
POINTS = {
    "before the start is committed": ('die_at("before", "RunStarted")', set()),
    "after the start is committed": ('die_at("after", "RunStarted")', set()),
    "before the first claim is committed": ('die_at("before", "AttemptClaimed(inspect)")', set()),
    "after the first claim is committed": ('die_at("after", "AttemptClaimed(inspect)")', set()),
    "before a report and the next claim are committed": (
        'die_at("before", "Succeeded(inspect)")',
        {"inspect"},
    ),
    "after a report and the next claim are committed": ('die_at("after", "Succeeded(inspect)")', set()),
    "before a report that offers to a person is committed": (
        'die_at("before", "Succeeded(quote)")',
        {"quote"},
    ),
    "after a report that offers to a person is committed": ('die_at("after", "Succeeded(quote)")', set()),
    "before a report by hand is committed": ('die_at("before", "Succeeded(agree)")', set()),
    "after a report by hand is committed": ('die_at("after", "Succeeded(agree)")', set()),
    "before the end is committed": ('die_at("before", "RunSucceeded")', {"invoice"}),
    "after the end is committed": ('die_at("after", "RunSucceeded")', set()),
}


def finished_tasks(shop: Workshop) -> set[str]:
    """What the journal holds as finished, right after the kill."""
    with Engine(shop.file) as engine:
        if not engine.runs():
            return set()
        return {name for name, state in engine.open("r").states.items() if state == "succeeded"}


def check_the_end(shop: Workshop, again: set[str], finished: set[str]) -> None:
    entries = shop.entries("r")
    assert not again & finished, "a finished task is never run again"
    assert entries == {name: 1 + (name in again) for name in CHAIN if name != "agree"}
    with Engine(shop.file) as engine:
        run = engine.open("r")
        assert (run.state, run.result) == ("succeeded", REPAIRED)
        kinds = Counter((event.kind, event.task) for event in run.events)
        assert kinds["RunStarted", None] == kinds["RunSucceeded", None] == 1
        assert all(kinds["TaskSucceeded", name] == 1 for name in CHAIN)
        assert [event.seq for event in run.events] == list(range(1, len(run.events) + 1))
        assert engine.runs()[0].state == "succeeded"
    with sqlite3.connect(shop.file) as file:
        assert file.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    file.close()


@pytest.mark.parametrize("point", POINTS)
def test_killed_around_a_commit_the_run_goes_on(shop: Workshop, point: str) -> None:
    where, again = POINTS[point]
    shop.process(f"{where}\n{LIFE}").end(-signal.SIGKILL)
    finished = finished_tasks(shop)
    assert shop.do(LIFE) == {"state": "succeeded", "result": REPAIRED}
    check_the_end(shop, again, finished)


@pytest.mark.parametrize("life", [LIFE, STEPPED], ids=["run", "step"])
@pytest.mark.parametrize("task", ["inspect", "quote", "work", "invoice"])
def test_killed_inside_a_function_only_that_task_is_run_again(shop: Workshop, life: str, task: str) -> None:
    process = shop.process(life, gate=task)
    assert process.said() == {"entered": task, "attempt": 1}
    process.kill()
    finished = finished_tasks(shop)
    assert finished == set(CHAIN[: CHAIN.index(task)])
    assert shop.do(life) == {"state": "succeeded", "result": REPAIRED}
    check_the_end(shop, {task}, finished)


@pytest.mark.parametrize("point", ["before", "after"])
@pytest.mark.parametrize("verb", ["pause", "cancel", "fail", "break_before", "resume"])
def test_a_verb_is_recorded_wholly_or_not_at_all(shop: Workshop, verb: str, point: str) -> None:
    shop.do(
        """
        run = Engine(file).start(repair, {"bike": "red"}, run_id="r").run()
        run.break_before("invoice")
        if verb == "resume":
            run.pause()
    """,
        verb=verb,
    )
    with Engine(shop.file) as engine:
        before = len(engine.open("r").events)
    shop.process(
        """
        run = Engine(file).open("r")
        die_at_commit(1, point)
        verb = getattr(run, verb)
        verb("agree", "he said no") if verb.__name__ == "fail" else verb(*argument)
        """,
        verb=verb,
        point=point,
        argument=["work"] if verb == "break_before" else [],
    ).end(-signal.SIGKILL)
    kinds = {
        "pause": ["RunPaused"],
        "cancel": ["RunCancelled", "TaskCancelled"],
        "fail": ["TaskFailed", "RunFailing", "TaskCancelled", "RunFailed"],
        "break_before": ["BreakpointSet"],
        "resume": ["RunResumed"],
    }
    with Engine(shop.file) as engine:
        run = engine.open("r")
        assert [event.kind for event in run.events[before:]] == (kinds[verb] if point == "after" else [])
        assert engine.runs()[0].state == run.state


def test_what_was_acknowledged_is_there_after_a_kill(shop: Workshop) -> None:
    process = shop.process("""
        engine = Engine(file)
        for number in range(1000):
            run = engine.start(visit, run_id=str(number), results={"mend": "mended"})
            run.complete("pay", number)
            say(told=number)
    """)
    for _ in range(30):
        told = process.said()["told"]
    process.kill()
    with Engine(shop.file) as engine:
        recorded = {int(one.run_id): engine.open(one.run_id) for one in engine.runs()}
        assert set(recorded) >= set(range(told + 1))
        assert all(recorded[number].result == number for number in range(told + 1))


@pytest.mark.parametrize(("number", "point"), [(4, "before"), (3, "after")])
@pytest.mark.parametrize("life", [LIFE, STEPPED], ids=["run", "step"])
def test_killed_again_and_again_the_run_still_ends(
    shop: Workshop, life: str, number: int, point: str
) -> None:
    """Each process settles its predecessor's claim, claims, gets one step further, and dies."""
    kills = 0
    while True:
        process = shop.process(f"die_at_commit(number, point)\n{life}", number=number, point=point)
        try:
            said = process.said()
        except AssertionError:
            process.end(-signal.SIGKILL)
            kills += 1
            assert kills < 10, "every process gets one step further"
            continue
        break
    assert said == {"state": "succeeded", "result": REPAIRED}
    assert kills >= 2
    with Engine(shop.file) as engine:
        kinds = Counter((event.kind, event.task) for event in engine.open("r").events)
        assert all(kinds["TaskSucceeded", name] == 1 for name in CHAIN)


@pytest.mark.skipif(not FULL, reason="the named points stand for these: FLOWKIT_FULL=1 tries every commit")
@pytest.mark.parametrize("life", [LIFE, STEPPED], ids=["run", "step"])
def test_killed_before_and_after_every_single_commit(shop: Workshop, life: str) -> None:
    for number in range(1, 20):
        for point in ("before", "after"):
            folder = shop.ledger.parent / f"{number}-{point}"
            folder.mkdir()
            here = Workshop(folder)
            process = here.process(f"die_at_commit(number, point)\n{life}", number=number, point=point)
            try:
                process.said()
            except AssertionError:
                finished = finished_tasks(here)
                assert here.do(life) == {"state": "succeeded", "result": REPAIRED}
                entries = here.entries("r")
                assert all(entries[name] == 1 for name in finished - {"agree"})
                check_the_end(here, {name for name, count in entries.items() if count == 2}, finished)
            else:
                assert number > 5, "the life has ended before that commit"
            finally:
                here.close()
