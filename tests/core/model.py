"""A reference model of a run: small, slow and meant to be read as obviously right.

Each verb first lets happen what is due, then says what the message is worth ("accepted", "repeat", "ignored", or the
name of the
error) and, if it is accepted, changes the stand by the rules as they are written in the design. It shares no code with
flowkit, counts
nothing beforehand and looks at all units each time.
"""

from __future__ import annotations

from typing import Any

from tests.core import model_again
from tests.core.model_ends import (
    TIMEOUT,
    attempt_failed,
    attempt_lost,
    begin_revert,
    cancel,
    fail,
    offer,
    offer_undo,
    rest,
    succeed,
    undo_failed,
)
from tests.core.model_judge import after_round, held, judge, part_ended, resume, settle
from tests.core.model_stand import ENDED, OPEN, OVER, RESTING, Stand, Unit
from tests.core.model_undo import undone
from tests.core.shapes import Made


class Model:
    """One run of a made-up flow."""

    def __init__(self, made: Made) -> None:
        self.stand = Stand(made)

    # What is due ---------------------------------------------------------------------------------------------

    def dues(self) -> list[tuple[float, Unit]]:
        """All that will happen by itself, the earliest first; what is due at the same time by name."""
        s = self.stand
        if s.run in OVER:
            return []
        found = [(u.deadline, u) for u in s.everything() if u.deadline is not None]
        for unit in s.everything():
            going = s.run == "running" and not (unit.is_group and not self._undone(unit))
            if unit.due is not None and going and s.moving(unit):
                found.append((unit.due, unit))
        return sorted(found, key=lambda due: (due[0], due[1].name))

    def _undone(self, group: Unit) -> bool:
        """Whether all in a subflow that is to be tried again is undone."""
        from tests.core.model_undo import entered

        inside = self.stand.inside(group)
        return not any(u.state in OPEN or u.state == "reverting" or entered(u) for u in inside)

    def _fire(self, at: float) -> bool:
        """Let happen what is due by now, one after another."""
        s = self.stand
        s.at = at
        s.messages += 1
        fired = False
        while (dues := self.dues()) and dues[0][0] <= at:
            unit, fired = dues[0][1], True
            if unit.deadline is not None and unit.deadline <= at and unit.deadline == dues[0][0]:
                unit.gone[unit.attempt] = "timeout"
                attempt_failed(s, unit, "timeout", (*TIMEOUT, f"no result within {unit.shape.timeout:g} s"))
            elif unit.is_group:
                part_ended(s, unit)
            else:
                offer(s, unit)
            settle(s)
        return fired

    # Runs ----------------------------------------------------------------------------------------------------

    def start(self, at: float) -> str:
        s = self.stand
        s.run, s.at = "running", at
        for name, value in s.made.given:
            unit = s.units[name]
            unit.has, unit.value, unit.state, unit.given = True, value, "succeeded", True
            unit.accepted[0] = ("value", value)
        needless = self._needless()
        for unit in s.tasks:
            if unit.name in needless:
                unit.state = "skipped"
        for unit in [root for root in s.members[""] if held(s, root)]:
            judge(s, unit)
        settle(s)
        return "accepted"

    def _needless(self) -> set[str]:
        """Tasks that nobody needs, since all that they feed was given or is needless too; with all that is in them."""
        s = self.stand
        served = {name for name, _ in s.made.given}
        found: set[str] = set()
        if not served:
            return found
        while more := {
            u.name
            for u in s.tasks
            if s.dependents[u.name]
            and u.name not in served | found
            and {d.name for d in s.dependents[u.name]} <= served | found
        }:
            found |= more
        for name in (*served, *found):
            found |= {u.name for u in s.inside(s.units[name])}
        return found - served

    def tick(self, gone: tuple[tuple[str, int], ...], at: float) -> str:
        fired, s = self._fire(at), self.stand
        lost = [
            s.units.get(name) or s.spares[name]
            for name, attempt in dict.fromkeys(gone)
            if (unit := self._unit(name)) is not None and unit.claimed and unit.attempt == attempt
        ]
        for unit in lost:
            attempt_lost(s, unit)
        # What failed comes first, so that all that is gone is known before anything is offered again.
        s.work.sort(key=lambda unit: unit.state not in ENDED)
        s.work += [group for unit in lost if unit.state == "lost" and (group := s.outer(unit))]
        settle(s)
        return "accepted" if fired or lost else "ignored"

    def pause(self, at: float) -> str:
        self._fire(at)
        s = self.stand
        if s.run in OVER:
            return "UsageError"
        if s.run not in ("running", "reverting"):
            return "ignored"
        rest(s)
        return "accepted"

    def resume(self, at: float) -> str:
        self._fire(at)
        s = self.stand
        if s.run in OVER or s.run == "failing":
            return "UsageError"
        if s.run not in RESTING:
            return "ignored"
        resume(s)
        settle(s)
        return "accepted"

    def cancel(self, at: float) -> str:
        self._fire(at)
        s = self.stand
        if s.run == "cancelled":
            return "ignored"
        if s.run in OVER or s.undoing:
            return "UsageError"
        for unit in s.everything():
            if unit.state in OPEN:
                cancel(unit)
        s.run = "cancelled"
        return "accepted"

    def revert(self, at: float) -> str:
        self._fire(at)
        s = self.stand
        if s.run == "cancelled":
            return "UsageError"
        if s.run == "reverted" or s.undoing:
            return "ignored"
        begin_revert(s, "")
        settle(s)
        return "accepted"

    # Breakpoints ---------------------------------------------------------------------------------------------

    def set_break(self, name: str, at: float) -> str:
        self._fire(at)
        s = self.stand
        if s.run in OVER or s.undoing:
            return "UsageError"
        if name not in s.units:
            return "UnknownAttempt"
        if s.breaks.get(name):
            return "ignored"
        s.breaks[name] = True
        if s.units[name].state == "ready" and s.run == "running":
            rest(s)
        return "accepted"

    def clear_break(self, name: str, at: float) -> str:
        self._fire(at)
        s = self.stand
        if s.run in OVER or s.undoing:
            return "UsageError"
        if name not in s.units:
            return "UnknownAttempt"
        return "accepted" if s.breaks.pop(name, None) is not None else "ignored"

    # Attempts ------------------------------------------------------------------------------------------------

    def _unit(self, name: str) -> Unit | None:
        return self.stand.units.get(name) or self.stand.spares.get(name)

    def takeable(self) -> list[Unit]:
        """All that a driver may claim: the highest priority first, then what was offered first."""
        found = [u for u in self.stand.everything() if self._takeable(u)]
        return sorted(found, key=lambda unit: (-unit.shape.priority, unit.offered))

    def _takeable(self, unit: Unit) -> bool:
        if unit.state == "reverting":
            return bool(unit.undo) and not unit.claimed
        return unit.state == "ready" and not unit.manual

    def claim(self, name: str | None, at: float) -> str:
        """Without a name it is only said whether there is anything to take: then `take` that."""
        self._fire(at)
        s = self.stand
        if s.run in OVER or s.run in RESTING:
            return "UsageError"
        if name is None:
            return "accepted" if self.takeable() else "ignored"
        unit = self._unit(name)
        if unit is None:
            return "UnknownAttempt"
        if not self._takeable(unit):
            return "NotReady"
        self.take(name)
        return "accepted"

    def next(self) -> set[str]:
        """What may be taken next: one of the highest priority; of these the one that has been ready longest. An item
        may be taken in
        the place of its task's first one, and what was offered again in the place of its first offer."""
        ready = self.takeable()
        found = {u.name for u in ready if u.shape.priority == ready[0].shape.priority}
        if any(u.is_item or u.attempt > 1 for u in ready):
            return found
        return {unit.name for unit in ready[:1]}

    def take(self, name: str) -> None:
        unit = self._unit(name)
        assert unit is not None
        self._take(unit)

    def _take(self, unit: Unit) -> None:
        unit.claimed = True
        if unit.state == "ready":
            unit.state = "running"
            if unit.shape.timeout is not None:
                unit.deadline = self.stand.at + unit.shape.timeout

    def release(self, name: str, attempt: int, at: float) -> str:
        self._fire(at)
        s, unit = self.stand, self._unit(name)
        if unit is None or not unit.claimed or unit.attempt != attempt:
            return "ignored"
        unit.gone[attempt] = "released"
        unit.claimed, unit.deadline = False, None
        if unit.state == "reverting":
            offer_undo(s, unit)
        elif s.stopping(unit):
            cancel(unit)
            s.work.append(unit)
        else:
            offer(s, unit)
            if s.breaks.get(unit.name) and s.run == "running":
                rest(s)
        settle(s)
        return "accepted"

    def report(
        self, name: str, outcome: tuple[str, Any], attempt: int | None, at: float, valid: bool = True
    ) -> str:
        """`outcome` is ("value", v) or ("failure", (its types…, its message))."""
        self._fire(at)
        s, unit = self.stand, self._unit(name)
        if unit is None:
            return "UnknownAttempt"
        last = unit.attempt
        asked = last if attempt is None else attempt
        if asked > last or asked < 0 or (asked == 0 and last > 0):
            return "UnknownAttempt"
        if unit.is_group and not unit.given:
            return "NotReady"  # its parts are reported; but what was given at the start counts as its own
        open_undo = unit.state == "reverting" and unit.undo == asked
        if asked == last and (unit.state in ("ready", "running", "lost") or open_undo):
            if not valid and not open_undo:
                return "InvalidValue"
            self._take_report(unit, outcome)
            settle(s)
            return "accepted"
        if asked in unit.accepted and (
            asked < last or attempt is not None or unit.state not in ("waiting", "retrying")
        ):
            return "repeat" if _alike(unit.accepted[asked], outcome) else "AlreadyCompleted"
        if unit.state == "failed" and asked == 0:
            return "NotReady"  # it was never offered
        if asked < last or unit.state not in ("waiting", "retrying"):
            return "LateReport"
        return "LateReport" if attempt is not None and asked in unit.gone else "NotReady"

    def _take_report(self, unit: Unit, outcome: tuple[str, Any]) -> None:
        s = self.stand
        how, what = outcome
        if unit.state == "reverting":
            unit.accepted[unit.attempt] = ("undone", None) if how == "value" else outcome
            if how == "value":
                undone(unit)
                if s.outer(unit) is not None:
                    s.work += [g for g in s.enclosing(unit) if g.mode]
            else:
                undo_failed(s, unit, what)
            return
        unit.accepted[unit.attempt] = outcome
        if how == "failure":
            attempt_failed(s, unit, "failure", what)
        elif unit.shape.loop is None:
            succeed(s, unit, what)
        else:
            unit.claimed, unit.deadline = False, None
            unit.has, unit.value = False, what
            after_round(s, unit)

    def reply(self, name: str, what: str, answer: Any, raised: Any, at: float) -> str:
        self._fire(at)
        s, unit = self.stand, self.stand.units.get(name)
        if unit is None:
            return "UnknownAttempt"
        if unit.question != what:
            if what not in unit.answers or raised is not None:
                return "NotReady"
            return "repeat" if unit.answers[what] == answer else "AlreadyCompleted"
        unit.question = ""
        if raised is not None:
            fail(s, unit, "question", raised)
        else:
            unit.answers[what] = answer
            judge(s, unit)
        settle(s)
        return "accepted"

    # Operators -----------------------------------------------------------------------------------------------

    def skip(self, name: str, at: float) -> str:
        self._fire(at)
        s, unit = self.stand, self._unit(name)
        if s.run in ("cancelled", "succeeded", "reverted") or s.undoing:
            return "UsageError"
        if unit is None:
            return "UnknownAttempt"
        if unit.state == "skipped":
            return "ignored"  # once more is no harm
        stopped = unit.state == "cancelled" and s.run in ("failing", "failed")
        if unit.state not in OPEN and unit.state != "failed" and not stopped:
            return "UsageError"
        anew = {unit, *(model_again.failed_with(s, unit)[0] if unit.state == "failed" else ())}
        for one in s.everything():  # what is being undone can't be left out, nor be in what would go on
            if one.state == "reverting" and (s.run in ("failing", "failed") or anew & {*s.enclosing(one)}):
                return "UsageError"
        model_again.skip_by_hand(s, unit)
        settle(s)
        return "accepted"

    def rerun(self, name: str, items: str, downstream: bool, at: float) -> str:
        self._fire(at)
        s, unit = self.stand, self._unit(name)
        if s.run == "cancelled" or s.undoing:
            return "UsageError"
        if unit is None:
            return "UnknownAttempt"
        failed_items = unit.is_each and any(item.state == "failed" for item in s.parts(unit))
        if unit.state == "reverting" or (items == "failed" and not failed_items):
            return "UsageError"
        chosen, counted = model_again.to_rerun(s, unit, items, downstream)
        if any(u.state == "reverting" and {u, *s.enclosing(u)} & chosen for u in s.everything()):
            return "UsageError"  # what is being undone can't be begun again yet
        model_again.rerun(s, chosen, counted)
        settle(s)
        return "accepted"

    def adopt(self, names: tuple[str, ...], at: float) -> str:
        """The same flow, but with other code in these tasks."""
        self._fire(at)
        s = self.stand
        if s.run == "cancelled" or s.undoing:
            return "UsageError"
        chosen, counted = model_again.to_adopt(s, [s.units[name] for name in names])
        stopped = s.run not in ("running", "pausing", "paused")
        for one in s.everything():
            if one.state == "reverting" and (stopped or {one, *s.enclosing(one)} & chosen):
                return "UsageError"
        if names or not stopped:
            model_again.rerun(s, chosen, counted)
            settle(s)
        return "accepted"


def _alike(one: tuple[str, Any], other: tuple[str, Any]) -> bool:
    if one[0] == "undone":
        return other[0] == "value"
    if one[0] == "failure" and other[0] == "failure":
        return (one[1][0], one[1][-1]) == (other[1][0], other[1][-1])
    return one == other and type(one[1]) is type(other[1])


__all__ = ["ENDED", "Model"]
