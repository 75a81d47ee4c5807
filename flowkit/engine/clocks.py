"""Time as an engine sees it: seconds since the epoch, from a function that may be the user's or a virtual one."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any

from ..errors import UsageError


class VirtualClock:
    """A clock that stands still until it is told to move; it begins at 0 and never runs backward."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def move(self, to: float) -> None:
        """Move on to a moment; one that has passed changes nothing."""
        self.now = max(self.now, to)


def clock_from(clock: Callable[[], float] | str | None) -> Callable[[], float]:
    """The clock that an engine was asked for. Raises UsageError for anything that is none."""
    if clock is None:
        return time.time
    if clock == "virtual":
        return VirtualClock()
    if callable(clock):
        return clock
    raise UsageError(
        f"clock={clock!r} is no clock: give a function that returns seconds since the epoch, or 'virtual'."
    )


def move_clock(clock: Callable[[], float], now: Any) -> None:
    """Move a virtual clock on to `now`; "next" is left to whoever knows what is due.

    Raises UsageError for any other clock and for what is no moment.
    """
    if not isinstance(clock, VirtualClock):
        raise UsageError("Only a virtual clock can be moved: Engine(clock='virtual').")
    if now == "next":
        return
    if isinstance(now, bool) or not isinstance(now, int | float) or not math.isfinite(now):
        raise UsageError(f"tick({now!r}) is not known: give seconds since the epoch, or 'next'.")
    clock.move(now)
