"""Names become links: a draft of a flow is checked and frozen into a plan.

A draft is what a builder collected: names and options, no functions. `freeze` finds *all* faults at once. Everything here is
linear in the size of the flow, and nothing recurses over the graph.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from .plan import InputPlan, Param, Plan, TaskPlan


class Fault(msgspec.Struct, frozen=True):
    """One thing that is wrong, or doubtful, with a flow. `level` is "error" (a run can't start) or "warning"."""

    task: str
    message: str
    hint: str = ""
    parameter: str = ""
    level: str = "error"

    def __str__(self) -> str:
        where = f"{self.task}({self.parameter})" if self.parameter else self.task
        hint = f" {self.hint}" if self.hint else ""
        return f"{where}: {self.message}.{hint}" if where else f"{self.message}.{hint}"


class Draft(msgspec.Struct):
    """One task as it was defined. `params` are its parameters' names with whether each has a default."""

    name: str
    kind: str
    params: tuple[tuple[str, bool], ...] = ()
    bind: dict[str, str] = {}
    fixed: dict[str, str | None] = {}
    after: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    on_crash: str = "rerun"
    trouble: tuple[Fault, ...] = ()


class Names:
    """Known names, for saying "did you mean": finds one that is a single letter away, at a cost that is linear in all."""

    def __init__(self, names: Iterable[str]) -> None:
        self._names = names
        self._near: dict[str, str] | None = None

    def near(self, name: str) -> str | None:
        """A known name that differs by one letter (more, less, other, or two swapped), or only by case."""
        if self._near is None:
            self._near = {}
            for known in self._names:
                for variant in _variants(known):
                    self._near.setdefault(variant, known)
        for variant in _variants(name):
            found = self._near.get(variant)
            if found is not None and found != name and not _numbered(found, name):
                return found
        return None


def _numbered(one: str, other: str) -> bool:
    """Whether two names differ only as `part_1` and `part_2` or `left_a` and `left_b` do, which is no slip."""
    digits = str.maketrans("", "", "0123456789")
    return one[:-1] == other[:-1] or one.translate(digits) == other.translate(digits)


def _variants(name: str) -> list[str]:
    low = name.casefold()
    if len(low) < 4:
        return [low]
    swapped = [low[:i] + low[i + 1] + low[i] + low[i + 2 :] for i in range(len(low) - 1)]
    return [low, *(low[:i] + low[i + 1 :] for i in range(len(low))), *swapped]


def freeze(
    flow: str,
    drafts: Mapping[str, Draft],
    inputs: Mapping[str, Any] | None,
    result: str | None,
    doc: str,
    details: Mapping[str, Mapping[str, Any]],
    warn: bool = True,
) -> tuple[Plan, list[Fault]]:
    """The plan of these drafts, and all their faults, errors first.

    `inputs` maps declared inputs to their form schemas, or is None where names are open. `details` are further fields of each
    task's plan (schema, doc, source, digest, parameter schemas), which no link depends on. Warnings are looked for only
    with `warn`. With errors among the faults the plan is not fit for a run.
    """
    faults: list[Fault] = [fault for draft in drafts.values() for fault in draft.trouble]
    parts = _parts(drafts, inputs or {}, faults)
    names = Names([*drafts, *parts, *(inputs or ())])
    used: dict[str, list[tuple[str, str, bool]]] = {}
    tasks = []
    for draft in drafts.values():
        about = details.get(draft.name, {})
        tasks.append(
            TaskPlan(
                draft.name,
                draft.kind,
                _params(draft, drafts, parts, inputs, names, used, faults),
                _after(draft, drafts, parts, names, faults) if draft.after else (),
                draft.outputs,
                draft.on_crash,
                **({key: value for key, value in about.items() if key != "params"} if about else {}),
            )
        )
    if warn:
        faults.extend(_near_misses(used, drafts, parts, inputs, names))
    sources = {task.name: task.sources() for task in tasks}
    faults.extend(_cycles(sources))
    if result is not None and result not in drafts:
        faults.append(Fault("", f"the flow's result {result!r} is no task", _did_you_mean(names, result)))
    if not drafts:
        faults.append(Fault("", f"the flow {flow!r} has no tasks", "Define one with @flow.task."))
    fed = {source for names in sources.values() for source in names}
    plan = Plan(
        flow=flow,
        tasks=tuple(tasks),
        inputs=_inputs(used, inputs, details),
        ends=tuple(task.name for task in tasks if task.name not in fed),
        result=result,
        doc=doc,
    )
    return plan, sorted(faults, key=lambda fault: fault.level)


def _parts(
    drafts: Mapping[str, Draft], inputs: Mapping[str, Any], faults: list[Fault]
) -> dict[str, tuple[str, int]]:
    """The named parts of tasks, as (task, number); names that stand for two things are noted as faults."""
    parts: dict[str, tuple[str, int]] = {}
    for draft in drafts.values():
        for number, part in enumerate(draft.outputs):
            if part in drafts or part in parts:
                other = "a task" if part in drafts else f"a part of {parts[part][0]}"
                faults.append(
                    Fault(
                        draft.name, f"its output {part!r} is also {other}", "Give one of them another name."
                    )
                )
            parts[part] = (draft.name, number)
    for name in inputs:
        if name in drafts or name in parts:
            faults.append(Fault(name, "is both an input and a task", "Give one of them another name."))
    return parts


def _params(
    draft: Draft,
    drafts: Mapping[str, Draft],
    parts: Mapping[str, tuple[str, int]],
    inputs: Mapping[str, Any] | None,
    names: Names,
    used: dict[str, list[tuple[str, str, bool]]],
    faults: list[Fault],
) -> tuple[Param, ...]:
    known = [name for name, _ in draft.params]
    for option, given in (("bind", draft.bind), ("fixed", draft.fixed)):
        for name in given:
            if name not in known:
                hint = f"Its parameters are: {', '.join(known) or 'none'}."
                faults.append(
                    Fault(draft.name, f"{option} names {name!r}, which is no parameter", hint, name)
                )
    found = []
    for name, has_default in draft.params:
        if name in draft.fixed:
            found.append(Param(name, "fixed", fixed=draft.fixed[name]))
            continue
        source = draft.bind.get(name, name)
        if source in drafts:
            found.append(Param(name, "task", source))
        elif source in parts:
            task, number = parts[source]
            found.append(Param(name, "task", task, number))
        elif inputs is None or source in inputs:
            found.append(Param(name, "input", source, required=not has_default))
            used.setdefault(source, []).append((draft.name, name, has_default))
        elif not has_default or name in draft.bind:
            message = f"there is no task and no input {source!r}"
            faults.append(Fault(draft.name, message, _did_you_mean(names, source), name))
    return tuple(found)


def _after(
    draft: Draft,
    drafts: Mapping[str, Draft],
    parts: Mapping[str, tuple[str, int]],
    names: Names,
    faults: list[Fault],
) -> tuple[str, ...]:
    found = []
    for source in draft.after:
        name = parts[source][0] if source in parts else source
        if name in drafts:
            found.append(name)
        else:
            faults.append(
                Fault(
                    draft.name,
                    f"after names {source!r}, which is no task",
                    _did_you_mean(names, source, "Define it."),
                )
            )
    return tuple(dict.fromkeys(found))


def _did_you_mean(
    names: Names, name: str, otherwise: str = "Define it, or bind the parameter to another source."
) -> str:
    near = names.near(name)
    return f"Did you mean {near!r}?" if near else otherwise


def _near_misses(
    used: Mapping[str, list[tuple[str, str, bool]]],
    drafts: Mapping[str, Draft],
    parts: Mapping[str, tuple[str, int]],
    inputs: Mapping[str, Any] | None,
    names: Names,
) -> Iterable[Fault]:
    """Open names that look like a slip: close to a task, to a part, or to an input that more tasks ask for."""
    if inputs is not None:
        return
    others = Names(name for name, where in used.items() if len(where) > 1)
    for name, where in used.items():
        near = names.near(name) or (others.near(name) if len(where) == 1 else None)
        if near:
            task, parameter, _ = where[0]
            what = "a task" if near in drafts else "a part" if near in parts else "an input"
            yield Fault(
                task,
                f"{name!r} is taken for an input of the flow, and there is {what} {near!r}",
                f"Did you mean {near!r}?",
                parameter,
                "warning",
            )


def _inputs(
    used: Mapping[str, list[tuple[str, str, bool]]],
    inputs: Mapping[str, Any] | None,
    details: Mapping[str, Mapping[str, Any]],
) -> tuple[InputPlan, ...]:
    if inputs is not None:
        optional = {name for name, where in used.items() if all(has_default for _, _, has_default in where)}
        return tuple(InputPlan(n, n in used and n not in optional, schema) for n, schema in inputs.items())
    found = []
    for name, where in used.items():
        schemas = [details.get(task, {}).get("params", {}).get(parameter) for task, parameter, _ in where]
        agreed = schemas[0] if all(schema == schemas[0] for schema in schemas) else None
        found.append(InputPlan(name, not all(has_default for _, _, has_default in where), agreed))
    return tuple(found)


def _cycles(sources: Mapping[str, tuple[str, ...]]) -> Iterable[Fault]:
    """One fault for each knot of tasks that wait for one another, with one way round it."""
    dependents: dict[str, list[str]] = {name: [] for name in sources}
    left: dict[str, int] = {}
    for name, names in sources.items():
        left[name] = len(names)
        for source in names:
            dependents[source].append(name)
    free = [name for name, count in left.items() if not count]
    for name in free:
        for dependent in dependents[name]:
            left[dependent] -= 1
            if not left[dependent]:
                free.append(dependent)
    if len(free) == len(sources):
        return
    met: set[str] = set()
    for root in reversed(_by_last_leave(sources)):
        # All that is met anew from here, against the links, waits for the root and is waited for by it.
        knot = [root] if root not in met else []
        met.update(knot)
        for name in knot:
            new = [other for other in dependents[name] if other not in met]
            met.update(new)
            knot.extend(new)
        if len(knot) > 1 or (knot and root in sources[root]):
            yield _ring(sources, set(knot))


def _by_last_leave(sources: Mapping[str, tuple[str, ...]]) -> list[str]:
    """All names, each behind those that were first met from it on a walk along the links, depth first."""
    left: list[str] = []
    met: set[str] = set()
    for root in sources:
        trail = [(root, iter(sources[root]))] if root not in met else []
        met.add(root)
        while trail:
            name, rest = trail[-1]
            new = next((source for source in rest if source not in met), None)
            if new is None:
                left.append(name)
                trail.pop()
            else:
                met.add(new)
                trail.append((new, iter(sources[new])))
    return left


def _ring(sources: Mapping[str, tuple[str, ...]], knot: set[str]) -> Fault:
    """One way round a knot, as a fault of its first task by name."""
    trail: dict[str, None] = {}
    name = min(knot)
    while name not in trail:
        trail[name] = None
        name = next(source for source in sources[name] if source in knot)
    ring = list(trail)[list(trail).index(name) :]
    way = " → ".join([*reversed(ring), ring[-1]])
    return Fault(ring[0], f"waits for itself: {way}", "Take out one of these links.")
