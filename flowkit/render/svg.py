"""Graph, positions and states → one SVG picture, as an element tree.

The picture stands alone: its own light card (readable on white and on dark), no script, style sheet, link,
id, image, foreign object, time or random number, so it is harmless anywhere and equal input gives equal
bytes. User text enters as text of an element or value of an attribute, never as markup, and only through
`letters`.

To stay small, boxes, icons and words are written layer by layer, grouped by state; each box has its own
<title>.
"""

from itertools import groupby
from typing import Any, NamedTuple

from flowkit.render import letters, strokes
from flowkit.render.frames import frames, names
from flowkit.render.geometry import (
    HAND,
    INPUT_LEFT,
    NAME_SIZE,
    SMALL_SIZE,
    TEXT_LEFT,
    TEXT_RIGHT,
    Box,
    Geometry,
    name_on,
    signs_on,
)
from flowkit.render.graph import STATEFUL, Flags, Graph, Marks, Node, States, counts, tasks
from flowkit.render.look import (
    CARD,
    EDGE_DASHES,
    KIND_ICONS,
    KIND_WORDS,
    LOOKS,
    MARKS,
    SIGN_ICONS,
    SIGN_WORDS,
    Look,
    look,
)
from flowkit.render.strokes import add, number
from flowkit.render.summary import Whole, add_bar, bar_height, tell

_FONT = "system-ui,-apple-system,Segoe UI,Roboto,Helvetica,Arial,DejaVu Sans,sans-serif"
_MARGIN = 18.0
_HEADER = 26.0
_LONGEST_TITLE = 160
_WIDEST_HEADER = 760.0
_BAR_ROOM = 520.0
_PAPER = CARD["light"]


class _Drawn(NamedTuple):
    """A node with everything that its layers need."""

    node: Node
    name: str
    box: Box
    state: str
    row: Look
    mark: str
    flag: str


def draw(
    graph: Graph,
    geometry: Geometry,
    states: States | None = None,
    marks: Marks | None = None,
    caption: str = "",
    flags: Flags | None = None,
    whole: Whole | None = None,
) -> str:
    """The picture as SVG text; `geometry` must be of this very graph.

    `caption`: one line beside the title. `whole`: for a picture of a part, adds a bar with the counts of
    all states.
    """
    from xml.etree.ElementTree import Element, tostring

    title, caption = letters.harmless(graph.title), letters.harmless(caption)
    header = _HEADER if title or caption else 0.0
    room = max(
        geometry.width, min(_WIDEST_HEADER, _header_width(title, caption)), _BAR_ROOM if whole else 0.0
    )
    top = _MARGIN + header + (bar_height(whole, room) if whole else 0.0)
    width, height = room + 2 * _MARGIN, top + geometry.height + _MARGIN
    drawn = _gather(graph, geometry, states or {}, marks or {}, flags or {}, top)

    root = Element("svg", _root(width, height, _aria(graph, title, caption, states, whole)))
    add(
        root,
        "rect",
        x=0.5,
        y=0.5,
        width=width - 1,
        height=height - 1,
        rx=8,
        fill=_PAPER["ground"],
        stroke=_PAPER["border"],
    )
    if header:
        _add_header(root, title, caption, room)
    if whole:
        add_bar(root, whole, _MARGIN, _MARGIN + header, room)
    _add_frames(root, graph, geometry, top)
    _add_edges(root, graph, geometry, top)
    _add_boxes(root, drawn)
    _add_icons(root, drawn)
    _add_words(root, drawn)
    _add_joins(root, drawn)
    return tostring(root, encoding="unicode")


def _gather(
    graph: Graph, geometry: Geometry, states: States, marks: Marks, flags: Flags, top: float
) -> list[_Drawn]:
    drawn = []
    shown = names(graph, bool(geometry.frames))
    for node, name, box in zip(graph.nodes, shown, geometry.boxes, strict=True):
        state = states.get(node.key, "") if node.kind in STATEFUL else ""
        moved = Box(box.x + _MARGIN, box.y + top, box.w, box.h)
        drawn.append(
            _Drawn(node, name, moved, state, look(state), marks.get(node.key, ""), flags.get(node.key, ""))
        )
    return drawn


def _root(width: float, height: float, label: str) -> dict[str, str]:
    return {
        "xmlns": "http://www.w3.org/2000/svg",
        "width": number(width),
        "height": number(height),
        "viewBox": f"0 0 {number(width)} {number(height)}",
        "role": "img",
        "aria-label": label,
        "font-family": _FONT,
        "font-size": str(SMALL_SIZE),
        "style": "max-width:100%;height:auto",
    }


