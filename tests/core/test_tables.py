"""What the tables leave out: a fact that can't follow is a broken journal, a message gets its own error."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from flowkit.core import FACTS, Failure, Fold, advance, evolve
from flowkit.core import facts as f
from flowkit.core import messages as m
from flowkit.core.states import (
    FINISHED,
    RUN_STATES,
    RUN_TABLE,
    RUN_VERDICTS,
    TASK_STATES,
    TASK_TABLE,
    TASK_VERDICTS,
)
from flowkit.errors import (
    AlreadyCompleted,
    InvalidValue,
    JournalCorrupt,
    LateReport,
    NotReady,
    UnknownAttempt,
    UsageError,
)
from tests.core.rows import TASK_FACTS, Journal
from tests.core.test_machine import walked
from tests.core.world import ME


def missing(table: dict[tuple[str, str], str], states: tuple[str, ...]) -> list[tuple[str, str]]:
    """The pairs that a table leaves out."""
    kinds = sorted({kind for _, kind in table})
    return [(state, kind) for state in states for kind in kinds if (state, kind) not in table]


def refold(wiring: Any, facts: Journal) -> Fold:
    fold = Fold(wiring, lambda _: wiring)
    for fact, at in facts:
        evolve(fold, fact, at)
    return fold


def with_task_in(state: str) -> tuple[Fold, str]:
    wiring, facts, name = walked().seen[state]
    return refold(wiring, facts), name


def with_run_in(state: str) -> Fold:
    return refold(*walked().seen_run[state])


SAMPLES: dict[str, Any] = {
    "attempt": 1,
    "claimant": ME,
    "value": 1,
    "outcome": "lost",
    "failure": Failure(("OSError",), "no"),
    "reason": "because",
    "cause": "rerun",
    "round": 1,
    "number": 2,
    "by": "t0",
    "what": "when",
    "answer": True,
}


def fact_about(kind: str, name: str) -> f.Fact:
    """A fact of that kind about a task, with what it needs."""
    found: dict[str, Any] = {"task": name, "tasks": (name,)}
    fields = msgspec.structs.fields(FACTS[kind])
    return FACTS[kind](**{field.name: {**SAMPLES, **found}[field.name] for field in fields if field.required})


@pytest.mark.parametrize(("state", "kind"), missing(TASK_TABLE, TASK_STATES))
def test_a_task_fact_that_can_not_follow_is_a_broken_journal(state: str, kind: str) -> None:
    fold, name = with_task_in(state)
    with pytest.raises(JournalCorrupt, match=f"Fact {fold.seq + 1}, {kind}"):
        evolve(fold, fact_about(kind, name), 0.0)


@pytest.mark.parametrize(("state", "kind"), missing(RUN_TABLE, ("", *RUN_STATES)))
def test_a_run_fact_that_can_not_follow_is_a_broken_journal(state: str, kind: str) -> None:
    fold = with_run_in(state) if state else Fold(walked().seen["ready"][0])
    extra: dict[str, Any] = {"task": "t0"} if kind in ("RunFailing", "RunFailed") else {}
    if kind == "RunStarted":
        extra = {"flow": "made up", "plan": "p", "inputs": {}}
    with pytest.raises(JournalCorrupt, match=kind):
        evolve(fold, FACTS[kind](**extra), 0.0)


def test_a_fact_about_a_task_that_the_plan_has_not_is_a_broken_journal() -> None:
    for kind in TASK_FACTS:
        with pytest.raises(JournalCorrupt, match=kind):
            evolve(with_run_in("running"), fact_about(kind, "nobody"), 0.0)


DOOR = ("running", "failing", "reverting")  # the states of a run in which a claim is looked at

ERRORS = {"NotReady": NotReady, "LateReport": LateReport, "repeat or AlreadyCompleted": AlreadyCompleted}


@pytest.mark.parametrize(("state", "kind"), sorted(TASK_VERDICTS))
def test_each_row_of_the_tasks_verdicts(state: str, kind: str) -> None:
    fold, name = with_task_in(state)
    undone = name in fold.undos and (kind == "Report" or name not in fold.claims)
    if kind == "Claim":
        fold.state = fold.state if fold.state in DOOR else "running"  # what the run says is tested below
        answer = advance(fold, m.Claim(task=name, claimant=ME), 0.0)
    else:
        answer = advance(fold, m.Report(task=name, value="a value that nobody sent before"), 0.0)
    verdict = TASK_VERDICTS[state, kind]
    if verdict == "its undo":
        verdict = "apply" if undone else "NotReady"
    if verdict == "apply":
        assert (answer.verdict, answer.error) == ("accepted", None)
    else:
        assert type(answer.error) is ERRORS[verdict]
        assert name in str(answer.error)


@pytest.mark.parametrize(("state", "kind"), sorted(RUN_VERDICTS))
def test_each_row_of_the_runs_verdicts(state: str, kind: str) -> None:
    fold = with_run_in(state)
    open_ones = [unit for unit, found in fold.states.items() if found in ("waiting", "ready", "failed")]
    name = next(iter(open_ones if kind == "Skip" and open_ones else fold.states))
    message: m.Message = {
        "Claim": m.Claim(task=fold.next_ready() or name, claimant=ME),
        "Pause": m.Pause(),
        "Resume": m.Resume(),
        "Cancel": m.Cancel(),
        "Break": m.Break(task=name),
        "ClearBreak": m.ClearBreak(task=name),
        "Reply": m.Reply(task=name, what="when", answer=True),
        "Skip": m.Skip(task=name),
        "Rerun": m.Rerun(task=name),
        "Revert": m.Revert(),
        "Adopt": m.Adopt(plan="p"),
    }[kind]
    answer = advance(fold, message, 0.0)
    how, _, reason = RUN_VERDICTS[state, kind].partition(": ")
    if how == "ignore":
        assert (answer.verdict, answer.reason, answer.facts) == ("ignored", reason, ())
    elif kind == "Reply":  # nothing is asked where nothing new starts, which is said first
        assert type(answer.error) is (AlreadyCompleted if name in fold.answers else NotReady)
    elif how == "UsageError":
        assert type(answer.error) is UsageError
        assert reason in str(answer.error)
        assert answer.facts == ()
    else:
        assert type(answer.error) not in (UsageError, UnknownAttempt)


def test_an_invalid_value_is_refused_only_where_a_valid_one_would_be_taken() -> None:
    problem = InvalidValue("not a bool")
    for state in TASK_STATES:
        fold, name = with_task_in(state)
        answer = advance(
            fold, m.Report(task=name, value="a value that nobody sent before", problem=problem), 0.0
        )
        if TASK_VERDICTS[state, "Report"] == "apply":
            assert answer.error is problem
            assert answer.facts == ()
        else:
            assert answer.error is not problem


def test_the_tables_speak_of_states_that_exist() -> None:
    assert {state for state, _ in TASK_TABLE} | set(TASK_TABLE.values()) == set(TASK_STATES)
    assert {state for state, _ in RUN_TABLE} | set(RUN_TABLE.values()) == {"", *RUN_STATES}
    onward = {kind for state, kind in TASK_TABLE if state in FINISHED}
    assert onward == {"TaskSkipped", "TaskRevertStarted", "TasksReset"}, "what leads out of an end"
    assert {kind for _, kind in TASK_TABLE} == TASK_FACTS
    assert {kind for _, kind in RUN_TABLE} | TASK_FACTS | {
        *("BreakpointSet", "BreakpointCleared", "ReportRefused", "Emitted", "PlanAdopted"),
    } == FACTS.keys()
