"""Looks: the one table of how states, kinds and marks are drawn, in light and dark.

The static picture and the live panel read the same rows. A state is told by its icon, its word and its
border; colour comes last. Icons are paths in a box of 12 x 12, drawn with round strokes and never a glyph
of some font. `tests/render/test_look.py` holds every pair of ink and ground to a contrast of 4.5:1.
"""

from typing import Any, NamedTuple

from flowkit.render import letters


class Paint(NamedTuple):
    """Colours of one look: border, ground, and ink (icon and word)."""

    stroke: str
    fill: str
    ink: str


class Look(NamedTuple):
    """How one state is drawn. `width` in pixels; `dash` as in SVG's stroke-dasharray; `glyph` for plain
    text.
    """

    word: str
    icon: str
    width: float
    dash: str
    light: Paint
    dark: Paint
    solid: bool = False
    glyph: str = ""


_GREY = (Paint("#8c959f", "#ffffff", "#59636e"), Paint("#768390", "#22272e", "#adbac7"))
_BLUE = (Paint("#0969da", "#eaf4ff", "#0550ae"), Paint("#539bf5", "#1b2b42", "#96c8ff"))
_GREEN = (Paint("#2c974b", "#f0faf2", "#116329"), Paint("#57ab5a", "#1d2f22", "#8ddb8c"))
_RED = (Paint("#cf222e", "#fff2f1", "#a40e26"), Paint("#f47067", "#3c2022", "#ffb3ad"))
_AMBER = (Paint("#9a6700", "#fff8e0", "#7d4e00"), Paint("#c69026", "#332a16", "#eac55f"))
_VIOLET = (Paint("#8250df", "#f7f2ff", "#6639ba"), Paint("#986ee2", "#2b2340", "#dcbdfb"))

_BACK = "M4.5 2 1.5 5l3 3M1.5 5H8a2.5 2.5 0 0 1 0 5H5"
_RING = "M6 1a5 5 0 1 0 .01 0z"

LOOKS: dict[str, Look] = {
    "failed": Look("failed", "M2.5 2.5l7 7M9.5 2.5l-7 7", 3, "", *_RED, glyph="✗"),
    "revert_failed": Look("revert failed", _BACK + "M9 1l2.5 2.5M11.5 1 9 3.5", 3, "", *_RED, glyph="⚠"),
    "lost": Look("lost", "M3.5 4a2.5 2.5 0 1 1 3.7 2.2Q6 6.9 6 8M6 10.5v.01", 2, "6 2", *_AMBER, glyph="?"),
    "running": Look("running", "M3 1.5v9L10.5 6z", 2, "", *_BLUE, solid=True, glyph="▶"),
    "retrying": Look("retrying", "M9.5 3.5A4.5 4.5 0 1 0 10.5 6M9.8 1v2.7H7.1", 2, "6 2", *_AMBER, glyph="↻"),
    "reverting": Look("reverting", _BACK, 2, "", *_VIOLET, glyph="↶"),
    "dispatched": Look("dispatched", "M1.5 6H10M6.5 2.5 10 6l-3.5 3.5", 2, "2 2", *_BLUE, glyph="→"),
    "ready": Look("ready", "M3 1.5v9L10.5 6z", 1.5, "", *_BLUE, glyph="▷"),
    "succeeded": Look("succeeded", "M1.5 6.5l3 3 6-7", 1.5, "", *_GREEN, glyph="✓"),
    "skipped": Look("skipped", "M1.5 2.5 5 6 1.5 9.5M6.5 2.5 10 6 6.5 9.5", 1.5, "5 4", *_GREY, glyph="»"),
    "reverted": Look("reverted", _BACK, 1.5, "5 4", *_VIOLET, glyph="↩"),
    "cancelled": Look("cancelled", _RING + "M2.5 2.5l7 7", 1.5, "2 3", *_GREY, glyph="⊘"),
    "waiting": Look("waiting", "M2 6v.01M6 6v.01M10 6v.01", 1, "", *_GREY, glyph="…"),
}
"""State word → look, most urgent first: the order of every summary."""

PLAIN = Look("", "", 1.2, "", Paint("#6e7781", "#ffffff", "#59636e"), Paint("#768390", "#22272e", "#adbac7"))
"""A task of which no state is known: a flow that has not been started."""

KIND_ICONS = {
    "manual": "M3 6.5V3.2M5 5.8V1.8M7 5.8V2M9 6.3V3.5M9 6.5V8Q9 11 6.2 11 4.3 11 3.3 9.4L1.3 6.8",
    "input": "M1 6h6M4.5 3.5 7 6 4.5 8.5M7.5 1.5h3v9h-3",
}
"""Drawn beside the name: a hand for what a person does, an arrow through a door for what comes from
outside.
"""

SIGN_ICONS = {
    "manual": KIND_ICONS["manual"],
    "undo": _BACK,
    "loop": "M9.5 3.5A4.5 4.5 0 1 0 10.5 6M9.8 1v2.7H7.1",
}
SIGN_WORDS = {"undo": "can be undone", "loop": "goes round", "each": "once for each item"}
"""What a task's options add to its box."""

KIND_WORDS = {
    "task": "task",
    "flow": "a subflow",
    "manual": "a person gives the result",
    "input": "you give this at the start",
    "more": "not drawn one by one",
}

EDGE_DASHES = {"": ("data", "inside"), "5 4": ("after", "failed", "finished"), "2 3": ("when",)}
"""How lines are dashed, with the kinds of edges that are drawn so."""

MARKS = {"now": ("just now", 1.0), "next": ("next", 3.0)}
"""Mark → its words and the width in pixels of the outline around the node."""

CARD = {
    "light": {
        "ground": "#ffffff",
        "border": "#d0d7de",
        "name": "#1f2328",
        "ink": "#59636e",
        "edge": "#6e7781",
        "input": "#f3f4f6",
        "frame": "#f6f8fa",
    },
    "dark": {
        "ground": "#1c2128",
        "border": "#444c56",
        "name": "#e6edf3",
        "ink": "#adbac7",
        "edge": "#8b949e",
        "input": "#2d333b",
        "frame": "#22272e",
    },
}
"""Colours of everything that is no state: the card itself, names, edges, marks, the ground of inputs."""


def look(state: str | None) -> Look:
    """The look of a state word; an unknown word is drawn plainly, under its own name."""
    if not state:
        return PLAIN
    return LOOKS.get(state) or PLAIN._replace(word=letters.clip(letters.harmless(state), 24), glyph="·")


def looks() -> dict[str, Any]:
    """The whole table as plain data (JSON-able), for drawers in other languages."""
    return {
        "states": {state: _plain(row) for state, row in LOOKS.items()},
        "plain": _plain(PLAIN),
        "kinds": {
            kind: {"word": word, "icon": KIND_ICONS.get(kind, "")} for kind, word in KIND_WORDS.items()
        },
        "marks": {mark: {"word": word, "width": width} for mark, (word, width) in MARKS.items()},
        "card": CARD,
    }


def _plain(row: Look) -> dict[str, Any]:
    return {
        "word": row.word,
        "icon": row.icon,
        "solid": row.solid,
        "width": row.width,
        "dash": row.dash,
        "light": row.light._asdict(),
        "dark": row.dark._asdict(),
    }
