import os
import subprocess
import sys
import xml.etree.ElementTree as etree

import pytest

from flowkit.render import Edge, Graph, Node, bundle
from flowkit.render.look import LOOKS

SVG = "{http://www.w3.org/2000/svg}"
MOST = 40_000


def size(shown: dict[str, str]) -> int:
    return sum(len(part.encode()) for part in shown.values())


@pytest.mark.parametrize("n", [1, 5, 30, 90, 91, 1_000, 10_000])
def test_at_any_size_the_picture_is_small_and_has_its_text(layers, halfway, n):
    graph = layers(n)
    shown = bundle(graph, halfway(graph), {"t1": "now", "t2": "next"}, "running")
    assert size(shown) <= MOST
    root = etree.fromstring(shown["image/svg+xml"])
    assert float(root.get("width")) <= 1_600
    assert float(root.get("height")) <= 1_800
    assert f"{n:,} task" in shown["text/plain"]
    assert "\n" in shown["text/plain"]


@pytest.mark.parametrize("n", [5, 30])
def test_a_flow_of_moderate_size_is_drawn_whole(layers, halfway, n):
    graph = layers(n, 5)
    root = etree.fromstring(bundle(graph, halfway(graph))["image/svg+xml"])
    texts = {text.text for text in root.iter(f"{SVG}text")}
    assert {node.label for node in graph.nodes} <= texts


def test_of_a_large_flow_what_matters_is_drawn(layers, halfway):
    graph = layers(1_000, 25)
    states = halfway(graph)
    root = etree.fromstring(bundle(graph, states)["image/svg+xml"])
    texts = {text.text for text in root.iter(f"{SVG}text")}
    failed = {node.label for node in graph.nodes if states[node.key] in ("failed", "running")}
    assert failed <= texts
    assert any(text.endswith("of 1,000 tasks drawn") for text in texts if text)
    assert any(text.endswith(" more") for text in texts if text)


def everything_nasty(nasty: str, n: int) -> Graph:
    nodes = tuple(
        Node(f"{nasty}{i}", f"{nasty}{i}", ("task", "manual", "input")[i % 3], nasty) for i in range(n)
    )
    edges = tuple(Edge(f"{nasty}{i // 3}", f"{nasty}{i}", nasty, "after") for i in range(1, n))
    return Graph(nodes, edges, nasty)


@pytest.mark.parametrize("n", [0, 3, 80])
def test_no_name_can_break_or_swell_it(nasty, n):
    graph = everything_nasty(nasty, n)
    states = {node.key: state for node, state in zip(graph.nodes, [*LOOKS, nasty] * 9, strict=False)}
    shown = bundle(graph, states, {f"{nasty}1": nasty}, nasty, {f"{nasty}1": nasty})
    assert size(shown) <= MOST
    assert not any(ord(c) < 32 and c != "\n" for c in shown["text/plain"])
    if n:
        etree.fromstring(shown["image/svg+xml"])


def test_a_graph_of_all_possible_edges_is_small_too():
    nodes = tuple(Node(f"t{i}", f"t{i}") for i in range(80))
    edges = tuple(Edge(f"t{i}", f"t{j}") for j in range(80) for i in range(j))
    shown = bundle(Graph(nodes, edges))
    assert size(shown) <= MOST
    assert "image/svg+xml" in shown


def test_it_never_raises():
    class Awkward(dict):
        def get(self, *_: object) -> str:
            raise RuntimeError("not now")

        def __contains__(self, _: object) -> bool:
            return True

    graph = Graph((Node("a", "a"),))
    assert set(bundle(graph, Awkward(a="ready"))) <= {"text/plain", "image/svg+xml"}
    assert "text/plain" in bundle(Graph((Node(None, None),)))  # type: ignore[arg-type]
    assert "text/plain" in bundle(None)  # type: ignore[arg-type]


def test_two_processes_show_the_same_bytes():
    code = """
from flowkit.render import Edge, Graph, Node, bundle
nodes = tuple(Node(f"t{i}", f"task {i}") for i in range(200))
graph = Graph(nodes, tuple(Edge(f"t{i // 2}", f"t{i}") for i in range(1, 200)), "tree")
states = {f"t{i}": "succeeded" if i < 60 else "running" if i < 70 else "waiting" for i in range(200)}
print(ascii(bundle(graph, states, {"t60": "next"}, "running")))
"""
    answers = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
            timeout=120,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(answers) == 1
