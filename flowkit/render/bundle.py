"""Bundle: what an object shows of itself in a notebook: the picture and its text, at any size of flow.

Called from reprs, so it never raises; and both parts together stay within 40,000 bytes, so that saved
notebooks stay small. A picture that would be too large is drawn of what matters only (see `focus`), in
steps, until it fits.
"""

from flowkit.render import letters
from flowkit.render.focus import focus
from flowkit.render.graph import Flags, Graph, Marks, States, counts
from flowkit.render.layout import place
from flowkit.render.summary import Whole
from flowkit.render.svg import draw
from flowkit.render.text import table

MOST_BYTES = 40_000
_ALL_UP_TO = 90
_LIMITS = (40, 24, 12, 6)
_WIDEST = 1_500.0
_HIGHEST = 1_500.0
_MOST_EDGES = 400


def bundle(
    graph: Graph,
    states: States | None = None,
    marks: Marks | None = None,
    caption: str = "",
    flags: Flags | None = None,
) -> dict[str, str]:
    """MIME type → content: `image/svg+xml` and `text/plain`, at most 40,000 bytes together.

    Never raises: what can't be drawn has its text only. Equal arguments give equal bytes.
    """
    try:
        text = table(graph, states, marks, caption, flags)
    except Exception as error:
        return {"text/plain": f"a flow that can't be shown ({type(error).__name__})"}
    try:
        picture = _picture(graph, states, marks, caption, flags, MOST_BYTES - len(text.encode()))
    except Exception:
        picture = None
    return {"text/plain": text} if picture is None else {"image/svg+xml": picture, "text/plain": text}


def _picture(
    graph: Graph, states: States | None, marks: Marks | None, caption: str, flags: Flags | None, most: int
) -> str | None:
    if not graph.nodes:
        return None
    whole = counts(graph, states)
    caption = letters.clip(letters.harmless(caption), 240)
    limits = (_ALL_UP_TO, *_LIMITS) if len(graph.nodes) <= _ALL_UP_TO else _LIMITS
    for limit in limits:
        part = focus(graph, states, marks, limit)
        last = limit == _LIMITS[-1]
        if len(part.graph.edges) > _MOST_EDGES and not last:
            continue
        geometry = place(part.graph)
        if (geometry.width > _WIDEST or geometry.height > _HIGHEST) and not last:
            continue
        said = None if part.shown == part.total else Whole(whole, part.shown, part.total)
        picture = draw(part.graph, geometry, states, marks, caption, flags, said)
        if len(picture.encode()) <= most:
            return picture
    return None
