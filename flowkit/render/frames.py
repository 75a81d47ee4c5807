"""Frames: which nodes of a graph stand inside which subflow, and what follows from that for its order.

A subflow is a node of its own, its header; what is in it stands in a frame around the header, and frames stand in frames.
Like all drawing this accepts faulty graphs, and never recurses: flows may be nested deeper than any stack.
"""

from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from flowkit.render import letters
from flowkit.render.graph import Graph, ends

MOST_FRAMES = 60
"""With more subflows than this none is framed: names tell what is where."""
DEEPEST = 5
"""So many frames stand in one another; what is deeper stands in the innermost of these."""

_FOLLOWED = 16  # of so many last tasks of a subflow what comes after it is kept clear
_HIGHEST = 200  # so far up a node's place is looked for


class Frame(NamedTuple):
    """One subflow: the position of its header, the position of the frame around it (-1: none), and its depth from 0."""

    header: int
    around: int
    depth: int


class Frames(NamedTuple):
    """All frames of a graph, outer ones first; `of` has for each node the frame that it is drawn in (-1: none)."""

    all: tuple[Frame, ...]
    of: tuple[int, ...]


@lru_cache(maxsize=8)
def frames(graph: Graph) -> Frames:
    """The frames to draw: none for a subflow of which no task is in the graph."""
    nodes = graph.nodes
    headers = {node.key: i for i, node in enumerate(nodes) if node.kind == "flow"}
    filled = {node.within for node in nodes if node.within in headers}
    if not filled or len(filled) > MOST_FRAMES:
        return Frames((), (-1,) * len(nodes))
    chains = {
        key: chain for key in filled if (chain := _chain(graph, headers, key)) and len(chain) <= DEEPEST
    }
    order = sorted(chains, key=lambda key: (len(chains[key]), headers[key]))
    place = {key: i for i, key in enumerate(order)}
    found = [
        Frame(headers[key], place.get(nodes[headers[key]].within, -1), len(chains[key]) - 1) for key in order
    ]
    of = []
    for node in nodes:
        key = node.key if node.kind == "flow" and node.key in place else node.within
        for _ in range(_HIGHEST):
            if key in place or key not in headers:
                break
            key = nodes[headers[key]].within
        of.append(place.get(key, -1))
    return Frames(tuple(found), tuple(of))


def _chain(graph: Graph, headers: dict[str, int], key: str) -> list[str]:
    """A subflow and those around it, from the inside out; empty where that has no end or is too long to be drawn."""
    found = [key]
    while (key := graph.nodes[headers[key]].within) in headers:
        if key in found or len(found) > DEEPEST:
            return []
        found.append(key)
    return found


def names(graph: Graph, framed: bool) -> list[str]:
    """Each node's name as a picture has it: inside a frame without the names of the subflows that it says already."""
    if not framed:
        return [letters.name(node.label) for node in graph.nodes]
    drawn = frames(graph)
    found = []
    for i, node in enumerate(graph.nodes):
        inside = drawn.of[i]
        if inside >= 0 and drawn.all[inside].header == i:
            inside = drawn.all[inside].around
        prefix = f"{graph.nodes[drawn.all[inside].header].label}." if inside >= 0 else ""
        found.append(letters.name(node.label.removeprefix(prefix)))
    return found


@lru_cache(maxsize=8)
def lasts(graph: Graph) -> dict[int, tuple[int, ...]]:
    """For each subflow with tasks in the graph, by position: those of its tasks that nothing in it comes after, however deep."""
    nodes = graph.nodes
    headers = {node.key: i for i, node in enumerate(nodes) if node.kind == "flow"}
    members: dict[int, list[int]] = {}
    for i, node in enumerate(nodes):
        if node.within in headers and headers[node.within] != i:
            members.setdefault(headers[node.within], []).append(i)
    onward = {
        pair[0]
        for edge, pair in zip(graph.edges, ends(graph), strict=True)
        if pair is not None and edge.kind != "inside"
    }
    found: dict[int, tuple[int, ...]] = {}
    for header in sorted(members, reverse=True):  # a subflow stands before what is in it
        own: list[int] = []
        for i in members[header]:
            if i not in onward:
                own.extend(found.get(i, (i,)))
        found[header] = tuple(own)
    return found


def leaving(graph: Graph) -> list[tuple[int, int, tuple[int, ...]]]:
    """The edges that leave a subflow with tasks in the graph: (position of the edge, of its target, the subflow's last tasks)."""
    last = lasts(graph)
    if not last:
        return []
    return [
        (n, pair[1], last[pair[0]][:_FOLLOWED])
        for n, (edge, pair) in enumerate(zip(graph.edges, ends(graph), strict=True))
        if pair is not None and edge.kind != "inside" and last.get(pair[0])
    ]


def ranks(graph: Graph) -> list[int]:
    """Each node's distance from the beginning: the longest way through its sources. Linear in the graph.

    What comes after a subflow comes after all that is in it. Circles are cut at their first node in the graph's order, so
    a faulty flow has a picture too. A node without sources stands directly before its nearest target.
    """
    sources, targets = _sides(graph)
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


def _sides(graph: Graph) -> tuple[list[list[int]], list[list[int]]]:
    """Sources and targets of each node, each once, where a subflow's last tasks count as sources of what comes after it."""
    sources: list[dict[int, None]] = [{} for _ in graph.nodes]
    targets: list[dict[int, None]] = [{} for _ in graph.nodes]

    def join(pairs: Iterable[tuple[int, int] | None]) -> None:
        for pair in pairs:
            if pair is not None and pair[0] != pair[1]:
                targets[pair[0]][pair[1]] = None
                sources[pair[1]][pair[0]] = None

    join(ends(graph))
    join((source, target) for _, target, last in leaving(graph) for source in last)
    return list(map(list, sources)), list(map(list, targets))
