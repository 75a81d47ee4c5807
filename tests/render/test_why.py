"""`why`: what is said of plain tasks and runs, down to the root cause."""

import ast

import pytest

from flowkit.core.states import RUN_STATES, TASK_STATES
from flowkit.errors import UsageError
from flowkit.render import Seen, why
from tests.render.scripted import STARTED_AT, Scripted, manual, order, task


def ask(run, name=None, **seen):
    return why(run.fold, run.wiring, name, Seen(**seen))


@pytest.mark.parametrize("run_state", ["", *RUN_STATES])
@pytest.mark.parametrize("state", TASK_STATES)
def test_even_a_pair_that_can_not_occur_gets_an_answer(run_state, state):
    run = order()
    run.fold.state, run.fold.ended_by = run_state, "quote"
    run.fold.states["charge"] = state
    for left in (0, 1):
        run.fold.left["charge"] = left
        assert "`charge`" in ask(run, "charge").words
    assert ask(run).words


# Waiting --------------------------------------------------------------------------------------------------


def test_a_waiting_task_names_the_root_cause_far_up_the_chain():
    run = order().start().work("quote").work("charge")
    answer = ask(run, "note")
    assert answer.words == (
        "`note` waits for `ship`, and at the root of it for `approve`. "
        "`approve` waits for a person: “Is this price all right?”"
    )
    assert answer.waits_for == (("approve", "ready"),)
    assert answer.who == "a person"
    assert answer.calls == ('run.complete("approve", True)  # bool',)
    assert answer.since == STARTED_AT


def test_several_root_causes_are_grouped_by_where_they_stand():
    run = order().start().work("quote").claim("charge")
    answer = ask(run, "ship", claims={"charge": "living"})
    assert answer.words == (
        "`ship` waits for `approve` (waiting for a person), `charge` (running in another process)."
    )
    assert answer.waits_for == (("approve", "ready"), ("charge", "running"))
    assert answer.who == "a person or process 4711"
    assert ask(run, "note", claims={"charge": "living"}).words == (
        "`note` waits for `ship`. At the root of it: `approve` is waiting for a person; "
        "`charge` is running in another process."
    )


def test_the_words_stay_short_however_many_there_are_and_the_data_is_whole():
    names = [f"part_{i}" for i in range(2_000)]
    run = Scripted(*map(task, names), task("join", *names)).start()
    answer = ask(run, "join")
    assert answer.words == (
        "`join` waits for `part_0`, `part_1`, `part_2` and 1,997 more (ready for this process)."
    )
    assert [name for name, _ in answer.waits_for] == names
    assert len(answer.calls) < 10
    assert ask(run).words == (
        "`part_0`, `part_1`, `part_2` and 1,997 more are ready: this process can run them."
    )


def test_a_chain_deeper_than_any_stack():
    length = 20_000
    run = Scripted(task("t0"), *(task(f"t{i}", f"t{i - 1}") for i in range(1, length))).start()
    assert ask(run, f"t{length - 1}").waits_for == (("t0", "ready"),)


def test_a_task_on_many_paths_is_named_once():
    layers = [task("t0")]
    for i in range(1, 40):
        layers += [task(f"a{i}", layers[-1].name), task(f"b{i}", layers[-1].name)]
        layers.append(task(f"t{i}", f"a{i}", f"b{i}"))
    assert ask(Scripted(*layers).start(), "t39").waits_for == (("t0", "ready"),)


# One task, state by state ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "words", "who", "call"),
    [
        ("here", "`quote` is ready: this process can run it.", "this process", 'run.step("quote")'),
        (
            "missing",
            "this process has no code for it",
            "a process that has its code",
            "run = engine.open(run.id, flow)",
        ),
        ("changed", "is not the code that the run was started with", "a person", 'run.complete("quote", …)'),
        (
            "elsewhere",
            "by a transport that this one does not serve",
            "another process",
            'run.complete("quote", …)',
        ),
    ],
)
def test_a_ready_task_says_who_can_run_it(code, words, who, call):
    answer = ask(order().start(), "quote", code={"quote": code})
    assert words in answer.words
    assert (answer.who, answer.calls[0]) == (who, call)
    assert 'run.complete("quote", …)' in answer.calls  # anybody may report its result, in every model


@pytest.mark.parametrize(
    ("claim", "words", "who"),
    [
        ("this process", "`quote` is running in this process.", "this process"),
        ("living", "`quote` is running in another process, which is alive.", "process 4711"),
        ("elsewhere", "can't be seen from here", "process 4711, elsewhere"),
        ("gone", "The process that ran `quote` has died. The next step or tick notices it", "this process"),
    ],
)
def test_a_running_task_says_where_and_whether_that_process_lives(claim, words, who):
    answer = ask(order().start().claim("quote"), "quote", claims={"quote": claim})
    assert words in answer.words
    assert answer.who == who


def test_without_a_look_at_the_claimant_nothing_is_said_of_its_life():
    words = ask(order().start().claim("quote"), "quote").words
    assert words.startswith("`quote` is running: a process has claimed it.")


