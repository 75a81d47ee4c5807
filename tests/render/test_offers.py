"""The sentence under the Step button promises what a step keeps; the table says who can move what."""

import pytest

from flowkit.render import OFFER_HEADERS, Seen, next_words, offer_rows
from tests.render.scripted import Scripted, manual, order, task


def words(run, **seen):
    return next_words(run.fold, run.wiring, Seen(**seen))


def rows(run, **seen):
    return [tuple(row) for row in offer_rows(run.fold, run.wiring, Seen(**seen))]


@pytest.mark.parametrize(
    ("run", "seen", "expected"),
    [
        (order(), {}, "Nothing to step: the run has not begun."),
        (order().start(), {}, "`quote` is ready. Step runs it here."),
        (
            order().start(),
            {"code": {"quote": "missing"}},
            "Nothing to step: `quote` is ready, its code is not here.",
        ),
        (
            order().start().claim("quote"),
            {"claims": {"quote": "living"}},
            "Nothing to step: `quote` is running in another process.",
        ),
        (
            order().start().claim("quote"),
            {"claims": {"quote": "gone"}},
            "The process that ran `quote` has died. Step takes note of that first.",
        ),
        (order().start().work("quote").work("charge"), {}, "Nothing to step: `approve` waits for you."),
        (order().start().pause(), {}, "The run is paused: run.resume() goes on."),
        (order().start().pause("lunch"), {}, "The run is paused (lunch): run.resume() goes on."),
        (
            order().start().stop_before("charge").work("quote"),
            {},
            "The run is paused (breakpoint before `charge`): run.resume() goes on.",
        ),
        (
            order().start().claim("quote").pause(),
            {},
            "The run is being paused: `quote` is still running. run.resume() goes on.",
        ),
        (
            order().start().work("quote").claim("charge").fail("charge"),
            {},
            "Nothing to step: `charge` failed, so nothing new starts. "
            "Still out: `approve` is waiting for a person.",
        ),
        (
            order().start().fail("quote"),
            {},
            'The run failed: `quote` failed. run.task("quote").failure shows where.',
        ),
        (order().start().cancel(), {}, "The run was cancelled: nothing is left to step."),
        (Scripted(task("a")).start().work("a"), {}, "The run succeeded: nothing is left to step."),
    ],
)
def test_what_the_step_button_says(run, seen, expected):
    assert words(run, **seen) == expected


def test_the_sentence_names_the_task_that_has_been_ready_longest():
    run = Scripted(task("late"), task("b"), task("c", "b")).start()
    run.claim("late").release("late")
    assert words(run) == "`b` is ready. Step runs it here."
    assert words(run, code={"b": "changed"}) == "`late` is ready. Step runs it here."


def test_many_who_wait_for_a_person_are_counted():
    few = Scripted(manual("a"), manual("b")).start()
    assert words(few) == "Nothing to step: `a` and `b` wait for you."
    many = Scripted(*(manual(f"m{i}") for i in range(1_000))).start()
    assert words(many) == "Nothing to step: `m0`, `m1`, `m2` and 997 more wait for you."


def test_a_row_says_what_who_and_the_cell():
    run = Scripted(
        task("quote", doc="Ask for the price.\n\nLonger."),
        task("load"),
        manual("approve", doc="Is this price\nall right?", result={"kind": "bool"}),
        task("ship", "approve"),
    ).start()
    assert len(OFFER_HEADERS) == 4
    assert rows(run, code={"load": "missing"}) == [
        ("quote", "Ask for the price.", "this process", 'run.step("quote")'),
        (
            "load",
            "call its function (ready, its code is not here)",
            "a process that has its code",
            "run = engine.open(run.id, flow)",
        ),
        ("approve", "Is this price all right?", "a person", 'run.complete("approve", True)  # bool'),
    ]


def test_while_a_run_is_paused_the_rows_say_that_resume_comes_first():
    assert rows(order().start().pause()) == [
        ("quote", "call its function (ready, held by the pause)", "a person", "run.resume()")
    ]


def test_an_ended_run_offers_nothing():
    assert rows(order().start().cancel()) == []
