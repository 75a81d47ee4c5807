"""The rules of an execution as small stories: send a message, see which facts follow and where the run stands."""

from __future__ import annotations

from typing import Any

import pytest

from flowkit.core import Claimant, Failure, Fold, Param, Plan, TaskPlan, Wiring, advance, counts
from flowkit.core import messages as m
from flowkit.core.values import Json
from flowkit.errors import (
    AlreadyCompleted,
    AttemptWithdrawn,
    LateReport,
    NotReady,
    UnknownAttempt,
    UsageError,
)

ME = Claimant(boot="b", space="s", pid=7, born="1", driver="d")


def task(name: str, *sources: str, **options: Any) -> TaskPlan:
    return TaskPlan(name, params=tuple(Param(source, "task", source) for source in sources), **options)


class Run:
    """A run in memory: `say` sends a message, folds what follows and gives the kinds of the facts."""

    def __init__(self, *tasks: TaskPlan, target: str | None = None, **given: Any) -> None:
        self.fold = Fold(Wiring(Plan("f", tasks), target))
        self.facts: list[Any] = []
        self.say(m.Start(flow="f", plan="p", inputs={}, target=target, results=given))

    def say(self, message: m.Message) -> str:
        answer = advance(self.fold, message, 0.0)
        self.facts.extend(answer.facts)
        if answer.error is not None:
            raise answer.error
        return " ".join(fact.kind for fact in answer.facts) or answer.verdict

    def claim(self, name: str) -> str:
        return self.say(m.Claim(task=name, claimant=ME))

    def complete(self, name: str, value: Any = 1, attempt: int | None = None) -> str:
        return self.say(m.Report(task=name, value=value, attempt=attempt))

    def fail(self, name: str, text: str = "no") -> str:
        return self.say(m.Report(task=name, failure=Failure(("builtins.OSError",), text)))

    def lose(self, *names: str) -> str:
        return self.say(m.Tick(gone=tuple((name, self.fold.attempts[name]) for name in names)))

    @property
    def states(self) -> str:
        return " ".join(self.fold.states.values())


def test_a_chain_is_walked_by_claims_and_reports() -> None:
    run = Run(task("a"), task("b", "a"), task("c", "b"))
    assert (run.fold.state, run.states) == ("running", "ready waiting waiting")
    assert run.claim("a") == "AttemptClaimed"
    assert run.states == "running waiting waiting"
    assert run.complete("a") == "TaskSucceeded"
    assert run.states == "succeeded ready waiting"
    run.claim("b")
    run.complete("b")
    run.claim("c")
    assert run.complete("c", 3) == "TaskSucceeded RunSucceeded"
    assert (run.fold.state, run.fold.values) == ("succeeded", {"a": 1, "b": 1, "c": 3})


def test_a_flow_without_tasks_has_succeeded_at_once() -> None:
    assert Run().fold.state == "succeeded"


def test_a_join_is_offered_once_when_the_last_source_has_succeeded() -> None:
    run = Run(task("a"), task("b"), task("j", "a", "b"))
    run.complete("b")
    assert run.states == "ready succeeded waiting"
    run.complete("a")
    assert run.states == "succeeded succeeded ready"
    assert run.fold.attempts["j"] == 1


def test_what_is_offered_together_is_taken_in_the_order_of_definition() -> None:
    run = Run(task("root"), *[task(name, "root") for name in "cab"])
    run.complete("root")
    order = []
    while (name := run.fold.next_ready()) is not None:
        order.append(name)
        run.claim(name)
    assert order == ["c", "a", "b"]


def test_a_target_leaves_out_what_it_does_not_need() -> None:
    run = Run(task("a"), task("b", "a"), task("c", "a"), target="b")
    assert list(run.fold.states) == ["a", "b"]
    run.complete("a")
    assert run.complete("b") == "TaskSucceeded RunSucceeded"


def test_given_results_stand_from_the_start_and_what_only_feeds_them_is_skipped() -> None:
    run = Run(task("fetch"), task("load", "fetch"), task("use", "load"), load=[1])
    assert run.states == "skipped succeeded ready"
    assert run.fold.via == {"load": "given"}


def test_a_source_that_somebody_else_needs_is_not_skipped() -> None:
    run = Run(task("fetch"), task("load", "fetch"), task("count", "fetch"), load=1)
    assert run.states == "ready succeeded waiting"


def test_a_run_whose_every_end_was_given_has_succeeded() -> None:
    run = Run(task("a"), task("b", "a"), b=2)
    assert (run.fold.state, run.states) == ("succeeded", "skipped succeeded")


