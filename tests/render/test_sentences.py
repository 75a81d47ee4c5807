"""Each fact is one plain sentence, short and harmless, without times and processes."""

import pytest

from flowkit.core import FACTS, Failure
from flowkit.core import facts as f
from flowkit.core.values import Json
from flowkit.render import sentence
from tests.render.scripted import DRIVER, PID, Scripted, manual, task

FAILURE = Failure(types=("requests.exceptions.HTTPError", "builtins.OSError"), message="503\nbusy")

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
        f.TaskRetrying(task="quote", attempt=1, outcome="lost"),
        "`quote` is to be tried again: attempt 1 died with its process",
    ),
    (
        f.TaskRetrying(task="quote", attempt=2, outcome="failure"),
        "`quote` is to be tried again: attempt 2 ended as failure",
    ),
    (f.TaskLost(task="charge", attempt=1), "`charge` was lost with its process: a person decides"),
    (f.TaskFailed(task="charge", attempt=1, failure=FAILURE), "`charge` failed: HTTPError: 503 busy"),
    (
        f.TaskFailed(task="charge", attempt=1, failure=FAILURE, via="hand", note="phoned"),
        "`charge` failed by hand: HTTPError: 503 busy (note: phoned)",
    ),
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
        "attempt": 7,
        "inputs": {HOSTILE: HOSTILE, "b": HOSTILE},
        "results": {},
        **dict.fromkeys(("tasks", "ready", "passed"), (HOSTILE,) * 50),
    }
    cls = FACTS[kind]
    said = sentence(cls(**{name: values.get(name, HOSTILE) for name in cls.__struct_fields__}))
    assert said.isprintable()
    assert len(said) < 800
