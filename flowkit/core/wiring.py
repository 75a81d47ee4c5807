"""A plan with its neighbours looked up, so that a message costs only the neighbours of its task.

Everything here is computed once from the plan and never changes. Nothing recurses over the graph or over nested subflows.
"""

import heapq
from collections.abc import Callable, Iterable, Iterator

from .plan import InputPlan, Param, Plan, TaskPlan

SUCCEEDS, FAILS, FINISHES = "succeeded", "failed", "finished"
"""How a link asks its source to end."""


class Wiring:
    """A plan looked up, restricted to a target's ancestors where there is a target.

    `tasks` maps names to task plans, `dependents` to the tasks that wait for it, `needs` to how many it waits for. `parts`
    maps the names of parts to (task, part number), `outputs` a task that has parts to their names, `takes` a task to its
    (parameter, source) pairs where it takes whole results of plain tasks alone. `links` maps a source to those of its
    dependents that ask for another end than success. `simple` are tasks of the run itself whose success concerns only those
    that wait for all of their sources to succeed; `plain` are the tasks that are offered once all their sources have
    succeeded, without more ado; `quiet` says that nothing has items, priorities, timeouts or an undo. `scope` maps a task in
    a subflow to the subflow, `members` a subflow to the tasks directly in it, `eaches` a task over items to the parameter
    that gets them. All in the order of definition.
    """

    __slots__ = (
        "dependents",
        "eaches",
        "ends",
        "groups",
        "index",
        "inputs",
        "links",
        "loops",
        "manual",
        "members",
        "needs",
        "order",
        "outputs",
        "parts",
        "paused",
        "plain",
        "plan",
        "priorities",
        "quiet",
        "roots",
        "scope",
        "simple",
        "takes",
        "target",
        "tasks",
        "timeouts",
        "undoable",
    )

    def __init__(self, plan: Plan, target: str | None = None) -> None:
        every = {task.name: task for task in plan.tasks}
        kept: Iterable[str] = every
        if target is not None:
            wanted = closure(every, [target])
            kept = [name for name in every if name in wanted]
        self.plan = plan
        self.target = target
        self.tasks: dict[str, TaskPlan] = {name: every[name] for name in kept}
        self.order: tuple[str, ...] = tuple(self.tasks)
        self.index: dict[str, int] = {name: i for i, name in enumerate(self.order)}
        self.needs: dict[str, int] = {}
        self.parts: dict[str, tuple[str, int]] = {}
        self.outputs: dict[str, tuple[str, ...]] = {}
        self.links: dict[str, dict[str, str]] = {}
        self.scope: dict[str, str] = {}
        self.members: dict[str, list[str]] = {}
        self.eaches: dict[str, Param] = {}
        self.timeouts: dict[str, float] = {}
        self.priorities: dict[str, int] = {}
        self.undoable: set[str] = set()
        self.loops: set[str] = set()
        lists: dict[str, list[str]] = {name: [] for name in self.order}
        rare: set[str] = set()  # what is not plain
        joined: set[str] = set()  # sources of which not all are needed
        for name, task in self.tasks.items():
            sources = task.sources()
            self.needs[name] = len(sources)
            for source in sources:
                lists[source].append(name)
            if _note_options(self, task):
                rare.add(name)
            if task.join:
                joined.update(sources)
        self.groups: frozenset[str] = frozenset(self.members)
        self.takes: dict[str, tuple[tuple[str, str], ...]] = self._taken()
        self.dependents: dict[str, tuple[str, ...]] = {name: tuple(names) for name, names in lists.items()}
        self.plain: frozenset[str] = frozenset(self.tasks).difference(rare)
        self.manual: frozenset[str] = frozenset(n for n, t in self.tasks.items() if t.kind == "manual")
        self.roots: tuple[str, ...] = tuple(n for n in self.order if n not in self.scope)
        self.quiet: bool = not (self.eaches or self.priorities or self.timeouts or self.undoable)
        self.simple: frozenset[str] = frozenset(self.roots).difference(
            self.eaches, self.groups, self.links, self.loops, joined, () if target is None else (target,)
        )
        self.paused: tuple[str, ...] = tuple(n for n, t in self.tasks.items() if t.pause_before)
        self.ends: tuple[str, ...] = plan.ends if target is None else (target,)
        self.inputs: dict[str, InputPlan] = {i.name: i for i in plan.inputs}
        if target is not None:
            used = {p.source for t in self.tasks.values() for p in t.every_param() if p.kind == "input"}
            self.inputs = {name: one for name, one in self.inputs.items() if name in used}

    def _taken(self) -> dict[str, tuple[tuple[str, str], ...]]:
        """What each task takes, where that is whole results of others alone, and none that is put together from parts."""
        found = {}
        for name, task in self.tasks.items():
            pairs = [(p.name, p.source) for p in task.params if p.kind == "task" and p.part is None]
            if len(pairs) == len(task.params) and name not in self.eaches:
                found[name] = tuple(pairs)  # the plain case, and by far the commonest
        composed = self.groups.union(self.eaches)
        if not composed:
            return found
        return {n: pairs for n, pairs in found.items() if composed.isdisjoint(source for _, source in pairs)}

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
        for group in (*(known & self.groups), *(found & self.groups)):
            found.update(self.inside(group))
        return tuple(name for name in self.order if name in found and name not in known)

    def inside(self, scope: str, enters: Callable[[str], bool] | None = None) -> list[str]:
        """All that is in a subflow ("": in the run), however deep, in the order of definition; a subflow before what
        is in it. `enters` tells of the subflows in it whether to look into them (default: all)."""
        if scope == "":
            return list(self.order)
        found: list[str] = []
        stack = [iter(self.members[scope])]
        while stack:
            name = next(stack[-1], None)
            if name is None:
                stack.pop()
                continue
            found.append(name)
            if name in self.groups and (enters is None or enters(name)):
                stack.append(iter(self.members[name]))
        return found

    def enclosing(self, name: str) -> Iterator[str]:
        """The subflows that a task is in, the innermost first."""
        scope = self.scope.get(name)
        while scope is not None:
            yield scope
            scope = self.scope.get(scope)

    def downstream(self, names: Iterable[str]) -> set[str]:
        """These tasks and all that hangs on them, directly or not, in their own scopes."""
        found: set[str] = set()
        stack = list(names)
        while stack:
            name = stack.pop()
            if name not in found:
                found.add(name)
                stack.extend(self.dependents[name])
        return found

    def backwards(self, scope: str) -> list[str]:
        """All that is in a scope in the order of its undoing: dependents before sources, of several the one defined last first;
        what is in a subflow before the subflow itself."""
        found: list[str] = []
        stack: list[tuple[str, Iterator[str]]] = [(scope, iter(self._last_first(scope)))]
        while stack:
            of, rest = stack[-1]
            name = next(rest, None)
            if name is None:
                stack.pop()
                if of != scope:
                    found.append(of)
            elif name in self.groups:
                stack.append((name, iter(self._last_first(name))))
            else:
                found.append(name)
        return found

    def _last_first(self, scope: str) -> list[str]:
        names = self.members[scope] if scope else self.roots
        left = {name: len(self.dependents[name]) for name in names}
        free = [(-self.index[name], name) for name in names if not left[name]]
        heapq.heapify(free)
        found = []
        while free:
            _, name = heapq.heappop(free)
            found.append(name)
            for source in self.tasks[name].sources():
                left[source] -= 1
                if not left[source]:
                    heapq.heappush(free, (-self.index[source], source))
        return found