# The report door --------------------------------------------------------------------------------------------


def test_the_same_report_again_is_a_repeat_and_another_is_kept_and_refused() -> None:
    run = Run(task("a"))
    run.complete("a", 7)
    assert run.complete("a", 7) == "repeat"
    with pytest.raises(AlreadyCompleted, match=r"a has the result 7, recorded before. 8 was kept") as refused:
        run.complete("a", 8)
    assert (refused.value.recorded, refused.value.sent) == (7, 8)
    assert run.facts[-1].kind == "ReportRefused"
    assert run.fold.values == {"a": 7}


@pytest.mark.parametrize(
    ("one", "other"), [(1, True), (1, 1.0), (0, False), (None, 0), ("1", 1), (Json("[1]"), Json("[1.0]"))]
)
def test_equal_is_equal_in_type_too(one: Any, other: Any) -> None:
    run = Run(task("a"))
    run.complete("a", one)
    assert run.complete("a", one) == "repeat"
    with pytest.raises(AlreadyCompleted):
        run.complete("a", other)


def test_nan_is_the_same_nan() -> None:
    run = Run(task("a"))
    run.complete("a", float("nan"))
    assert run.complete("a", float("nan")) == "repeat"


def test_of_many_reporters_the_first_is_accepted() -> None:
    run = Run(task("a"), task("b", "a"))
    verdicts = []
    for value in range(8):
        try:
            verdicts.append(run.complete("a", value))
        except AlreadyCompleted as refused:
            verdicts.append(refused.verdict)
    assert verdicts == ["TaskSucceeded"] + ["already completed"] * 7
    assert run.fold.attempts["b"] == 1


def test_a_failure_reported_again_is_a_repeat_and_a_value_after_it_is_not() -> None:
    run = Run(task("a"))
    run.fail("a", "no")
    assert run.fail("a", "no") == "repeat"
    with pytest.raises(AlreadyCompleted, match="failed with OSError: no"):
        run.complete("a", 1)
    with pytest.raises(AlreadyCompleted):
        run.fail("a", "never")


def test_what_was_not_reached_has_no_result_yet() -> None:
    run = Run(task("a"), task("b"), task("j", "a", "b"))
    run.complete("a")
    with pytest.raises(NotReady, match="j is not ready: it waits for b"):
        run.complete("j")
    assert run.facts[-1].kind == "TaskSucceeded"


def test_an_unknown_task_gets_the_nearest_name() -> None:
    run = Run(task("approve"))
    with pytest.raises(UnknownAttempt, match=r"no task 'aprove'. Did you mean 'approve'"):
        run.complete("aprove")
    with pytest.raises(UnknownAttempt, match="nobody"):
        run.claim("nobody")


def test_attempts_that_never_were_are_unknown() -> None:
    run = Run(task("a"))
    for attempt in (-1, 0, 2):
        with pytest.raises(UnknownAttempt, match="1 attempts so far"):
            run.complete("a", attempt=attempt)


def test_a_superseded_attempt_comes_too_late_and_the_new_one_counts() -> None:
    run = Run(task("a"))
    run.claim("a")
    run.lose("a")
    with pytest.raises(LateReport, match=r"attempt 1 of a ended \(lost\); attempt 2 counts now"):
        run.complete("a", 5, attempt=1)
    run.claim("a")
    assert not counts(run.fold, "a", 1)
    assert counts(run.fold, "a", 2)
    run.complete("a", 6, attempt=2)
    assert run.fold.values == {"a": 6}


def test_a_function_task_may_be_told_by_hand_whether_claimed_or_not() -> None:
    run = Run(task("a"), task("b"))
    run.claim("a")
    run.complete("a", 1)
    run.complete("b", 2)
    assert run.fold.state == "succeeded"
    with pytest.raises(AlreadyCompleted):
        run.complete("a", 9, attempt=1)


def test_a_manual_task_is_offered_to_people_and_never_claimed() -> None:
    run = Run(task("ask", kind="manual"))
    assert (list(run.fold.people), run.fold.next_ready()) == (["ask"], None)
    with pytest.raises(NotReady, match="manual task"):
        run.claim("ask")
    assert run.complete("ask", True) == "TaskSucceeded RunSucceeded"


def test_a_claimed_task_is_not_claimed_again() -> None:
    run = Run(task("a"))
    run.claim("a")
    with pytest.raises(NotReady, match="claimed by process 7"):
        run.claim("a")


# A failure under "stop" -------------------------------------------------------------------------------------


