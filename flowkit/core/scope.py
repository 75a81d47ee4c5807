"""The names of one flow while they become links: what each parameter and each `after` means, and who asks for which input."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from .draft import Draft, Fault
from .near_names import Names
from .plan import Param

Details = Mapping[str, Mapping[str, Any]]


class Use(NamedTuple):
    """A parameter that takes an input of the flow; `beside` says of which code beside a task's own it is one ("revert(…)")."""

    task: str
    parameter: str
    optional: bool
    beside: str


def undo_takes(task: str) -> str:
    """What there is for the parameters of an undo, as a hint."""
    return f"An undo takes inputs, what the task takes, {task!r} (its result) and 'failure'."


class Scope:
    """One flow's units, parts and inputs. `faults` and `used` (who takes which input) grow while links are asked for.

    `parts` maps the names of parts to (task, number). `inputs` is None where names are open.
    """

    def __init__(
        self, drafts: Mapping[str, Draft], inputs: Mapping[str, Any] | None, details: Details
    ) -> None:
        self.drafts = drafts
        self.inputs = inputs
        self.details = details
        self.faults: list[Fault] = [fault for draft in drafts.values() for fault in draft.trouble]
        self.parts: dict[str, tuple[str, int]] = {}
        self.used: dict[str, list[Use]] = {}
        self._note_parts()
        self.names = Names([*drafts, *self.parts, *(inputs or ())])

    def _note_parts(self) -> None:
        """Look up the named parts of tasks; names that stand for two things are noted as faults."""
        for draft in self.drafts.values():
            for number, part in enumerate(draft.outputs):
                if part in self.drafts or part in self.parts:
                    other = "a task" if part in self.drafts else f"a part of {self.parts[part][0]}"
                    text = f"its output {part!r} is also {other}"
                    self.faults.append(Fault(draft.name, text, "Give one of them another name."))
                self.parts[part] = (draft.name, number)
        for name in self.inputs or ():
            if name in self.drafts or name in self.parts:
                self.faults.append(
                    Fault(name, "is both an input and a task", "Give one of them another name.")
                )

    def among(self, names: Iterable[str]) -> Names:
        """Other names to look among for a slip."""
        return Names(names)

    def params(self, draft: Draft, params: Iterable[tuple[str, bool]], beside: str = "") -> tuple[Param, ...]:
        """Where these parameters of a unit get their values; `beside` says of which code they are, where it isn't its own."""
        found = []
        for name, optional in params:
            param = self.param(draft, name, optional, beside)
            if param is not None:
                found.append(param)
        return tuple(found)

    def param(self, draft: Draft, name: str, optional: bool, beside: str = "") -> Param | None:
        """Where a parameter gets its value. None where it has none, which is a fault unless there is a default."""
        if name in draft.fixed:
            return Param(name, "fixed", fixed=draft.fixed[name])
        source = draft.bind.get(name, name)
        if source in self.drafts:
            return Param(name, "task", source, required=not optional)
        if source in self.parts:
            task, number = self.parts[source]
            return Param(name, "task", task, number, not optional)
        if (self.inputs is None and not self._inside(source)) or source in (self.inputs or ()):
            self.used.setdefault(source, []).append(Use(draft.name, name, optional, beside))
            return Param(name, "input", source, required=not optional)
        if not optional or name in draft.bind:
            message = f"there is no task and no input {source!r}"
            hint = self.did_you_mean(source)
            if beside:
                message = f"{beside}: {message}"
            if beside == "revert(…)" and not self.names.near(source):
                hint = undo_takes(draft.name)
            self.faults.append(Fault(draft.name, message, hint, name))
        return None

    def note_strangers(self, draft: Draft, known: Sequence[str]) -> None:
        """Note what `bind` and `fixed` name and no code of the unit has as a parameter."""
        for option, given in (("bind", draft.bind), ("fixed", draft.fixed)):
            for name in given:
                if name not in known:
                    text = f"{option} names {name!r}, which is no parameter"
                    what = "inputs" if draft.kind == "flow" else "parameters"
                    hint = f"Its {what} are: {', '.join(dict.fromkeys(known)) or 'none'}."
                    self.faults.append(Fault(draft.name, text, hint, name))

    def unit(self, name: str) -> str | None:
        """The unit that a name stands for: itself, or the task that a part belongs to."""
        if name in self.drafts:
            return name
        return self.parts[name][0] if name in self.parts else None

    def after(self, draft: Draft) -> tuple[str, ...]:
        """The units that must have succeeded before."""
        units = [self.linked(draft, "after", source) for source in draft.after]
        return tuple(dict.fromkeys(unit for unit in units if unit is not None))

    def linked(self, draft: Draft, option: str, name: str) -> str | None:
        """The unit that an option names; None, and a fault, where there is none."""
        unit = self.unit(name)
        if unit is None:
            text = f"{option} names {name!r}, which is no task"
            self.faults.append(Fault(draft.name, text, self.did_you_mean(name, "Define it.")))
        return unit

    def _inside(self, name: str) -> str:
        """The subflow that a name looks into; empty where it looks into none."""
        outer, dot, _ = name.partition(".")
        return outer if dot and outer in self.drafts and self.drafts[outer].kind == "flow" else ""

    def did_you_mean(
        self, name: str, otherwise: str = "Define it, or bind the parameter to another source."
    ) -> str:
        """A hint for a name that there is not."""
        if outer := self._inside(name):
            return f"What is inside {outer} can't be linked to from outside: name {outer!r} itself."
        end, bracket, rest = name.partition("(")
        if bracket and end in ("succeeded", "failed", "finished"):
            source = rest.rstrip(")").strip("'\"")
            return f"Write it without quotes around it, {end}({source!r}), after: from flowkit import {end}."
        near = self.names.near(name)
        return f"Did you mean {near!r}?" if near else otherwise
