"""Layout in plain Python: ranks by the longest way, an order with few crossings, even gaps.

The net beneath Graphviz: for machines that have none, and for flows too large for it. Deterministic,
linear but for sorting, without recursion. It must never raise, whatever the graph.
"""

from collections.abc import Callable
from itertools import pairwise

from flowkit.render.frames import ranks
from flowkit.render.geometry import COMFORTABLE, Box, Curve, Geometry, Point, rounded, sideways, sizes
from flowkit.render.graph import Graph, ends

_GAP = 22.0
_BETWEEN = 34.0
_BEND_WIDTH = 8.0
_ARROW = 7.0
_SWEEPS = 4
_BENDS_UP_TO = 3_000
"""Long edges get a bend in every rank they pass, unless that would make more cells than this."""


class _Cells:
    """Nodes and bends as cells in rows. `a` is the coordinate along a row, `b` across the rows."""

    def __init__(self, spans: list[float], ranks_: list[int]) -> None:
        self.span = spans
        self.rank = ranks_
        self.up: list[list[int]] = [[] for _ in spans]
        self.down: list[list[int]] = [[] for _ in spans]

    def bend(self, rank: int) -> int:
        self.span.append(_BEND_WIDTH)
        self.rank.append(rank)
        self.up.append([])
        self.down.append([])
        return len(self.span) - 1

    def join(self, above: int, below: int) -> None:
        self.down[above].append(below)
        self.up[below].append(above)


def lay_out_plainly(graph: Graph, room: tuple[float, float] = COMFORTABLE) -> Geometry:
    """Positions for any graph; the same graph gives the same positions. About a second for 10,000 tasks."""
    direction = sideways(graph, room)
    given = sizes(graph, framed=False)
    cells = _Cells([h if direction else w for w, h in given], ranks(graph))
    ways = _ways(graph, cells)
    rows = _rows(cells)
    along = _along(cells, rows)
    across, depth = _across(rows, [w if direction else h for w, h in given])
    low = min((along[c] - cells.span[c] / 2 for row in rows for c in row), default=0.0)
    breadth = max((along[c] + cells.span[c] / 2 - low for row in rows for c in row), default=0.0)

    def turned(a: float, b: float) -> Point:
        return (rounded(b), rounded(a - low)) if direction else (rounded(a - low), rounded(b))

    boxes = []
    for i, (w, h) in enumerate(given):
        x, y = turned(along[i], across[i])
        boxes.append(Box(rounded(x - w / 2), rounded(y - h / 2), w, h))
    halves = [(w if direction else h) / 2 for w, h in given]
    curves = [None if way is None else _curve(way, along, across, halves, turned) for way in ways]
    size = (depth, breadth) if direction else (breadth, depth)
    return Geometry(rounded(size[0]), rounded(size[1]), tuple(boxes), tuple(curves))


def _ways(graph: Graph, cells: _Cells) -> list[list[int] | None]:
    """For each edge the cells it passes, ends included; None for an edge without two ends."""
    pairs = ends(graph)
    rank = cells.rank
    length = sum(abs(rank[p[1]] - rank[p[0]]) for p in pairs if p is not None)
    bends = length <= _BENDS_UP_TO
    ways: list[list[int] | None] = []
    for pair in pairs:
        if pair is None or pair[0] == pair[1]:
            ways.append(None)
            continue
        source, target = pair
        way = [source]
        if bends:
            way += [cells.bend(between) for between in range(rank[source] + 1, rank[target])]
        way.append(target)
        for above, below in pairwise(way):
            if rank[above] < rank[below]:
                cells.join(above, below)
        ways.append(way)
    return ways


def _rows(cells: _Cells) -> list[list[int]]:
    """The cells of each rank, ordered so that few edges cross; a very wide rank takes several rows."""
    rows: list[list[int]] = [[] for _ in range(max(cells.rank, default=-1) + 1)]
    for cell, rank in enumerate(cells.rank):
        rows[rank].append(cell)
    place = [0.0] * len(cells.rank)

    def settle(row: list[int]) -> None:
        for i, cell in enumerate(row):
            place[cell] = (i + 0.5) / len(row)

    def centre(cell: int, near: list[list[int]]) -> float:
        return sum(place[n] for n in near[cell]) / len(near[cell]) if near[cell] else place[cell]

    for row in rows:
        settle(row)
    for sweep in range(_SWEEPS):
        near = cells.up if sweep % 2 == 0 else cells.down
        for row in rows if sweep % 2 == 0 else reversed(rows):
            wish = {cell: centre(cell, near) for cell in row}
            row.sort(key=lambda cell: (wish[cell], place[cell]))
            settle(row)
    widest = max(60, round((len(cells.rank) * 1.5) ** 0.5))
    return [row[i : i + widest] for row in rows for i in range(0, len(row), widest)]