def test_what_becomes_of_a_task_whose_process_died_is_said_before_it_happens():
    def after_death(on_crash, losses=0, state="running"):
        run = Scripted(task("a", on_crash=on_crash)).start()
        for _ in range(losses):
            run.claim("a").lose("a")
        run.claim("a")
        if state == "pausing":
            run.pause()
        return run, ask(run, "a", claims={"a": "gone"}).words

    for losses, state, on_crash, words, then in [
        (0, "running", "rerun", "offers it again.", "ready"),
        (1, "running", "rerun", "offers it again.", "ready"),
        (2, "running", "rerun", "counts it as failed.", "failed"),
        (0, "running", "ask", "asks a person what became of it.", "lost"),
        (0, "running", "fail", "counts it as failed.", "failed"),
        (0, "pausing", "rerun", "offers it again when the run goes on.", "retrying"),
    ]:
        run, said = after_death(on_crash, losses, state)
        assert said.endswith(words)
        assert run.lose("a").fold.states["a"] == then


def test_a_lost_task_asks_a_person_for_either_answer():
    run = Scripted(task("charge", on_crash="ask")).start().claim("charge").lose("charge")
    answer = ask(run, "charge")
    assert "the process that ran it died" in answer.words
    assert answer.calls == ('run.complete("charge", …)', 'run.fail("charge", "…")')
    assert answer.who == "a person"
    decision = 'run.complete("charge", …) if its work was done, run.fail("charge", "…") if not.'
    assert answer.words.endswith(f"A person decides: {decision}")
    assert ask(run).words.endswith(decision), (
        "where it is all that the run waits for, which an empty step says"
    )
    assert ask(run).calls == answer.calls


def test_a_lost_task_among_others_still_has_both_its_calls_named():
    others = [manual("ask"), task("more"), task("join", "charge", "ask")]
    run = Scripted(task("charge", on_crash="ask"), *others).start().claim("charge").lose("charge")
    for answer in (ask(run), ask(run.work("more")), ask(run, "join"), ask(run.pause())):
        assert 'About `charge`: run.complete("charge", …) if its work was done' in answer.words
        assert {'run.complete("charge", …)', 'run.fail("charge", "…")'} <= set(answer.calls)


def test_a_second_offer_says_what_became_of_the_first():
    lost = Scripted(task("a")).start().claim("a").lose("a")
    assert ask(lost, "a").words == "`a` is ready again (its process died): this process can run it."
    given_back = Scripted(task("a")).start().claim("a").release("a", "interrupted")
    assert "again (it was given back: interrupted)" in ask(given_back, "a").words


@pytest.mark.parametrize(
    ("via", "words"), [("run", "called and returned"), ("hand", "by hand"), ("given", "given when the run")]
)
def test_a_succeeded_task_says_where_its_result_came_from(via, words):
    run = Scripted(task("a"), task("b", "a"))
    if via == "given":
        run.start(a=1)
    else:
        run.start().claim("a").complete("a", via=via)
    answer = ask(run, "a")
    assert words in answer.words
    assert answer.calls == ('run["a"]',)


def test_a_failed_task_gives_its_failure_and_what_to_do():
    run = order().start().fail("quote", "no\nroute\x1b[31m")
    answer = ask(run, "quote")
    assert answer.words.startswith(
        r"`quote` failed: ValueError: no route\x1b[31m. "
        'run.rerun("quote") does it again (after run.adopt(flow), where its code was mended), '
        'run.skip("quote") goes on without it.'
    )
    assert answer.who == "a person"
    assert answer.calls == ('run.task("quote").failure', 'run.rerun("quote")', 'run.skip("quote")')
    assert ask(run.rerun("quote").cancel(), "quote").calls == ()
    assert "(reported by hand)" in ask(order().start().fail("quote", via="hand"), "quote").words


def test_cancelled_and_skipped_tasks_give_the_recorded_reason():
    failed = order().start().fail("quote")
    assert ask(failed, "note").words == (
        '`note` was cancelled: `quote` failed. It waits again after run.rerun("quote") or run.skip("quote").'
    )
    cancelled = order().start().cancel()
    assert ask(cancelled, "note").words == "`note` was cancelled: the run was cancelled."
    both = order().start().work("quote").claim("charge").fail("charge").cancel()
    assert ask(both, "approve", reasons={"approve": "the run was cancelled"}).words.endswith(
        "the run was cancelled."
    )
    fed = order().start(charge=1, approve=True)
    reason = "everything that it feeds was given"
    assert ask(fed, "quote", reasons={"quote": reason}).words == (
        f"`quote` was skipped, and nothing is wrong with that: {reason}."
    )


