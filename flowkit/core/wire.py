"""Names become links: the drafts of one flow are checked and frozen into a plan.

`freeze` finds *all* faults at once. Everything here is linear in the size of the flow, and nothing recurses over the graph.
What is inside a subflow is frozen by itself: here it is one unit, whose parameters are the inputs of the flow within.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from .choosing import rare_fields
from .dataflow import doubts
from .draft import Draft, Fault
from .knots import knots
from .plan import InputPlan, Plan, TaskPlan
from .scope import Details, Scope, Use, undo_takes


def freeze(
    flow: str,
    drafts: Mapping[str, Draft],
    inputs: Mapping[str, Any] | None,
    result: str | None,
    details: Details,
    warn: bool = True,
    on_failure: str = "stop",
) -> tuple[Plan, list[Fault]]:
    """The plan of these drafts, and all their faults, errors first.

    `inputs` maps declared inputs to their form schemas, or is None where names are open. `details` are further fields of each
    task's plan (schema, doc, source, digest), which no link depends on; beside them "params" has its parameters' schemas, and
    "asked" further fields of the code beside its own, by "when", "until" and "revert". Warnings are looked for only with `warn`.
    With errors among the faults the plan is not fit for a run.
    """
    scope = Scope(drafts, inputs, details)
    faults = scope.faults
    tasks = [_unit(scope, draft) for draft in drafts.values()]
    if warn:
        faults.extend(_near_misses(scope))
        faults.extend(doubts(tasks, details))
    sources = {task.name: task.sources() for task in tasks}
    for ring in knots(sources):
        way = " → ".join([*reversed(ring), ring[-1]])
        faults.append(Fault(ring[0], f"waits for itself: {way}", "Take out one of these links."))
    if result is not None and result not in drafts:
        faults.append(Fault("", f"the flow's result {result!r} is no task", scope.did_you_mean(result)))
    if not drafts:
        faults.append(Fault("", f"the flow {flow!r} has no tasks", "Define one with @flow.task."))
    fed = {source for names in sources.values() for source in names}
    plan = Plan(
        flow=flow,
        tasks=tuple(tasks),
        inputs=_inputs(scope),
        ends=tuple(task.name for task in tasks if task.name not in fed),
        result=result,
        on_failure=on_failure,
    )
    return plan, sorted(faults, key=lambda fault: fault.level)


_BESIDE = ("params", "asked")  # what details say beside the fields of a task's plan


def _unit(scope: Scope, draft: Draft) -> TaskPlan:
    about = scope.details.get(draft.name)
    fields = {key: value for key, value in about.items() if key not in _BESIDE} if about else {}
    if draft.more is not None or draft.kind == "flow":
        return TaskPlan(draft.name, draft.kind, **rare_fields(scope, draft), **fields)
    if draft.bind or draft.fixed:
        scope.note_strangers(draft, [name for name, _ in draft.params])
    return TaskPlan(
        draft.name,
        draft.kind,
        scope.params(draft, draft.params),
        scope.after(draft) if draft.after else (),
        draft.outputs,
        draft.on_crash,
        **fields,
    )


def _near_misses(scope: Scope) -> Iterable[Fault]:
    """Open names that look like a slip: close to a task, to a part, or to an input that more tasks ask for."""
    if scope.inputs is not None:
        return
    used = scope.used
    others = scope.among(name for name, where in used.items() if len(where) > 1)
    for name, where in used.items():
        near = scope.names.near(name) or (others.near(name) if len(where) == 1 else None)
        if near:
            what = "a task" if near in scope.drafts else "a part" if near in scope.parts else "an input"
            place = f"{where[0].beside}: " if where[0].beside else ""
            yield Fault(
                where[0].task,
                f"{place}{name!r} is taken for an input of the flow, and there is {what} {near!r}",
                f"Did you mean {near!r}?",
                where[0].parameter,
                "warning",
            )
        elif all(use.beside == "revert(…)" and not use.optional for use in where):
            unit = where[0].task
            text = f"its undo alone asks for {name!r}, which is taken for an input of the flow"
            yield Fault(unit, text, undo_takes(unit), where[0].parameter, "warning")


def _inputs(scope: Scope) -> tuple[InputPlan, ...]:
    used, inputs = scope.used, scope.inputs
    needed = {name for name, where in used.items() if not all(use.optional for use in where)}
    if inputs is not None:
        return tuple(InputPlan(name, name in needed, schema) for name, schema in inputs.items())
    found = []
    for name, where in used.items():
        # A decider seldom says what it takes.
        told = [use for use in where if not use.beside and not _takes_item(scope, name, use)]
        schemas = [scope.details.get(use.task, {}).get("params", {}).get(use.parameter) for use in told]
        agreed = schemas[0] if schemas and all(schema == schemas[0] for schema in schemas) else None
        found.append(InputPlan(name, name in needed, agreed))
    return tuple(found)


def _takes_item(scope: Scope, name: str, use: Use) -> bool:
    """Whether it gets one item of that input at a time, so that its annotation says nothing of the input itself."""
    more = scope.drafts[use.task].more
    return more is not None and more.each != "" and more.each in (use.parameter, name)
