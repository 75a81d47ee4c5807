"""Subflows stand in frames: what is where, what comes after them, and what an option adds to a box."""

import json
import re
import xml.etree.ElementTree as etree

import pytest

from flowkit.render import Edge, Graph, Node, bundle, draw, focus, lay_out, lay_out_plainly, scene, to_dot
from flowkit.render.frames import DEEPEST, MOST_FRAMES, frames, names, ranks

SVG = "{http://www.w3.org/2000/svg}"


def nested(depth: int = 2, name: str = "sub") -> Graph:
    """before → a subflow with a subflow in it, and so on, each of one task and the next subflow → after."""
    nodes, edges, scope = [Node("before", "before")], [Edge("before", name)], ""
    for _ in range(depth):
        key = f"{scope}.{name}" if scope else name
        nodes += [Node(key, key, "flow", within=scope), Node(f"{key}.task", f"{key}.task", within=key)]
        edges.append(Edge(key, f"{key}.task", kind="inside"))
        if scope:
            edges.append(Edge(f"{scope}.task", key))
        scope = key
    return Graph((*nodes, Node("after", "after")), (*edges, Edge(name, "after")), "nested")


def titles(picture: str) -> dict[str, etree.Element]:
    """The rectangles of a picture by the first word of their titles."""
    root = etree.fromstring(picture)
    return {title.text.split(":")[0]: rect for rect in root.iter(f"{SVG}rect") for title in rect}


def inside(inner: etree.Element, outer: etree.Element) -> bool:
    def sides(rect):
        x, y, w, h = (float(rect.get(name)) for name in ("x", "y", "width", "height"))
        return x, y, x + w, y + h

    (a, b, c, d), (x0, y0, x1, y1) = sides(inner), sides(outer)
    return x0 <= a and y0 <= b and c <= x1 and d <= y1


def test_what_is_in_a_subflow_stands_in_its_frame_and_nothing_else_does():
    graph = nested()
    found = titles(draw(graph, lay_out(graph)))
    outer, inner = found["what is in sub"], found["what is in sub.sub"]
    assert inside(inner, outer)
    for name in ("sub", "sub.task", "sub.sub", "sub.sub.task"):
        assert inside(found[name], outer)
    assert inside(found["sub.sub.task"], inner)
    assert not inside(found["sub.task"], inner)
    assert not any(inside(found[name], outer) for name in ("before", "after"))


def test_in_a_frame_names_are_short_and_the_whole_name_is_in_the_title():
    graph = nested()
    picture = draw(graph, lay_out(graph))
    texts = [text.text for text in etree.fromstring(picture).iter(f"{SVG}text")]
    assert texts[1:] == ["before", "sub", "task", "sub", "task", "after"]
    assert "sub.sub.task" in titles(picture)


def test_without_frames_names_are_whole():
    graph = nested()
    geometry = lay_out_plainly(graph)
    assert geometry.frames == ()
    texts = [text.text for text in etree.fromstring(draw(graph, geometry)).iter(f"{SVG}text")]
    assert texts[1:] == ["before", "sub", "sub.task", "sub.sub", "sub.sub.task", "after"]
    lines = bundle(graph)["text/plain"].splitlines()
    assert [line.split()[1] for line in lines[1:]] == texts[1:]


@pytest.mark.parametrize("arrange", [lay_out, lay_out_plainly])
def test_what_comes_after_a_subflow_comes_after_all_that_is_in_it(arrange):
    for depth in (1, 2, 4):
        graph = nested(depth)
        boxes = arrange(graph).boxes
        assert all(box.y + box.h < boxes[-1].y or box.x + box.w < boxes[-1].x for box in boxes[:-1])
        assert max(ranks(graph)) == ranks(graph)[-1] > max(ranks(graph)[:-1])


def test_an_arrow_that_leaves_a_subflow_starts_at_its_frame():
    graph = nested()
    geometry = lay_out(graph)
    (x, y), frame = geometry.curves[-1].points[0], geometry.frames[0]
    at_border = min(abs(x - frame.x - frame.w), abs(y - frame.y - frame.h))
    assert at_border < 1.5


def test_a_flow_nested_deeper_than_any_stack_has_a_picture():
    graph = nested(3_000)
    assert len(frames(graph).all) == 0 or len(frames(graph).all) <= MOST_FRAMES
    assert names(graph, True)[1] == "sub"
    assert len("".join(bundle(graph).values()).encode()) <= 40_000
    deep = nested(DEEPEST + 3)
    assert len(lay_out(deep).frames) == DEEPEST
    assert "image/svg+xml" in bundle(deep)


