"""A rehearsal's flow, built through the public surface: each function only asks the stage what it is to give.

Functions are written as source and compiled, so that parameters, defaults and annotations are real ones, and the same text
gives the same code in every process.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Callable, Iterator
from typing import Any

import flowkit
from tests.rehearsals.reading import FlowText, Param, TaskText

Perform = Callable[[str, str, dict[str, Any]], Any]
"""`perform(unit, kind, inputs)` gives what an attempt gives, or raises: kind "do", "undo", "when" or "until"."""


def build(text: FlowText, perform: Perform) -> flowkit.Flow:
    """The flow that a text describes. Raises what flowkit raises for a faulty one."""
    options = {name: value for name, value in text.options.items() if name != "inputs"}
    if "inputs" in text.options:
        options["inputs"] = tuple(text.options["inputs"].split(","))  # type: ignore[assignment]
    flow = flowkit.Flow(text.name, **options)  # type: ignore[arg-type]
    _fill(flow, text.tasks, "", perform)
    return flow


def task_at(flow: FlowText, path: str) -> TaskText:
    """The task of that path: "a", "sub.a"."""
    tasks = flow.tasks
    *way, last = path.split(".")
    for name in way:
        tasks = next(task for task in tasks if task.name == name).members
    return next(task for task in tasks if task.name == last)


def expression_of(flow: FlowText, path: str, kind: str) -> str:
    """What a question ("when" or "until") of a task is, as an expression."""
    return task_at(flow, path).options[kind].strip("{}")


def defaults_of(flow: FlowText, path: str, kind: str) -> dict[str, Any]:
    """The defaults of what stands in for a call of that kind."""
    task = task_at(flow, path)
    found = task.undo if kind == "undo" else task
    asked = kind not in ("do", "undo") or found is None
    return {} if asked else {param.name: None for param in found.params if param.optional}


def _fill(flow: flowkit.Flow, tasks: list[TaskText], prefix: str, perform: Perform) -> None:
    for task in tasks:
        path = prefix + task.name
        options = dict(_options(task, path, perform))
        if task.kind == "flow":
            child = flowkit.Flow(
                task.name, **{k: v for k, v in task.options.items() if k in ("on_failure", "result")}
            )
            _fill(child, task.members, path + ".", perform)
            flow.add(child, name=task.name, **options)
            continue
        function = _function(task, path, "do", perform)
        made = (flow.manual if task.kind == "manual" else flow.task)(function, **options)
        if task.undo is not None:
            made.revert(_function(task.undo, path, "undo", perform))


def _options(task: TaskText, path: str, perform: Perform) -> Iterator[tuple[str, Any]]:
    """The options of a task as the public surface takes them."""
    said = task.options
    if bind := {p.name: p.source for p in task.params if p.source}:
        yield "bind", bind
    if fixed := {p.name: p.value for p in task.params if p.fixed}:
        yield "fixed", fixed
    for name in ("skip", "each", "on_crash"):
        if name in said:
            yield name, said[name]
    for name in ("concurrency", "priority", "timeout", "join"):
        if name in said:
            yield name, _number(said[name])
    if "pause_before" in said:
        yield "pause_before", True
    if "outputs" in said:
        yield "outputs", tuple(said["outputs"].split(","))
    if "after" in said:
        yield "after", tuple(_link(one) for one in said["after"].split(","))
    if "when" in said:
        yield "when", _asked(said["when"], path, "when", perform)
    if "until" in said or "max" in said:
        until = _asked(said["until"], path, "until", perform) if "until" in said else None
        yield "repeat", flowkit.Repeat(until=until, max=_number(said["max"]) if "max" in said else None)
    if "retry" in said:
        yield "retry", _retry(said)


def _retry(said: dict[str, str]) -> Any:
    if said["retry"].startswith("each:"):
        return flowkit.ForEach(said["retry"].removeprefix("each:"), as_=said["as"])
    options = {name: _number(said[name]) for name in ("delay", "backoff", "cap", "jitter") if name in said}
    for name in ("on", "not_on"):
        if name in said:
            options[name] = tuple(getattr(builtins, one, one) for one in said[name].split(","))
    return flowkit.Retry(int(said["retry"]), **options)


def _link(text: str) -> Any:
    how, bracket, name = text.partition("(")
    if not bracket:
        return text
    made = {"failed": flowkit.failed, "finished": flowkit.finished, "succeeded": flowkit.succeeded}[how]
    return made(name.rstrip(")"))


def _number(text: str) -> Any:
    """A number, or the text where it is none."""
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def _asked(text: str, path: str, kind: str, perform: Perform) -> Any:
    """The source that answers, or a function that does."""
    if not text.startswith("{"):
        return text
    names = [
        node.id for node in ast.walk(ast.parse(text.strip("{}"), mode="eval")) if isinstance(node, ast.Name)
    ]
    free = [name for name in dict.fromkeys(names) if not hasattr(builtins, name)]
    asked = TaskText(0, "task", f"{kind}_{path.rpartition('.')[2]}", [Param(name) for name in free])
    return _function(asked, path, kind, perform)


def _function(task: TaskText, path: str, kind: str, perform: Perform) -> Any:
    """A function with the task's parameters that gives what the stage says."""
    head = ", ".join(
        f"{p.name}=None" if p.optional else p.name for p in sorted(task.params, key=lambda p: p.optional)
    )
    returns = f" -> {task.returns}" if task.returns else ""
    given = ", ".join(f"{p.name!r}: {p.name}" for p in task.params)
    edited = f"    edited = {task.options['edited']!r}\n" if "edited" in task.options else ""
    source = (
        f"def {task.name}({head}){returns}:\n{edited}    return perform({path!r}, {kind!r}, {{{given}}})\n"
    )
    known: dict[str, Any] = {"perform": perform}
    exec(compile(source, f"<{path}>", "exec"), known)
    return known[task.name]
