"""Graph → DOT, through the `graphviz` package.

Two texts are made: `to_dot`, for people and other programs, with names and looks; and `skeleton`, for our
own layout, which holds numbers only. Nodes are called n0, n1, … in both. No user text may act as DOT, as
an escape sequence of Graphviz (`\\N`, `\\G`), as an HTML label, an entity, a link or a file name: it
stands in labels only.
"""

from collections.abc import Sequence
from typing import Any

from flowkit.render import letters
from flowkit.render.geometry import sideways
from flowkit.render.graph import Graph, States, ends, ranks
from flowkit.render.look import CARD, KIND_WORDS, look

_LONGEST = 200
_DASHES = {"": "solid", "2 2": "dotted", "2 3": "dotted"}


def to_dot(graph: Graph, states: States | None = None) -> str:
    """The graph as DOT text, ready for the `dot` program. With `states`, each task carries its state's
    word and look.

    Raises ImportError if the `graphviz` package is missing.
    """
    dot = _digraph()
    dot.attr(label=_label(graph.title), labelloc="t", rankdir="LR" if sideways(graph) else "TB")
    dot.attr("node", shape="box", style="rounded,filled", fillcolor="#ffffff", fontname="Helvetica")
    dot.attr("edge", color=CARD["light"]["edge"], fontname="Helvetica")
    for i, node in enumerate(graph.nodes):
        state = (states or {}).get(node.key)
        row = look(state)
        if node.kind == "input":
            dot.node(f"n{i}", _label(node.label, KIND_WORDS["input"]), fillcolor=CARD["light"]["input"])
            continue
        style = f"rounded,filled,{_DASHES.get(row.dash, 'dashed')}"
        second = row.word or (KIND_WORDS["manual"] if node.kind == "manual" else "")
        dot.node(
            f"n{i}",
            _label(node.label, second),
            style=style,
            color=row.light.stroke,
            fillcolor=row.light.fill,
            penwidth=f"{row.width:g}",
        )
    for edge, pair in zip(graph.edges, ends(graph), strict=True):
        if pair is not None:
            style = "dashed" if edge.kind == "after" else "solid"
            dot.edge(f"n{pair[0]}", f"n{pair[1]}", _label(edge.label) if edge.label else None, style=style)
    return str(dot.source)


def skeleton(graph: Graph, sizes: Sequence[tuple[float, float]], to_the_right: bool) -> str:
    """The graph as DOT with nothing but structure and sizes (in pixels): equal structures give equal texts.

    Edges carry their position in `graph.edges` as `id`; a label is stood for by as many x. Short
    edges pull more than long ones, so that the main line of a flow is straight.
    """
    dot = _digraph()
    dot.attr(rankdir="LR" if to_the_right else "TB", nodesep="0.28", ranksep="0.44", margin="0", pad="0")
    dot.attr("node", shape="box", fixedsize="true", label="")
    dot.attr("edge", arrowsize="0.7", fontsize="10", fontname="Helvetica")
    rank = ranks(graph)
    for i, (width, height) in enumerate(sizes):
        dot.node(f"n{i}", width=f"{width / 72:.4f}", height=f"{height / 72:.4f}")
    for i, (edge, pair) in enumerate(zip(graph.edges, ends(graph), strict=True)):
        if pair is not None:
            text = "x" * min(len(letters.harmless(edge.label)), letters.LONGEST) or None
            weight = "4" if rank[pair[1]] - rank[pair[0]] == 1 else "1"
            dot.edge(f"n{pair[0]}", f"n{pair[1]}", text, id=f"e{i}", weight=weight)
    return str(dot.source)


def _digraph() -> Any:
    import graphviz

    return graphviz.Digraph("flow")


def _label(text: str, second: str = "") -> str:
    """A quoted label: `graphviz.escape` disarms backslashes and `<…>`; an ampersand would begin an entity."""
    import graphviz

    first = letters.clip(letters.name(text) if second else letters.harmless(text), _LONGEST)
    escaped = graphviz.escape(first.replace("&", "&amp;"))
    return f"{escaped}\\n{second}" if second else escaped
