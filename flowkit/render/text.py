"""Text: the picture's twin for places without pictures: terminals, logs, screen readers, diffs.

At most `LINES` lines of bounded length at any size of flow; no control character passes.
"""

from collections.abc import Sequence

from flowkit.render import letters
from flowkit.render.focus import chosen
from flowkit.render.graph import STATEFUL, Flags, Graph, Marks, Node, States, counts, neighbours, tasks
from flowkit.render.look import KIND_WORDS, MARKS, look
from flowkit.render.summary import Whole, tell

LINES = 40
COLUMNS = 110
_HEAD = 200
_NAME = 32
_KIND_GLYPHS = {"input": "◇", "manual": "✋", "task": "□", "more": "⋯", "flow": "▣"}


def table(
    graph: Graph,
    states: States | None = None,
    marks: Marks | None = None,
    caption: str = "",
    flags: Flags | None = None,
) -> str:
    """One line for each node: sign, name, state, what it comes after. Large flows: what matters now, and
    counts.
    """
    total = tasks(graph.nodes)
    title = letters.clip(letters.harmless(graph.title), 60)
    head = f"{title} · " if title else ""
    lines = [head + tell(Whole(counts(graph, states), total, total))]
    if caption:
        lines.append(letters.harmless(caption))
    room = LINES - len(lines) - 1
    kept = list(range(len(graph.nodes)))
    if len(kept) > room:
        kept = chosen(graph, states, marks, room)
    sources, _ = neighbours(graph)
    rows = [_row(graph, i, sources[i], states or {}, marks or {}, flags or {}) for i in kept]
    widths = [max((letters.columns(row[c]) for row in rows), default=0) for c in range(4)]
    for row in rows:
        cells = [letters.pad(cell, width) for cell, width in zip(row, widths, strict=True)]
        lines.append("  " + "  ".join(cells).rstrip())
    rest = len(graph.nodes) - len(kept)
    if rest:
        left_out = [node for i, node in enumerate(graph.nodes) if i not in set(kept)]
        lines.append(f"  … {_rest(left_out, states)}")
    return "\n".join(letters.clip(line, COLUMNS if i else _HEAD) for i, line in enumerate(lines))


def _row(
    graph: Graph, at: int, sources: Sequence[int], states: States, marks: Marks, flags: Flags
) -> tuple[str, str, str, str]:
    node = graph.nodes[at]
    state = states.get(node.key, "") if node.kind in STATEFUL else ""
    row = look(state)
    words = [
        row.word or _kind(node),
        node.join,
        letters.harmless(flags.get(node.key, "")),
        MARKS.get(marks.get(node.key, ""), ("",))[0],
    ]
    after = ", ".join(letters.clip(letters.name(graph.nodes[i].label), 24) for i in sources[:4])
    more = f" and {len(sources) - 4} more" if len(sources) > 4 else ""
    return (
        row.glyph or _KIND_GLYPHS.get(node.kind, "□"),
        letters.clip(letters.name(node.label), _NAME),
        ", ".join(word for word in words if word),
        f"after {after}{more}" if after else "",
    )


def _kind(node: Node) -> str:
    note = letters.clip(letters.harmless(node.note), 40)
    if node.kind == "input":
        return note or KIND_WORDS["input"]
    return note or (KIND_WORDS[node.kind] if node.kind in ("manual", "flow") else "")


def _rest(left_out: list[Node], states: States | None) -> str:
    number = tasks(left_out)
    inputs = sum(1 for node in left_out if node.kind == "input")
    told = tell(Whole(counts(Graph(tuple(left_out)), states), number, number)).replace(
        " task", " more task", 1
    )
    return told + (f" and {inputs:,} inputs" if inputs else "")
