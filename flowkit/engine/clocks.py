"""Time as an engine sees it: seconds since the epoch, from a function that may be the user's or a virtual one."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any

from ..core.values import preview
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


class GivenClock:
    """A function of the user's that tells the time; equal to another one around the same function.

    Raises UsageError, so that nothing is recorded, where it gives no number.
    """

    __slots__ = ("_function",)

    def __init__(self, function: Callable[[], float]) -> None:
        self._function = function

    def __call__(self) -> float:
        now = self._function()
        seconds = number_in(now)
        if not math.isfinite(seconds):
            raise UsageError(
                f"The engine's clock gave {preview(now)}: clock={preview(self._function)} must return seconds since the "
                "epoch, as a number. Nothing was recorded."
            )
        return seconds

    def __eq__(self, other: object) -> bool:
        return isinstance(other, GivenClock) and self._function == other._function

    __hash__ = None  # type: ignore[assignment]


def clock_from(clock: Callable[[], float] | str | None) -> Callable[[], float]:
    """The clock that an engine was asked for. Raises UsageError for anything that is none."""
    if clock is None:
        return time.time
    if isinstance(clock, str) and clock == "virtual":
        return VirtualClock()
    if callable(clock):
        return clock if clock is time.time or isinstance(clock, VirtualClock) else GivenClock(clock)
    raise UsageError(
        f"clock={clock!r} is no clock: give a function that returns seconds since the epoch, or 'virtual'."
    )


def judged_timeout(timeout: Any) -> float | None:
    """Seconds that a call may take, None for no limit. Raises UsageError for what is no number of them."""
    if timeout is None:
        return None
    seconds = number_in(timeout)
    if not seconds >= 0:
        raise UsageError(f"timeout={preview(timeout)} must be seconds, 0 or more; None is without a limit.")
    return None if math.isinf(seconds) else seconds


def number_in(given: Any) -> float:
    """What was given as a number, nan for what is none (texts and bools among them)."""
    if isinstance(given, bool | str | bytes | bytearray):
        return math.nan
    try:
        return float(given)
    except Exception:  # an object may do anything when it is asked for its number
        return math.nan


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
