"""Random actions on a run: well aimed mostly, so that runs get somewhere, and badly often enough.

An action is plain data, (seconds since the one before, verb, its arguments…): it can be printed, done again, and left out.
"""

from __future__ import annotations

import random
from typing import Any

from tests.core.model import Model
from tests.core.model_stand import Unit

Action = tuple[Any, ...]

SCALARS = (0, 1, True, 1.0, "one", "", None)
LISTS = ((1, 2), (), ("a", "b", "c"))
FAILURES = (
    ("builtins.FileNotFoundError", "builtins.OSError", "builtins.Exception", "no"),
    ("builtins.OSError", "builtins.Exception", "no"),
    ("builtins.ValueError", "builtins.Exception", "never"),
)


class Actor:
    """Chooses the next action on a run. `faults` is how often what is reported is a failure, `meddling` how often an
    operator acts."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.faults = rng.choice((0.03, 0.1, 0.1, 0.3))
        self.meddling = rng.choice((0.02, 0.1, 0.25))
        self.aimless = rng.choice((0.02, 0.1))
        self.crashes = rng.choice((0.0, 0.05, 0.2))

    def choose(self, model: Model) -> Action:
        rng = self.rng
        wait = rng.choice((0.0, 0.0, 0.0, 0.1, 1.0, 1.0, 3.0))
        if rng.random() < 0.02:
            wait = rng.choice((-5.0, 30.0, 1000.0))
        roll = rng.random()
        if roll < self.meddling:
            return (wait, *self._operate(model))
        if roll < self.meddling + self.aimless:
            return (wait, *self._anything(model))
        if roll < self.meddling + self.aimless + self.crashes and model.stand.claims():
            return (wait, *self._crash(model))
        return (wait, *self._go_on(model))

    def _go_on(self, model: Model) -> Action:
        """What drivers and people do all day."""
        rng, s = self.rng, model.stand
        choices: list[Action] = []
        units = s.everything()
        open_questions = [u for u in units if u.question]
        if open_questions and s.run in ("running", "pausing", "paused"):
            choices.append(self._reply(rng.choice(open_questions)))
        if s.run in ("pausing", "paused"):
            choices += [("resume",)] * 2
        claimed = s.claims()
        if claimed:
            unit = rng.choice(claimed)
            choices += [self._report(unit)] * 2
            if s.run in ("running", "failing", "reverting"):
                choices.append(("done", unit.name, self._value(unit), unit.attempt))
        if model.takeable() and s.run not in ("pausing", "paused"):
            choices += [("claim", None)] * (3 if len(claimed) < 3 else 1)
        for kind in ("lost", "ready"):
            reachable = [u for u in units if u.state == kind and (kind == "lost" or u.manual)]
            if reachable:
                choices.append(self._report(rng.choice(reachable)))
        if model.dues():
            choices.append(("tick",))
        if not choices and s.run in ("failed", "succeeded", "reverted") and rng.random() < 0.4:
            return self._operate(model)
        return rng.choice(choices) if choices else ("tick",)

    def _report(self, unit: Unit) -> Action:
        attempt = self.rng.choice((None, unit.attempt, unit.attempt))
        if self.rng.random() < self.faults:
            return ("fail", unit.name, self.rng.choice(FAILURES), attempt)
        return ("complete", unit.name, self._value(unit), attempt, True)

    def _value(self, unit: Unit) -> Any:
        return self.rng.choice(LISTS if self.rng.random() < 0.25 else SCALARS)

    def _reply(self, unit: Unit) -> Action:
        rng = self.rng
        if rng.random() < self.faults:
            return ("raise", unit.name, unit.question, rng.choice(FAILURES))
        answer = rng.randint(0, 3) if unit.question == "each" else rng.random() < 0.7
        return ("reply", unit.name, unit.question, answer)

    def _crash(self, model: Model) -> Action:
        claimed = model.stand.claims()
        chosen = self.rng.sample(claimed, self.rng.randint(1, min(2, len(claimed))))
        if self.rng.random() < 0.4:
            return ("release", chosen[0].name, chosen[0].attempt)
        return ("lose", tuple((unit.name, unit.attempt) for unit in chosen))

    def _some(self, model: Model) -> str:
        """Any unit at all, by name; rarely one that there is not."""
        if self.rng.random() < 0.02:
            return self.rng.choice(("nobody", "t0[99]", "t0.t0.t9"))
        units = model.stand.everything()
        if self.rng.random() < 0.4:  # one in a state that is seen rarely
            state = self.rng.choice(sorted({unit.state for unit in units}))
            units = [unit for unit in units if unit.state == state]
        return self.rng.choice(units).name

    def _anything(self, model: Model) -> Action:
        """A message that nobody should send now, mostly: late, repeated, contradictory, about what is not there."""
        rng = self.rng
        name = self._some(model)
        unit = model.stand.units.get(name) or model.stand.spares.get(name)
        last = unit.attempt if unit else 0
        attempt = rng.choice((None, last, last, last - 1, last - 1, last + 1, 1))
        verb = rng.randint(0, 9)
        if verb < 4:
            if (
                unit
                and attempt in unit.accepted
                and unit.accepted[attempt][0] != "undone"
                and rng.random() < 0.5
            ):
                how, what = unit.accepted[attempt]
                return (
                    ("complete", name, what, attempt, True)
                    if how == "value"
                    else ("fail", name, what, attempt)
                )
            return ("complete", name, rng.choice(SCALARS), attempt, rng.random() < 0.8)
        if verb == 4:
            return ("fail", name, rng.choice(FAILURES), attempt)
        if verb == 5:
            seldom = [
                u.name for u in model.stand.everything() if u.state in ("retrying", "revert_failed", "lost")
            ]
            return ("claim", rng.choice(seldom or [name]))
        if verb == 6:
            return ("release", name, attempt or last)
        if verb == 7:
            return ("lose", ((name, attempt or last), ("nobody", 1)))
        return ("reply", name, rng.choice(("when", "until", "each")), rng.choice((True, False, 1)))

    def _operate(self, model: Model) -> Action:
        rng, s = self.rng, model.stand
        name = self._some(model)
        failed = [u.name for u in s.everything() if u.state in ("failed", "retrying", "lost")]
        aimed = rng.choice(failed) if failed and rng.random() < 0.6 else name
        verb = rng.randint(0, 19)
        if verb < 3:
            return ("pause",)
        if verb < 5:
            return ("resume",)
        if verb < 8:
            return ("skip", aimed)
        if verb < 13:
            eaches = list(s.items)
            if eaches and rng.random() < 0.3:
                return ("rerun", rng.choice(eaches), "failed", rng.random() < 0.7)
            return ("rerun", aimed, rng.choice(("all", "all", "all", "failed")), rng.random() < 0.7)
        if verb < 15:
            return ("break", name)
        if verb == 15:
            return ("clear", rng.choice([*s.breaks, name]))
        if verb == 16:
            return ("revert",)
        if verb == 17:
            return ("cancel",) if rng.random() < 0.3 else ("tick",)
        if verb == 18:
            tasks = sorted(s.units)
            return ("adopt", tuple(rng.sample(tasks, min(len(tasks), rng.choice((0, 1, 1, 2))))))
        return ("reopen",)
