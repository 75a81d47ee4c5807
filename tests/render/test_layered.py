from hypothesis import given
from hypothesis import strategies as st

from flowkit.render import Edge, Graph, Node, lay_out_plainly
from flowkit.render.frames import ranks


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    n = draw(st.integers(0, 25))
    kinds = st.sampled_from(("task", "manual", "input", "more"))
    nodes = tuple(Node(f"t{i}", "x" * draw(st.integers(0, 30)), draw(kinds)) for i in range(n))
    ends = st.integers(0, n + 1)
    edges = tuple(Edge(f"t{a}", f"t{b}") for a, b in draw(st.lists(st.tuples(ends, ends), max_size=50)))
    return Graph(nodes, edges)


@given(graphs())
def test_boxes_never_overlap_and_stay_inside(graph):
    found = lay_out_plainly(graph)
    assert found == lay_out_plainly(graph)
    for i, one in enumerate(found.boxes):
        assert min(one.x, one.y) >= -0.2
        assert one.x + one.w <= found.width + 0.2
        assert one.y + one.h <= found.height + 0.2
        for other in found.boxes[:i]:
            apart = one.x >= other.x + other.w or other.x >= one.x + one.w
            assert apart or one.y >= other.y + other.h or other.y >= one.y + one.h


@given(graphs())
def test_edges_lead_onward_unless_they_close_a_circle(graph):
    forward = Graph(graph.nodes, tuple(e for e in graph.edges if int(e.source[1:]) < int(e.target[1:])))
    rank = ranks(forward)
    at = {node.key: i for i, node in enumerate(forward.nodes)}
    for edge in forward.edges:
        if edge.source in at and edge.target in at:
            assert rank[at[edge.source]] < rank[at[edge.target]]


def test_a_long_chain_and_a_wide_fan_need_no_recursion():
    chain = Graph(
        tuple(Node(f"t{i}", "t") for i in range(5_000)),
        tuple(Edge(f"t{i}", f"t{i + 1}") for i in range(4_999)),
    )
    assert ranks(chain) == list(range(5_000))
    assert len(lay_out_plainly(chain).boxes) == 5_000
    fan = Graph(chain.nodes, tuple(Edge("t0", f"t{i}") for i in range(1, 5_000)))
    found = lay_out_plainly(fan)
    assert found.width < 152 * 5_000 / 20
