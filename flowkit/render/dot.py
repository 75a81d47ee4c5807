"""Graph → DOT, through the `graphviz` package.

Two texts are made: `to_dot`, for people and other programs, with names and looks; and `skeleton`, for our
own layout, which holds numbers only. Nodes are called n0, n1, … in both. No user text may act as DOT, as
an escape sequence of Graphviz (`\\N`, `\\G`), as an HTML label, an entity, a link or a file name: it
stands in labels only.
"""

from collections.abc import Sequence
from typing import Any

from flowkit.render import letters
from flowkit.render.frames import frames, leaving, names, ranks
from flowkit.render.geometry import sideways
from flowkit.render.graph import Graph, Node, States, ends
from flowkit.render.look import CARD, KIND_WORDS, look

CLUSTER = "cluster_"
"""What the name of a frame begins with; its position follows."""

_LONGEST = 200
_EDGE_STYLES = {"after": "dashed", "failed": "dashed", "finished": "dashed", "when": "dotted"}
_DASHES = {"": "solid", "2 2": "dotted", "2 3": "dotted"}


def to_dot(graph: Graph, states: States | None = None) -> str:
    """The graph as DOT text, ready for the `dot` program. With `states`, each task carries its state's
    word and look; subflows are clusters.

    Raises ImportError if the `graphviz` package is missing.
    """
    dot = _digraph()
    dot.attr(label=_label(graph.title), labelloc="t", rankdir="LR" if sideways(graph) else "TB")
    dot.attr("node", shape="box", style="rounded,filled", fillcolor="#ffffff", fontname="Helvetica")
    dot.attr("edge", color=CARD["light"]["edge"], fontname="Helvetica")
    parts, shown = _parts(graph), names(graph, framed=True)
    drawn = frames(graph)
    for i, node in enumerate(graph.nodes):
        _add_node(parts[drawn.of[i]], i, node, shown[i], (states or {}).get(node.key))
    _close(dot, graph, parts, label="", style="rounded,filled", fillcolor="#f6f8fa", color="#d0d7de")
    leaves = {n: last for n, _, last in leaving(graph)}
    for n, (edge, pair) in enumerate(zip(graph.edges, ends(graph), strict=True)):
        if pair is not None:
            label = _label(edge.label) if edge.label else None
            source, tail = _tail(graph, pair[0], leaves.get(n, ()))
            dot.edge(f"n{source}", f"n{pair[1]}", label, style=_EDGE_STYLES.get(edge.kind, "solid"), **tail)
            for other in leaves.get(n, ())[1:]:
                dot.edge(f"n{other}", f"n{pair[1]}", style="invis")
    return str(dot.source)


def _add_node(part: Any, i: int, node: Node, name: str, state: str | None) -> None:
    row = look(state)
    if node.kind == "input":
        label = _label(name, KIND_WORDS["input"])
        part.node(f"n{i}", label, fillcolor=CARD["light"]["input"])
        return
    said = [row.word or (KIND_WORDS[node.kind] if node.kind in ("manual", "flow") else "")]
    said += [node.join, *([] if row.word else [node.note])]
    words = letters.clip(letters.harmless(", ".join(word for word in said if word)), _LONGEST)
    part.node(
        f"n{i}",
        _label(name, words),
        style=f"rounded,filled,{_DASHES.get(row.dash, 'dashed')}",
        color=row.light.stroke,
        fillcolor=row.light.fill,
        penwidth=f"{row.width:g}",
    )


def skeleton(graph: Graph, sizes: Sequence[tuple[float, float]], to_the_right: bool) -> str:
    """The graph as DOT with nothing but structure and sizes (in pixels): equal structures give equal texts.

    Edges carry their position in `graph.edges` as `id`; a label is stood for by as many x. Short
    edges pull more than long ones, so that the main line of a flow is straight. What leaves a subflow starts at its frame;
    edges without an id only keep what comes after it clear of it.
    """
    dot = _digraph()
    dot.attr(rankdir="LR" if to_the_right else "TB", nodesep="0.28", ranksep="0.44", margin="0", pad="0")
    dot.attr("node", shape="box", fixedsize="true", label="")
    dot.attr("edge", arrowsize="0.7", fontsize="10", fontname="Helvetica")
    rank = ranks(graph)
    parts, drawn = _parts(graph), frames(graph)
    for i, (width, height) in enumerate(sizes):
        parts[drawn.of[i]].node(f"n{i}", width=f"{width / 72:.4f}", height=f"{height / 72:.4f}")
    _close(dot, graph, parts, margin="12")
    leaves = {n: last for n, _, last in leaving(graph)}
    for n, (edge, pair) in enumerate(zip(graph.edges, ends(graph), strict=True)):
        if pair is not None:
            text = "x" * min(len(letters.harmless(edge.label)), letters.LONGEST) or None
            weight = "4" if rank[pair[1]] - rank[pair[0]] == 1 else "1"
            source, tail = _tail(graph, pair[0], leaves.get(n, ()))
            dot.edge(f"n{source}", f"n{pair[1]}", text, id=f"e{n}", weight=weight, **tail)
            for other in leaves.get(n, ())[1:]:
                dot.edge(f"n{other}", f"n{pair[1]}", style="invis")
    return str(dot.source)


def _parts(graph: Graph) -> dict[int, Any]:
    """A part of the drawing for each frame, by position, and under -1 one for what stands in none."""
    return {-1: _digraph(), **{n: _digraph(f"{CLUSTER}{n}") for n in range(len(frames(graph).all))}}


def _close(dot: Any, graph: Graph, parts: dict[int, Any], **attributes: str) -> None:
    """Put the parts, each with its frame, into one another, the innermost first, and all into the drawing."""
    around = [frame.around for frame in frames(graph).all]
    for n in reversed(range(len(around))):
        parts[n].attr(**attributes)
        parts[around[n]].subgraph(parts[n])
    dot.body.extend(parts[-1].body)
    if around:
        dot.attr(compound="true")


def _tail(graph: Graph, source: int, last: tuple[int, ...]) -> tuple[int, dict[str, str]]:
    """Where an edge starts: at its source, or at the frame of a subflow, by way of its last task."""
    at = frames(graph)
    if not last or at.of[source] < 0 or at.all[at.of[source]].header != source:
        return source, {}
    return last[0], {"ltail": f"{CLUSTER}{at.of[source]}"}


def _digraph(name: str = "flow") -> Any:
    import graphviz

    return graphviz.Digraph(name)


def _label(text: str, second: str = "") -> Any:
    """A quoted label: `graphviz.escape` disarms backslashes, an ampersand would begin an entity, and `<…>` HTML."""
    import graphviz

    lines = (letters.clip(letters.harmless(line), _LONGEST) for line in (text, second) if line)
    label = "\\n".join(graphviz.escape(line.replace("&", "&amp;")) for line in lines)
    return graphviz.nohtml(label)
