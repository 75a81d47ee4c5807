"""Links that go round: tasks that wait for one another, found in one walk each way.

Linear in the size of the flow; nothing recurses over the graph, and nothing here knows why a task waits for another.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

Sources = Mapping[str, tuple[str, ...]]


def knots(sources: Sources) -> Iterator[list[str]]:
    """One ring for each knot of tasks that wait for one another: its names in the order in which they wait, the first by
    name first. `sources` maps every task to those that it waits for."""
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


def _by_last_leave(sources: Sources) -> list[str]:
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


def _ring(sources: Sources, knot: set[str]) -> list[str]:
    """One way round a knot."""
    trail: dict[str, None] = {}
    name = min(knot)
    while name not in trail:
        trail[name] = None
        name = next(source for source in sources[name] if source in knot)
    return list(trail)[list(trail).index(name) :]
