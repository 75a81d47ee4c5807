"""The drawing as data: what a picture of a flow shows, and nothing about where it stands.

A `Graph` is a neutral copy of a flow's structure. Whoever holds a flow or a run fills it; everything in this
package reads it. States, marks and flags travel beside it as mappings by key, so that one graph (and one
layout of it) serves every moment of a run. It must never know an engine, a journal or a widget, and it
accepts faulty graphs: dangling edges, doubled keys and circles are shown as well as they can be.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Literal

import msgspec

from flowkit.render.look import LOOKS

NodeKind = Literal["task", "manual", "input", "more"]
EdgeKind = Literal["data", "after"]

States = Mapping[str, str]
"""Node key → state word (`waiting`, `ready`, …)."""
Marks = Mapping[str, str]
"""Node key → `"now"` (what just changed) or `"next"` (what the next step would do)."""
Flags = Mapping[str, str]
"""Node key → a few words that stand beside the state, such as `"by hand"`."""


class Node(msgspec.Struct, frozen=True, gc=False):
    """One box. `kind` "more" stands for tasks that are left out; `note` is shown where no state is known."""

    key: str
    label: str
    kind: NodeKind = "task"
    note: str = ""


class Edge(msgspec.Struct, frozen=True, gc=False):
    """One arrow, by node keys. "data" carries a value, "after" only orders."""

    source: str
    target: str
    label: str = ""
    kind: EdgeKind = "data"


class Graph(msgspec.Struct, frozen=True):
    """Nodes and edges in a fixed order; the order decides ties in every picture."""

    nodes: tuple[Node, ...] = ()
    edges: tuple[Edge, ...] = ()
    title: str = ""


# One picture asks several times for the structure of the same few graphs.
@lru_cache(maxsize=8)
def ends(graph: Graph) -> tuple[tuple[int, int] | None, ...]:
    """The node positions that each edge joins; None for an edge that names no node of the graph."""
    at: dict[str, int] = {}
    for i, node in enumerate(graph.nodes):
        at.setdefault(node.key, i)
    found: list[tuple[int, int] | None] = []
    for edge in graph.edges:
        source, target = at.get(edge.source), at.get(edge.target)
        found.append(None if source is None or target is None else (source, target))
    return tuple(found)


@lru_cache(maxsize=8)
def neighbours(graph: Graph) -> tuple[tuple[tuple[int, ...], ...], tuple[tuple[int, ...], ...]]:
    """For each node the positions of its sources and of its targets, each once, in edge order."""
    sources: list[dict[int, None]] = [{} for _ in graph.nodes]
    targets: list[dict[int, None]] = [{} for _ in graph.nodes]
    for pair in ends(graph):
        if pair is not None and pair[0] != pair[1]:
            targets[pair[0]][pair[1]] = None
            sources[pair[1]][pair[0]] = None
    return tuple(map(tuple, sources)), tuple(map(tuple, targets))


def ranks(graph: Graph) -> list[int]:
    """Each node's distance from the beginning: the longest way through its sources. Linear in the graph.

    Circles are cut at their first node in the graph's order, so a faulty flow has a picture too. A node
    without sources stands directly before its nearest target.
    """
    sources, targets = neighbours(graph)
    left = [len(each) for each in sources]
    rank = [0] * len(left)
    placed = [False] * len(left)
    queue = [i for i, n in enumerate(left) if n == 0]
    cut = 0
    head = 0
    while head < len(queue) or cut < len(left):
        if head == len(queue):
            if not placed[cut] and left[cut] > 0:
                left[cut] = 0
                queue.append(cut)
            cut += 1
            continue
        node = queue[head]
        head += 1
        placed[node] = True
        for target in targets[node]:
            if left[target] > 0:
                rank[target] = max(rank[target], rank[node] + 1)
                left[target] -= 1
                if left[target] == 0:
                    queue.append(target)
    for i, found in enumerate(targets):
        if not sources[i] and found:
            rank[i] = max(0, min(rank[t] for t in found) - 1)
    return rank


def counts(graph: Graph, states: States | None) -> dict[str, int]:
    """How many tasks are in each state, in the order of the table of looks. Inputs and folds don't count."""
    found: dict[str, int] = {}
    for node in graph.nodes:
        if node.kind in ("task", "manual") and states and node.key in states:
            found[states[node.key]] = found.get(states[node.key], 0) + 1
    known = [word for word in LOOKS if word in found]
    return {word: found[word] for word in [*known, *sorted(set(found) - set(known))]}


def tasks(nodes: Sequence[Node]) -> int:
    """How many of the nodes are tasks."""
    return sum(1 for node in nodes if node.kind in ("task", "manual"))
