"""A run of the core by hand: messages in, facts folded at once; no journal, no engine, no clock."""

from __future__ import annotations

from typing import Any

from flowkit.core import Claimant, Failure, Fold, Param, Plan, TaskPlan, Wiring, advance, evolve
from flowkit.core import messages as m
from flowkit.core.facts import Fact

PID = 4711
DRIVER = Claimant(boot="b", space="s", pid=PID, born="1", driver="d")
STARTED_AT = 1_700_000_000.0


def task(name: str, *sources: str, kind: str = "task", **options: Any) -> TaskPlan:
    """A task whose parameters are its sources."""
    params = tuple(Param(name=source, kind="task", source=source) for source in sources)
    return TaskPlan(name=name, kind=kind, params=params, **options)


def manual(name: str, *sources: str, **options: Any) -> TaskPlan:
    return task(name, *sources, kind="manual", **options)


def flow(name: str, *sources: str, **options: Any) -> TaskPlan:
    """A subflow; what is in it is given beside it, with `within=name`."""
    return task(name, *sources, kind="flow", **options)


def over(name: str, **options: Any) -> TaskPlan:
    """A task over the items of the input `urls`."""
    return TaskPlan(name=name, params=(Param("url", "input", "urls"),), each="url", **options)


class Scripted:
    """One run: `send` a message, look at `fold`; `facts` are all that followed so far, `at` what time it is.

    Without `later`, each message comes one second after the one before.
    """

    def __init__(self, *tasks: TaskPlan, target: str | None = None, on_failure: str = "stop") -> None:
        sources = {source for each in tasks for source in each.sources()}
        ends = tuple(each.name for each in tasks if each.name not in sources and not each.within)
        plan = Plan(flow="order", tasks=tasks, ends=ends, on_failure=on_failure)
        self.wiring = Wiring(plan, target)
        self.fold = Fold(self.wiring)
        self.facts: list[Fact] = []
        self.times: list[float] = []
        self.at = STARTED_AT

    def send(self, message: m.Message) -> Scripted:
        answer = advance(self.fold, message, self.at)
        assert answer.error is None or answer.facts, answer.error
        self.facts.extend(answer.facts)
        self.times.extend([self.at] * len(answer.facts))
        self.at += 1
        return self

    def again(self) -> Fold:
        """The same run folded once more, to try something on."""
        fold = Fold(self.wiring)
        for fact, at in zip(self.facts, self.times, strict=True):
            evolve(fold, fact, at)
        return fold

    def later(self, seconds: float) -> Scripted:
        """Let time pass, and what is due happen."""
        self.at += seconds
        return self.send(m.Tick())

    def start(self, inputs: dict[str, object] | None = None, **results: object) -> Scripted:
        given = {"item": "book", **(inputs or {})}
        return self.send(
            m.Start(flow="order", plan="p", inputs=given, target=self.wiring.target, results=results)
        )

    def claim(self, name: str) -> Scripted:
        return self.send(m.Claim(task=name, claimant=DRIVER))

    def complete(self, name: str, value: object = 1, via: str = "hand") -> Scripted:
        return self.send(m.Report(task=name, value=value, via=via))

    def fail(self, name: str, text: str = "no money", via: str = "run") -> Scripted:
        failure = Failure(types=("builtins.ValueError", "builtins.Exception"), message=text)
        return self.send(m.Report(task=name, failure=failure, via=via))

    def work(self, name: str, value: object = 1) -> Scripted:
        return self.claim(name).complete(name, value, via="run")

    def answer(self, name: str, answer: bool | int) -> Scripted:
        return self.send(m.Reply(task=name, what=self.fold.questions[name], answer=answer))

    def lose(self, name: str) -> Scripted:
        return self.send(m.Tick(gone=((name, self.fold.attempts[name]),)))

    def release(self, name: str, reason: str = "interrupted") -> Scripted:
        return self.send(m.Release(task=name, attempt=self.fold.attempts[name], reason=reason))

    def pause(self, note: str = "") -> Scripted:
        return self.send(m.Pause(note=note))

    def resume(self) -> Scripted:
        return self.send(m.Resume())

    def cancel(self, note: str = "") -> Scripted:
        return self.send(m.Cancel(note=note))

    def skip(self, name: str, note: str = "") -> Scripted:
        return self.send(m.Skip(task=name, note=note))

    def rerun(self, name: str, **options: Any) -> Scripted:
        return self.send(m.Rerun(task=name, **options))

    def revert(self, note: str = "") -> Scripted:
        return self.send(m.Revert(note=note))

    def stop_before(self, name: str) -> Scripted:
        return self.send(m.Break(task=name))


def order(target: str | None = None) -> Scripted:
    """quote → (approve by a person, charge) → ship → note."""
    return Scripted(
        task("quote"),
        manual("approve", "quote", doc="Is this price\nall right?", result={"kind": "bool"}),
        task("charge", "quote"),
        task("ship", "charge", "approve"),
        task("note", "ship"),
        target=target,
    )
