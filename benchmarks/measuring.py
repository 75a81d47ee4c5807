"""How things are timed here: in turns, so that what else the machine does hits both sides alike, and by two clocks.

The wall's clock is what a person waits for. The computing clock counts only the time in which a processor worked for this
process: on an idle machine it tells the same for what never waits for a disk, and on a busy one it tells it still.
Nothing in this file knows what is measured, and nothing here judges a figure.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from statistics import median, quantiles
from time import perf_counter, process_time
from typing import Any

Work = Callable[[], Any]
Prepare = Callable[[], Work]
"""Sets something up, untimed, and gives the part that is to be timed."""

_computing = perf_counter if os.name == "nt" else process_time
"""Windows tells a process's time in steps of 16 ms, too coarse for anything here."""

Taken = tuple[float, float]
"""Seconds by the wall's clock, and by the computing clock."""


def timed(work: Work) -> Taken:
    """What `work` takes. Each side pays for its own garbage alone.

    What others left behind is collected before, and what stays is kept out of the collector's way meanwhile: else the
    small side would pay for walks through all that the large one holds.
    """
    gc.collect()
    gc.freeze()
    try:
        wall, computing = perf_counter(), _computing()
        work()
        return perf_counter() - wall, _computing() - computing
    finally:
        gc.unfreeze()


@dataclass
class Times:
    """What one thing took, round by round; `seconds` are those of the wall, or of the computing clock."""

    taken: list[Taken] = field(default_factory=list)
    by_computing: bool = False

    @property
    def computing(self) -> Times:
        """The same rounds by the computing clock."""
        return Times(self.taken, by_computing=True)

    @property
    def seconds(self) -> list[float]:
        return [one[self.by_computing] for one in self.taken]

    @property
    def median(self) -> float:
        return median(self.seconds)

    @property
    def least(self) -> float:
        return min(self.seconds)

    @property
    def spread(self) -> float:
        """Half of what lies between the quartiles, as a part of the median: how noisy it was."""
        return _spread(self.seconds)


def repeated(rounds: int, prepare: Prepare) -> Times:
    """The times of something that has no other side."""
    return Times([timed(prepare()) for _ in range(rounds)])


@dataclass
class Pair:
    """Two sides measured in turns. `ratio` is that of the medians, `least` that of the minima."""

    ours: Times = field(default_factory=Times)
    theirs: Times = field(default_factory=Times)

    @property
    def computing(self) -> Pair:
        """The same rounds by the computing clock."""
        return Pair(self.ours.computing, self.theirs.computing)

    @property
    def ratio(self) -> float:
        return self.ours.median / self.theirs.median

    @property
    def least(self) -> float:
        return self.ours.least / self.theirs.least

    @property
    def spread(self) -> float:
        """As of `Times`, of the rounds' own ratios."""
        return _spread(a / b for a, b in zip(self.ours.seconds, self.theirs.seconds, strict=True))


def in_turns(rounds: int, ours: Prepare, theirs: Prepare) -> Pair:
    """Time both sides in every round, and let them go first in turns."""
    pair = Pair()
    for number in range(rounds):
        sides = [(ours, pair.ours), (theirs, pair.theirs)]
        for prepare, times in sides if number % 2 else reversed(sides):
            times.taken.append(timed(prepare()))
    return pair


def _spread(figures: Iterable[float]) -> float:
    found = list(figures)
    if len(found) < 2:
        return 0.0
    low, _, high = quantiles(found, n=4)
    return (high - low) / 2 / median(found)