def _aria(graph: Graph, title: str, caption: str, states: States | None, whole: Whole | None) -> str:
    told = (
        tell(whole) if whole else tell(Whole(counts(graph, states), tasks(graph.nodes), tasks(graph.nodes)))
    )
    parts = [title or "flow", told, caption]
    return ". ".join(letters.clip(part, _LONGEST_TITLE) for part in parts if part)


def _header_width(title: str, caption: str) -> float:
    return letters.em(title) * NAME_SIZE * 1.15 + letters.em(caption) * SMALL_SIZE + 20


def _add_header(root: Any, title: str, caption: str, room: float) -> None:
    text = add(root, "text", x=_MARGIN, y=_MARGIN + 10)
    title = letters.fit(title, room * 0.6 if caption else room, NAME_SIZE * 1.15)
    if title:
        add(text, "tspan", title, font_size=NAME_SIZE, font_weight=600, fill=_PAPER["name"])
    if caption:
        left = room - letters.em(title) * NAME_SIZE * 1.15 - 14
        span = add(text, "tspan", letters.fit(caption, left, SMALL_SIZE), fill=_PAPER["ink"])
        if title:
            span.set("dx", "10")


def _add_frames(root: Any, graph: Graph, geometry: Geometry, top: float) -> None:
    """The frames around subflows, outer ones first, on grounds that differ from one to the next inside it."""
    for frame, box in zip(frames(graph).all, geometry.frames, strict=False):
        rect = add(root, "rect", x=box.x + _MARGIN, y=box.y + top, width=box.w, height=box.h, rx=10)
        rect.set("fill", _PAPER["ground"] if frame.depth % 2 else _PAPER["frame"])
        rect.set("stroke", _PAPER["border"])
        name = letters.clip(letters.name(graph.nodes[frame.header].label), _LONGEST_TITLE)
        add(rect, "title", f"what is in {name}")


def _add_edges(root: Any, graph: Graph, geometry: Geometry, top: float) -> None:
    paired = [(e, c) for e, c in zip(graph.edges, geometry.curves, strict=True) if c is not None]
    group = add(root, "g", fill="none", stroke=_PAPER["edge"], stroke_width=1.2)
    for dash, kinds in EDGE_DASHES.items():
        lines = "".join(strokes.line(c, _MARGIN, top) for e, c in paired if e.kind in kinds)
        if lines:
            add(group, "path", d=lines, stroke_dasharray=dash)
    if paired:
        add(root, "path", d="".join(strokes.head(c, _MARGIN, top) for _, c in paired), fill=_PAPER["edge"])
    named = [
        (letters.clip(letters.harmless(e.label), letters.LONGEST), c.label_at) for e, c in paired if e.label
    ]
    if named:
        group = add(root, "g", fill=_PAPER["ink"], text_anchor="middle")
        group.attrib.update({"stroke": _PAPER["ground"], "stroke-width": "4", "paint-order": "stroke"})
        for label, at in named:
            if at is not None:
                add(group, "text", label, x=at[0] + _MARGIN, y=at[1] + top + 4)


def _add_boxes(root: Any, drawn: list[_Drawn]) -> None:
    for item in drawn:
        if item.node.kind == "more" or "each" in item.node.signs:
            box, many = item.box, item.node.kind != "more"
            rect = add(root, "rect", x=box.x + 4, y=box.y + 4, width=box.w, height=box.h, rx=_corner(item))
            rect.set("fill", item.row.light.fill if many else _PAPER["ground"])
            rect.set("stroke", item.row.light.stroke if many else _PAPER["border"])
    for row, kind, items in _by_look(drawn):
        paint = row.light
        group = add(
            root, "g", fill=paint.fill, stroke=paint.stroke, stroke_width=row.width, stroke_dasharray=row.dash
        )
        if kind == "input":
            group.attrib.update({"fill": _PAPER["input"], "stroke": _PAPER["edge"], "stroke-width": "1"})
        for item in items:
            box = item.box
            rect = add(group, "rect", x=box.x, y=box.y, width=box.w, height=box.h, rx=_corner(item))
            add(rect, "title", _told(item))
            if item.node.kind == "flow":  # a second line inside the first: there is more in it
                add(group, "rect", x=box.x + 4, y=box.y + 4, width=box.w - 8, height=box.h - 8, rx=3)
    for item in drawn:
        if item.mark in MARKS:
            _add_mark(root, item)


def _add_mark(root: Any, item: _Drawn) -> None:
    """The outline around a node: thin for what just changed, thick for what comes next."""
    box, width = item.box, MARKS[item.mark][1]
    out = 3.0 + width / 2 + item.row.width / 2
    ink = _PAPER["ink"] if item.mark == "now" else item.row.light.ink
    add(
        root,
        "rect",
        x=box.x - out,
        y=box.y - out,
        width=box.w + 2 * out,
        height=box.h + 2 * out,
        rx=_corner(item) + out,
        fill="none",
        stroke=ink,
        stroke_width=width,
    )


