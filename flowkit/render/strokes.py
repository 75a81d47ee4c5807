"""The small pieces of SVG: numbers, elements, and edges as path data (which the live panel draws too).

Numbers have at most one decimal, so pictures are short and equal on every machine. Text enters an element
tree only, never a string of markup.
"""

from typing import Any

from flowkit.render.geometry import Box, Curve

_HEAD = 7.0
_HALF = 3.2
_ROUND = 10.0


def number(value: float) -> str:
    """A number with at most one decimal, as short as it goes."""
    text = f"{value:.1f}"
    return text[:-2] if text.endswith(".0") else text


def add(parent: Any, tag: str, text: str = "", **attributes: str | float) -> Any:
    """A new last child of `parent`. Underscores become hyphens, numbers are shortened, empty values are
    left out.
    """
    named = {
        key.replace("_", "-"): value if isinstance(value, str) else number(value)
        for key, value in attributes.items()
        if value != ""
    }
    child = parent.makeelement(tag, named)
    if text:
        child.text = text
    parent.append(child)
    return child


def line(curve: Curve, dx: float = 0.0, dy: float = 0.0) -> str:
    """The edge without its arrowhead, moved by (dx, dy)."""
    start, *rest = (f"{number(x + dx)} {number(y + dy)}" for x, y in curve.points)
    return f"M{start}C{' '.join(rest)}" if rest else f"M{start}"


def head(curve: Curve, dx: float = 0.0, dy: float = 0.0) -> str:
    """The arrowhead as a closed triangle, moved by (dx, dy)."""
    tip = curve.tip
    ux, uy, gap = _direction(curve)
    long = gap + 0.5 if 4 < gap < 10 else _HEAD
    bx, by = tip[0] - ux * long, tip[1] - uy * long
    corners = (tip, (bx - uy * _HALF, by + ux * _HALF), (bx + uy * _HALF, by - ux * _HALF))
    words = [f"{number(x + dx)} {number(y + dy)}" for x, y in corners]
    return f"M{words[0]}L{words[1]} {words[2]}z"


def frame(box: Box) -> str:
    """A rounded rectangle as a closed line."""
    x0, y0, x1, y1 = (number(each) for each in (box.x, box.y, box.x + box.w, box.y + box.h))
    a0, b0 = number(box.x + _ROUND), number(box.y + _ROUND)
    a1, b1 = number(box.x + box.w - _ROUND), number(box.y + box.h - _ROUND)
    return (
        f"M{a0} {y0}L{a1} {y0}Q{x1} {y0} {x1} {b0}L{x1} {b1}Q{x1} {y1} {a1} {y1}"
        f"L{a0} {y1}Q{x0} {y1} {x0} {b1}L{x0} {b0}Q{x0} {y0} {a0} {y0}"
    )


def hidden(box: Box) -> str:
    """An arrowhead in the middle of a node, where the node covers it: for lines that point nowhere."""
    return f"M{number(box.x + box.w / 2)} {number(box.y + box.h / 2)}z"


def _direction(curve: Curve) -> tuple[float, float, float]:
    """Where the arrow points, as a unit vector, and how far before the tip the line ends."""
    for x, y in reversed(curve.points):
        wide, high = curve.tip[0] - x, curve.tip[1] - y
        length = float((wide * wide + high * high) ** 0.5)
        if length > 0.5:
            return wide / length, high / length, length
    return 0.0, 1.0, 0.0
