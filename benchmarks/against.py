"""Rows of a kind of flow at several sizes: each against the plain loop over as many tasks, and whether it stays flat."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from flowkit import Flow, Run

from .measuring import Pair, Prepare, Work, in_turns
from .shapes import Graph, chain, functions_of, plain_loop
from .sizes import Size
from .table import NONE, Budget, Row

FLAT = Budget(must=1.5)
"""What a ratio in the largest run may be of that in the smallest: what failing costs varies more than plain tasks do."""


def against_loop(
    size: Size,
    sizes: tuple[int, ...],
    what: Callable[[int], str],
    prepare: Callable[[int], Prepare],
    graph_of: Callable[[int], Graph] = chain,
    budget: Budget = NONE,
) -> Iterator[Row]:
    """A row for each size, and one for the largest beside the smallest. By the computing clock: nothing here waits for anything.

    `what` names a row, `prepare` sets up what is timed, `graph_of` is what the loop goes through.
    """
    ratios = {}
    for tasks in sizes:
        pair = in_turns(size.rounds(10 * tasks), prepare(tasks), loop_over(graph_of(tasks))).computing
        ratios[tasks] = pair.ratio
        yield row(what(tasks), tasks, pair, budget)
    small, *_, large = ratios
    yield Row(f"{what(large)}: ratio / ratio at {small:,}", ratios[large] / ratios[small], "×", FLAT)


def loop_over(graph: Graph) -> Prepare:
    functions = functions_of(graph)
    return lambda: lambda: plain_loop(graph, functions)


def row(what: str, tasks: int, pair: Pair, budget: Budget = NONE, unit: str = "× loop") -> Row:
    ours, theirs = (times.median / tasks * 1e6 for times in (pair.ours, pair.theirs))
    detail = f"{ours:.1f} against {theirs:.2f} µs a task; minima {pair.least:.2f} ×"
    return Row(what, pair.ratio, unit, budget, pair.spread, detail)


def to_the_end(run: Run) -> Work:
    """Run it, and let nobody take it for quick because it stopped."""

    def work() -> None:
        state = run.run().state
        assert state == "succeeded", state

    return work


def running(flow_of: Callable[[int], Flow]) -> Callable[[int], Prepare]:
    """`run.run()` of a run in memory that was started before, of a flow that is made for each size once."""

    def prepare(tasks: int) -> Prepare:
        flow = flow_of(tasks)
        return lambda: to_the_end(flow.start())

    return prepare