def test_a_pause_a_breakpoint_and_a_failure_are_named_as_what_holds_a_task():
    paused = order().start().pause("lunch")
    answer = ask(paused, "quote")
    assert "the run is paused (lunch)" in answer.words
    assert answer.calls[0] == "run.resume()"
    stopped = order().start().stop_before("ship").work("quote").complete("approve").work("charge")
    assert "there is a breakpoint before it" in ask(stopped, "ship").words
    assert ask(stopped, "ship").calls == ("run.resume()",)
    failing = order().start().work("quote").claim("charge").fail("charge")
    answer = ask(failing, "approve")
    assert answer.words.endswith(
        "But `charge` failed, so the answer no longer changes how the run ends: it fails. "
        'It ends with run.complete("approve", True) or run.fail("approve", "…"), or with run.cancel().'
    )
    assert answer.calls == (
        'run.complete("approve", True)  # bool',
        'run.fail("approve", "…")',
        "run.cancel()",
    )
    assert answer.words.partition("But")[2].partition("so ")[2] in ask(failing).words


def test_a_failing_run_in_which_several_are_out_does_not_promise_that_one_answer_ends_it():
    run = Scripted(manual("a"), manual("b"), task("c")).start().claim("c").fail("c")
    for answer in (ask(run), ask(run, "a")):
        assert "no longer changes how the run ends" in answer.words
        assert "run.cancel() ends it now; else it ends when all that is out is told" in answer.words
        assert 'run.complete("a", …) or run.fail("a", "…")' in answer.words
        assert "run.cancel()" in answer.calls
    run.complete("a")
    assert run.fold.state == "failing"
    assert run.complete("b").fold.state == "failed"


def test_a_lost_task_of_a_failing_run_no_longer_decides_it():
    run = Scripted(task("charge", on_crash="ask"), task("c")).start().claim("charge").lose("charge")
    run.claim("c").fail("c")
    answer = ask(run, "charge")
    assert "the answer no longer changes how the run ends" in answer.words
    assert answer.calls == ('run.complete("charge", …)', 'run.fail("charge", "…")', "run.cancel()")


# The run --------------------------------------------------------------------------------------------------


def test_a_run_that_waits_for_a_person_says_so_with_the_call():
    answer = ask(order().start().work("quote").work("charge"))
    assert (
        answer.words
        == 'Nothing for this process to do. `approve` waits for a person: run.complete("approve", True)'
    )
    assert answer.waits_for == (("approve", "ready"),)
    assert answer.who == "a person"


def test_a_run_with_work_for_this_process_says_so_first():
    answer = ask(order().start().work("quote"))
    assert (
        answer.words
        == "`charge` is ready: this process can run it. Besides: `approve` is waiting for a person."
    )
    assert answer.calls[:2] == ("run.step()", "run.run()")
    assert answer.who == "this process or a person"


@pytest.mark.parametrize(
    ("run", "words"),
    [
        (order(), "The run has not begun."),
        (order().start().pause(), "The run is paused. run.resume() goes on."),
        (
            order().start().claim("quote").pause("lunch"),
            "The run is being paused (lunch). It rests when `quote` has ended.",
        ),
        (order().start().fail("quote"), "The run failed, because `quote` failed: ValueError: no money."),
        (order().start().cancel("enough"), "The run was cancelled: enough. What was open counts no more."),
        (
            order(target="quote").start().work("quote"),
            "The run succeeded: `quote`, its target, has its result.",
        ),
        (Scripted(task("a")).start().work("a"), "The run succeeded: every task has ended."),
        (
            order().start().work("quote").claim("charge").fail("charge"),
            "`charge` failed (ValueError: no money), so nothing new starts. "
            "The run ends when nothing is out any more: `approve` is waiting for a person.",
        ),
    ],
)
def test_a_run_that_rests_or_has_ended_says_why(run, words):
    assert ask(run).words.startswith(words)


def test_since_is_data_and_never_words():
    answer = ask(order().start(), "quote", since={"quote": 12345.0, "": 54321.0})
    assert answer.since == 12345.0
    assert "12345" not in answer.words
    assert ask(order().start(), since={"": 54321.0}).since == 54321.0


# Names ----------------------------------------------------------------------------------------------------


def test_a_name_that_is_no_task_is_refused_with_a_hint():
    run = order().start()
    with pytest.raises(UsageError, match=r"no task `quotes`\. Did you mean `quote`\?"):
        ask(run, "quotes")
    with pytest.raises(UsageError, match="it was started for `charge`, which does not need it"):
        ask(order(target="charge").start(), "ship")


def test_a_part_is_answered_by_its_task():
    run = Scripted(task("split", outputs=("left", "right")), task("b", "split")).start()
    assert ask(run, "right").task == "split"


NASTY = [
    "it's",
    'a "b"',
    "\x1b[31mred",
    "line\nbreak",
    "\u202eevil",
    "<b>&amp;",
    "`tick`",
    "x" * 300,
    "\ud800",
]


@pytest.mark.parametrize("name", NASTY)
def test_a_nasty_name_is_visible_in_words_and_exact_in_cells(name):
    run = Scripted(manual(name, doc="\x07Really?\u202e"), task("b", name)).start()
    for answer in (ask(run, name), ask(run, "b"), ask(run)):
        assert answer.words.isprintable()
        assert len(answer.words) < 700
    (call,) = (ast.parse(text.replace("…", "...")) for text in ask(run, name).calls)
    assert call.body[0].value.args[0].value == name
