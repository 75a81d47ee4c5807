"""Where things stand: sizes of nodes, the direction of a picture, boxes and curves.

Pixels from the top left corner. Sizes follow from names alone, never from states: a change of state moves
nothing.
"""

from typing import NamedTuple

from flowkit.render import letters
from flowkit.render.frames import frames, names, ranks
from flowkit.render.graph import Graph, Node

NAME_SIZE = 13
"""Pixels per em of a node's name."""
SMALL_SIZE = 11
"""Pixels per em of everything else that is written."""
TEXT_LEFT = 30
"""Where a node's text begins; left of it is the icon."""
INPUT_LEFT = 28
"""The same on an input."""
TEXT_RIGHT = 7
HAND = 18
"""Room at the right of a task for the hand of a manual one, and for each other sign."""
SIGNS = ("loop", "undo")
"""The signs that are drawn there; "each" is told by a second box behind the first."""

COMFORTABLE = (1_040.0, 640.0)
_TASK_HEIGHT = 46.0
_TASK_WIDTH = 152.0
_EVEN_WIDTH = 180.0
_GAP_BESIDE = 22.0
_GAP_BETWEEN = 32.0

Point = tuple[float, float]


class Box(NamedTuple):
    """A rectangle by its top left corner."""

    x: float
    y: float
    w: float
    h: float


class Curve(NamedTuple):
    """An edge: Bézier points (one, then three for each piece), the arrow's tip, and where a label is
    centred.
    """

    points: tuple[Point, ...]
    tip: Point
    label_at: Point | None = None


class Geometry(NamedTuple):
    """A laid out graph. `boxes` goes with the graph's nodes, `curves` with its edges (None: not drawable), `frames` with its
    frames (empty where they are not drawn).
    """

    width: float
    height: float
    boxes: tuple[Box, ...]
    curves: tuple[Curve | None, ...]
    frames: tuple[Box, ...] = ()


def sizes(graph: Graph, framed: bool) -> list[tuple[float, float]]:
    """Width and height of each node. Short-named tasks share one width, so that rows and columns align.

    `framed`: whether frames are drawn, which makes names shorter.
    """
    own = [_size(node, name) for node, name in zip(graph.nodes, names(graph, framed), strict=True)]
    shared = min(_EVEN_WIDTH, max((w for w, h in own if h == _TASK_HEIGHT), default=_TASK_WIDTH))
    return [(max(w, shared) if h == _TASK_HEIGHT else w, h) for w, h in own]


def name_on(node: Node, width: float, name: str = "") -> str:
    """The node's name (or the shorter one of `names`) as it fits into a box of this width."""
    left = INPUT_LEFT if node.kind == "input" else 12 if node.kind == "more" else TEXT_LEFT
    room = width - left - _right(node) + 1
    return letters.fit(name or letters.name(node.label), room, NAME_SIZE, letters.LONGEST)


def signs_on(node: Node) -> list[str]:
    """The signs that stand at the right of a node's name, from the right."""
    hand = ["manual"] if node.kind == "manual" else []
    return hand + [sign for sign in node.signs if sign in SIGNS]


def _right(node: Node) -> float:
    return TEXT_RIGHT + HAND * len(signs_on(node))


def extent(graph: Graph, sideways: bool) -> tuple[float, float]:
    """A quick guess of the picture's width and height before any layout."""
    along: dict[int, float] = {}
    across: dict[int, float] = {}
    for (w, h), rank in zip(sizes(graph, bool(frames(graph).all)), ranks(graph), strict=True):
        long, wide = (w, h) if sideways else (h, w)
        along[rank] = max(along.get(rank, 0.0), long)
        across[rank] = across.get(rank, -_GAP_BESIDE) + wide + _GAP_BESIDE
    length = sum(along.values()) + _GAP_BETWEEN * max(0, len(along) - 1)
    breadth = max(across.values(), default=0.0)
    return (length, breadth) if sideways else (breadth, length)


def sideways(graph: Graph, room: tuple[float, float] = COMFORTABLE) -> bool:
    """True if the graph is better read from left to right than from top to bottom in a room of that width
    and height (a notebook's column, unless said otherwise).
    """

    def scale(direction: bool) -> float:
        w, h = extent(graph, direction)
        return min(1.0, room[0] / max(w, 1.0), room[1] / max(h, 1.0))

    return scale(True) >= scale(False)


def rounded(value: float) -> float:
    """One decimal, and never a minus zero: equal pictures are equal bytes."""
    return round(value, 1) + 0.0


def _size(node: Node, name: str) -> tuple[float, float]:
    text = letters.em(letters.clip(name, letters.LONGEST)) * NAME_SIZE
    if node.kind == "input":
        return _step(max(64.0, text + INPUT_LEFT + TEXT_RIGHT + 4)), 30.0
    if node.kind == "more":
        return _step(max(116.0, text + 24, letters.em(node.note) * SMALL_SIZE + 24)), 42.0
    return _step(max(_TASK_WIDTH, text + TEXT_LEFT + _right(node))), _TASK_HEIGHT


def _step(width: float) -> float:
    return min(-(-width // 4) * 4, 280.0)
