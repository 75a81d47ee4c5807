"""The picture: a scene as the page draws it, in as few letters as it takes, since every saved panel holds it."""

from __future__ import annotations

import re
from typing import Any

from ..render import Graph, Node
from ..render.geometry import HAND, signs_on
from ..render.look import SIGN_ICONS

_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")

_LONGEST = 24  # letters of a join
_DASHED = {"after": 1, "when": 2}
"""How an edge is drawn that carries no value."""


def compact(graph: Graph, drawn: dict[str, Any]) -> dict[str, Any]:
    """The scene in whole pixels. A node is [x, y, width, height, name, kind, key, signs], each sign a path with its place from
    the node's corner (none are left out); an edge is [from, to, path, tip, how it is dashed, label, label's x, label's y].
    """
    nodes = []
    edges = []
    for i, (node, row) in enumerate(zip(graph.nodes, drawn["nodes"], strict=True)):
        x, y, w, h = map(round, row[:4])
        nodes.append([x, y, w, h, *row[4:], *([signs] if (signs := _signs(node, w, h)) else [])])
        if node.join:  # on the upper border, as the name of a line that the node covers
            label = node.join[:_LONGEST]
            edges.append(
                [i, i, f"M{x + 9} {y + 9}", [x + 9, y + 9], 0, label, x + 10 + 3 * len(label), y - 1]
            )
    for source, target, path, kind, label, head, x, y in drawn["edges"]:
        tip = [round(float(number)) for number in _NUMBER.findall(head)[:2]]
        edge = [source, target, _NUMBER.sub(lambda n: str(round(float(n[0]))), path), tip]
        dash = _DASHED.get(kind, 0)
        named = [dash, label, round(x), round(y)]
        edges.append([*edge, *(named if label else named[:1] if dash else ())])
    return {**drawn, "w": round(drawn["w"]), "h": round(drawn["h"]), "nodes": nodes, "edges": edges}


def _signs(node: Node, w: int, h: int) -> list[list[Any]]:
    """What a task's options add to its box."""
    found: list[list[Any]] = [
        [SIGN_ICONS[sign], w - 4 - round(HAND) * n, 8] for n, sign in enumerate(signs_on(node), start=1)
    ]
    if "each" in node.signs:  # the edge of a second box behind it
        r = 16 if node.kind == "manual" else 6
        found.append([f"M{w + 4} {r + 2}V{h + 4 - r}a{r} {r} 0 0 1 -{r} {r}H{r + 2}", 0, 0])
    if node.kind == "flow":  # a second line inside the first: there is more in it
        found.append([f"M4 4h{w - 8}v{h - 8}H4z", 0, 0])
    return found
