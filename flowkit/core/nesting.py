"""Subflows are spelt out: the tasks of a flow within another stand in one flat plan, under `name.task`.

Walked with a stack of its own, so that flows may lie in flows as deep as they like. Each flow comes frozen by itself; here its
names get the subflow's address before them, and its inputs become what the subflow is given.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from .plan import Asked, Param, Plan, TaskPlan

_replace = msgspec.structs.replace


class Nest(msgspec.Struct, eq=False):
    """A frozen flow with those within it, by the name of the subflow. `shifts` names, of a subflow that is tried with one value
    after another, the input that gets them."""

    plan: Plan
    inside: dict[str, Nest] = {}
    shifts: dict[str, str] = {}


def spelt_out(root: Nest) -> Plan:
    """The flat plan: each subflow, then at once all that is in it."""
    if not root.inside:
        return root.plan
    tasks: list[TaskPlan] = []
    trail: list[tuple[_Within | None, Nest, Iterator[TaskPlan]]] = [(None, root, iter(root.plan.tasks))]
    while trail:
        within, nest, rest = trail[-1]
        task = next(rest, None)
        if task is None:
            trail.pop()
            continue
        found = task if within is None else within.task(task)
        if task.kind == "flow":
            inner = nest.inside[task.name]
            shift = nest.shifts.get(task.name, "")
            place = _Within(found, shift)
            found = _replace(found, gives=tuple(place.name(end) for end in found.gives))
            trail.append((place, inner, iter(inner.plan.tasks)))
        tasks.append(found)
    return _replace(root.plan, tasks=tuple(tasks))


class _Within:
    """One subflow as those in it see it."""

    def __init__(self, unit: TaskPlan, shift: str) -> None:
        self.unit = unit.name
        self.shift = shift
        self.values = unit.retry.each if unit.retry is not None else ""

    def name(self, name: str) -> str:
        return f"{self.unit}.{name}"

    def task(self, task: TaskPlan) -> TaskPlan:
        changed: dict[str, Any] = {"name": self.name(task.name), "within": self.unit}
        if task.params:
            changed["params"] = self.params(task.params)
        if task.after:
            changed["after"] = tuple(map(self.name, task.after))
        if task.upon:
            changed["upon"] = tuple((self.name(source), kind) for source, kind in task.upon)
        if task.when is not None:
            changed["when"] = self.asked(task.when)
        if task.undo is not None:
            changed["undo"] = self.asked(task.undo)
        if task.repeat is not None and task.repeat.until is not None:
            changed["repeat"] = _replace(task.repeat, until=self.asked(task.repeat.until))
        return _replace(task, **changed)

    def asked(self, asked: Asked) -> Asked:
        source = self.name(asked.source) if asked.source else ""
        return _replace(asked, params=self.params(asked.params), source=source)

    def params(self, params: tuple[Param, ...]) -> tuple[Param, ...]:
        return tuple(map(self.param, params))

    def param(self, param: Param) -> Param:
        if param.kind == "task":
            return _replace(param, source=self.name(param.source))
        if param.kind != "input":
            return param
        if param.source == self.shift:
            return Param(param.name, "try", self.unit, None, param.required, outer=self.values)
        return Param(param.name, "outer", self.unit, None, param.required, outer=param.source)
