"""Tasks over the items of a list, all at once or few at a time: in memory against the plain loop, on a file against `sqlite3`."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from flowkit import Flow

from . import durable
from .against import FLAT, against_loop, row, running
from .shapes import fan_out, one
from .sizes import Size
from .table import Row

AT_ONCE = (None, 8)


def rows(size: Size) -> Iterator[Row]:
    """`run.run()` of a task that makes the list and one that goes over it."""
    for concurrency in AT_ONCE:
        yield from against_loop(
            size, size.items, _what(concurrency, "in memory"), running(_over(concurrency)), fan_out
        )
    for concurrency in AT_ONCE:
        what, over, ratios = _what(concurrency, "on a file"), _over(concurrency), {}
        for items in size.options:
            name = f"items_{items}_{concurrency}"
            pair, _ = durable.measured(over(items), size.rounds(10 * items), size.folder, name)
            ratios[items] = pair.computing.ratio
            yield row(f"{what(items)}, computing alone", items, pair.computing, unit="× sqlite3")
        small, *_, large = ratios
        yield Row(f"{what(large)}: ratio / ratio at {small:,}", ratios[large] / ratios[small], "×", FLAT)


def _what(concurrency: int | None, where: str) -> Callable[[int], str]:
    how = "all at once" if concurrency is None else f"{concurrency} at once"
    return lambda items: f"{items:,} items, {how}, {where}"


def _over(concurrency: int | None) -> Callable[[int], Flow]:
    def flow_of(items: int) -> Flow:
        def numbers() -> list[int]:
            return list(range(items))

        flow = Flow("measured")
        flow.task(numbers)
        flow.task(one, name="each", bind={"a": "numbers"}, each="a", concurrency=concurrency)
        return flow

    return flow_of