def _note_options(wiring: Wiring, task: TaskPlan) -> bool:
    """Look up what a task's options mean for its neighbours. Returns whether there is more to its being offered than that
    all its sources have succeeded."""
    name = task.name
    if task.outputs:
        wiring.outputs[name] = task.outputs
        wiring.parts.update({part: (name, i) for i, part in enumerate(task.outputs)})
    if task.within:
        wiring.scope[name] = task.within
        wiring.members[task.within].append(name)
    if task.kind == "flow":
        wiring.members[name] = []
    for source, kind in task.upon:
        wiring.links.setdefault(source, {})[name] = kind
    if task.timeout is not None:
        wiring.timeouts[name] = task.timeout
    if task.priority:
        wiring.priorities[name] = task.priority
    if task.undo is not None:
        wiring.undoable.add(name)
    if task.each:
        wiring.eaches[name] = next(p for p in task.params if p.name == task.each)
    if task.repeat is not None:
        wiring.loops.add(name)
    return bool(task.upon or task.join or task.when or task.each or task.kind == "flow")


def split(unit: str) -> tuple[str, int]:
    """The task and the number that an item's address names."""
    name, _, number = unit[:-1].rpartition("[")
    if not number.isdecimal():
        raise KeyError(unit)
    return name, int(number)


def closure(tasks: dict[str, TaskPlan], names: Iterable[str]) -> set[str]:
    """These tasks and all that they need: what they wait for, the subflow that they are in, and what is in a subflow."""
    members: dict[str, list[str]] = {}
    for name, task in tasks.items():
        if task.within:
            members.setdefault(task.within, []).append(name)
    found: dict[str, bool] = {}  # and whether with what is in it: around what is needed only the frame is
    stack = [(name, True) for name in names]
    while stack:
        name, whole = stack.pop()
        if name in found and found[name] >= whole:
            continue
        found[name] = whole
        stack.extend((source, True) for source in tasks[name].sources())
        if whole:
            stack.extend((member, True) for member in members.get(name, ()))
        if tasks[name].within:
            stack.append((tasks[name].within, False))
    return set(found)
