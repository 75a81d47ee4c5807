"""From a flow or a run to what `render` draws: the only place that fills a `Graph`.

Pictures hold no times, ids or values, and making one never raises: a faulty flow has a picture too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from ..core import Fold, Param, TaskPlan
from ..core.draft import Fault
from ..core.fold import Items
from ..core.states import FINISHED, REVERTING, RUNNING
from ..render import Edge, Graph, Node, NodeKind, bundle

_FLAGS = {"hand": "by hand", "given": "given"}
_QUESTIONS = {"when": "to be done?", "until": "again?", "each": "how many?"}


class Drawable(Protocol):
    """What a picture needs of a flow."""

    name: str

    def draft_plan(self) -> tuple[Any, list[Fault]]: ...


def graph_of(title: str, tasks: Iterable[TaskPlan]) -> Graph:
    """Tasks, inputs and links as a drawing."""
    tasks = tuple(tasks)
    outputs = {task.name: task.outputs for task in tasks if task.outputs}
    inputs: dict[str, None] = {}
    nodes = [_node(task) for task in tasks]
    edges: list[Edge] = []
    for task in tasks:
        linked: dict[str, Edge] = {}
        for param in task.params:
            if param.kind == "task":
                label = _label(param, outputs)
                linked.setdefault(param.source, Edge(param.source, task.name, label))
            elif param.kind == "input":
                inputs[param.source] = None
                edges.append(Edge(_input(param.source), task.name))
        for source in task.after:
            linked.setdefault(source, Edge(source, task.name, kind="after"))
        for source, how in task.upon:
            linked[source] = Edge(source, task.name, how, "failed" if how == "failed" else "finished")
        for source in _deciders(task):
            linked[source] = Edge(source, task.name, "when", "when")
        if task.within and not linked:
            edges.append(Edge(task.within, task.name, kind="inside"))
        edges.extend(linked.values())
    first = [Node(_input(name), name, "input") for name in inputs]
    return Graph((*first, *nodes), tuple(edges), title)


def _node(task: TaskPlan) -> Node:
    kind: NodeKind = "manual" if task.kind == "manual" else "flow" if task.kind == "flow" else "task"
    signs = {"each": bool(task.each), "loop": task.repeat is not None, "undo": task.undo is not None}
    join = "" if not task.join else "any of" if task.join == 1 else f"{task.join} of"
    if join:
        join = f"{join} {len(task.sources())}"
    found = tuple(sign for sign, there in signs.items() if there)
    return Node(task.name, task.name, kind, _note(task), task.within, join, found)


def _note(task: TaskPlan) -> str:
    """What a task's options ask for, in a few words."""
    words = []
    if task.each:
        words.append(f"each of {task.each}" + (f", {task.concurrency} at once" if task.concurrency else ""))
    if task.repeat is not None:
        words.append(f"up to {task.repeat.most} rounds" if task.repeat.most else "rounds until it is enough")
    if task.retry is not None:
        each = f"a try for each {task.retry.each}" if task.retry.each else f"{task.retry.attempts} tries"
        words.append(each)
    if task.timeout is not None:
        words.append(f"within {task.timeout:g} s")
    return " · ".join(words)


def _label(param: Param, outputs: Mapping[str, tuple[str, ...]]) -> str:
    """What a link says: the part that it takes, else the parameter where that is named otherwise than the source."""
    if param.part is not None:
        parts = outputs.get(param.source, ())
        return parts[param.part] if param.part < len(parts) else ""
    return param.name if param.name != param.source.rpartition(".")[2] else ""


def _deciders(task: TaskPlan) -> list[str]:
    """The sources of which it depends whether the task is done."""
    if task.when is None:
        return []
    return [*filter(None, [task.when.source]), *(p.source for p in task.when.params if p.kind == "task")]


def _input(name: str) -> str:
    return f"input {name}"


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
    if fold.state in (RUNNING, REVERTING):
        ready = fold.next_ready()
        following = [ready] if ready is not None else list(fold.people)[:1]
        for name in following:
            found.setdefault(fold.task_of(name), "next")
    # Copies, since other threads may drive meanwhile and drawing takes its time.
    flags = flags_of(fold)
    for unit in still_out:
        flags[fold.task_of(unit)] = "still out"
    return bundle(graph, dict(fold.states), found, caption or f"{graph.title}: {fold.state}", flags)


def flags_of(fold: Fold) -> dict[str, str]:
    """What stands beside the states of tasks: items, tries, rounds, questions, and results that nobody computed here."""
    found: dict[str, list[str]] = {}
    for name, items in list(fold.items.items()):
        found.setdefault(name, []).append(_items(items))
    for name, what in list(fold.questions.items()):
        found.setdefault(name, []).append(_QUESTIONS.get(what, what))
    for name, number in list(fold.trying.items()):
        found.setdefault(name, []).append(_try(fold, name, number))
    for name, failed in list(fold.tries.items()):
        if name in fold.wiring.tasks and fold.states.get(name) not in FINISHED:
            found.setdefault(name, []).append(_try(fold, name, failed + 1))
    for name, number in list(fold.rounds.items()):
        if fold.states.get(name) not in FINISHED:
            found.setdefault(name, []).append(f"round {number + 1}")
    for name, via in list(fold.via.items()):
        if via in _FLAGS and name in fold.wiring.tasks:
            found.setdefault(name, []).append(_FLAGS[via])
    return {name: " · ".join(words) for name, words in found.items()}


def _items(items: Items) -> str:
    ended = items.total - items.open
    failed = f" · {len(items.failed):,} failed" if items.failed else ""
    done = f"{items.total:,}" if not items.open else f"{ended:,} of {items.total:,}"
    return f"{done}{' items' if not items.open else ''}{failed}"


def _try(fold: Fold, name: str, number: int) -> str:
    retry = fold.wiring.tasks[name].retry
    return f"try {number}" if retry is None or retry.each else f"try {number} of {retry.attempts}"
