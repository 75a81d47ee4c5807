"""From a flow or a run to what `render` draws: the only place that fills a `Graph`.

Pictures hold no times, ids or values, and making one never raises: a faulty flow has a picture too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from ..core import Fold, TaskPlan
from ..core.states import RUNNING
from ..core.wire import Fault
from ..render import Edge, Graph, Node, bundle

_FLAGS = {"hand": "by hand", "given": "given"}


class Drawable(Protocol):
    """What a picture needs of a flow."""

    name: str

    def draft_plan(self) -> tuple[Any, list[Fault]]: ...


def graph_of(title: str, tasks: Iterable[TaskPlan]) -> Graph:
    """Tasks, inputs and links as a drawing."""
    nodes: list[Node] = []
    edges: list[Edge] = []
    inputs: dict[str, None] = {}
    tasks = tuple(tasks)
    for task in tasks:
        nodes.append(Node(task.name, task.name, "manual" if task.kind == "manual" else "task"))
        linked: dict[str, Edge] = {}
        for param in task.params:
            if param.kind == "task":
                part = "" if param.part is None else _part(tasks, param.source, param.part)
                label = part or (param.name if param.name != param.source else "")
                linked.setdefault(param.source, Edge(param.source, task.name, label))
            elif param.kind == "input":
                inputs[param.source] = None
                edges.append(Edge(_input(param.source), task.name))
        for source in task.after:
            linked.setdefault(source, Edge(source, task.name, kind="after"))
        edges.extend(linked.values())
    first = [Node(_input(name), name, "input") for name in inputs]
    return Graph((*first, *nodes), tuple(edges), title)


def _input(name: str) -> str:
    return f"input {name}"


def _part(tasks: tuple[TaskPlan, ...], name: str, number: int) -> str:
    return next((t.outputs[number] for t in tasks if t.name == name and number < len(t.outputs)), "")


def picture_of_flow(flow: Drawable) -> dict[str, str]:
    """The MIME bundle of a flow: its graph, and what is wrong with it as the caption."""
    plan, faults = flow.draft_plan()
    errors = [fault for fault in faults if fault.level == "error"]
    caption = ""
    if errors and plan.tasks:
        more = f" (and {len(errors) - 1} more: flow.check())" if len(errors) > 1 else ""
        caption = f"Can't start: {errors[0]}{more}"
    elif not plan.tasks:
        return {"text/plain": f"<Flow {flow.name}: no tasks yet>"}
    return bundle(graph_of(flow.name, plan.tasks), caption=caption)


def picture_of_run(
    graph: Graph,
    fold: Fold,
    marks: Mapping[str, str] | None = None,
    caption: str = "",
    still_out: Iterable[str] = (),
) -> dict[str, str]:
    """The MIME bundle of a run where it stands; `still_out` are tasks at work though nobody waits for them."""
    found = dict(marks or {})
    if fold.state == RUNNING:
        ready = fold.next_ready()
        following = [ready] if ready is not None else list(fold.people)[:1]
        for name in following:
            found.setdefault(name, "next")
    # Copies, since other threads may drive meanwhile and drawing takes its time.
    flags = {name: _FLAGS[via] for name, via in dict(fold.via).items() if via in _FLAGS}
    flags.update(dict.fromkeys(still_out, "still out"))
    return bundle(graph, dict(fold.states), found, caption or f"{graph.title}: {fold.state}", flags)
