"""Doubts about a flow: values that may not be there when a parameter asks for them, and tasks that can never begin.

Only warnings are made here, of what is sure to be possible; each link is looked at once or twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from .draft import Fault
from .plan import Param, TaskPlan
from .scope import Details

_MISSING = "Give the parameter a default, or let its annotation take None."


def doubts(tasks: Sequence[TaskPlan], details: Details) -> Iterator[Fault]:
    """All doubts about the units of one flow. `details` has the parameters' schemas, as for `freeze`."""
    left_out = {task.name for task in tasks if task.skip == "self" and task.when is not None}
    rare = [task for task in tasks if task.upon]
    needs = {task.name: _must_succeed(task) for task in tasks} if rare else {}
    for task in tasks:
        if left_out or task.upon or task.join:
            yield from _missing(task, left_out, details.get(task.name, {}).get("params", {}))
        if task.each:
            yield from _no_items(task, details, {one.name: one for one in tasks})
    for task in rare:
        yield from _unreachable(task, needs)


def _must_succeed(task: TaskPlan) -> frozenset[str]:
    """The sources without whose success the task never begins."""
    if task.join:
        return frozenset()
    other = {source for source, _ in task.upon}
    return frozenset(source for source in task.sources() if source not in other)


def _unreachable(task: TaskPlan, needs: dict[str, frozenset[str]]) -> Iterator[Fault]:
    if task.join:
        return
    failing = {source for source, kind in task.upon if kind == "failed"}
    for source in task.sources():
        if source in failing:
            continue
        for cause in failing & needs.get(source, frozenset()):
            text = f"can't begin: it waits for failed({cause!r}) and for {source}, which needs {cause} to succeed"
            hint = f"Take {source!r} out, or let it be reached on both ways: finished({cause!r})."
            yield Fault(task.name, text, hint, level="warning")


_ONE_VALUE = ("bool", "int", "float", "str", "bytes", "none")


def _no_items(task: TaskPlan, details: Details, tasks: dict[str, TaskPlan]) -> Iterator[Fault]:
    """What is gone through item by item, and is said to be one value."""
    param = next((param for param in task.params if param.name == task.each), None)
    if param is None or param.kind != "task" or param.part is not None or tasks[param.source].each:
        return
    schema = details.get(param.source, {}).get("result")
    if isinstance(schema, dict) and schema["kind"] in _ONE_VALUE:
        text = f"is to get one item of a list at a time, and {param.source} is said to give one value"
        hint = f"Let {param.source} give a list (-> list[…]), or take each=… out."
        yield Fault(task.name, text, hint, task.each, "warning")


def _missing(task: TaskPlan, left_out: set[str], schemas: dict[str, Any]) -> Iterator[Fault]:
    """Parameters without a default that may get None, or a Failure."""
    ends = dict(task.upon)
    some = 0 < task.join < len(task.sources())
    for param, beside in _taken(task):
        if param.kind != "task" or not param.required:
            continue
        schema = None if beside else schemas.get(param.name)
        why = ""
        if ends.get(param.source) == "finished" and not _takes_failure(schema):
            why = f"{param.source} may have failed: the value is then its Failure"
            hint = f"Annotate it with what it takes, such as {param.name}: str | Failure."
        elif ends.get(param.source) == "failed" and schema is not None and not _takes_failure(schema):
            why = f"{param.source} has failed by then: the value is its Failure"
            hint = f"Annotate it so: {param.name}: Failure."
        elif param.source in left_out and not _takes_none(schema):
            why, hint = f"{param.source} may be skipped by itself alone: the value is then None", _MISSING
        elif some and not _takes_none(schema):
            said = "any" if task.join == 1 else task.join
            why = f"join={said!r} does not wait for {param.source}: without it the value is None"
            hint = _MISSING
        if why:
            place = f"{beside}(…): " if beside else ""
            yield Fault(task.name, place + why, hint, param.name, "warning")


def _taken(task: TaskPlan) -> Iterator[tuple[Param, str]]:
    yield from ((param, "") for param in task.params)
    until = None if task.repeat is None else task.repeat.until
    for what, one in (("when", task.when), ("until", until)):
        if one is not None:
            yield from ((param, what) for param in one.params)


def _takes_none(schema: Any) -> bool:
    return isinstance(schema, dict) and bool(schema.get("optional") or schema["kind"] in ("none", "any"))


def _takes_failure(schema: Any) -> bool:
    """Whether an annotation names `Failure`, or takes whatever comes."""
    if not isinstance(schema, dict):
        return False
    if schema["kind"] == "any":
        return str(schema.get("annotation", "Failure")).rpartition(".")[2] == "Failure"
    return any(map(_takes_failure, schema.get("options", ())))