def _along(cells: _Cells, rows: list[list[int]]) -> list[float]:
    """Centres within the rows: as near to the neighbours' centres as the gaps allow."""
    at = [0.0] * len(cells.span)
    for row in rows:
        reach = -_GAP
        for cell in row:
            at[cell] = reach + _GAP + cells.span[cell] / 2
            reach = at[cell] + cells.span[cell] / 2
        for cell in row:
            at[cell] -= reach / 2
    for sweep in range(_SWEEPS):
        near = cells.up if sweep % 2 == 0 else cells.down
        for row in rows if sweep % 2 == 0 else reversed(rows):
            wish = [_pull(cells, at, near[c], at[c]) for c in row]
            for cell, centre in zip(row, _spread(wish, [cells.span[c] for c in row]), strict=True):
                at[cell] = centre
    return at


def _pull(cells: _Cells, at: list[float], near: list[int], here: float) -> float:
    """Where neighbours would have a cell; nodes pull four times as hard as bends, so that main lines are
    straight.
    """
    force = [(1.0 if cells.span[n] == _BEND_WIDTH else 4.0) for n in near]
    return sum(at[n] * f for n, f in zip(near, force, strict=True)) / sum(force) if near else here


def _spread(wish: list[float], span: list[float]) -> list[float]:
    """The centres nearest to the wished ones (least squares) at which nothing overlaps and the order is
    kept.

    After taking off the room that each cell needs, this is isotonic regression: neighbours that would
    collide are pooled at their mean.
    """
    room = 0.0
    offsets: list[float] = []
    for i, wide in enumerate(span):
        room += (span[i - 1] + wide) / 2 + _GAP if i else 0.0
        offsets.append(room)
    pools: list[tuple[float, int]] = []
    for wished, offset in zip(wish, offsets, strict=True):
        mean, size = wished - offset, 1
        while pools and pools[-1][0] > mean:
            before, count = pools.pop()
            mean, size = (before * count + mean * size) / (count + size), count + size
        pools.append((mean, size))
    starts = [mean for mean, size in pools for _ in range(size)]
    return [start + offset for start, offset in zip(starts, offsets, strict=True)]


def _across(rows: list[list[int]], given: list[float]) -> tuple[list[float], float]:
    """The centre of each cell across the rows, and how far the last row reaches."""
    at: dict[int, float] = {}
    reach = -_BETWEEN
    for row in rows:
        high = max((given[cell] for cell in row if cell < len(given)), default=0.0)
        for cell in row:
            at[cell] = reach + _BETWEEN + high / 2
        reach += _BETWEEN + high
    return [at[cell] for cell in range(len(at))], max(reach, 0.0)


def _curve(
    way: list[int],
    along: list[float],
    across: list[float],
    halves: list[float],
    turned: Callable[[float, float], Point],
) -> Curve:
    """Pieces that leave and enter every cell straight across the rows."""
    source, target = way[0], way[-1]
    sign = 1.0 if across[target] >= across[source] else -1.0
    stops = [(along[cell], across[cell]) for cell in way]
    tip = (stops[-1][0], stops[-1][1] - sign * halves[target])
    stops[0] = (stops[0][0], stops[0][1] + sign * halves[source])
    stops[-1] = (tip[0], tip[1] - sign * _ARROW)
    points = [turned(*stops[0])]
    middles = []
    for (a0, b0), (a1, b1) in pairwise(stops):
        b = (b0 + b1) / 2
        points += [turned(a0, b), turned(a1, b), turned(a1, b1)]
        middles.append(turned((a0 + a1) / 2, b))
    return Curve(tuple(points), turned(*tip), middles[len(middles) // 2])
