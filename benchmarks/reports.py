"""A report from outside: does it cost the same in a small run and in a large one, for an engine that has it open?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from flowkit import Engine, Run

from .measuring import Times, timed
from .shapes import Graph, chain, flow_of
from .sizes import Size
from .table import Budget, Row

CONSTANT = Budget(must=1.5)  # what "constant" may vary by, from the smallest run to the largest


def rows(size: Size) -> Iterator[Row]:
    """`run.complete(task, value)`, some in each run in turns. On a file each report is fsynced before it is acknowledged."""
    for shape, graph_of in (("side by side", beside), ("one after another", chain)):
        for path in (None, size.folder / f"reports_{graph_of.__name__}.db"):
            where = "in memory" if path is None else "on a file"
            times = measured(graph_of, size.reported, path)
            for tasks, each in times.items():
                what = f"a report {where}, {tasks:,} manual tasks {shape}"
                yield Row(
                    what, each.median * 1e6, "µs", spread=each.spread, detail=f"least {each.least * 1e6:.0f}"
                )
            small, *_, large = times
            what = f"a report {where}, {shape}: {large:,} / {small:,} tasks"
            ratio = times[large].median / times[small].median
            least = times[large].least / times[small].least
            yield Row(what, ratio, "×", CONSTANT, detail=f"minima {least:.2f} ×")


def beside(tasks: int) -> Graph:
    return {f"t{i}": () for i in range(tasks)}


def measured(graph_of: Callable[[int], Graph], sizes: tuple[int, ...], path: Path | None) -> dict[int, Times]:
    """Seconds of one report by the size of its run; the smallest run is finished by them."""
    batch = max(1, min(sizes) // 10)  # so many at once: after a collection of garbage the first one runs cold
    with Engine(path) as engine:
        runs = {
            tasks: engine.start(flow_of(graph_of(tasks), f"of {tasks}", kind="manual")) for tasks in sizes
        }
        times = {tasks: Times() for tasks in sizes}
        for begin in range(0, min(sizes), batch):
            for tasks, run in runs.items():
                wall, computing = timed(partial(_report, run, range(begin, begin + batch)))
                times[tasks].taken.append((wall / batch, computing / batch))
    return times


def _report(run: Run, numbers: range) -> None:
    for number in numbers:
        run.complete(f"t{number}", number)
