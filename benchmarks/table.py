"""What comes out: rows with a figure and the budget that it is held against, and the table that shows them.

A budget is a limit from above. `must` is a promise, `aim` what we would like; both stand beside the figure, met or not.
"""

from __future__ import annotations

import os
import platform
import sqlite3
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import msgspec

from flowkit import __version__


@dataclass(frozen=True)
class Budget:
    """Limits for a figure, in its unit; None where there is none. A figure that equals its limit meets it."""

    must: float | None = None
    aim: float | None = None


NONE = Budget()


@dataclass(frozen=True)
class Row:
    """One figure: what was measured, in which unit, against which budget, how noisy it was, and what is behind it."""

    what: str
    figure: float
    unit: str
    budget: Budget = NONE
    spread: float | None = None
    detail: str = ""

    @property
    def verdict(self) -> str:
        """ "aim met", "met", "NOT MET", or nothing where no budget was set."""
        must, aim = self.budget.must, self.budget.aim
        if aim is not None and self.figure <= aim:
            return "aim met"
        if must is None:
            return "" if aim is None else "aim not met"
        return "met" if self.figure <= must else "NOT MET"

    def cells(self) -> tuple[str, ...]:
        limits = (("must", self.budget.must), ("aim", self.budget.aim))
        told = ", ".join(f"{word} ≤ {limit:g}" for word, limit in limits if limit is not None)
        noise = "" if self.spread is None else f"±{self.spread:.0%}"
        return (self.what, short(self.figure), self.unit, noise, told, self.verdict, self.detail)


HEAD = ("measured", "figure", "unit", "noise", "budget", "verdict", "behind it")
_RIGHT = {1, 3}  # columns of numbers


def short(figure: float) -> str:
    """Three digits that mean something."""
    if figure >= 100 or figure == int(figure):
        return f"{figure:,.0f}"
    return f"{figure:.1f}" if figure >= 10 else f"{figure:.2f}"


def table(rows: Iterable[Row]) -> str:
    """The rows in columns, as text."""
    lines = [HEAD, *(row.cells() for row in rows)]
    widths = [max(len(line[place]) for line in lines) for place in range(len(HEAD))]
    lines.insert(1, tuple("-" * width for width in widths))
    return "\n".join(_line(line, widths) for line in lines)


def _line(cells: tuple[str, ...], widths: list[int]) -> str:
    padded = (
        cell.rjust(width) if place in _RIGHT else cell.ljust(width)
        for place, (cell, width) in enumerate(zip(cells, widths, strict=True))
    )
    return "  ".join(padded).rstrip()


def heading(size: str) -> str:
    """Where and when this is measured, with what, and how busy the machine is besides."""
    when = time.strftime("%Y-%m-%d %H:%M")
    versions = (
        f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, msgspec {msgspec.__version__}"
    )
    return (
        f"flowkit {__version__} benchmarks ({size}), {when}\n{_machine()}\n{versions}\n{load('at the start')}"
    )


def load(when: str) -> str:
    """The load average, and a warning where others use the processors too."""
    if not hasattr(os, "getloadavg"):
        return f"load average {when}: not known on {sys.platform}"
    averages = os.getloadavg()
    busy = averages[0] > (os.cpu_count() or 1)
    told = " ".join(f"{average:.2f}" for average in averages)
    return f"load average {when}: {told}" + (
        " (busy: trust ratios and minima, not single times)" if busy else ""
    )


def _machine() -> str:
    model = platform.processor() or platform.machine()
    facts = Path("/proc/cpuinfo")
    if facts.exists():
        names = [
            line.partition(":")[2].strip() for line in facts.read_text().splitlines() if "model name" in line
        ]
        model = names[0] if names else model
    return f"{platform.system()} {platform.release()}, {os.cpu_count()} × {model}"
