"""Letters: any text made harmless and measured, for every picture and table of this package.

Nothing here may let through a character that ends markup, moves the cursor, turns the reading direction or
can't stand in XML: such a character is *shown* as an escape. Widths are in em of a wide sans-serif face,
so that text fits with the narrower faces too.
"""

import re
import unicodedata

from flowkit.core.values import visible

LONGEST = 24
"""How many characters of a name stand on a node."""

_WIDTHS = {
    letter: em
    for em, letters in {
        0.28: "'ijl",
        0.32: " ,.IJ·",
        0.36: "-/:;\\f|",
        0.40: "!()[]rt",
        0.52: '*?_`sz"',
        0.56: "Lc",
        0.60: "FPTYkovxy",
        0.64: "$0123456789ESabdeghnpqu{}",
        0.68: "ABKVXZ",
        0.76: "CDHNRU",
        0.84: "#+<=>^w~&GOQ",
        1.00: "@WmM%…",
    }.items()
    for letter in letters
}
_JOINER = "\u200d"
_KEPT = {_JOINER: _JOINER} | {c: f"\\u{ord(c):04x}" for c in "\u115f\u1160\u2800\u3164\uffa0"}
"""Letters for which "printable" is the wrong word: the joiner of emoji is needed, the others look like
nothing.
"""
_PILED = re.compile(r"([\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff]{3})[\u0300-\u036f"
                    r"\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff]+")  # fmt: skip


def harmless(text: object) -> str:
    """One line of visible text: control, direction and unencodable characters stand as `\\n`, `\\x1b`,
    `\\u202e`.
    """
    if not isinstance(text, str):
        text = str(text)
    if text.isascii() and text.isprintable():
        return text
    return _PILED.sub(r"\1", "".join(_KEPT.get(letter) or visible(letter) for letter in text))


def name(text: object) -> str:
    """A name as it is shown: harmless, and in quotes if it would look empty."""
    shown = harmless(text)
    return shown if shown.strip() else f"'{shown}'"


def em(text: str) -> float:
    """The width of a harmless text in em."""
    return sum(map(_em, text))


def fit(text: str, room: float, size: float, longest: int = 10_000) -> str:
    """The text, or its beginning and "…", so that it takes at most `room` pixels at `size` pixels per em."""
    limit = room / size
    if len(text) <= longest and (len(text) * 1.0 <= limit or em(text) <= limit):
        return text
    used = _em("…")
    end = 0
    for letter in text[: longest - 1]:
        used += _em(letter)
        if used > limit:
            break
        end += 1
    while 0 < end < len(text) and (_em(text[end]) == 0 or text[end - 1] == _JOINER):
        end -= 1
    return text[:end].rstrip() + "…"


def clip(text: str, longest: int) -> str:
    """The text, or its beginning and "…", in at most `longest` characters."""
    return text if len(text) <= longest else text[: longest - 1].rstrip(_JOINER + " ") + "…"


def columns(text: str) -> int:
    """How many columns of a terminal the text takes."""
    if text.isascii():
        return len(text)
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text if _em(c) > 0)


def pad(text: str, width: int) -> str:
    """The text with blanks up to `width` columns."""
    return text + " " * (width - columns(text))


def _em(letter: str) -> float:
    known = _WIDTHS.get(letter)
    if known is not None:
        return known
    if letter == _JOINER or unicodedata.category(letter) in ("Mn", "Me"):
        return 0.0
    if unicodedata.east_asian_width(letter) in "WF":
        return 1.25
    return 1.0 if unicodedata.category(letter) in ("So", "Lu") else 0.7
