"""`why` of each option of the flow language: exact words, so that one can judge them; calls and times as data."""

import pytest

from flowkit.core import Param
from flowkit.core.plan import Asked, RepeatPlan, RetryPlan
from flowkit.core.values import Json
from flowkit.errors import UsageError
from flowkit.render import Seen, next_words, offer_rows, why
from tests.render.scripted import STARTED_AT, Scripted, flow, manual, over, task

ASK = Asked(params=(Param("a", "task", "a"),))
MENDED = "(after run.adopt(flow), where its code was mended)"


def ask(run, unit=None, **seen):
    return why(run.fold, run.wiring, unit, Seen(**seen))


def words(run, unit=None, **seen):
    return ask(run, unit, **seen).words


# Questions ------------------------------------------------------------------------------------------------


def decided():
    return Scripted(task("a"), task("ship", "a", when=ASK), task("b", "ship")).start().work("a")


def test_a_question_says_who_answers_it_and_with_which_call():
    run = decided()
    answer = ask(run, "b")
    question = "`ship` waits for an answer: is `ship` to be done?"
    assert answer.words == (
        f'`b` waits for `ship`. {question} run.step() asks its code here; run.complete("ship", True) answers by hand.'
    )
    assert answer.waits_for == (("ship", "waiting"),)
    assert answer.calls == ("run.step()", 'run.complete("ship", True)')
    assert answer.who == "this process"
    assert words(run, "ship", code={"ship": "missing"}) == (
        f'{question} This process has no code for it; run.complete("ship", True) answers by hand.'
    )
    assert next_words(run.fold, run.wiring) == "A question: is `ship` to be done? Step asks it here."
    assert [tuple(row) for row in offer_rows(run.fold, run.wiring)] == [
        ("ship", "is `ship` to be done?", "this process", 'run.complete("ship", True)')
    ]


def test_a_question_of_a_paused_run_is_answered_by_hand():
    run = decided().pause()
    answer = ask(run, "ship")
    assert answer.words.endswith(
        "An answer is taken although the run is paused; what follows waits for the resume."
    )
    assert answer.calls == ('run.complete("ship", True)', "run.resume()")
    assert words(run).endswith("Answers are taken meanwhile: `ship` is waiting for an answer.")


def test_what_was_left_out_says_who_said_so_down_to_the_root():
    run = (
        Scripted(task("a"), task("ship", "a", when=ASK), task("b", "ship"), task("c", "b")).start().work("a")
    )
    run.answer("ship", False)
    assert words(run, "ship") == "`ship` was skipped, and nothing is wrong with that: its decider said no."
    assert words(run, "b") == "`b` was skipped, and nothing is wrong with that: `ship` was left out."
    assert words(run, "c").endswith("`b` was left out. At the root of it, `ship` was left out.")
    assert ask(run, "c").calls == ('run.rerun("ship")',)
    named = Scripted(manual("ok"), task("ship", when=Asked(source="ok"))).start().complete("ok", False)
    assert words(named, "ship").endswith("nothing is wrong with that: `ok` said no.")
    by_hand = Scripted(task("a")).start().skip("a", "not today")
    assert words(by_hand, "a", reasons={"a": "by hand: not today"}).endswith("by hand: not today.")


def test_a_question_for_a_number_asks_for_one():
    run = Scripted(over("fetch"), task("z", "fetch")).start({"urls": {"an": "object"}})
    assert words(run, "fetch").startswith("`fetch` waits for an answer: how many items has `fetch`?")
    assert ask(run, "fetch").calls == ("run.step()", 'run.complete("fetch", …)  # how many items')


# Joins and links ------------------------------------------------------------------------------------------


def test_a_join_says_how_many_it_needs_and_what_is_there():
    run = Scripted(task("a"), task("b"), task("c"), task("d", "a", "b", "c", join=2)).start().work("a")
    answer = ask(run, "d")
    assert answer.words == (
        "`d` waits for 2 of `a`, `b` and `c`; `a` is there. "
        "At the root of it: `b` and `c` are ready for this process."
    )
    assert answer.waits_for == (("b", "ready"), ("c", "ready"))
    run.claim("b").fail("b")
    assert words(run, "d").startswith(
        "`d` waits for 2 of `a`, `b` and `c`; `a` is there; `b` failed. `c` is ready"
    )
    assert "`b` failed: ValueError: no money. The flow goes on from there." in words(run, "b")
    one = Scripted(task("a"), task("b"), task("d", "a", "b", join=1)).start()
    assert words(one, "d").startswith("`d` waits for one of `a` and `b`.")


def test_links_say_how_their_sources_have_to_end():
    upon = (("b", "failed"), ("c", "finished"))
    run = Scripted(task("a"), task("b"), task("c"), task("d", "a", upon=upon)).start()
    assert words(run, "d").startswith(
        "`d` waits for `a`, and for `b` to fail, and for `c` to end, well or not."
    )
    run.claim("b").fail("b")
    assert "The flow goes on from there: `d` is there for that." in words(run, "b")


