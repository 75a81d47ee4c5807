"""The flows that are measured, as plain graphs, as flowkit flows, and as the loop that they are held against.

The functions do next to nothing, so that what is measured is what an engine adds.
"""

from __future__ import annotations

import graphlib
from collections.abc import Callable, Mapping
from typing import Any

from flowkit import Flow

Graph = dict[str, tuple[str, ...]]
"""Task → the tasks whose results it takes."""

WIDTH = 10  # tasks beside each other in the layered graph


def chain(tasks: int) -> Graph:
    """One after the other."""
    return {f"t{i}": (f"t{i - 1}",) if i else () for i in range(tasks)}


def fan_out(tasks: int) -> Graph:
    """One that all others wait for."""
    return {f"t{i}": ("t0",) if i else () for i in range(tasks)}


def layered(tasks: int) -> Graph:
    """Layers of ten; each task takes two results of the layer before."""
    graph: Graph = {}
    for i in range(tasks):
        first = i - i % WIDTH - WIDTH
        graph[f"t{i}"] = () if first < 0 else (f"t{first + i % WIDTH}", f"t{first + (i + 1) % WIDTH}")
    return graph


SHAPES: dict[str, Callable[[int], Graph]] = {"chain": chain, "fan-out": fan_out, "layered DAG": layered}


def first() -> int:
    return 1


def one(a: int) -> int:
    return a + 1


def two(a: int, b: int) -> int:
    return a + 1 if a > b else b + 1


FUNCTIONS: tuple[Callable[..., int], ...] = (first, one, two)
"""By the number of results that they take."""

_PARAMETERS = ("a", "b")


def flow_of(graph: Graph, name: str = "measured", kind: str = "task") -> Flow:
    """The graph as a flow; `kind` "manual" makes each task one that is reported."""
    flow = Flow(name)
    define = flow.task if kind == "task" else flow.manual
    for task, sources in graph.items():
        bind = dict(zip(_PARAMETERS, sources, strict=False))
        define(FUNCTIONS[len(sources)], name=task, bind=bind)
    return flow


def functions_of(graph: Graph) -> dict[str, Callable[..., int]]:
    return {task: FUNCTIONS[len(sources)] for task, sources in graph.items()}


def plain_loop(graph: Graph, functions: Mapping[str, Callable[..., Any]]) -> dict[str, Any]:
    """The floor: the standard library's sorter, built from a dict; each function is called with the results before it."""
    sorter = graphlib.TopologicalSorter(graph)
    sorter.prepare()
    results: dict[str, Any] = {}
    while sorter.is_active():
        for task in sorter.get_ready():
            results[task] = functions[task](*[results[source] for source in graph[task]])
            sorter.done(task)
    return results
