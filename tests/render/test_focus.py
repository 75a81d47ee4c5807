import pytest

from flowkit.render import Edge, Graph, Node, focus


def chain(n: int) -> Graph:
    return Graph(
        tuple(Node(f"t{i}", f"t{i}") for i in range(n)),
        tuple(Edge(f"t{i}", f"t{i + 1}") for i in range(n - 1)),
    )


def test_a_small_flow_is_left_alone(shop):
    assert focus(shop, None, None, 90).graph is shop


def test_in_a_chain_the_ends_are_folded():
    graph = chain(100)
    states = {f"t{i}": "succeeded" if i < 50 else "ready" if i == 50 else "waiting" for i in range(100)}
    part = focus(graph, states, None, 10)
    assert [(n.label, n.note) for n in part.graph.nodes] == [
        ("t49", ""),
        ("t50", ""),
        ("t51", ""),
        ("49 more", "all succeeded"),
        ("48 more", "all waiting"),
    ]
    assert (part.shown, part.total) == (3, 100)
    drawn = {(edge.source, edge.target) for edge in part.graph.edges}
    before, after = part.graph.nodes[3].key, part.graph.nodes[4].key
    assert drawn == {("t49", "t50"), ("t50", "t51"), (before, "t49"), ("t51", after)}


def test_equal_siblings_are_one_fold():
    nodes = (Node("a", "a"), *(Node(f"w{i}", f"w{i}") for i in range(50)), Node("z", "z"))
    edges = tuple(e for i in range(50) for e in (Edge("a", f"w{i}"), Edge(f"w{i}", "z")))
    states = {"a": "succeeded", "z": "waiting"} | {
        f"w{i}": "failed" if i == 7 else "succeeded" for i in range(50)
    }
    part = focus(Graph(nodes, edges), states, None, 12)
    assert [n.label for n in part.graph.nodes] == ["a", "w7", "z", "49 more"]


def test_folding_makes_no_circle(layers, halfway):
    graph = layers(400, 10)
    part = focus(graph, halfway(graph), None, 40).graph
    onward: dict[str, list[str]] = {}
    for edge in part.edges:
        onward.setdefault(edge.source, []).append(edge.target)
    over: set[str] = set()
    left = {node.key for node in part.nodes}
    while left:
        free = {key for key in left if not set(onward.get(key, ())) - over}
        assert free, "a circle"
        over |= free
        left -= free


@pytest.mark.parametrize(
    ("states", "shown"),
    [
        ({}, "t0"),
        ({f"t{i}": "waiting" for i in range(100)}, "t0"),
        ({f"t{i}": "succeeded" for i in range(100)}, "t99"),
        ({f"t{i}": "succeeded" if i < 30 else "waiting" for i in range(100)}, "t30"),
        ({f"t{i}": "succeeded" if i < 30 else "cancelled" for i in range(100)}, "t99"),
    ],
    ids=["flow", "begun", "ended", "paused", "cancelled"],
)
def test_at_rest_it_shows_where_things_stand(states, shown):
    assert shown in [node.key for node in focus(chain(100), states, None, 20).graph.nodes]


def test_what_is_marked_is_always_shown():
    part = focus(chain(100), {f"t{i}": "failed" for i in range(100)}, {"t77": "next"}, 6)
    assert "t77" in [node.key for node in part.graph.nodes]