def test_a_failure_ends_the_run_at_once_when_nobody_is_at_work() -> None:
    run = Run(task("a"), task("b", "a"), task("c"))
    assert run.fail("a") == "TaskFailed RunFailing TaskCancelled RunFailed"
    assert (run.fold.state, run.states) == ("failed", "failed cancelled cancelled")


def test_while_failing_what_is_out_may_report_and_nothing_new_starts() -> None:
    run = Run(task("a"), task("b"), task("c", "b"), task("ask", kind="manual"), task("d"))
    run.claim("a")
    run.claim("b")
    assert run.fail("a") == "TaskFailed RunFailing TaskCancelled"
    assert (run.fold.state, run.states) == ("failing", "failed running cancelled ready cancelled")
    with pytest.raises(UsageError, match="was cancelled"):
        run.claim("d")
    with pytest.raises(LateReport, match="d was cancelled: a failed"):
        run.complete("d")
    assert run.complete("b") == "TaskSucceeded"
    assert run.fold.state == "failing"
    assert run.complete("ask", True) == "TaskSucceeded RunFailed"
    assert (run.fold.state, run.fold.ended_by) == ("failed", "a")


def test_a_failing_run_can_be_cancelled_and_not_resumed() -> None:
    run = Run(task("a"), task("b"))
    run.claim("a")
    run.fail("b")
    with pytest.raises(UsageError, match="failure stands"):
        run.say(m.Resume())
    assert run.say(m.Cancel()) == "RunCancelled TaskCancelled"
    assert run.states == "cancelled failed"


# Pause, breakpoints, cancel ---------------------------------------------------------------------------------


def test_pausing_lasts_while_somebody_works_and_what_follows_waits_for_the_resume() -> None:
    run = Run(task("a"), task("b", "a"))
    run.claim("a")
    assert run.say(m.Pause()) == "PauseRequested"
    assert run.complete("a") == "TaskSucceeded RunPaused"
    assert (run.fold.state, run.states) == ("paused", "succeeded waiting")
    with pytest.raises(UsageError, match="the run is paused"):
        run.claim("b")
    with pytest.raises(NotReady, match=r"run\.resume"):
        run.complete("b")
    assert run.say(m.Resume()) == "RunResumed"
    assert run.states == "succeeded ready"


def test_in_a_paused_run_what_was_offered_may_still_be_told() -> None:
    run = Run(task("a"), task("b", "a"))
    assert run.say(m.Pause()) == "RunPaused"
    run.complete("a")
    assert (run.fold.state, run.states) == ("paused", "succeeded waiting")
    run.say(m.Resume())
    run.complete("b")
    assert run.fold.state == "succeeded"


def test_a_paused_run_whose_last_task_was_told_ends_on_resume() -> None:
    run = Run(task("a"))
    run.say(m.Pause())
    run.complete("a")
    assert run.fold.state == "paused"
    assert run.say(m.Resume()) == "RunResumed RunSucceeded"


def test_a_breakpoint_stops_before_its_task_once() -> None:
    run = Run(task("a"), task("b", "a"), task("c", "b"))
    assert run.say(m.Break(task="b")) == "BreakpointSet"
    assert run.complete("a") == "TaskSucceeded RunPaused"
    assert (run.states, run.fold.reason) == ("succeeded waiting waiting", "breakpoint before b")
    run.say(m.Resume())
    run.claim("b")
    run.complete("b")
    run.complete("c")
    assert run.fold.state == "succeeded"


def test_a_breakpoint_before_something_that_is_ready_stops_now() -> None:
    run = Run(task("a"), task("b"))
    run.claim("b")
    assert run.say(m.Break(task="a")) == "BreakpointSet PauseRequested"
    assert run.complete("b") == "TaskSucceeded RunPaused"
    run.say(m.Resume())
    assert run.claim("a") == "AttemptClaimed"


def test_a_breakpoint_set_while_the_task_runs_stops_before_its_next_attempt() -> None:
    run = Run(task("a"))
    run.claim("a")
    run.say(m.Break(task="a"))
    assert run.say(m.Release(task="a", attempt=1)) == "AttemptReleased TaskReady RunPaused"
    run.say(m.Resume())
    run.claim("a")
    run.say(m.Break(task="a"))
    assert run.lose("a") == "TaskRetrying TaskReady RunPaused"


def test_a_cleared_breakpoint_stops_nobody() -> None:
    run = Run(task("a"), task("b", "a"))
    run.say(m.Break(task="b"))
    assert run.say(m.Break(task="b")) == "ignored"
    assert run.say(m.ClearBreak(task="b")) == "BreakpointCleared"
    assert run.say(m.ClearBreak(task="b")) == "ignored"
    run.complete("a")
    assert run.states == "succeeded ready"


