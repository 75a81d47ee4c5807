"""Flows to draw, and names that no picture may be harmed by."""

import random
from collections.abc import Callable

import pytest

from flowkit.render import Edge, Graph, Node

NASTY = {
    "markup": "<b>bold</b> & <i>more</i>",
    "html label": "<<b>bold</b>>",
    "quotes": 'it\'s "quoted" `so`',
    "backslashes": "C:\\new\\temp\\",
    "graphviz escapes": "\\N \\G \\L \\E \\l",
    "end of label": '"]; n0 -> n0; x [label="',
    "script": "<script>alert(1)</script>",
    "end of svg": "</text></svg><svg onload=alert(1)>",
    "cdata": "]]> <!-- --> <![CDATA[ x ]]>",
    "link": "javascript:alert(1)",
    "entity": "&lt;b&gt; &#65; &amp;",
    "right to left": "עברית",
    "turned": "abc\u202egnp.exe",
    "emoji": "👩‍🚀 🚀 é",
    "NUL": "a\x00b",
    "ANSI": "\x1b[31mred\x1b[0m\x07",
    "lines": "one\ntwo\r\nthree\tfour",
    "long": "a_very_long_name_" * 18,
    "wide": "漢字" * 40,
    "piled": "e" + "\u0301" * 300,
    "surrogate": "a\ud800b",
    "no character": "a\ufffeb\uffff",
    "empty": "",
    "blanks": "   ",
    "looks empty": "\u3164\u200b\u2800",
    "keyword": "node",
    "number": "-1.5",
}


@pytest.fixture(params=NASTY.values(), ids=NASTY.keys())
def nasty(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def shop() -> Graph:
    nodes = (
        Node("bike", "bike", "input", "'Brompton'"),
        Node("inspect", "inspect"),
        Node("quote", "quote"),
        Node("agree", "agree", "manual", "does the customer agree?"),
        Node("repair", "repair"),
    )
    edges = (
        Edge("bike", "inspect"),
        Edge("inspect", "quote"),
        Edge("quote", "agree"),
        Edge("agree", "repair", "succeeded", "after"),
        Edge("inspect", "repair"),
    )
    return Graph(nodes, edges, "bicycle repair")


@pytest.fixture
def layers() -> Callable[..., Graph]:
    """Makes a flow of `n` tasks in rows of `width`, each with up to two sources in the row before."""

    def make(n: int, width: int = 8, name: str = "task_{}") -> Graph:
        dice = random.Random(n)
        nodes = tuple(Node(f"t{i}", name.format(i)) for i in range(n))
        edges = tuple(
            Edge(f"t{j}", f"t{i}", kind=dice.choice(("data", "data", "data", "after")))
            for i in range(width, n)
            for j in dice.sample(range((i // width - 1) * width, i // width * width), min(2, width))
        )
        return Graph(nodes, edges, f"{n} tasks")

    return make


@pytest.fixture
def halfway() -> Callable[[Graph], dict[str, str]]:
    """States of a run in the middle: what lies before has succeeded, what lies after waits."""

    def make(graph: Graph) -> dict[str, str]:
        middle = len(graph.nodes) / 2
        near = ("running", "ready", "failed", "succeeded", "retrying")
        states = {}
        for i, node in enumerate(graph.nodes):
            close = abs(i - middle) < max(2, len(graph.nodes) / 40)
            states[node.key] = near[i % 5] if close else "succeeded" if i < middle else "waiting"
        return states

    return make