def test_a_failure_by_a_join_names_the_root_and_the_calls_that_mend_that():
    chain = [task("a"), task("b", "a"), task("c", "b"), task("d", "c")]
    run = Scripted(*chain, on_failure="continue").start().claim("a").fail("a")
    answer = ask(run, "d")
    assert answer.words == (
        "`d` failed: JoinNotMet: it needs c, which failed. At the root of it: `a` failed (ValueError: no money). "
        f'run.rerun("a") does it again {MENDED}, run.skip("a") goes on without it.'
    )
    assert answer.calls == ('run.task("d").failure', 'run.rerun("a")', 'run.skip("a")')
    assert answer.who == "a person"


# Again ----------------------------------------------------------------------------------------------------


def test_a_retry_says_which_try_follows_and_when_it_is_due():
    run = (
        Scripted(task("a", retry=RetryPlan(3, delay=30)), task("b", "a"))
        .start()
        .claim("a")
        .fail("a", "no route")
    )
    answer = ask(run, "a")
    failed = "Attempt 1 of `a` failed: ValueError: no route."
    assert answer.words == (
        f"{failed} It is tried again (try 2 of 3) when its delay is over; run.run() waits for that."
    )
    assert answer.due == STARTED_AT + 32
    assert answer.calls == ("run.run()", 'run.skip("a")')
    assert "(try 2 of 3) in 29 s; run.run() waits for that." in words(run, "a", now=run.at)
    assert words(run, "b") == f"`b` waits for `a`. {answer.words}"
    assert words(run) == answer.words
    assert ask(run).due == STARTED_AT + 32
    assert next_words(run.fold, run.wiring) == (
        "Nothing to step: `a` is to be tried again; run.run() waits for that."
    )
    run.pause()
    assert words(run, "a").endswith("when its delay is over, once the run goes on; now the run is paused.")
    assert ask(run, "a").calls[0] == "run.resume()"
    run.resume().later(40)
    assert words(run, "a") == "`a` is ready again (try 2 of 3): this process can run it."


def test_time_that_is_limited_is_said_and_is_data():
    run = Scripted(manual("m", timeout=60.0, doc="Really?")).start()
    assert (
        words(run, "m") == "`m` waits for a person: “Really?” It has 60 s in all; then it counts as failed."
    )
    assert words(run, "m", now=run.at).endswith("It counts as failed in 59 s.")
    assert ask(run, "m").due == STARTED_AT + 60
    over_now = ask(run, "m", now=STARTED_AT + 61)
    assert over_now.words == "`m` had no result within 60 s. The next step or tick takes note of that."
    assert over_now.calls == ("run.tick()",)
    run.later(70)
    assert words(run, "m").startswith("`m` failed: TimeoutError: no result within 60 s.")


def test_a_loop_says_its_round_and_what_is_asked():
    until = Asked(params=(Param("poll", "own"),))
    run = Scripted(task("poll", repeat=RepeatPlan(until=until, most=3))).start().work("poll")
    assert words(run, "poll").startswith("`poll` waits for an answer: is `poll` done with its rounds?")
    run.answer("poll", False)
    assert words(run, "poll") == "`poll` is ready again (round 2): this process can run it."
    run.work("poll").answer("poll", True)
    assert words(run, "poll") == "`poll` succeeded: its function was called and returned, in 2 rounds."


# Items ----------------------------------------------------------------------------------------------------


def many(**options):
    return Scripted(over("fetch", **options), task("z", "fetch")).start({"urls": Json("[1,2,3,4]")})


def test_items_say_how_many_have_ended_which_failed_first_and_whose_turn_it_is():
    run = many(concurrency=2)
    assert words(run, "z") == (
        "`z` waits for `fetch`. `fetch` is at work on its items: 0 of 4 have ended. "
        "`fetch[0]` and `fetch[1]` are ready for this process."
    )
    assert words(run, "fetch[3]") == (
        "`fetch[3]` waits for its turn: `fetch` has 4 items, 2 at a time. "
        "At the root of it: `fetch[0]` and `fetch[1]` are ready for this process."
    )
    assert ask(run, "fetch[3]").waits_for == (("fetch[0]", "ready"), ("fetch[1]", "ready"))
    assert words(run) == "`fetch[0]` is ready: this process can run it."
    run.claim("fetch[0]").fail("fetch[0]")
    assert "1 of 4 have ended, 1 failed (first `fetch[0]`: ValueError: no money)." in words(run, "fetch")
    assert "The other items go on." in words(run, "fetch[0]")
    for number in (1, 2, 3):
        run.work(f"fetch[{number}]")
    again = 'run.rerun("fetch", items="failed")'
    assert ask(run, "fetch").calls == ('run.task("fetch").failure', again, 'run.skip("fetch")')
    assert words(run, "z") == (
        f'`z` was cancelled: `fetch` failed. It waits again after {again} or run.skip("fetch").'
    )


def test_an_item_that_there_is_not_is_refused_with_how_many_there_are():
    with pytest.raises(UsageError, match=r"`fetch` has 4 items, numbered from 0\."):
        ask(many(), "fetch[4]")
    waiting = Scripted(task("a"), over("fetch", after=("a",))).start({"urls": Json("[1]")})
    with pytest.raises(UsageError, match=r"`fetch` has no items yet: it is waiting\."):
        ask(waiting, "fetch[0]")


