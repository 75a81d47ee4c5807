"""Pictures, tables and words of a flow: pure functions from neutral data to text."""

from flowkit.render.bundle import bundle
from flowkit.render.dot import to_dot
from flowkit.render.focus import focus
from flowkit.render.geometry import Geometry
from flowkit.render.graph import Edge, Flags, Graph, Marks, Node, NodeKind, States
from flowkit.render.layered import lay_out_plainly
from flowkit.render.layout import lay_out
from flowkit.render.letters import harmless
from flowkit.render.look import looks
from flowkit.render.offers import OFFER_HEADERS, OfferRow, next_words, offer_rows
from flowkit.render.rows import rows_html, rows_text
from flowkit.render.scenes import scene
from flowkit.render.sentences import sentence
from flowkit.render.summary import Whole
from flowkit.render.svg import draw
from flowkit.render.teller import Seen
from flowkit.render.text import table
from flowkit.render.why import Why, why

__all__ = [
    "Edge",
    "Flags",
    "Geometry",
    "Graph",
    "Marks",
    "Node",
    "NodeKind",
    "OFFER_HEADERS",
    "OfferRow",
    "Seen",
    "States",
    "Whole",
    "Why",
    "bundle",
    "draw",
    "focus",
    "harmless",
    "lay_out",
    "lay_out_plainly",
    "looks",
    "next_words",
    "offer_rows",
    "rows_html",
    "rows_text",
    "scene",
    "sentence",
    "table",
    "to_dot",
    "why",
]
