from flowkit.render import Graph, Node, table


def test_a_small_flow_is_told_line_by_line(shop):
    states = {"inspect": "succeeded", "quote": "succeeded", "agree": "ready", "repair": "waiting"}
    told = table(shop, states, {"agree": "next"}, "running", {"quote": "by hand"})
    assert told.split("\n") == [
        "bicycle repair · 4 tasks: 1 ready, 2 succeeded, 1 waiting",
        "running",
        "  ◇  bike     'Brompton'",
        "  ✓  inspect  succeeded           after bike",
        "  ✓  quote    succeeded, by hand  after inspect",
        "  ▷  agree    ready, next         after quote",
        "  …  repair   waiting             after agree, inspect",
    ]


def test_before_the_start_the_kinds_are_told(shop):
    told = table(shop)
    assert "does the customer agree?" in told
    assert "4 tasks" in told


def test_a_large_flow_takes_forty_lines_and_counts_the_rest(layers, halfway):
    graph = layers(1_000)
    states = halfway(graph)
    lines = table(graph, states).split("\n")
    assert len(lines) <= 40
    assert all(len(line) <= 200 for line in lines)
    assert lines[0].startswith("1000 tasks · 1,000 tasks: ")
    assert "more tasks" in lines[-1]
    assert sum("failed" in line for line in lines[1:-1]) == sum(s == "failed" for s in states.values())


def test_no_name_breaks_a_line_or_moves_the_cursor(nasty):
    graph = Graph((Node("a", nasty), Node("b", "b", "manual", nasty)), (), nasty)
    told = table(graph, {"a": "failed"}, None, nasty, {"a": nasty})
    assert told.count("\n") == 3 if nasty else 2
    assert "\x1b" not in told
    assert told.encode()


def test_a_flow_without_tasks_is_told_too():
    assert table(Graph((), (), "empty")) == "empty · 0 tasks"
