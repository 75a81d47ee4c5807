"""A run driven through the core's one door, and compared with the reference model after each message."""

from __future__ import annotations

import copy
from typing import Any

import msgspec

from flowkit.core import Answer, Claimant, Failure, Fold, Wiring, advance, evolve
from flowkit.core import messages as m
from flowkit.core.facts import Fact
from flowkit.core.fold import Items
from flowkit.core.values import Json, same
from flowkit.errors import InvalidValue
from tests.core.acts import Action
from tests.core.model import Model
from tests.core.model_stand import ENDED, OVER, Unit
from tests.core.rows import Rows
from tests.core.shapes import LISTS, Made, plan_of, stored

ME = Claimant(boot="boot", space="space", pid=7, born="now", driver="d")

PASSING = {
    "timers",
    "wiring",
    "plans",
}  # what isn't the same, or not comparable, in a fold that was read again


def snapshot(fold: Fold) -> dict[str, Any]:
    """All that a fold knows, as a copy."""
    found = {name: copy.copy(getattr(fold, name)) for name in Fold.__slots__ if name not in PASSING}
    found["items"] = {
        task: {name: copy.copy(getattr(items, name)) for name in Items.__slots__}
        for task, items in fold.items.items()
    }
    return found


def through_json(fact: Fact) -> Fact:
    """A fact as it is when it was written and read again."""
    again = msgspec.json.decode(msgspec.json.encode(fact), type=type(fact))
    for name in ("value", "inputs", "results"):
        if hasattr(again, name):
            msgspec.structs.force_setattr(again, name, _read(getattr(again, name)))
    return again


def _read(value: Any) -> Any:
    if isinstance(value, dict):
        if value.keys() == {"text"}:
            return Json(value["text"])
        return {key: _read(item) for key, item in value.items()}
    return value


