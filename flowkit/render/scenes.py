"""Scene: the geometry and the looks of a graph as plain data, for the live panel to draw.

It holds no states: those come as deltas by node position, and move nothing.
"""

from typing import Any

from flowkit.render import letters, strokes
from flowkit.render.frames import frames, names
from flowkit.render.geometry import COMFORTABLE, name_on
from flowkit.render.graph import Graph, ends
from flowkit.render.layout import place
from flowkit.render.look import EDGE_DASHES, looks

_KINDS = {"flow": "task"}  # to the panel a subflow is a node with a state, like a task


def scene(graph: Graph, room: tuple[float, float] = COMFORTABLE) -> dict[str, Any]:
    """JSON-able: `w`, `h`, `nodes`, `edges`, `looks`.

    A node is `[x, y, width, height, name as it fits, kind, key]`; an edge `[source position, target
    position, path of the line, kind, label, path of the arrowhead, label's x, label's y]`. Edges that join
    nothing are left out. There is always a layout: where Graphviz can't be had, or above 2,000 nodes, it
    is our own. `room`: width and height in which it is to be read.
    """
    geometry = place(graph, room)
    shown = names(graph, bool(geometry.frames))
    nodes = [
        [
            box.x,
            box.y,
            box.w,
            box.h,
            name_on(node, box.w, name),
            _KINDS.get(node.kind, node.kind),
            _key(node.key),
        ]
        for node, name, box in zip(graph.nodes, shown, geometry.boxes, strict=True)
    ]
    edges = [
        [
            frame.header,
            frame.header,
            strokes.frame(box),
            "inside",
            "",
            strokes.hidden(geometry.boxes[frame.header]),
            0,
            0,
        ]
        for frame, box in zip(frames(graph).all, geometry.frames, strict=False)
    ]
    for edge, pair, curve in zip(graph.edges, ends(graph), geometry.curves, strict=True):
        if pair is not None and curve is not None:
            label = letters.clip(letters.harmless(edge.label), letters.LONGEST)
            at = curve.label_at or curve.tip
            kind = "after" if edge.kind in EDGE_DASHES["5 4"] else edge.kind
            edges.append([*pair, strokes.line(curve), kind, label, strokes.head(curve), *at])
    return {"w": geometry.width, "h": geometry.height, "nodes": nodes, "edges": edges, "looks": looks()}


def _key(key: str) -> str:
    """The key as it is, but for lone surrogates, which no JSON message can carry."""
    return key.encode("utf-8", "backslashreplace").decode()
