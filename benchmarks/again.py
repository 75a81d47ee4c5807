"""What is done again, or undone: retries of all tasks, the undoing of a chain, and a rerun from its first task."""

from __future__ import annotations

from collections.abc import Iterator

import flowkit
from flowkit import Flow, Retry

from .against import against_loop, to_the_end
from .measuring import Prepare, Work
from .shapes import SHAPES, Graph, chain, flow_of
from .sizes import Size
from .table import Row


def rows(size: Size) -> Iterator[Row]:
    """In memory. A failure costs much more than a task: what it was, and where, is kept with it."""
    for shape in ("chain", "fan-out"):
        graph_of = SHAPES[shape]
        yield from against_loop(
            size,
            size.options,
            lambda tasks, shape=shape: f"{shape}, {tasks:,} tasks that fail once",  # type: ignore[misc]
            lambda tasks, graph_of=graph_of: _retried(graph_of(tasks)),  # type: ignore[misc]
            graph_of,
        )
    yield from against_loop(size, size.options, lambda tasks: f"undoing a chain of {tasks:,}", _undone)
    yield from against_loop(
        size, size.options, lambda tasks: f"rerun of the first of {tasks:,}: setting back", _set_back
    )
    yield from against_loop(
        size, size.options, lambda tasks: f"rerun of the first of {tasks:,}: run.run()", _run_again
    )


def _retried(graph: Graph) -> Prepare:
    failed: set[str] = set()

    def once(a: int = 0) -> int:
        name = flowkit.attempt().task
        if name not in failed:
            failed.add(name)
            raise ValueError("the first time")
        return a + 1

    flow = Flow("measured")
    for name, sources in graph.items():
        if sources:
            flow.task(once, name=name, bind={"a": sources[0]}, retry=Retry(2))
        else:
            flow.task(once, name=name, fixed={"a": 0}, retry=Retry(2))

    def prepare() -> Work:
        failed.clear()
        return to_the_end(flow.start())

    return prepare


def _undo() -> None:
    pass


def _undone(tasks: int) -> Prepare:
    flow = flow_of(chain(tasks))
    for name in flow.tasks:
        flow[name].revert(_undo)

    def prepare() -> Work:
        run = flow.start().run()

        def work() -> None:
            assert run.revert().run().state == "reverted"

        return work

    return prepare


def _set_back(tasks: int) -> Prepare:
    flow = flow_of(chain(tasks))

    def prepare() -> Work:
        run = flow.start().run()
        return lambda: run.rerun("t0")

    return prepare


def _run_again(tasks: int) -> Prepare:
    flow = flow_of(chain(tasks))
    return lambda: to_the_end(flow.start().run().rerun("t0"))
