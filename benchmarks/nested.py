"""Flows within flows: many in one another, and many side by side. Freezing, starting and running are told apart."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from flowkit import Flow

from .against import FLAT, loop_over, row, to_the_end
from .measuring import Prepare, Work, in_turns, repeated
from .shapes import chain, first
from .sizes import Size
from .table import Row

LayOut = Callable[[int], Flow]


def rows(size: Size) -> Iterator[Row]:
    """Each subflow has a task, or another subflow. The loop goes through as many tasks as there are subflows."""
    for how, lay_out in (("in one another", _nested), ("side by side", _beside)):
        steps: dict[str, Callable[[LayOut, int], Prepare]] = {
            "defining": _defining,
            "freezing": _freezing,
            "starting": _starting,
        }
        for step, prepare in steps.items():
            costs = {}
            for flows in size.nested:
                times = repeated(size.rounds(10 * flows), prepare(lay_out, flows)).computing
                costs[flows] = times.median / flows
                detail = f"{times.median * 1e3:.1f} ms in all; least {times.least / flows * 1e6:.1f} µs"
                what = f"{step} {flows:,} subflows {how}"
                yield Row(what, costs[flows] * 1e6, "µs a subflow", spread=times.spread, detail=detail)
            yield _flat(f"{step} subflows {how}", costs)
        ratios = {}
        for flows in size.nested:
            pair = in_turns(size.rounds(10 * flows), _running(lay_out, flows), loop_over(chain(flows)))
            ratios[flows] = pair.computing.ratio
            yield row(f"running {flows:,} subflows {how}", flows, pair.computing)
        yield _flat(f"running subflows {how}", ratios)


def _flat(what: str, costs: dict[int, float]) -> Row:
    small, *_, large = costs
    return Row(f"{what}: {large:,} / {small:,}", costs[large] / costs[small], "×", FLAT)


def _nested(flows: int) -> Flow:
    flow = Flow("inner")
    flow.task(first, name="task")
    for _ in range(flows):
        around = Flow("outer")
        around.add(flow, name="s")
        flow = around
    return flow


def _beside(flows: int) -> Flow:
    inner, flow = Flow("inner"), Flow("outer")
    inner.task(first, name="task")
    for number in range(flows):
        flow.add(inner, name=f"s{number}")
    return flow


def _defining(lay_out: LayOut, flows: int) -> Prepare:
    return lambda: lambda: lay_out(flows)


def _freezing(lay_out: LayOut, flows: int) -> Prepare:
    return lambda: lay_out(flows).plan


def _starting(lay_out: LayOut, flows: int) -> Prepare:
    def prepare() -> Work:
        flow = lay_out(flows)
        flow.plan()
        return flow.start

    return prepare


def _running(lay_out: LayOut, flows: int) -> Prepare:
    flow = lay_out(flows)
    return lambda: to_the_end(flow.start())