def test_cancel_settles_every_open_attempt_in_its_own_entry() -> None:
    run = Run(task("a"), task("ask", kind="manual"), task("b", "a"))
    run.claim("a")
    assert run.say(m.Cancel(note="enough")) == "RunCancelled TaskCancelled"
    assert (run.fold.state, run.states) == ("cancelled", "cancelled cancelled cancelled")
    assert (run.fold.claims, run.fold.people, run.fold.next_ready()) == ({}, {}, None)
    for name in ("a", "ask"):
        with pytest.raises(LateReport, match="cancelled: enough"):
            run.complete(name)
    with pytest.raises(AttemptWithdrawn):
        run.say(m.Emit(task="a", attempt=1, topic="x"))
    assert run.say(m.Cancel()) == "ignored"


# Claimants that die, and drivers that give back -------------------------------------------------------------


def test_a_lost_attempt_is_offered_again_and_the_third_loss_fails_the_task() -> None:
    run = Run(task("a"))
    for attempt in (1, 2):
        run.claim("a")
        assert run.lose("a") == "TaskRetrying TaskReady"
        assert run.fold.attempts["a"] == attempt + 1
    run.claim("a")
    assert run.lose("a") == "TaskFailed RunFailing RunFailed"
    assert "3 times" in str(run.fold.failures["a"])


def test_on_crash_ask_waits_for_a_person() -> None:
    run = Run(task("a", on_crash="ask"), task("b", "a"))
    run.claim("a")
    assert run.lose("a") == "TaskLost"
    assert (run.fold.state, run.states) == ("running", "lost waiting")
    with pytest.raises(NotReady, match="lost with its process"):
        run.claim("a")
    run.complete("a", 1)
    assert run.states == "succeeded ready"


def test_on_crash_fail_fails_and_its_own_report_comes_too_late() -> None:
    run = Run(task("a", on_crash="fail"))
    run.claim("a")
    assert run.lose("a") == "TaskFailed RunFailing RunFailed"
    with pytest.raises(LateReport, match=r"attempt 1 of a ended \(lost\)"):
        run.complete("a", 1, attempt=1)


def test_of_two_losses_at_once_one_failure_keeps_the_other_from_a_second_try() -> None:
    run = Run(task("a"), task("b", on_crash="fail"))
    run.claim("a")
    run.claim("b")
    assert run.lose("a", "b") == "TaskRetrying TaskFailed RunFailing TaskCancelled RunFailed"
    assert run.fold.attempts == {"a": 1, "b": 1}


def test_a_tick_that_names_a_claim_twice_or_an_old_one_settles_it_once() -> None:
    run = Run(task("a"))
    run.claim("a")
    assert run.say(m.Tick(gone=(("a", 1), ("a", 1), ("a", 0), ("nobody", 1)))) == "TaskRetrying TaskReady"
    assert run.say(m.Tick(gone=(("a", 1),))) == "ignored"
    assert run.say(m.Tick()) == "ignored"


def test_what_is_lost_during_a_pause_is_tried_again_after_it() -> None:
    run = Run(task("a"))
    run.claim("a")
    run.say(m.Pause())
    assert run.lose("a") == "TaskRetrying RunPaused"
    with pytest.raises(NotReady, match=r"run\.resume"):
        run.complete("a", 1)
    with pytest.raises(LateReport, match=r"attempt 1 of a ended \(lost\)"):
        run.complete("a", 1, attempt=1)
    run.say(m.Resume())
    assert (run.states, run.fold.attempts) == ("ready", {"a": 2})


def test_an_attempt_given_back_is_offered_again_without_blame() -> None:
    run = Run(task("a"))
    for attempt in range(1, 6):
        run.claim("a")
        assert run.say(m.Release(task="a", attempt=attempt)) == "AttemptReleased TaskReady"
    assert run.say(m.Release(task="a", attempt=1)) == "ignored"
    run.claim("a")
    run.complete("a")
    assert run.fold.state == "succeeded"


def test_what_a_working_attempt_says_is_recorded_and_changes_nothing() -> None:
    run = Run(task("a"))
    run.claim("a")
    assert run.say(m.Emit(task="a", attempt=1, topic="page", payload=4)) == "Emitted"
    assert run.states == "running"
    with pytest.raises(AttemptWithdrawn):
        run.say(m.Emit(task="a", attempt=2, topic="page"))
