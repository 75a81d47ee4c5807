"""Each fact is one plain sentence, short and harmless, without times and processes."""

import pytest

from flowkit.core import FACTS, Failure
from flowkit.core import facts as f
from flowkit.core.values import Json
from flowkit.render import sentence
from tests.render.scripted import DRIVER, PID, Scripted, manual, task

FAILURE = Failure(types=("requests.exceptions.HTTPError", "builtins.OSError"), message="503\nbusy")
LATE = Failure(types=("builtins.TimeoutError",), message="no result within 30 s")

SENTENCES = [
    (
        f.RunStarted(flow="order", plan="abc", inputs={"item": "book"}, ready=("quote",)),
        "a run of “order” started with item='book'; `quote` became ready",
    ),
    (
        f.RunStarted(flow="order", plan="abc", inputs=dict.fromkeys("abcde", 1), target="ship"),
        "a run of “order” started with a=1, b=1, c=1 and 2 more, for `ship` only",
    ),
    (f.PauseRequested(reason="lunch"), "pausing: lunch; what is running goes on to its end"),
    (f.RunPaused(reason="breakpoint before ship"), "paused: breakpoint before `ship`"),
    (f.RunPaused(), "paused"),
    (
        f.RunResumed(ready=("a", "b"), passed=("ship",), note="back"),
        "resumed: back, past the breakpoint before `ship`; `a` and `b` became ready",
    ),
    (f.RunFailing(task="charge"), "failing: `charge` failed, so nothing new starts"),
    (f.RunFailed(task="charge"), "the run failed: `charge` failed"),
    (f.RunSucceeded(), "the run succeeded"),
    (f.RunCancelled(note="enough"), "the run was cancelled: enough"),
    (f.BreakpointSet(task="ship"), "breakpoint set before `ship`"),
    (f.BreakpointCleared(task="ship"), "breakpoint before `ship` cleared"),
    (f.TaskReady(task="quote", attempt=2), "`quote` became ready again, attempt 2"),
    (f.TaskReady(task="quote", attempt=1), "`quote` became ready"),
    (f.AttemptClaimed(task="quote", attempt=1, claimant=DRIVER), "`quote` was claimed: it is about to run"),
    (
        f.AttemptClaimed(task="quote", attempt=3, claimant=DRIVER),
        "`quote` was claimed, attempt 3: it is about to run",
    ),
    (
        f.AttemptReleased(task="quote", attempt=1, reason="interrupted"),
        "`quote` was given back unfinished: interrupted",
    ),
    (
        f.TaskSucceeded(task="quote", attempt=1, value=12.5, ready=("approve",)),
        "`quote` succeeded: 12.5; `approve` became ready",
    ),
    (
        f.TaskSucceeded(task="approve", attempt=1, value=True, via="hand", note="by phone"),
        "`approve` succeeded by hand: True (note: by phone)",
    ),
    (
        f.TaskSucceeded(task="load", attempt=0, value=Json('{"$tuple":[1,2]}'), via="given"),
        "`load` was given at the start: (1, 2)",
    ),
    (
        f.TaskSucceeded(task="poll", attempt=3, value="done", via="loop"),
        "`poll` succeeded with its last round: 'done'",
    ),
    (
        f.TaskSucceeded(task="fetch", attempt=0, value=None, via="items"),
        "`fetch` succeeded: all its items have ended",
    ),
    (
        f.TaskSucceeded(task="sub", attempt=0, value=None, via="inside", ready=("ship",)),
        "`sub` succeeded: all in it has ended; `ship` became ready",
    ),
    (
        f.TaskRetrying(task="quote", attempt=1, outcome="lost"),
        "`quote` is to be tried again at once: attempt 1 died with its process",
    ),
    (
        f.TaskRetrying(task="quote", attempt=2, outcome="failure", failure=FAILURE, due=1_700_000_000.0),
        "`quote` is to be tried again: attempt 2 failed: HTTPError: 503 busy",
    ),
    (
        f.TaskRetrying(task="quote", attempt=2, outcome="timeout", failure=LATE, due=1_700_000_000.0),
        "`quote` is to be tried again: attempt 2 took too long: TimeoutError: no result within 30 s",
    ),
    (
        f.TaskRetrying(task="quote", attempt=2, outcome="failure", failure=FAILURE, via="hand", note="rang"),
        "`quote` is to be tried again at once: attempt 2 failed by hand: HTTPError: 503 busy (note: rang)",
    ),
    (
        f.GroupRetrying(task="sub", number=2, by="sub.call", failure=FAILURE),
        "`sub` is to be tried again at once, try 2: `sub.call` failed: HTTPError: 503 busy",
    ),
    (
        f.GroupFailing(task="sub", by="sub.call"),
        "`sub` is failing: `sub.call` failed, so nothing new starts in there",
    ),
    (
        f.GroupFailing(task="sub", by="sub.call", undo=True),
        "`sub` is failing: `sub.call` failed, so nothing new starts in there, "
        "and what was done there is undone",
    ),
    (f.TaskOpened(task="sub"), "`sub` began: the tasks in it do its work"),
    (
        f.TaskOpened(task="fetch", items=1_200, offered=4),
        "`fetch` began with 1,200 items, the first 4 ready at once",
    ),
    (f.TaskOpened(task="fetch", items=3, offered=3), "`fetch` began with 3 items, all ready at once"),
    (f.TaskOpened(task="fetch", items=1, offered=1), "`fetch` began with 1 item, it is ready at once"),
    (f.TaskOpened(task="fetch", items=0), "`fetch` began, with no items"),
    (f.QuestionAsked(task="ship", what="when"), "a question: is `ship` to be done?"),
    (
        f.QuestionAsked(task="ship", what="when", sources=("a",)),
        "a question: is `ship` to be done?, using `a`",
    ),
    (f.QuestionAsked(task="poll", what="until"), "a question: is `poll` done with its rounds?"),
    (f.QuestionAsked(task="fetch", what="each"), "a question: how many items has `fetch`?"),
    (f.QuestionAnswered(task="ship", what="when", answer=True), "the answer: `ship` is to be done"),
    (
        f.QuestionAnswered(task="ship", what="when", answer=False, via="hand", note="too dear"),
        "the answer (by hand): `ship` is not to be done (note: too dear)",
    ),
    (f.QuestionAnswered(task="poll", what="until", answer=False), "the answer: `poll` goes round again"),
    (
        f.QuestionAnswered(task="poll", what="until", answer=True),
        "the answer: `poll` is done with its rounds",
    ),
    (f.QuestionAnswered(task="fetch", what="each", answer=1), "the answer: `fetch` has 1 item"),
    (f.RoundEnded(task="poll", attempt=2, round=2, value=7), "round 2 of `poll` ended: 7"),
    (
        f.RoundEnded(task="poll", attempt=2, round=2, value=7, via="hand"),
        "round 2 of `poll` ended by hand: 7",
    ),
    (f.RunRevived(note="mended"), "the run goes on again: mended"),
    (
        f.RunRevertStarted(task="charge"),
        "all that was done is being undone, because `charge` failed",
    ),
    (f.RunRevertStarted(note="wrong order"), "all that was done is being undone: wrong order"),
    (f.RunReverted(), "the run is undone"),
    (
        f.PlanAdopted(plan="xyz", gone=("old",), changes={"a": "its code changed", "b": "it is new"}),
        "the run goes on with an edited flow; `a` and `b` run again; `old` is gone",
    ),
    (f.TaskRevertStarted(task="charge"), "`charge` is being undone"),
    (f.TaskReverted(task="charge", attempt=2), "`charge` is undone"),
    (
        f.TaskReverted(task="charge", attempt=2, via="hand", note="rang"),
        "`charge` is undone by hand (note: rang)",
    ),
    (f.TaskReverted(task="quote"), "`quote` counts as undone: nothing is to be called for it"),
    (
        f.TaskRevertFailed(task="charge", attempt=2, failure=FAILURE),
        "the undo of `charge` failed: HTTPError: 503 busy",
    ),
    (f.TasksReset(tasks=("a", "b"), cause="rerun"), "`a` and `b` wait again, to be done again"),
    (f.TasksReset(tasks=("sub.a",), cause="retry"), "`sub.a` waits again, for the next try"),
    (f.TasksReset(tasks=("a",), cause="skip"), "`a` waits again, to be judged anew"),
    (f.TaskReady(task="ship", attempt=1, sources=("a", "b")), "`ship` became ready, using `a` and `b`"),
    (f.TaskReady(task="ship", attempt=1, sources=()), "`ship` became ready, using no source"),
    (f.TaskLost(task="charge", attempt=1), "`charge` was lost with its process: a person decides"),
    (f.TaskFailed(task="charge", attempt=1, failure=FAILURE), "`charge` failed: HTTPError: 503 busy"),
    (
        f.TaskFailed(task="charge", attempt=1, failure=FAILURE, via="hand", note="phoned"),
        "`charge` failed by hand: HTTPError: 503 busy (note: phoned)",
    ),
    (
        f.TaskFailed(task="charge", attempt=1, failure=FAILURE, handled=True),
        "`charge` failed: HTTPError: 503 busy; the flow goes on from there",
    ),
    (
        f.TaskFailed(task="fetch[1]", attempt=1, failure=FAILURE, handled=True),
        "`fetch[1]` failed: HTTPError: 503 busy",
    ),
    (f.TaskSkipped(tasks=("a",), reason="its decider said no"), "`a` was skipped: its decider said no"),
    (f.TaskSkipped(tasks=("a",), reason="agree said no"), "`a` was skipped: `agree` said no"),
    (f.TaskSkipped(tasks=("a",), reason="b was skipped"), "`a` was skipped: `b` was skipped"),
    (f.TaskSkipped(tasks=("a",), reason="not needed"), "`a` was skipped: not needed"),
    (
        f.TaskCancelled(tasks=tuple("abcde"), reason="charge failed"),
        "`a`, `b`, `c` and 2 more were cancelled: `charge` failed",
    ),
    (
        f.TaskCancelled(tasks=("a", "b"), reason="the run was cancelled"),
        "`a` and `b` were cancelled: the run was cancelled",
    ),
    (
        f.ReportRefused(task="approve", attempt=1, verdict="already completed", value=False),
        "report for `approve` refused: already completed (sent False)",
    ),
    (
        f.ReportRefused(task="approve", attempt=1, verdict="late", failure=FAILURE, note="sorry"),
        "report for `approve` refused: late (sent HTTPError: 503 busy) (note: sorry)",
    ),
    (f.Emitted(task="fetch", attempt=1, topic="page", payload=4), "`fetch` says page: 4"),
    (f.Emitted(task="fetch", attempt=1, topic="half way"), "`fetch` says half way"),
]