def test_subflows_that_are_within_each_other_are_drawn_as_boxes():
    graph = Graph((Node("a", "a", "flow", within="b"), Node("b", "b", "flow", within="a"), Node("c", "c")))
    assert frames(graph).all == ()
    assert "image/svg+xml" in bundle(graph)


def test_many_subflows_stay_within_bounds():
    nodes = [Node(f"s{i}", f"s{i}", "flow") for i in range(1_000)]
    nodes += [Node(f"s{i}.t", f"s{i}.t", within=f"s{i}") for i in range(1_000)]
    edges = tuple(Edge(f"s{i}", f"s{i}.t", kind="inside") for i in range(1_000))
    graph = Graph(tuple(nodes), edges, "many")
    shown = bundle(graph, {"s500.t": "running"})
    assert len("".join(shown.values()).encode()) <= 40_000
    found = titles(shown["image/svg+xml"])
    assert inside(found["s500.t"], found["what is in s500"])


def test_a_small_picture_of_a_large_flow_shows_where_its_tasks_are(layers):
    chain = [Node(f"sub.t{i}", f"sub.t{i}", within="sub") for i in range(300)]
    edges = [Edge(f"sub.t{i}", f"sub.t{i + 1}") for i in range(299)]
    graph = Graph((Node("sub", "sub", "flow"), *chain), (Edge("sub", "sub.t0", kind="inside"), *edges))
    part = focus(graph, {"sub.t150": "running"}, None, 12).graph
    assert {"sub", "sub.t150"} <= {node.key for node in part.nodes}
    assert all(node.within == "sub" for node in part.nodes if node.kind == "more")


def test_options_are_signs_words_and_lines():
    graph = Graph(
        (
            Node("a", "a", signs=("each",), note="each of url"),
            Node("b", "b", signs=("loop", "undo")),
            Node("c", "c", join="any of 2"),
            Node("d", "d", "manual", signs=("undo",)),
        ),
        (
            Edge("a", "c", "when", "when"),
            Edge("b", "c", "failed", "failed"),
            Edge("a", "d", "finished", "finished"),
        ),
    )
    picture = draw(graph, lay_out(graph))
    said = list(titles(picture))
    assert said == ["a", "b", "c", "d"]
    root = etree.fromstring(picture)
    texts = [text.text for text in root.iter(f"{SVG}text")]
    assert {"any of 2", "when", "failed", "finished", "each of url"} <= set(texts)
    assert len({path.get("stroke-dasharray") for path in root.iter(f"{SVG}path")}) == 3
    words = [title.text for title in root.iter(f"{SVG}title")]
    assert "b: goes round, can be undone" in words
    assert "a: once for each item, each of url" in words


def test_signs_never_cover_the_name(nasty):
    graph = Graph((Node("a", nasty, "manual", signs=("loop", "undo")),))
    geometry = lay_out(graph)
    from flowkit.render import letters
    from flowkit.render.geometry import HAND, name_on

    text = name_on(graph.nodes[0], geometry.boxes[0].w)
    assert 30 + letters.em(text) * 13 <= geometry.boxes[0].w - 3 * HAND


def test_hostile_names_of_subflows_are_text(nasty):
    graph = nested(2, f"s{nasty}")
    found = etree.fromstring(draw(graph, lay_out(graph)))
    assert {element.tag.removeprefix(SVG) for element in found.iter()} <= {
        *("svg", "g", "rect", "path", "text", "tspan", "title")
    }
    dot = to_dot(graph)
    assert dot.count("subgraph") == 2
    assert json.loads(json.dumps(scene(graph)))["nodes"]


def test_the_panel_draws_frames_as_lines_whose_arrowhead_the_header_covers():
    graph = nested()
    data = scene(graph)
    outer = data["edges"][0]
    header = data["nodes"][outer[0]]
    assert outer[0] == outer[1] == 1
    assert header[4:] == ["sub", "task", "sub"]
    assert outer[2].startswith("M")
    x, y = map(float, re.findall(r"[\d.]+", outer[5]))
    assert header[0] < x < header[0] + header[2]
    assert header[1] < y < header[1] + header[3]
    assert not outer[4]
    assert len(data["edges"]) == len(graph.edges) + 2
