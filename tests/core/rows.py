"""Which rows of the tables of states were taken, and one run in each state to try things on."""

from __future__ import annotations

from flowkit.core import Fold, Wiring
from flowkit.core import messages as m
from flowkit.core.facts import Fact
from flowkit.core.states import RUN_VERDICTS, TASK_TABLE

TASK_FACTS = {kind for _, kind in TASK_TABLE}
RUN_MESSAGES = {kind for _, kind in RUN_VERDICTS}

Journal = list[tuple[Fact, float]]


class Rows:
    """What was seen. `seen` has a plain function task in each state, `seen_run` a run in each; with how each came
    there, and when."""

    def __init__(self) -> None:
        self.task_table: set[tuple[str, str]] = set()
        self.run_table: set[tuple[str, str]] = set()
        self.task_verdicts: set[tuple[str, str]] = set()
        self.run_verdicts: set[tuple[str, str]] = set()
        self.verdicts: set[str] = set()
        self.seen: dict[str, tuple[Wiring, Journal, str]] = {}
        self.seen_run: dict[str, tuple[Wiring, Journal]] = {}

    def add(self, other: Rows) -> None:
        for name in ("task_table", "run_table", "task_verdicts", "run_verdicts", "verdicts"):
            getattr(self, name).update(getattr(other, name))
        self.seen = {**other.seen, **self.seen}
        self.seen_run = {**other.seen_run, **self.seen_run}

    def note_message(self, fold: Fold, message: m.Message) -> None:
        name = getattr(message, "task", None)
        if message.kind in RUN_MESSAGES:
            self.run_verdicts.add((fold.state, message.kind))
        if name in fold.states and (
            (message.kind == "Report" and message.attempt in (None, fold.attempt_of(name)))  # type: ignore[attr-defined]
            or (message.kind == "Claim" and fold.state in ("running", "failing", "reverting"))
        ):
            self.task_verdicts.add((fold.states[name], message.kind))  # type: ignore[index]

    def note_fact(self, fold: Fold, fact: Fact) -> None:
        """`fold` is as it was before the fact."""
        if fact.kind in TASK_FACTS:
            for name in getattr(fact, "tasks", None) or (fact.task,):  # type: ignore[attr-defined]
                self.task_table.add((fold.state_of(name), fact.kind))
        elif fact.kind.startswith("Run") or fact.kind == "PauseRequested":
            self.run_table.add((fold.state, fact.kind))
        for name in getattr(fact, "ready", ()):
            self.task_table.add((fold.state_of(name), "TaskReady"))

    def note_states(self, fold: Fold, facts: Journal, at: float) -> None:
        if fold.state not in self.seen_run:
            self.seen_run[fold.state] = (fold.wiring, list(facts))
        if len(self.seen) == 12:
            return
        for name, state in fold.states.items():
            if state in self.seen or name in fold.wiring.manual or name not in fold.wiring.tasks:
                continue
            if name in fold.wiring.groups or name in fold.wiring.eaches or fold.wiring.tasks[name].repeat:
                continue
            if state != "failed" or (
                fold.attempts.get(name) and (name, fold.attempts[name]) not in fold.past
            ):
                self.seen[state] = (fold.wiring, list(facts), name)
