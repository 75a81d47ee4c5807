"""A reference model of a run: small, slow and meant to be read as obviously right.

It keeps nothing but the list of what was accepted, and computes where the run stands from the whole of it
each time, with plain sets and no counters. It shares no code with flowkit.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

DONE = {"succeeded", "failed", "skipped", "cancelled"}
ENDED = {"succeeded", "failed", "cancelled"}


@dataclass(frozen=True)
class Shape:
    """One task of a made-up flow. `after` says that it waits for its sources without taking their values."""

    name: str
    sources: tuple[str, ...] = ()
    manual: bool = False
    on_crash: str = "rerun"
    after: bool = False


@dataclass
class Stand:
    """Where the run stands, in plain words."""

    run: str = "running"
    states: dict[str, str] = field(default_factory=dict)
    attempts: dict[str, int] = field(default_factory=dict)
    reports: dict[tuple[str, int], tuple[str, Any]] = field(default_factory=dict)
    ended: dict[tuple[str, int], str] = field(default_factory=dict)
    losses: dict[str, int] = field(default_factory=dict)
    breaks: dict[str, bool] = field(default_factory=dict)
    offers: list[str] = field(default_factory=list)
    first_failed: str = ""

    def having(self, *states: str) -> set[str]:
        return {name for name, state in self.states.items() if state in states}


class Model:
    """Judges every verb by the rules of the report door, and remembers those that were accepted."""

    def __init__(
        self, shapes: list[Shape], given: dict[str, Any] | None = None, target: str | None = None
    ) -> None:
        kept = {shape.name for shape in shapes}
        if target is not None:
            kept = {target}
            while more := {s for shape in shapes if shape.name in kept for s in shape.sources} - kept:
                kept |= more
        self.shapes = {shape.name: shape for shape in shapes if shape.name in kept}
        self.given = given or {}
        self.history: list[tuple[str, Any]] = []

    def now(self) -> Stand:
        """Where the run stands: everything that was accepted, from the beginning."""
        stand = self._beginning()
        for verb, what in self.history:
            getattr(self, f"_on_{verb}")(stand, what)
            self._follow(stand)
        return stand

    # What each verb is worth: "accepted", "repeat", "ignored", or the name of the error ---------------------

    def claim(self, name: str) -> str:
        stand = self.now()
        if stand.run != "running":
            return "UsageError"
        if name not in self.shapes:
            return "UnknownAttempt"
        if stand.states[name] != "ready" or self.shapes[name].manual:
            return "NotReady"
        return self._accept("claim", name)

    def report(
        self, name: str, outcome: tuple[str, Any], attempt: int | None = None, valid: bool = True
    ) -> str:
        """`outcome` is ("value", v) or ("failure", text)."""
        stand = self.now()
        if name not in self.shapes:
            return "UnknownAttempt"
        last = stand.attempts.get(name, 0)
        asked = last if attempt is None else attempt
        if asked > last or asked < 0 or (asked == 0 and last > 0):
            return "UnknownAttempt"
        if (name, asked) in stand.reports:
            there, sent = stand.reports[name, asked], outcome
            same = there == sent and type(there[1]) is type(sent[1])
            return "repeat" if same else "AlreadyCompleted"
        state = stand.states[name]
        if state in ("skipped", "cancelled", "failed") or asked < last:
            return "LateReport"
        if state == "retrying" and attempt is not None:
            return "LateReport"
        if state in ("waiting", "retrying"):
            return "NotReady"
        if not valid:
            return "InvalidValue"
        return self._accept("report", (name, outcome))

    def release(self, name: str, attempt: int) -> str:
        stand = self.now()
        if stand.states.get(name) != "running" or stand.attempts[name] != attempt:
            return "ignored"
        return self._accept("release", name)

    def tick(self, gone: tuple[tuple[str, int], ...]) -> str:
        stand = self.now()
        real = [
            n for n, a in dict.fromkeys(gone) if stand.states.get(n) == "running" and stand.attempts[n] == a
        ]
        return self._accept("gone", real) if real else "ignored"

    def pause(self) -> str:
        run = self.now().run
        if run in ENDED:
            return "UsageError"
        return self._accept("pause", None) if run == "running" else "ignored"

    def resume(self) -> str:
        run = self.now().run
        if run in ENDED or run == "failing":
            return "UsageError"
        return self._accept("resume", None) if run in ("pausing", "paused") else "ignored"

    def cancel(self) -> str:
        run = self.now().run
        if run == "cancelled":
            return "ignored"
        return "UsageError" if run in ENDED else self._accept("cancel", None)

    def set_break(self, name: str) -> str:
        stand = self.now()
        if stand.run in ENDED:
            return "UsageError"
        if name not in self.shapes:
            return "UnknownAttempt"
        return "ignored" if stand.breaks.get(name) else self._accept("break", name)

    def clear_break(self, name: str) -> str:
        stand = self.now()
        if stand.run in ENDED:
            return "UsageError"
        if name not in self.shapes:
            return "UnknownAttempt"
        return self._accept("clear", name) if name in stand.breaks else "ignored"

    def _accept(self, verb: str, what: Any) -> str:
        self.history.append((verb, what))
        return "accepted"

    # What each accepted verb does ---------------------------------------------------------------------------

    def _beginning(self) -> Stand:
        stand = Stand(states=dict.fromkeys(self.shapes, "waiting"))
        for name, value in self.given.items():
            stand.states[name] = "succeeded"
            stand.reports[name, 0] = ("value", value)
        if self.given:
            while more := self._needless(stand):
                stand.states.update(dict.fromkeys(more, "skipped"))
        self._follow(stand)
        return stand

    def _needless(self, stand: Stand) -> set[str]:
        users: dict[str, set[str]] = {name: set() for name in self.shapes}
        for shape in self.shapes.values():
            for source in shape.sources:
                users[source].add(shape.name)
        served = set(self.given) | stand.having("skipped")
        return {name for name in stand.having("waiting") if users[name] and users[name] <= served}

    def _on_claim(self, stand: Stand, name: str) -> None:
        stand.states[name] = "running"

    def _on_report(self, stand: Stand, what: Any) -> None:
        name, outcome = what
        stand.reports[name, stand.attempts[name]] = outcome
        stand.states[name] = "succeeded" if outcome[0] == "value" else "failed"
        self._note_failures(stand, [name])

    def _on_release(self, stand: Stand, name: str) -> None:
        stand.ended[name, stand.attempts[name]] = "released"
        if stand.run == "failing":
            stand.states[name] = "cancelled"
            return
        self._offer(stand, name)
        self._stop_before(stand, [name])

    def _on_gone(self, stand: Stand, names: list[str]) -> None:
        again = []
        for name in names:
            on_crash = self.shapes[name].on_crash
            lost_before = stand.losses.get(name, 0)
            if on_crash == "ask":
                stand.states[name] = "lost"
                continue
            stand.ended[name, stand.attempts[name]] = "lost"
            if on_crash == "fail" or lost_before == 2:
                stand.states[name] = "failed"
                continue
            stand.losses[name] = lost_before + 1
            stand.states[name] = "retrying"
            again.append(name)
        self._note_failures(stand, names)
        if stand.run == "running":
            for name in again:
                self._offer(stand, name)
            self._stop_before(stand, again)

    def _on_pause(self, stand: Stand, _: None) -> None:
        stand.run = "pausing"

    def _on_resume(self, stand: Stand, _: None) -> None:
        for name in stand.breaks:
            if name in stand.having("ready") | self._held(stand):
                stand.breaks[name] = False
        stand.run = "running"

    def _on_cancel(self, stand: Stand, _: None) -> None:
        stand.run = "cancelled"
        stand.states.update((name, "cancelled") for name, state in stand.states.items() if state not in DONE)

    def _on_break(self, stand: Stand, name: str) -> None:
        stand.breaks[name] = True
        if stand.states[name] == "ready" and stand.run == "running":
            stand.run = "pausing"

    def _on_clear(self, stand: Stand, name: str) -> None:
        del stand.breaks[name]

    # What follows by itself ---------------------------------------------------------------------------------

    def _follow(self, stand: Stand) -> None:
        if stand.run in ENDED:
            return
        if stand.run == "failing":
            out = stand.having("running", "lost") | self.people(stand)
            for name, state in stand.states.items():
                if state not in DONE and name not in out:
                    stand.states[name] = "cancelled"
            stand.run = "failing" if out else "failed"
            return
        held = self._held(stand)
        if stand.run == "running" and not self._stop_before(stand, held):
            for name in self.shapes:
                if name in held:
                    self._offer(stand, name)
        everything_ended = set(stand.states.values()) <= DONE
        if everything_ended and stand.run != "paused":
            stand.run = "succeeded"
        elif stand.run == "pausing" and not stand.having("running"):
            stand.run = "paused"

    def _held(self, stand: Stand) -> set[str]:
        """What waits for nothing but the run."""
        succeeded = stand.having("succeeded")
        waiting = {n for n in stand.having("waiting") if set(self.shapes[n].sources) <= succeeded}
        return waiting | stand.having("retrying")

    def _offer(self, stand: Stand, name: str) -> None:
        stand.states[name] = "ready"
        stand.attempts[name] = stand.attempts.get(name, 0) + 1
        stand.offers.append(name)

    def _stop_before(self, stand: Stand, names: Any) -> bool:
        """Pause if there is an armed breakpoint in front of one of these."""
        if stand.run == "running" and any(stand.breaks.get(name) for name in names):
            stand.run = "pausing"
            return True
        return False

    def _note_failures(self, stand: Stand, names: list[str]) -> None:
        failed = [name for name in names if stand.states[name] == "failed"]
        if failed and stand.run != "failing":
            stand.run = "failing"
            stand.first_failed = failed[0]

    # For comparing ------------------------------------------------------------------------------------------

    def held(self, stand: Stand) -> set[str]:
        return set() if stand.run in ENDED else self._held(stand)

    def people(self, stand: Stand) -> set[str]:
        return {name for name in stand.having("ready") if self.shapes[name].manual}
