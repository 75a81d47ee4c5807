import json

from flowkit.render import Edge, Graph, Node, scene


def test_the_panel_gets_everything_to_draw(shop):
    data = scene(shop)
    assert json.loads(json.dumps(data)) == data
    assert [node[4:7] for node in data["nodes"]][:2] == [
        ["bike", "input", "bike"],
        ["inspect", "task", "inspect"],
    ]
    assert all(x >= 0 and x + w <= data["w"] + 0.2 for x, _, w, *_ in data["nodes"])
    source, target, path, kind, label, head, *at = data["edges"][3]
    assert (source, target, kind, label) == (3, 4, "after", "succeeded")
    assert path.startswith("M")
    assert head.endswith("z")
    assert len(at) == 2
    assert data["looks"]["states"]["ready"]["icon"]


def test_it_can_be_sent_whatever_the_names(nasty):
    graph = Graph((Node(nasty, nasty), Node("b", "b")), (Edge(nasty, "b", nasty),), nasty)
    sent = json.dumps(scene(graph), ensure_ascii=False, allow_nan=False).encode()
    assert len(json.loads(sent)["nodes"]) == 2


def test_edges_that_join_nothing_are_not_in_it(shop):
    dangling = Graph(shop.nodes, (*shop.edges, Edge("gone", "quote")))
    assert len(scene(dangling)["edges"]) == len(shop.edges)