def test_a_hundred_thousand_items_are_explained_without_a_look_at_each():
    listed = Json("[" + ",".join("1" * 100_000) + "]")
    run = Scripted(over("fetch"), task("z", "fetch")).start({"urls": listed})
    assert len(words(run, "fetch")) < 200
    assert len(ask(run).waits_for) == 1
    assert len(run.fold.states) == 2


# Subflows -------------------------------------------------------------------------------------------------


def nested(**options):
    return Scripted(
        task("a"),
        flow("sub", "a", gives=("sub.y",), **options),
        task("sub.x", within="sub", undo=Asked()),
        manual("sub.y", "sub.x", within="sub"),
        task("end", "sub"),
    ).start()


def test_a_subflow_says_what_is_in_the_way_inside_it():
    run = nested()
    assert words(run, "sub.y") == (
        "`sub.y` waits for its subflow `sub` to begin, and at the root of it for `a`. "
        "`a` is ready: this process can run it."
    )
    run.work("a").work("sub.x")
    assert words(run, "end") == (
        "`end` waits for `sub`, and at the root of it for `sub.y`. `sub.y` waits for a person."
    )
    assert ask(run, "end").waits_for == (("sub.y", "ready"),)
    assert words(run, "sub") == "`sub` is at work: 1 of its 2 tasks has ended. `sub.y` waits for a person."


def test_a_subflow_that_is_tried_again_says_what_is_undone_first_and_when_it_begins():
    run = nested(retry=RetryPlan(2, delay=30)).work("a").work("sub.x").fail("sub.y")
    start = "`sub.y` failed in `sub`, so nothing new starts there"
    assert words(run, "sub") == (
        f"{start}. First `sub.x` is to be undone; then try 2 of 2 begins when its delay is over; "
        "run.run() waits for that."
    )
    assert words(run, "sub.x") == "`sub.x` is being undone: this process can run its undo."
    assert ask(run, "sub.x").calls[:2] == ("run.step()", 'run.complete("sub.x", None)')
    run.claim("sub.x").complete("sub.x", None, via="run")
    assert words(run, "sub", now=run.at).endswith(
        "there: try 2 of 2 begins in 27 s; run.run() waits for that."
    )
    run.later(50)
    assert words(run, "sub").startswith("`sub` is at work: 0 of its 2 tasks have ended in try 2 of 2.")


# The run --------------------------------------------------------------------------------------------------


def test_a_run_that_rests_for_a_failure_names_the_three_ways_on():
    chain = [task("a"), task("c", "a"), task("d", "c")]
    run = Scripted(*chain, on_failure="pause").start().work("a").claim("c").fail("c")
    answer = ask(run)
    assert answer.words == (
        'The run is paused (`c` failed). ValueError: no money. run.rerun("c") does it again, '
        'run.skip("c") goes on without it; run.resume() goes on with what does not need it.'
    )
    assert answer.calls[:3] == ("run.resume()", 'run.rerun("c")', 'run.skip("c")')
    assert words(run, "d").startswith("`d` can't have what it needs any more (`c` failed)")


def undone():
    tasks = [task("a", undo=Asked()), task("b", "a", undo=Asked()), task("c", "b")]
    return Scripted(*tasks, on_failure="revert").start().work("a").work("b").claim("c").fail("c")


def test_a_run_that_is_undone_says_what_is_undone_now_and_what_after_that():
    run = undone()
    answer = ask(run)
    assert answer.words == (
        "What was done is being undone, because `c` failed. "
        "`b` is being undone: this process can run its undo. After that: `a`."
    )
    assert answer.calls[:2] == ("run.step()", 'run.complete("b", None)')
    assert next_words(run.fold, run.wiring) == "`b` is to be undone. Step runs its undo here."
    assert words(run, "c") == "`c` counts as undone (it has no undo), and its result is gone."
    run.claim("b")
    assert words(run, "b", claims={"b": "living"}).startswith("The undo of `b` is running in another process")


def test_an_undo_that_failed_is_tried_again_by_one_call():
    run = undone().claim("b").fail("b", "locked")
    assert words(run) == (
        "The run failed, because the undo of `b` failed: ValueError: locked. "
        "What stands before it is not undone. run.revert() tries again."
    )
    assert ask(run, "b").calls == ('run.task("b").failure', "run.revert()")
    run.revert().claim("b").complete("b", None).claim("a").complete("a", None)
    assert words(run) == (
        'The run is undone: what was done in it counts no more. run.rerun("a") begins again there.'
    )
    assert words(run, "a") == '`a` is undone, and its result is gone. run.rerun("a") does it again.'


def test_a_result_that_stands_on_old_values_says_so():
    run = Scripted(task("a"), task("b", "a")).start().work("a").work("b").rerun("a", downstream=False)
    assert "what it stands on was done again since" in words(run, "b")
    assert 'run.rerun("b")' in ask(run, "b").calls