class World:
    """One run. Each verb sends a message, asks the model what that should be worth, and compares."""

    def __init__(self, made: Made, rows: Rows | None = None) -> None:
        self.rows = rows or Rows()
        self.made = made
        self.model = Model(made)
        self.wiring = Wiring(plan_of(made), made.target)
        self.fold = self._empty()
        self.mirror = self._empty()  # what another process knows that reads what is recorded
        self.facts: list[tuple[Fact, float]] = []
        self.now = 1000.0
        results = {name: stored(value) for name, value in made.given}
        inputs = {name: stored(value) for name, value in LISTS.items()}
        start = m.Start(
            flow="made up", plan="p", inputs=inputs, target=made.target, results=results, seed=made.seed
        )
        self._send(start, self.model.start(self.now))

    def _empty(self) -> Fold:
        return Fold(self.wiring, lambda _: self.wiring)

    def do(self, action: Action) -> None:
        """Let time pass, and do one thing."""
        wait, verb, *args = action
        self.now += wait
        getattr(self, f"_{verb}")(*args)

    # The verbs ----------------------------------------------------------------------------------------------

    def _claim(self, name: str | None) -> None:
        self._send(m.Claim(task=name, claimant=ME), self.model.claim(name, self.now), takes=name is None)

    def _complete(self, name: str, value: Any, attempt: int | None, valid: bool) -> None:
        problem = None if valid else InvalidValue("it does not fit", task=name)
        message = m.Report(task=name, attempt=attempt, value=stored(value), problem=problem)
        self._send(message, self.model.report(name, ("value", value), attempt, self.now, valid))

    def _done(self, name: str, value: Any, attempt: int) -> None:
        """As a driver does: report what it did and claim what is next, in one message."""
        expected = self.model.report(name, ("value", value), attempt, self.now)
        going = self.model.stand.run in ("running", "failing", "reverting")
        then = m.Claim(claimant=ME)
        message = m.Report(task=name, attempt=attempt, value=stored(value), via="run", then=then)
        self._send(message, expected, takes=going and expected == "accepted" and bool(self.model.takeable()))

    def _fail(self, name: str, failure: tuple[str, ...], attempt: int | None) -> None:
        message = m.Report(task=name, attempt=attempt, failure=Failure(failure[:-1], failure[-1]))
        self._send(message, self.model.report(name, ("failure", failure), attempt, self.now))

    def _reply(self, name: str, what: str, answer: Any) -> None:
        self._send(
            m.Reply(task=name, what=what, answer=answer), self.model.reply(name, what, answer, None, self.now)
        )

    def _raise(self, name: str, what: str, failure: tuple[str, ...]) -> None:
        message = m.Reply(task=name, what=what, failure=Failure(failure[:-1], failure[-1]))
        self._send(message, self.model.reply(name, what, None, failure, self.now))

    def _release(self, name: str, attempt: int) -> None:
        self._send(m.Release(task=name, attempt=attempt), self.model.release(name, attempt, self.now))

    def _lose(self, gone: tuple[tuple[str, int], ...]) -> None:
        self._send(m.Tick(gone=gone), self.model.tick(gone, self.now))

    def _tick(self) -> None:
        """Time passes up to what is due next."""
        due = self.fold.next_due()
        if due is not None:
            self.now = max(self.now, due)
        self._lose(())

    def _pause(self) -> None:
        self._send(m.Pause(), self.model.pause(self.now))

    def _resume(self) -> None:
        self._send(m.Resume(), self.model.resume(self.now))

    def _cancel(self) -> None:
        self._send(m.Cancel(), self.model.cancel(self.now))

    def _revert(self) -> None:
        self._send(m.Revert(), self.model.revert(self.now))

    def _break(self, name: str) -> None:
        self._send(m.Break(task=name), self.model.set_break(name, self.now))

    def _clear(self, name: str) -> None:
        self._send(m.ClearBreak(task=name), self.model.clear_break(name, self.now))

    def _skip(self, name: str) -> None:
        self._send(m.Skip(task=name), self.model.skip(name, self.now))

    def _rerun(self, name: str, items: str, downstream: bool) -> None:
        message = m.Rerun(task=name, items=items, downstream=downstream)
        self._send(message, self.model.rerun(name, items, downstream, self.now))

    def _adopt(self, names: tuple[str, ...]) -> None:
        message = m.Adopt(plan="p", changes=dict.fromkeys(names, "its code"))
        self._send(message, self.model.adopt(names, self.now))

    def _reopen(self) -> None:
        """Throw the fold away and compute it from its facts, as another process would."""
        self.fold = self.refolded()

    def refolded(self) -> Fold:
        fold = self._empty()
        for fact, at in self.facts:
            evolve(fold, through_json(fact), at)
        return fold

    # Comparing ----------------------------------------------------------------------------------------------

    def _send(self, message: m.Message, expected: str, takes: bool = False) -> None:
        """`takes`: if it is accepted, the next unit is claimed by it."""
        fold = self.fold
        due = fold.next_due() if fold.state else None
        if due is None or due > self.now:
            self.rows.note_message(fold, message)
        seq = fold.seq
        answer = self.answer(message)
        fold = self.fold
        verdict = answer.verdict if answer.error is None else type(answer.error).__name__
        self.rows.verdicts.add(verdict)
        assert verdict == expected, f"the core says {verdict}, the model {expected}: {answer}"
        assert fold.seq == seq + len(answer.facts), "nothing changes a fold but what is recorded"
        for fact in answer.facts:
            self.facts.append((fact, self.now))
            self.rows.note_fact(self.mirror, fact)
            evolve(self.mirror, through_json(fact), self.now)
        self.rows.note_states(fold, self.facts, self.now)
        taken = [fact.task for fact in answer.facts if fact.kind == "AttemptClaimed"]
        if takes and verdict == "accepted":
            assert len(taken) == 1
            assert taken[0] in self.model.next(), f"taken: {taken}, by the model {self.model.next()}"
            self.model.take(taken[0])
        self.compare()

    def answer(self, message: m.Message) -> Answer:
        """What the core says to a message; its facts are folded in."""
        return advance(self.fold, message, self.now)

    def compare(self) -> None:
        """The fold against the model, and against one that was read again."""
        fold, s = self.fold, self.model.stand
        units = s.everything()
        told = {u.name: fold.state_of(u.name) for u in units}
        expected = {u.name: u.state for u in units}
        assert told == expected, _unlike(told, expected, "states")
        assert fold.state == s.run, f"the run is {fold.state}, by the model {s.run}"
        attempts = {u.name: fold.attempt_of(u.name) for u in units}
        assert attempts == (counted := {u.name: u.attempt for u in units}), _unlike(
            attempts, counted, "attempts"
        )
        self._same("claims", set(fold.claims), {u.name for u in s.claims()})
        self._same("lost", set(fold.lost), {u.name for u in units if u.state == "lost"})
        self._same("questions", fold.questions, {u.name: u.question for u in units if u.question})
        self._same("undos", fold.undos, {u.name: u.undo for u in units if u.state == "reverting"})
        self._compare_outcomes(units)
        if s.run not in OVER:
            following = fold.next_ready()
            assert following in (self.model.next() or {None}), (
                f"next ready: {following!r}, by the model {self.model.next()}"
            )
            dues = self.model.dues()
            self._same("next due", fold.next_due(), dues[0][0] if dues else None)
        assert fold.states == self.mirror.states, "the journal says the same"

    def _same(self, what: str, told: Any, expected: Any) -> None:
        assert told == expected, f"{what}: {told!r}, by the model {expected!r}"

    def _compare_outcomes(self, units: list[Unit]) -> None:
        fold, s = self.fold, self.model.stand
        for unit in units:
            if unit.has:
                there = fold.values.get(unit.name, "none at all")
                assert same(there, stored(unit.value)), f"value: {unit.name}: {there}"
            elif not unit.is_group and not unit.looping:
                assert unit.name not in fold.values, f"no value: {unit.name}"
            failure = fold.failures.get(unit.name)
            assert (failure is None) == (unit.failure is None), f"failure of {unit.name}: {failure}"
            if failure is not None and unit.failure is not None:
                assert failure.types == unit.failure[:-1], (
                    f"failure of {unit.name}: {failure}, {unit.failure}"
                )
                assert failure.message.startswith(unit.failure[-1]), f"{failure}, by the model {unit.failure}"
        for group in (None, *(u for u in s.tasks if u.shape.kind == "flow")):
            standing = fold.unhandled.get(group.name if group else "", ())
            standing = [name for name in standing if fold.states[name] == "failed"]
            self._same("unhandled", standing, [u.name for u in s.standing(group)])

    def close(self) -> None:
        """What must hold at the end of it all."""
        assert (one := snapshot(self.mirror)) == (other := snapshot(self.fold)), _unlike(one, other, "folds")
        assert (again := snapshot(self.refolded())) == other, _unlike(again, other, "folds")
        s = self.model.stand
        if s.run in OVER and self.made.target is None:
            assert all(u.state in ENDED or u.state == "reverting" for u in s.everything())


def _unlike(told: dict[str, Any], expected: dict[str, Any], what: str) -> str:
    names = [n for n in {**told, **expected} if told.get(n) != expected.get(n)]
    return f"{what}: " + "; ".join(
        f"{n}: {told.get(n)!r}, by the model {expected.get(n)!r}" for n in names[:6]
    )
