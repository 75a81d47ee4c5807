"""A flow frozen for one run, as data, and its wiring.

A `Plan` is stored with the run and suffices for everything but calling code: structure, options, form schemas, sources and
digests. `Wiring` is what is computed from it once, so that a message costs only the neighbours of its task. Nothing here may
call or hold a user's function.
"""

import hashlib
from collections.abc import Iterable
from typing import Any

import msgspec


class Param(msgspec.Struct, frozen=True, gc=False):
    """Where one parameter of a task gets its value.

    `kind` is "task" (result of `source`, or its part number `part`), "input" (the flow's input `source`) or "fixed"
    (`fixed` is typed JSON text; None where the value can't be stored and stays with the code). `required` is False where the
    function has a default that stands in for a missing input.
    """

    name: str
    kind: str
    source: str = ""
    part: int | None = None
    required: bool = True
    fixed: str | None = None


class TaskPlan(msgspec.Struct, frozen=True, gc=False):
    """One task: what it takes, what it waits for, what it gives, and how its code is recognised.

    `kind` is "task" (a driver calls it) or "manual" (somebody reports). `after` are tasks that must have succeeded first,
    without data. `result` is the form schema of its annotation. `digest` names its code, `compiled` the
    same as one Python compiled it, `source` is for reading.
    """

    name: str
    kind: str = "task"
    params: tuple[Param, ...] = ()
    after: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    on_crash: str = "rerun"
    result: dict[str, Any] | None = None
    doc: str = ""
    source: str = ""
    digest: str = ""
    compiled: str = ""

    def sources(self) -> tuple[str, ...]:
        """The tasks that this one waits for, each once, in the order in which they are named."""
        names = [p.source for p in self.params if p.kind == "task"]
        names += self.after
        return tuple(names) if len(names) < 2 else tuple(dict.fromkeys(names))

    def shape(self) -> list[Any]:
        """What makes it structurally this task: all but its code."""
        return [self.name, self.kind, self.params, self.after, self.outputs, self.on_crash, self.result]


class InputPlan(msgspec.Struct, frozen=True, gc=False):
    """An input of the flow: the value must be given at the start unless `required` is False."""

    name: str
    required: bool = True
    schema: dict[str, Any] | None = None


class Plan(msgspec.Struct, frozen=True, gc=False):
    """A frozen flow. `ends` are the tasks that nothing hangs on; `result` names the one whose value is the run's."""

    flow: str
    tasks: tuple[TaskPlan, ...]
    inputs: tuple[InputPlan, ...] = ()
    ends: tuple[str, ...] = ()
    result: str | None = None
    on_failure: str = "stop"
    doc: str = ""

    def structure(self) -> str:
        """A digest of everything but the code: two plans with the same one have the same tasks, links and options."""
        shapes = [task.shape() for task in self.tasks]
        body = msgspec.json.encode([self.flow, shapes, self.inputs, self.result, self.on_failure])
        return hashlib.sha256(body).hexdigest()[:16]

    def encode(self) -> bytes:
        """The plan as JSON."""
        return msgspec.json.encode(self)

    @staticmethod
    def decode(body: bytes | str) -> "Plan":
        """Read what `encode` wrote. Raises `msgspec.DecodeError` on anything else."""
        return msgspec.json.decode(body, type=Plan)


class Wiring:
    """A plan with its neighbours looked up, restricted to a target's ancestors where there is a target.

    `tasks` maps names to task plans, `dependents` to the tasks that wait for it, `needs` to how many it waits for. `parts`
    maps the names of parts to (task, part number), `outputs` a task that has parts to their names, `takes` a task to its
    (parameter, source) pairs where it takes whole results alone. All in the order of definition.
    """

    __slots__ = (
        "dependents",
        "ends",
        "index",
        "inputs",
        "manual",
        "needs",
        "order",
        "outputs",
        "parts",
        "plan",
        "takes",
        "target",
        "tasks",
    )

    def __init__(self, plan: Plan, target: str | None = None) -> None:
        every = {task.name: task for task in plan.tasks}
        kept: Iterable[str] = every
        if target is not None:
            wanted = ancestors({name: task.sources() for name, task in every.items()}, [target])
            kept = [name for name in every if name in wanted]
        self.plan = plan
        self.target = target
        self.tasks: dict[str, TaskPlan] = {name: every[name] for name in kept}
        self.order: tuple[str, ...] = tuple(self.tasks)
        self.index: dict[str, int] = {name: i for i, name in enumerate(self.order)}
        self.needs: dict[str, int] = {}
        self.parts: dict[str, tuple[str, int]] = {}
        self.outputs: dict[str, tuple[str, ...]] = {}
        self.takes: dict[str, tuple[tuple[str, str], ...]] = {}
        lists: dict[str, list[str]] = {name: [] for name in self.order}
        for name, task in self.tasks.items():
            sources = task.sources()
            self.needs[name] = len(sources)
            for source in sources:
                lists[source].append(name)
            if task.outputs:
                self.outputs[name] = task.outputs
                self.parts.update({part: (name, i) for i, part in enumerate(task.outputs)})
            pairs = [(p.name, p.source) for p in task.params if p.kind == "task" and p.part is None]
            if len(pairs) == len(task.params):  # the plain case, and by far the commonest
                self.takes[name] = tuple(pairs)
        self.dependents: dict[str, tuple[str, ...]] = {name: tuple(names) for name, names in lists.items()}
        self.manual: frozenset[str] = frozenset(n for n, t in self.tasks.items() if t.kind == "manual")
        self.ends: tuple[str, ...] = plan.ends if target is None else (target,)
        self.inputs: dict[str, InputPlan] = {i.name: i for i in plan.inputs}
        if target is not None:
            used = {p.source for t in self.tasks.values() for p in t.params if p.kind == "input"}
            self.inputs = {name: one for name, one in self.inputs.items() if name in used}

    def unneeded(self, given: Iterable[str]) -> tuple[str, ...]:
        """The tasks that nobody needs once these have their results: all that they feed was given, or is unneeded too."""
        known = set(given)
        waiting_for = {name: len(names) for name, names in self.dependents.items()}
        stack, found = list(known), set()
        while stack:
            name = stack.pop()
            for source in self.tasks[name].sources():
                waiting_for[source] -= 1
                if waiting_for[source] == 0 and source not in known and source not in found:
                    found.add(source)
                    stack.append(source)
        return tuple(name for name in self.order if name in found)


def ancestors(sources: dict[str, tuple[str, ...]], names: Iterable[str]) -> set[str]:
    """These tasks and all that they wait for, directly or not."""
    found: set[str] = set()
    stack = list(names)
    while stack:
        name = stack.pop()
        if name not in found:
            found.add(name)
            stack.extend(sources[name])
    return found
