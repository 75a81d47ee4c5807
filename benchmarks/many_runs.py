"""Many runs of one small flow on a file: starting them, listing them, asking what waits for people in all of them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from flowkit import Engine, Flow

from .measuring import Times, timed
from .sizes import Size
from .table import Row


def rows(size: Size) -> Iterator[Row]:
    """Each start is fsynced, as all that comes from outside."""
    flow, path, runs = order(), size.folder / "many.db", size.runs
    with Engine(path) as engine:
        each = [timed(partial(engine.start, flow, {"item": number})) for number in range(runs)]
    starts = Times(each)
    detail = f"least {starts.least * 1e6:.0f}; {runs:,} runs in {sum(starts.seconds):.1f} s"
    yield Row(
        "starting a run of 5 tasks on a file", starts.median * 1e6, "µs", spread=starts.spread, detail=detail
    )
    early, late = Times(each[: runs // 2]), Times(each[-(runs // 2) :])
    yield Row("starting a run: later half / earlier half", late.median / early.median, "×")
    with Engine(path) as engine:
        listed, _ = timed(engine.runs)
        yield Row(
            f"engine.runs() of {runs:,}", listed * 1e3, "ms", detail=f"{listed / runs * 1e6:.1f} µs a run"
        )
        for when in ("at first", "again"):
            asked, _ = timed(partial(engine.ready, manual=True))
            detail = f"{asked / runs * 1e6:.0f} µs a run; nobody holds the runs"
            yield Row(
                f"engine.ready(manual=True) over {runs:,} runs, {when}", asked * 1e3, "ms", detail=detail
            )


def order() -> Flow:
    """A small flow that begins with somebody's answer."""
    flow = Flow("order")

    @flow.manual
    def approve(item: int) -> bool:
        raise NotImplementedError("a person answers")

    @flow.task
    def price(item: int, approve: bool) -> float:
        return item * 1.5 if approve else 0.0

    @flow.task
    def weigh(item: int, approve: bool) -> float:
        return item / 2

    @flow.task
    def pack(price: float, weigh: float) -> str:
        return f"{price}, {weigh}"

    @flow.task
    def ship(pack: str) -> str:
        return pack

    return flow
