"""Focus: the part of a large flow that matters now, with the rest folded away.

What matters is the frontier: what failed, runs or is ready, and its neighbours. All else is folded into a
few "more" nodes, so that the small picture still shows where the frontier stands in the whole.
Deterministic: ties are decided by the graph's own order.
"""

from collections.abc import Iterable
from typing import NamedTuple

from flowkit.render.frames import ranks
from flowkit.render.graph import Edge, Graph, Marks, Node, States, counts, ends, neighbours, tasks
from flowkit.render.look import look

FOLDS = 10
"""At most so many "more" nodes; what is in none of them is only counted."""

_URGENT = ("failed", "revert_failed", "lost", "running", "reverting", "retrying", "dispatched", "ready")
_AT_REST = 12
_UNTOUCHED = frozenset(("waiting", ""))


class Focus(NamedTuple):
    """A smaller graph, how many tasks it shows one by one, and how many the flow has."""

    graph: Graph
    shown: int
    total: int


class _Fold(NamedTuple):
    """Nodes that are left out together, and the nodes kept that they come after and lead to (positions)."""

    members: list[int]
    sources: tuple[int, ...]
    targets: tuple[int, ...]


def focus(graph: Graph, states: States | None, marks: Marks | None, limit: int) -> Focus:
    """The graph itself if it has at most `limit` nodes, else its frontier of at most `limit` nodes and
    some folds.
    """
    total = tasks(graph.nodes)
    if len(graph.nodes) <= limit:
        return Focus(graph, total, total)
    kept = set(chosen(graph, states, marks, limit))
    kept |= _around(graph, kept, limit // 2)
    folds = _folds(graph, states or {}, kept)
    alone = {fold.members[0] for fold in folds if len(fold.members) == 1}
    if alone:
        kept |= alone
        folds = _folds(graph, states or {}, kept)
    nodes = [node for i, node in enumerate(graph.nodes) if i in kept]
    inner = [e for e, pair in zip(graph.edges, ends(graph), strict=True) if pair and kept.issuperset(pair)]
    more, links = _drawn(graph, states or {}, inner, folds)
    return Focus(Graph((*nodes, *more), (*inner, *links), graph.title), tasks(nodes), total)


def chosen(graph: Graph, states: States | None, marks: Marks | None, limit: int) -> list[int]:
    """Positions of the nodes that matter most, at most `limit`, in the graph's order."""
    first = _frontier(graph, states or {}, marks or {})[: max(1, limit * 3 // 5)]
    kept = dict.fromkeys(first)
    sources, targets = neighbours(graph)
    for near in (sources, targets):
        for i in first:
            for other in near[i][:6]:
                if len(kept) < limit:
                    kept[other] = None
    return sorted(kept)


def _around(graph: Graph, kept: set[int], limit: int) -> set[int]:
    """The subflows that the kept nodes are in, from the inside out, at most `limit`: so one sees where they stand."""
    at = {node.key: i for i, node in enumerate(graph.nodes) if node.kind == "flow"}
    found: dict[int, None] = {}
    for i in sorted(kept):
        header = at.get(graph.nodes[i].within)
        while header is not None and header not in found and len(found) < limit:
            found[header] = None
            header = at.get(graph.nodes[header].within)
    return set(found)


def _frontier(graph: Graph, states: States, marks: Marks) -> list[int]:
    """The most urgent first; at rest the last tasks of what is over, or the first of what has not begun."""
    urgency = {state: i for i, state in enumerate(_URGENT, start=1)}
    found: list[tuple[int, int]] = []
    for i, node in enumerate(graph.nodes):
        level = 0 if node.key in marks else urgency.get(states.get(node.key, ""), 0)
        if level or node.key in marks:
            found.append((level, i))
    return [i for _, i in sorted(found)] if found else _at_rest(graph, states)[:_AT_REST]


def _at_rest(graph: Graph, states: States) -> list[int]:
    """Where nothing is urgent: what would be next, else where it ended; of a flow that hasn't begun the
    beginning.
    """
    sources, targets = neighbours(graph)
    over = [states.get(node.key, "") not in _UNTOUCHED or node.kind == "input" for node in graph.nodes]
    everyone = range(len(graph.nodes))
    if any(state not in _UNTOUCHED for state in states.values()):
        following = [i for i in everyone if not over[i] and all(over[s] for s in sources[i])]
        return following or [i for i in everyone if not targets[i]] or [0]
    rank = ranks(graph)
    return sorted(everyone, key=lambda i: (rank[i], i))


def _folds(graph: Graph, states: States, kept: set[int]) -> list[_Fold]:
    """The rest in pieces: what hangs together and is equally over or not, then what has the same
    neighbours.
    """
    group = _hanging_together(graph, states, kept)
    before: dict[int, dict[int, None]] = {}
    after: dict[int, dict[int, None]] = {}
    for source, target in _pairs(ends(graph)):
        if source in kept and target not in kept:
            before.setdefault(group[target], {})[source] = None
        elif target in kept and source not in kept:
            after.setdefault(group[source], {})[target] = None
    merged: dict[tuple[tuple[int, ...], tuple[int, ...]], list[int]] = {}
    for i, of in group.items():
        near = tuple(sorted(before.get(of, ()))), tuple(sorted(after.get(of, ())))
        if near != ((), ()):
            merged.setdefault(near, []).append(i)
    largest = sorted(merged.items(), key=lambda item: (-len(item[1]), item[1][0]))[:FOLDS]
    return [_Fold(members, sources, targets) for (sources, targets), members in largest]


def _drawn(
    graph: Graph, states: States, inner: list[Edge], folds: list[_Fold]
) -> tuple[list[Node], list[Edge]]:
    """The folds as "more" nodes with their links. A link that would close a circle is left out: folding
    made it.
    """
    onward: dict[str, set[str]] = {}
    for edge in inner:
        onward.setdefault(edge.source, set()).add(edge.target)
    nodes: list[Node] = []
    links: list[Edge] = []
    for n, fold in enumerate(folds):
        key = f"\0more {n}"
        members = [graph.nodes[i] for i in fold.members]
        nodes.append(_more(key, members, states))
        come = [(graph.nodes[i].key, key) for i in fold.sources]
        go = [(key, graph.nodes[i].key) for i in fold.targets]
        over = states.get(members[0].key, "") not in _UNTOUCHED
        for source, target in go + come if over else come + go:
            if not _leads(onward, target, source):
                onward.setdefault(source, set()).add(target)
                links.append(Edge(source, target))
    return nodes, links


def _leads(onward: dict[str, set[str]], start: str, goal: str) -> bool:
    """Whether a way leads from `start` to `goal`."""
    seen = {start}
    stack = [start]
    while stack:
        here = stack.pop()
        if here == goal:
            return True
        fresh = onward.get(here, set()) - seen
        seen |= fresh
        stack.extend(fresh)
    return False


def _more(key: str, members: list[Node], states: States) -> Node:
    inside = sorted(counts(Graph(tuple(members)), states).items(), key=lambda item: -item[1])
    words = [f"{n:,} {look(state).word}" for state, n in inside]
    note = f"all {look(inside[0][0]).word}" if len(words) == 1 else ", ".join(words[:2])
    scopes = {member.within for member in members}
    within = scopes.pop() if len(scopes) == 1 else ""
    return Node(key, f"{len(members):,} more", "more", note if len(words) <= 2 else f"{note}, …", within)


def _hanging_together(graph: Graph, states: States, kept: set[int]) -> dict[int, int]:
    """For each node that is left out the first node of its piece: linked, and on the same side of the
    frontier.
    """
    over = [states.get(node.key, "") not in _UNTOUCHED for node in graph.nodes]
    parent = list(range(len(graph.nodes)))

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    for source, target in _pairs(ends(graph)):
        if source not in kept and target not in kept and over[source] == over[target]:
            a, b = root(source), root(target)
            parent[max(a, b)] = min(a, b)
    return {i: root(i) for i in range(len(graph.nodes)) if i not in kept}


def _pairs(found: Iterable[tuple[int, int] | None]) -> Iterable[tuple[int, int]]:
    return (pair for pair in found if pair is not None)
