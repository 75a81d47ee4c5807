"""A run driven through the core's one door, and compared with the reference model after each message."""

from __future__ import annotations

import copy
from typing import Any

import msgspec

from flowkit.core import Claimant, Failure, Fold, Param, Plan, TaskPlan, Wiring, advance, evolve
from flowkit.core import messages as m
from flowkit.core.facts import Fact
from flowkit.errors import InvalidValue
from tests.core.model import DONE, ENDED, Model, Shape

ME = Claimant(boot="boot", space="space", pid=7, born="now", driver="d")

TASK_FACTS = {
    "TaskReady",
    "AttemptClaimed",
    "AttemptReleased",
    "TaskSucceeded",
    "TaskRetrying",
    "TaskLost",
    "TaskFailed",
    "TaskSkipped",
    "TaskCancelled",
}


def plan_of(shapes: list[Shape]) -> Plan:
    """The plan of a made-up flow."""
    tasks = [
        TaskPlan(
            name=shape.name,
            kind="manual" if shape.manual else "task",
            params=() if shape.after else tuple(Param(s, "task", s) for s in shape.sources),
            after=shape.sources if shape.after else (),
            on_crash=shape.on_crash,
        )
        for shape in shapes
    ]
    used = {source for shape in shapes for source in shape.sources}
    return Plan("made up", tuple(tasks), ends=tuple(s.name for s in shapes if s.name not in used))


def snapshot(fold: Fold) -> dict[str, Any]:
    """All that a fold knows, as a copy."""
    return {name: copy.copy(getattr(fold, name)) for name in Fold.__slots__ if name != "wiring"}


def through_json(fact: Fact) -> Fact:
    return msgspec.json.decode(msgspec.json.encode(fact), type=type(fact))


class Rows:
    """Which rows of the tables were taken."""

    def __init__(self) -> None:
        self.task_table: set[tuple[str, str]] = set()
        self.run_table: set[tuple[str, str]] = set()
        self.task_verdicts: set[tuple[str, str]] = set()
        self.run_verdicts: set[tuple[str, str]] = set()
        self.verdicts: set[str] = set()
        self.seen: dict[str, tuple[Wiring, list[Fact], str]] = {}  # a function task in each state
        self.seen_run: dict[str, tuple[Wiring, list[Fact]]] = {}

    def note_message(self, fold: Fold, message: m.Message) -> None:
        name = getattr(message, "task", None)
        if message.kind in ("Claim", "Pause", "Resume", "Cancel", "Break", "ClearBreak"):
            self.run_verdicts.add((fold.state, message.kind))
        if name in fold.states and (
            (message.kind == "Report" and message.attempt in (None, fold.attempts.get(name, 0)))
            or (message.kind == "Claim" and fold.state == "running")
        ):
            self.task_verdicts.add((fold.states[name], message.kind))

    def note_fact(self, fold: Fold, fact: Fact) -> None:
        if fact.kind in TASK_FACTS:
            for name in getattr(fact, "tasks", None) or (fact.task,):
                self.task_table.add((fold.states[name], fact.kind))
        elif fact.kind.startswith("Run") or fact.kind == "PauseRequested":
            self.run_table.add((fold.state, fact.kind))
        for name in getattr(fact, "ready", ()):
            self.task_table.add((fold.states[name], "TaskReady"))

    def note_states(self, fold: Fold, facts: list[Fact]) -> None:
        self.seen_run.setdefault(fold.state, (fold.wiring, list(facts)))
        for name, state in fold.states.items():
            reported = state != "failed" or (name, fold.attempts[name]) not in fold.past
            if state not in self.seen and name not in fold.wiring.manual and reported:
                self.seen[state] = (fold.wiring, list(facts), name)


