"""Runs in memory, journal kept, against the plain loop; and whether that ratio stays flat."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flowkit import Run

from .measuring import Pair, Work, in_turns
from .shapes import SHAPES, flow_of, functions_of, plain_loop
from .sizes import Size
from .table import Budget, Row

AGAINST_LOOP = Budget(must=3.5, aim=2.5)
FLAT = Budget(must=1.2)


def rows(size: Size) -> Iterator[Row]:
    """`run.run()` of a run that was started before, as × the plain loop (which builds its sorter too)."""
    for shape in SHAPES:
        ratios = {}
        for tasks in size.tasks:
            pair = measured(shape, tasks, size.rounds(tasks)).computing
            ratios[tasks] = pair.ratio
            yield _row(shape, tasks, pair)
        small, *_, large = ratios
        what = f"{shape}: ratio at {large:,} / ratio at {small:,} tasks"
        yield Row(what, ratios[large] / ratios[small], "×", FLAT)


def measured(shape: str, tasks: int, rounds: int) -> Pair:
    graph = SHAPES[shape](tasks)
    flow, functions = flow_of(graph), functions_of(graph)
    expected = plain_loop(graph, functions)
    last: list[Run] = []

    def ours() -> Work:
        last[:] = [flow.start()]
        return last[0].run

    def theirs() -> Work:
        last.clear()  # so that no more is in memory than it needs
        return lambda: plain_loop(graph, functions)

    pair = in_turns(rounds, ours, theirs)
    _prove(flow.start().run(), expected)
    return pair


def _prove(run: Run, expected: dict[str, Any]) -> None:
    """Both sides did the same work."""
    assert run.state == "succeeded"
    name = next(reversed(expected))
    assert run[name] == expected[name]


def _row(shape: str, tasks: int, pair: Pair) -> Row:
    ours, theirs = (times.median / tasks * 1e6 for times in (pair.ours, pair.theirs))
    detail = f"{ours:.2f} against {theirs:.2f} µs a task; minima {pair.least:.2f} ×"
    return Row(f"{shape}, {tasks:,} tasks in memory", pair.ratio, "× loop", AGAINST_LOOP, pair.spread, detail)
