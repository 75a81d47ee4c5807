"""Summary: the states of a whole flow in one line of words and one bar, for pictures that can't show every
task.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from flowkit.render import letters
from flowkit.render.geometry import SMALL_SIZE
from flowkit.render.look import CARD, look
from flowkit.render.strokes import add, number

_ORDER = (
    "succeeded", "reverted", "skipped", "cancelled", "failed", "revert_failed", "lost",
    "reverting", "retrying", "running", "dispatched", "ready", "waiting",
)  # fmt: skip
"""From what is over to what has not begun, as time runs."""
_FULL = frozenset(("succeeded", "failed", "revert_failed", "lost", "running", "reverted"))
_BAR_HEIGHT = 10.0
_LEGEND_ROW = 18.0
_SLIVER = 4.0


class Whole(NamedTuple):
    """What a picture of a part says of the whole: tasks by state, how many are shown one by one, and of
    how many.
    """

    counts: Mapping[str, int]
    shown: int
    total: int


def tell(whole: Whole) -> str:
    """`1,000 tasks: 3 failed, 997 succeeded`, in one line."""
    noun = "task" if whole.total == 1 else "tasks"
    states = ", ".join(f"{n:,} {look(state).word}" for state, n in whole.counts.items())
    part = f", {whole.shown:,} of them shown" if whole.shown != whole.total else ""
    return f"{whole.total:,} {noun}{part}" + (f": {states}" if states else "")


def bar_height(whole: Whole, room: float) -> float:
    """The room that the bar, its legend and the gap under them take."""
    rows = len(_legend(whole, room))
    return (_BAR_HEIGHT + 10 if whole.counts else 0.0) + rows * _LEGEND_ROW + 12


def add_bar(root: Any, whole: Whole, x: float, y: float, room: float) -> None:
    """The counts as lengths of one bar in the order of time, and below them in words."""
    states = _in_order(whole)
    free = room - sum(_SLIVER for _ in states) - 2.0 * max(0, len(states) - 1)
    at = x
    for state, n in states:
        wide = _SLIVER + free * n / max(1, sum(whole.counts.values()))
        row = look(state)
        fill = row.light.stroke if state in _FULL else row.light.fill
        rect = add(
            root, "rect", x=at, y=y, width=wide, height=_BAR_HEIGHT, rx=2, fill=fill, stroke=row.light.stroke
        )
        add(rect, "title", f"{n:,} {row.word}")
        at += wide + 2.0
    top = y + (_BAR_HEIGHT + 10 if states else 0.0)
    for i, words in enumerate(_legend(whole, room)):
        left = x
        for state, text in words:
            row = look(state)
            base = top + i * _LEGEND_ROW + 10
            if row.icon:
                add(root, "path", d=row.icon, transform=f"translate({number(left)} {number(base - 9.5)})",
                    fill=row.light.ink if row.solid else "none", stroke=row.light.ink, stroke_width=1.5,
                    stroke_linecap="round", stroke_linejoin="round")  # fmt: skip
            add(
                root,
                "text",
                text,
                x=left + _indent(state),
                y=base,
                fill=row.light.ink if state else CARD["light"]["ink"],
            )
            left += _wide(state, text)


def _legend(whole: Whole, room: float) -> list[list[tuple[str, str]]]:
    """Rows of (state, words); the last words say how much of the flow is drawn."""
    entries = [(state, f"{n:,} {look(state).word}") for state, n in _in_order(whole)]
    entries.append(("", f"{whole.shown:,} of {whole.total:,} tasks drawn"))
    rows: list[list[tuple[str, str]]] = [[]]
    used = 0.0
    for state, text in entries:
        wide = _wide(state, text)
        if rows[-1] and used + wide > room:
            rows.append([])
            used = 0.0
        rows[-1].append((state, text))
        used += wide
    return rows


def _in_order(whole: Whole) -> list[tuple[str, int]]:
    known = [(state, whole.counts[state]) for state in _ORDER if whole.counts.get(state)]
    return known + [(state, n) for state, n in whole.counts.items() if state not in _ORDER]


def _indent(state: str) -> float:
    return 17.0 if look(state).icon else 0.0


def _wide(state: str, text: str) -> float:
    return _indent(state) + letters.em(text) * SMALL_SIZE + 18
