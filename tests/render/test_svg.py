import re
import xml.etree.ElementTree as etree
from itertools import product

import pytest

from flowkit.render import Edge, Graph, Node, Whole, draw, lay_out, letters
from flowkit.render.geometry import name_on
from flowkit.render.look import LOOKS

SVG = "{http://www.w3.org/2000/svg}"
TAGS = {"svg", "g", "rect", "path", "text", "tspan", "title"}
ATTRIBUTES = set(
    "width height viewBox role aria-label font-family font-size font-weight style x y rx dx d "
    "fill stroke stroke-width stroke-dasharray stroke-linecap stroke-linejoin "
    "transform text-anchor paint-order".split()
)


def picture(graph: Graph, *args: object, **named: object) -> etree.Element:
    return etree.fromstring(draw(graph, lay_out(graph), *args, **named))


def texts(root: etree.Element) -> list[str]:
    return [text.text for text in root.iter(f"{SVG}text") if text.text]


def titles(root: etree.Element) -> list[str]:
    return [title.text for title in root.iter(f"{SVG}title")]


def test_names_are_text_whatever_they_contain(nasty):
    graph = Graph(
        (Node("a", nasty, note=nasty), Node("b", nasty, "input", nasty)), (Edge("a", "b", nasty),), nasty
    )
    root = picture(graph, {"a": "running"}, {"a": "now"}, nasty, {"a": nasty})
    boxes = lay_out(graph).boxes
    assert texts(root).count(name_on(graph.nodes[0], boxes[0].w)) >= 1
    assert titles(root)[0].startswith(letters.clip(letters.name(nasty), 160))
    for element in root.iter():
        assert element.tag.removeprefix(SVG) in TAGS
        assert set(element.attrib) <= ATTRIBUTES
        assert element.get("style", "") in ("", "max-width:100%;height:auto")
        for number in ("x", "y", "width", "height", "d", "transform"):
            assert re.fullmatch(r"[-0-9. a-zA-Z()]*", element.get(number, ""))


@pytest.mark.parametrize("state", LOOKS)
def test_a_state_is_told_by_icon_word_and_border(state):
    graph = Graph((Node("a", "quote"),))
    root = picture(graph, {"a": state})
    assert texts(root) == ["quote", LOOKS[state].word]
    assert titles(root) == [f"quote: {LOOKS[state].word}"]
    assert LOOKS[state].icon in [path.get("d") for path in root.iter(f"{SVG}path")]
    drawn = etree.tostring(root, encoding="unicode")
    others = (draw(graph, lay_out(graph), {"a": other}) for other in LOOKS if other != state)
    colourless = [re.sub(r"#[0-9a-f]{6}", "", text) for text in others]
    assert re.sub(r"#[0-9a-f]{6}", "", drawn) not in colourless


def test_each_kind_has_its_own_shape(shop):
    root = picture(shop)
    told = titles(root)
    assert "bike: you give this at the start, 'Brompton'" in told
    assert any(title.startswith("agree: a person gives the result") for title in told)
    corners = {title.text.split(":")[0]: rect.get("rx") for rect in root.iter(f"{SVG}rect") for title in rect}
    assert len({corners["bike"], corners["agree"], corners["quote"]}) == 3
    assert "does the customer" in " ".join(texts(root))


def test_marks_are_outlines_thin_and_thick(shop):
    states = {"quote": "succeeded", "agree": "ready"}
    plain, marked = picture(shop, states), picture(shop, states, {"quote": "now", "agree": "next"})
    old = {etree.tostring(rect) for rect in plain.iter(f"{SVG}rect")}
    new = [rect for rect in marked.iter(f"{SVG}rect") if rect.get("fill") == "none"]
    assert [rect.get("stroke-width") for rect in new] == ["1", "3"]
    assert all(etree.tostring(rect) not in old for rect in new)
    assert "ready · next" in texts(marked)
    assert any(title.startswith("quote: succeeded, just now") for title in titles(marked))


def test_a_flag_stands_beside_the_state(shop):
    root = picture(shop, {"quote": "succeeded"}, flags={"quote": "by hand"})
    assert "succeeded · by hand" in texts(root)
    assert "quote: succeeded, by hand" in titles(root)


def test_links_of_order_are_dashed_and_labelled(shop):
    root = picture(shop)
    dashed = [p for p in root.iter(f"{SVG}path") if p.get("stroke-dasharray")]
    assert len(dashed) == 1
    assert dashed[0].get("d").count("M") == 1
    assert "succeeded" in texts(root)


def test_the_picture_says_itself_in_words(shop):
    root = picture(shop, {"inspect": "succeeded", "quote": "ready"}, caption="running")
    assert root.get("role") == "img"
    assert root.get("aria-label") == "bicycle repair. 4 tasks: 1 ready, 1 succeeded. running"


def test_equal_input_gives_equal_bytes_and_a_state_moves_nothing(shop):
    geometry = lay_out(shop)
    assert draw(shop, geometry, {"quote": "ready"}) == draw(shop, geometry, {"quote": "ready"})

    def places(state: str) -> list[tuple[str | None, ...]]:
        root = etree.fromstring(draw(shop, geometry, {node.key: state for node in shop.nodes}))
        rects = root.iter(f"{SVG}rect")
        return sorted(tuple(rect.get(name) for name in ("x", "y", "width", "height")) for rect in rects)

    assert places("waiting") == places("failed")


def test_the_card_is_painted_light_with_a_border(shop):
    card = picture(shop)[0]
    assert card.tag == f"{SVG}rect"
    assert card.get("fill") == "#ffffff"
    assert card.get("stroke")
    assert float(card.get("width")) == float(picture(shop).get("width")) - 1


def test_texts_stay_in_their_boxes(nasty):
    kinds = ("task", "manual", "input", "more")
    for kind, state in product(kinds, ("", "revert_failed")):
        graph = Graph((Node("a", nasty, kind, nasty),))
        root = picture(graph, {"a": state}, {"a": "next"}, "", {"a": nasty})
        box = lay_out(graph).boxes[0]
        for text in root.iter(f"{SVG}text"):
            size = 13 if text.text == name_on(graph.nodes[0], box.w) else 11
            assert float(text.get("x")) - 18 + letters.em(text.text) * size <= box.w


def test_a_picture_of_a_part_counts_the_whole(shop):
    whole = Whole({"failed": 3, "succeeded": 900, "waiting": 97}, 5, 1000)
    root = picture(shop, {"quote": "failed"}, whole=whole)
    assert {"3 failed", "900 succeeded", "97 waiting", "5 of 1,000 tasks drawn"} <= set(texts(root))
    assert "1,000 tasks, 5 of them shown: 3 failed, 900 succeeded, 97 waiting" in root.get("aria-label")