class World:
    """One run. Each verb sends a message, asks the model what that should be worth, and compares."""

    def __init__(
        self,
        shapes: list[Shape],
        given: dict[str, Any] | None = None,
        target: str | None = None,
        rows: Rows | None = None,
    ) -> None:
        self.rows = rows or Rows()
        self.model = Model(shapes, given, target)
        self.wiring = Wiring(plan_of(shapes), target)
        self.fold = Fold(self.wiring)
        self.facts: list[Fact] = []
        self.names = list(self.wiring.order)
        self.succeeded_times: dict[str, int] = {}
        start = m.Start(flow="made up", plan="p", inputs={}, target=target, results=given or {})
        self._send(start, "accepted")

    # The verbs ----------------------------------------------------------------------------------------------

    def claim(self, name: str) -> None:
        self._send(m.Claim(task=name, claimant=ME), self.model.claim(name))

    def claim_next(self) -> None:
        """Claim whatever has been ready longest."""
        name, running = self.fold.next_ready(), self.fold.state == "running"
        expected = self.model.claim(name) if name is not None or not running else "ignored"
        answer = self._send(m.Claim(claimant=ME), expected)
        assert [fact.task for fact in answer.facts] == ([name] if expected == "accepted" else [])

    def complete(self, name: str, value: Any, attempt: int | None = None, valid: bool = True) -> None:
        problem = None if valid else InvalidValue("it does not fit", task=name)
        message = m.Report(task=name, attempt=attempt, value=value, problem=problem)
        self._send(message, self.model.report(name, ("value", value), attempt, valid))

    def complete_and_claim(self, name: str, value: Any) -> None:
        """As a driver does: report what it did and claim what is next, in one message."""
        attempt = self.fold.attempts.get(name, 0)
        then = m.Claim(claimant=ME)
        answer = self._send(
            m.Report(task=name, attempt=attempt, value=value, via="run", then=then),
            self.model.report(name, ("value", value), attempt),
            lambda facts: [self.model.claim(fact.task) for fact in facts if fact.kind == "AttemptClaimed"],
        )
        ready = self.model.now().having("ready") - {n for n, s in self.model.shapes.items() if s.manual}
        could = answer.verdict == "accepted" and self.model.now().run == "running" and ready
        assert not could or answer.facts[-1].kind == "AttemptClaimed", "nothing that is ready is left lying"

    def fail(self, name: str, text: str, attempt: int | None = None) -> None:
        message = m.Report(task=name, attempt=attempt, failure=Failure(("builtins.OSError",), text))
        self._send(message, self.model.report(name, ("failure", text), attempt))

    def release(self, name: str, attempt: int) -> None:
        self._send(m.Release(task=name, attempt=attempt), self.model.release(name, attempt))

    def tick(self, gone: tuple[tuple[str, int], ...]) -> None:
        self._send(m.Tick(gone=gone), self.model.tick(gone))

    def pause(self) -> None:
        self._send(m.Pause(), self.model.pause())

    def resume(self) -> None:
        self._send(m.Resume(), self.model.resume())

    def cancel(self) -> None:
        self._send(m.Cancel(), self.model.cancel())

    def set_break(self, name: str) -> None:
        self._send(m.Break(task=name), self.model.set_break(name))

    def clear_break(self, name: str) -> None:
        self._send(m.ClearBreak(task=name), self.model.clear_break(name))

    def reopen(self) -> None:
        """Throw the fold away and compute it from its facts, as another process would."""
        self.fold = self.refolded()

    def refolded(self) -> Fold:
        fold = Fold(self.wiring)
        for at, fact in enumerate(self.facts):
            evolve(fold, through_json(fact), float(at))
        return fold

    # Comparing ----------------------------------------------------------------------------------------------

    def _send(self, message: m.Message, expected: str, follow: Any = None) -> Any:
        fold = self.fold
        before = snapshot(fold)
        self.rows.note_message(fold, message)
        answer = advance(fold, message)
        verdict = answer.verdict if answer.error is None else type(answer.error).__name__
        self.rows.verdicts.add(verdict)
        assert verdict == expected, (message, self.facts)
        assert snapshot(fold) == before, "advance only reads"
        if verdict != "accepted":
            kept = [fact.kind for fact in answer.facts]
            assert kept == (["ReportRefused"] if verdict in ("LateReport", "AlreadyCompleted") else [])
        for fact in answer.facts:
            self.rows.note_fact(fold, fact)
            evolve(fold, fact, float(len(self.facts)))
            self.facts.append(fact)
        if verdict != "accepted":
            after = snapshot(fold)
            assert {k: v for k, v in after.items() if before[k] != v}.keys() <= {"seq", "at"}
        self.rows.note_states(fold, self.facts)
        for fact in answer.facts:
            if fact.kind == "TaskSucceeded":
                self.succeeded_times[fact.task] = self.succeeded_times.get(fact.task, 0) + 1
        if follow is not None:
            assert set(follow(answer.facts)) <= {"accepted"}
        self.compare()
        return answer

    def compare(self) -> None:
        """The fold against the model, against its own refolding, and against what must always hold."""
        fold, stand = self.fold, self.model.now()
        assert (fold.state, fold.states) == (stand.run, stand.states)
        assert {n: a for n, a in fold.attempts.items() if a} == stand.attempts
        assert set(fold.claims) == stand.having("running")
        assert set(fold.lost) == stand.having("lost")
        assert set(fold.people) == self.model.people(stand)
        assert set(fold.held) == self.model.held(stand)
        assert fold.values == {n: v for (n, _), (how, v) in stand.reports.items() if how == "value"}
        assert {n: f.message for n, f in fold.failures.items() if f.types != ("flowkit.AttemptLost",)} == {
            n: text for (n, _), (how, text) in stand.reports.items() if how == "failure"
        }
        assert fold.breaks == stand.breaks
        assert fold.ended_by == stand.first_failed
        assert fold.open == sum(state not in DONE for state in stand.states.values())
        assert fold.out == len(stand.having("running", "lost")) + len(self.model.people(stand))
        self._compare_queue(stand)
        assert snapshot(self.refolded()) == snapshot(fold)
        self._always()

    def _compare_queue(self, stand: Any) -> None:
        manual = {name for name, shape in self.model.shapes.items() if shape.manual}
        ready = stand.having("ready") - manual
        following = self.fold.next_ready()
        assert (following in ready) if ready else following is None
        if ready and len(set(stand.offers)) == len(stand.offers):
            assert following == next(name for name in stand.offers if name in ready)

    def _always(self) -> None:
        fold = self.fold
        assert max(self.succeeded_times.values(), default=1) == 1, "no task succeeds twice"
        all_ended = set(fold.states.values()) <= DONE
        assert fold.ended == (fold.state in ENDED)
        assert not fold.ended or all_ended
        assert not all_ended or fold.ended or fold.state == "paused"