def _add_icons(root: Any, drawn: list[_Drawn]) -> None:
    for row, kind, items in _by_look(drawn):
        icon = KIND_ICONS["input"] if kind == "input" else row.icon
        if icon and kind != "more":
            group = add(root, "g", fill=row.light.ink if row.solid else "none")
            group.attrib.update(_pen(row.light.ink))
            for item in items:
                middle = item.box.y + item.box.h / 2 - 6
                add(group, "path", d=icon, transform=f"translate({number(item.box.x + 10)} {number(middle)})")
    signed = [(item.box, n, sign) for item in drawn for n, sign in enumerate(signs_on(item.node), start=1)]
    if signed:
        group = add(root, "g", fill="none")
        group.attrib.update(_pen(_PAPER["ink"]))
        for box, n, sign in signed:
            at = f"translate({number(box.x + box.w - 4 - HAND * n)} {number(box.y + 8)})"
            add(group, "path", d=SIGN_ICONS[sign], transform=at)


def _pen(ink: str) -> dict[str, str]:
    return {"stroke": ink, "stroke-width": "1.5", "stroke-linecap": "round", "stroke-linejoin": "round"}


def _add_words(root: Any, drawn: list[_Drawn]) -> None:
    """Names, then the small second lines, in the ink of their states."""
    second = [(item, _second(item)) for item in drawn]
    group = add(root, "g", fill=_PAPER["name"], font_size=NAME_SIZE)
    for item, words in second:
        box = item.box
        shift = -3.0 if words else 4.5
        name = name_on(item.node, box.w, item.name)
        add(group, "text", name, x=box.x + _text_left(item), y=box.y + box.h / 2 + shift)
    for row, _, items in _by_look([item for item, words in second if words]):
        group = add(root, "g", fill=row.light.ink)
        for item in items:
            box = item.box
            add(group, "text", _second(item), x=box.x + _text_left(item), y=box.y + box.h / 2 + 12.5)


def _add_joins(root: Any, drawn: list[_Drawn]) -> None:
    """How many sources suffice, on the upper border of the box."""
    for item in drawn:
        if item.node.join:
            words = letters.fit(letters.harmless(item.node.join), item.box.w - 20, SMALL_SIZE)
            x, y, wide = item.box.x + 8, item.box.y - 6, letters.em(words) * SMALL_SIZE + 6
            add(root, "rect", x=x, y=y, width=wide, height=12, rx=3, fill=_PAPER["ground"])
            add(root, "text", words, x=x + 3, y=item.box.y + 3, fill=_PAPER["ink"])


def _second(item: _Drawn) -> str:
    """The small line: the state's word, then what else fits; without a state the note."""
    room = item.box.w - _text_left(item) - TEXT_RIGHT + 2
    if item.node.kind == "input":
        return ""
    if not item.row.word:
        return letters.fit(letters.harmless(item.node.note), room, SMALL_SIZE)
    words = item.row.word
    for more in (*letters.harmless(item.flag).split(" · "), MARKS.get(item.mark, ("",))[0]):
        longer = f"{words} · {more}"
        if more and letters.em(longer) * SMALL_SIZE <= room:
            words = longer
    return letters.fit(words, room, SMALL_SIZE)


def _text_left(item: _Drawn) -> float:
    if item.node.kind == "input":
        return INPUT_LEFT
    return TEXT_LEFT if item.row.icon and item.node.kind != "more" else 12.0


def _corner(item: _Drawn) -> float:
    return {"input": item.box.h / 2, "manual": 16.0}.get(item.node.kind, 6.0)


def _told(item: _Drawn) -> str:
    """The title of a box: everything about it in words."""
    node = item.node
    kind = KIND_WORDS[node.kind] if node.kind != "task" else ""
    signs = [SIGN_WORDS[sign] for sign in node.signs if sign in SIGN_WORDS]
    words = [item.row.word, item.flag, MARKS.get(item.mark, ("",))[0], kind, node.join, *signs, node.note]
    said = ", ".join(letters.harmless(word) for word in words if word)
    name = letters.clip(letters.name(node.label), _LONGEST_TITLE)
    return f"{name}: {letters.clip(said, _LONGEST_TITLE)}" if said else name


def _by_look(drawn: list[_Drawn]) -> list[tuple[Look, str, list[_Drawn]]]:
    """The nodes of each look together, in the order of the table; inputs and folds are looks of their own."""
    order = {state: i for i, state in enumerate(LOOKS)}

    def group(item: _Drawn) -> tuple[str, int, str]:
        kind = item.node.kind if item.node.kind in ("input", "more") else ""
        return kind, order.get(item.state, -1), item.state

    ordered = groupby(sorted(drawn, key=group), key=group)
    return [(found[0].row, kind, found) for (kind, _, _), items in ordered if (found := list(items))]
