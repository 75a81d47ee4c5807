"""What comes in at the start of a run, and how a flow is compared with a recorded plan. Bad input leaves nothing behind."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

from ..core import Plan, Wiring
from ..core.schema import check, describe
from ..core.values import preview
from ..errors import InvalidValue, UsageError
from ..journal import pack
from .arguments import parts_trouble
from .task import Unit


def refuse_no_flow(
    flow: Any, instead: str = "engine.start(flow, inputs) or engine.open(run_id, flow)"
) -> None:
    """Raise UsageError for what is no flow; `instead` is what would be right."""
    if not hasattr(flow, "plan") or not hasattr(flow, "tasks"):
        raise UsageError(f"{preview(flow)} is no Flow: {instead}.")


def judged_id(run_id: Any) -> str | None:
    """The id of a run to start, None where one is to be made up. Raises UsageError for what can be none."""
    if run_id is None:
        return None
    if not isinstance(run_id, str) or not run_id:
        raise UsageError(f"run_id={preview(run_id)} must be a text that is not empty. No run was started.")
    return str.__str__(run_id)


def judged_target(target: Any, flow: Any) -> str | None:
    """The name of the task that a run is for, None where it is for all. Raises UsageError for what is no task."""
    name = target.name if isinstance(target, Unit) else target
    if name is None:
        return None
    if not isinstance(name, str) or name not in flow.all_tasks():
        what = f"task {name!r}" if isinstance(name, str) else f"task in target={preview(name)}"
        raise UsageError(f"There is no {what} to be the target; {flow.name} has {', '.join(flow.tasks)}.")
    return str.__str__(name)


def by_names(what: str, given: Any) -> dict[str, Any]:
    """The inputs or results of a start under plain names. Raises UsageError for what is no mapping of names."""
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise UsageError(f"{what}={preview(given)} must be a mapping of names to values. No run was started.")
    found = {}
    for name, value in given.items():
        if isinstance(name, Unit) and what == "results":
            name = name.name
        if not isinstance(name, str):
            raise UsageError(
                f"{what}={preview(given)} must be a mapping of names to values, and {preview(name)} is no name. "
                "No run was started."
            )
        found[str.__str__(name)] = value
    return found


def packed_inputs(
    wiring: Wiring, inputs: Mapping[str, Any], given: Mapping[str, Any], live: bool
) -> dict[str, Any]:
    """The inputs as stored values, judged by their annotations.

    Raises UsageError naming every missing and every unknown one, InvalidValue for those that do not fit, ValueNotStorable.
    """
    unneeded = {*given, *wiring.unneeded(name for name in given if name in wiring.tasks)}
    asked = {
        p.source
        for t in wiring.tasks.values()
        if t.name not in unneeded
        for p in t.every_param()
        if p.kind == "input"
    }
    missing = [n for n, one in wiring.inputs.items() if one.required and n not in inputs and n in asked]
    unknown = [name for name in inputs if name not in wiring.inputs]
    if missing or unknown:
        raise UsageError(_inputs_trouble(wiring, missing, unknown))
    stored, troubles = {}, []
    for name, value in inputs.items():
        schema = wiring.inputs[name].schema
        if schema is not None:
            value, problems = check(schema, value)
            troubles += [f"{name}={preview(value)}: {p} (expected {describe(schema)})" for p in problems]
        if not troubles:
            stored[name] = pack(value, live=live, name=name)
    if troubles:
        raise InvalidValue(f"These inputs do not fit: {'; '.join(troubles)}. No run was started.")
    return stored


def _inputs_trouble(wiring: Wiring, missing: list[str], unknown: list[str]) -> str:
    users: dict[str, list[str]] = {}
    for task in wiring.tasks.values():
        of_undo = () if task.undo is None else task.undo.params
        for param in task.every_param():
            if param.kind == "input":
                who = (
                    f"the undo of {task.name}" if param in of_undo and param not in task.params else task.name
                )
                users.setdefault(param.source, []).append(who)
    parts = [
        f"{name!r} is missing (asked for by {', '.join(users.get(name, ['the flow']))})" for name in missing
    ]
    for name in unknown:
        parts.append(f"{name!r} is no input{_instead(wiring, name)}")
    example = ", ".join(f"{name!r}: …" for name in wiring.inputs)
    return f"{'; '.join(parts)}. The inputs of {wiring.plan.flow} are {{{example}}}. No run was started."


def _instead(wiring: Wiring, name: str) -> str:
    """What was perhaps meant by an input that there is not."""
    for task in wiring.plan.tasks:
        if name == task.name:
            return f" but a task: to give its result, start with results={{{name!r}: …}}"
        if name in task.outputs:
            return f" but a part of the task {task.name}: to give its result, start with results={{{task.name!r}: …}}"
    near = get_close_matches(name, list(wiring.inputs), 1)
    return f" (did you mean {near[0]!r}?)" if near else ""


def packed_results(wiring: Wiring, given: Mapping[str, Any], live: bool) -> dict[str, Any]:
    """Results given beforehand, as stored values. Raises UsageError for an unknown task, InvalidValue, ValueNotStorable."""
    stored = {}
    for name, value in given.items():
        if name not in wiring.tasks:
            raise UsageError(_results_trouble(wiring, name))
        plan = wiring.tasks[name]
        whole = (
            {"kind": "list", **({"items": plan.result} if plan.result else {})} if plan.each else plan.result
        )
        value, problems = check(whole, value)
        told = list(map(str, problems))
        if plan.outputs and not told and (trouble := parts_trouble(plan.outputs, value)):
            told = [trouble]
        if told:
            text = f"results[{name!r}] does not fit: {'; '.join(told)}. No run was started."
            raise InvalidValue(text, problems=tuple(problems), task=name, sent=value)
        stored[name] = pack(value, live=live, name=f"results[{name!r}]")
    return stored


def _results_trouble(wiring: Wiring, name: Any) -> str:
    if wiring.target is not None and any(task.name == name for task in wiring.plan.tasks):
        return (
            f"results names {name!r}, which {wiring.target!r}, the target, does not need. No run was started."
        )
    near = get_close_matches(str(name), list(wiring.tasks), 1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    return f"results names {name!r}, which is no task of {wiring.plan.flow}.{hint} No run was started."


def other_start(run_id: str, what: str, before: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """What keeps a start from being a resume of a recorded run: other "inputs" or "results", in words."""
    recorded, sent = (
        ", ".join(f"{name}={preview(value)}" for name, value in one.items()) or "none"
        for one in (before, now)
    )
    return (
        f"Run {run_id!r} is recorded with other {what}: {recorded}; you gave {sent}. "
        f"Take another run_id, or engine.open({run_id!r}, flow) for the recorded one."
    )


def difference(run_id: str, old: Plan, new: Plan) -> str:
    """What keeps a flow from driving a run that was started with another structure, in words."""
    before = {task.name: task for task in old.tasks}
    after = {task.name: task for task in new.tasks}
    parts = [f"{name} is gone" for name in before if name not in after]
    parts += [f"{name} is new" for name in after if name not in before]
    parts += [
        f"{name} is wired or declared otherwise"
        for name in before
        if name in after and before[name].shape() != after[name].shape()
    ]
    if old.flow != new.flow:
        parts.append(f"the flow's name was {old.flow!r} and is {new.flow!r}")
    what = "; ".join(parts) or "its inputs or its result are declared otherwise"
    return (
        f"Run {run_id!r} was started with another structure of {old.flow}: {what}. "
        f"Nothing was recorded. Open it without the flow (engine.open({run_id!r})) to read and report, "
        "define the flow as it was to go on, or start a new run under another run_id."
    )
