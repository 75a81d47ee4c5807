"""A flow used as a task of another, and the walk through flows within flows, without a limit to how deep they lie.

A subflow holds the flow itself: what is defined in it later counts, up to the start of a run.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

from ..core.draft import Draft
from .faces import one_line
from .task import Task, Unit


class Nestable(Protocol):
    """What a flow must be to lie within another."""

    tasks: dict[str, Any]

    @property
    def name(self) -> str: ...

    @property
    def on_failure(self) -> str: ...

    @property
    def result(self) -> str | None: ...

    @property
    def inputs(self) -> dict[str, Any] | None: ...

    def drafts(self) -> dict[str, Draft]: ...

    def stands(self) -> tuple[Any, ...]: ...


class Subflow(Unit):
    """A flow as one unit of another: usable wherever a task is named. `flow` is the flow within."""

    def __init__(self, flow: Any, draft: Draft, fixed: dict[str, Any]) -> None:
        super().__init__(draft, fixed)
        self.flow: Nestable = flow

    @one_line
    def __repr__(self) -> str:
        within = "" if self.flow.name == self.name else f" ({self.flow.name})"
        count = "1 task" if len(self.flow.tasks) == 1 else f"{len(self.flow.tasks)} tasks"
        return f"<subflow {self.name}{within}: {count}>"


def subflows(flow: Nestable) -> list[Subflow]:
    """The subflows directly in a flow."""
    return [unit for unit in flow.tasks.values() if type(unit) is Subflow]


def innermost_first(flow: Nestable) -> Iterator[tuple[str, Nestable]]:
    """This flow and all within it, each once, those within before those around, with the address at which each is met first ("" for
    the flow itself)."""
    met = {id(flow)}
    trail = [("", flow, iter(subflows(flow)))]
    while trail:
        address, one, rest = trail[-1]
        unit = next(rest, None)
        if unit is None:
            trail.pop()
            yield address, one
        elif id(unit.flow) not in met:
            met.add(id(unit.flow))
            inner = f"{address}.{unit.name}" if address else unit.name
            trail.append((inner, unit.flow, iter(subflows(unit.flow))))


def all_units(flow: Nestable) -> dict[str, Task | Subflow]:
    """All units of a flow and of those within it, by the names that they have in a plan, in its order."""
    found: dict[str, Task | Subflow] = {}
    trail = [("", iter(flow.tasks.values()))]
    while trail:
        prefix, rest = trail[-1]
        unit = next(rest, None)
        if unit is None:
            trail.pop()
            continue
        name = prefix + unit.name
        found[name] = unit
        if type(unit) is Subflow:
            trail.append((f"{name}.", iter(unit.flow.tasks.values())))
    return found