@pytest.mark.parametrize(("fact", "expected"), SENTENCES)
def test_a_fact_in_words(fact, expected):
    assert sentence(fact) == expected


def test_with_the_time_of_its_entry_a_retry_says_when_it_is_due():
    retry = f.TaskRetrying(task="quote", attempt=1, outcome="failure", failure=FAILURE, due=1_030.0)
    assert sentence(retry, 1_000.0).startswith("`quote` is to be tried again in 30 s: attempt 1 failed")
    again = f.GroupRetrying(task="sub", number=2, by="sub.call", failure=FAILURE, due=1_000.5)
    assert sentence(again, 1_000.0).startswith("`sub` is to be tried again in 0.5 s, try 2")


def test_every_kind_of_fact_has_a_sentence():
    assert {type(fact).__name__ for fact, _ in SENTENCES} == set(FACTS)


def test_two_runs_of_one_notebook_have_the_same_sentences():
    facts = Scripted(task("a"), manual("b", "a")).start().work("a").complete("b").facts
    assert not any(str(PID) in sentence(fact) for fact in facts)


HOSTILE = "\x1b[2J\u202e\n<script>" + "x" * 10_000


@pytest.mark.parametrize("kind", sorted(FACTS))
def test_no_string_can_move_the_cursor_or_fill_the_page(kind):
    failure = Failure(types=(HOSTILE,), message=HOSTILE)
    values = {
        "failure": failure,
        "claimant": DRIVER,
        **dict.fromkeys(("attempt", "items", "offered", "round", "number"), 7),
        "due": 1_700_000_000.0,
        "changes": dict.fromkeys((f"{HOSTILE}{i}" for i in range(50)), HOSTILE),
        "inputs": {HOSTILE: HOSTILE, "b": HOSTILE},
        "results": {},
        **dict.fromkeys(("tasks", "ready", "passed", "sources", "gone"), (HOSTILE,) * 50),
    }
    cls = FACTS[kind]
    said = sentence(cls(**{name: values.get(name, HOSTILE) for name in cls.__struct_fields__}))
    assert said.isprintable()
    assert len(said) < 800
