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

NodeKind = Literal["task", "manual", "input", "more", "flow"]
EdgeKind = Literal["data", "after", "when", "failed", "finished", "inside"]

STATEFUL = frozenset(("task", "manual", "flow"))
"""The kinds of nodes that have a state."""

States = Mapping[str, str]
"""Node key → state word (`waiting`, `ready`, …)."""
Marks = Mapping[str, str]
"""Node key → `"now"` (what just changed) or `"next"` (what the next step would do)."""
Flags = Mapping[str, str]
"""Node key → a few words that stand beside the state, such as `"by hand"`."""


class Node(msgspec.Struct, frozen=True, gc=False):
    """One box. `kind` "more" stands for tasks that are left out, "flow" for a subflow; `note` is shown where no state is known.

    `within` is the key of the subflow that the node is directly in. `join` says how many sources suffice, where it isn't all.
    `signs` are of "each", "undo" and "loop".
    """

    key: str
    label: str
    kind: NodeKind = "task"
    note: str = ""
    within: str = ""
    join: str = ""
    signs: tuple[str, ...] = ()


class Edge(msgspec.Struct, frozen=True, gc=False):
    """One arrow, by node keys. "data" carries a value, "after" only orders, "when" decides; "failed" and "finished" ask for
    another end than success; "inside" leads from a subflow to what begins in it.
    """

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
