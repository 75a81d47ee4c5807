"""Chains in which something decides in front of each task whether it is done: a result by its name, or a function."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from flowkit import Flow

from .against import against_loop, running
from .shapes import first, one
from .sizes import Size
from .table import Row


def rows(size: Size) -> Iterator[Row]:
    """In memory. A result is looked at within the turn; a function is asked outside of it, and its answer is a fact."""
    for who, decider in (("by name", None), ("by a function", _yes)):
        yield from against_loop(
            size,
            size.options,
            lambda tasks, who=who: f"chain of {tasks:,} with deciders {who}",  # type: ignore[misc]
            running(lambda tasks, decider=decider: _decided(tasks, decider)),  # type: ignore[misc]
        )


def _yes() -> bool:
    return True


def _decided(tasks: int, decider: Callable[[], bool] | None) -> Flow:
    flow = Flow("measured")
    flow.task(first, name="t0")
    for number in range(1, tasks):
        before = f"t{number - 1}"
        when: Any = decider or before
        flow.task(one, name=f"t{number}", bind={"a": before}, when=when)
    return flow
